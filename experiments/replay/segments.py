"""Parts of a shop by which an experiment is told: top category, location, value, life stage."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pipelines.assemble import Catalog
from stockwright.panel import SeriesIndex

ALL = "all"


def segments_of(
    index: SeriesIndex, catalog: Catalog
) -> Iterator[tuple[str, str, NDArray[np.bool_]]]:
    """Kind and name of each segment, and which series are in it, (series,)."""
    yield ALL, ALL, np.ones(index.n_series, np.bool_)
    top = np.array([str(name).split("/")[0] for name in catalog.category], object)
    letter = np.array([str(name)[:1] for name in catalog.abc_xyz], object)
    kinds = {
        "category": top[index.sku],
        "location": index.location_names(),
        "abc": letter,
        "life_stage": np.asarray(catalog.life_stage, object),
    }
    for kind, names in kinds.items():
        for name in sorted({str(each) for each in names} - {""}):
            yield kind, name, np.asarray(names == name, np.bool_)
