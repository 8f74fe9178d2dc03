"""Parts of the shop by which forecasts are watched, chosen and judged.

Life stages are those of the catalog, which dates of listing and sale decide: they are the same
under every model and every variant, so that two of them are compared on the same keys. The stages
that a model learns decide strategies of service, and no segment.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipelines.assemble.situation import Catalog
from stockwright.panel import SeriesIndex

Names = NDArray[np.object_]


def segment_names(index: SeriesIndex, catalog: Catalog) -> dict[str, Names]:
    """Name of the part that each series is in, (series,) by kind: top category, location, class of
    value and life stage; "" where it is unknown."""
    top = top_level(catalog.category)
    letter = np.array([str(letters)[:1] for letters in catalog.abc_xyz], object)
    return {
        "category": top[index.sku],
        "location": index.location_names(),
        "abc": letter,
        "life_stage": np.asarray(catalog.life_stage, object),
    }


def top_level(categories: NDArray[np.object_]) -> Names:
    """The first level of paths of categories, as "Shoes" of "Shoes / Boots"."""
    return np.array([str(name).split("/")[0].strip() for name in categories], object)
