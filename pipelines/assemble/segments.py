"""Parts of the shop by which forecasts are watched."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipelines.assemble.situation import Catalog
from stockwright.panel import SeriesIndex

Names = NDArray[np.object_]


def segment_names(index: SeriesIndex, catalog: Catalog) -> dict[str, Names]:
    """Name of the part that each series is in, (series,) by kind: top category, location, class of
    value and life stage; "" where it is unknown."""
    top = np.array([str(name).split("/")[0].strip() for name in catalog.category], object)
    letter = np.array([str(letters)[:1] for letters in catalog.abc_xyz], object)
    return {
        "category": top[index.sku],
        "location": index.location_names(),
        "abc": letter,
        "life_stage": np.asarray(catalog.life_stage, object),
    }
