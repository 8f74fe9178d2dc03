"""Parts of a shop by which an experiment is told: top category, location, value, life stage."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pipelines.assemble import Catalog
from pipelines.assemble.segments import segment_names
from stockwright.panel import SeriesIndex

ALL = "all"


def segments_of(
    index: SeriesIndex, catalog: Catalog
) -> Iterator[tuple[str, str, NDArray[np.bool_]]]:
    """Kind and name of each segment, and which series are in it, (series,)."""
    yield ALL, ALL, np.ones(index.n_series, np.bool_)
    for kind, names in segment_names(index, catalog).items():
        for name in sorted({str(each) for each in names} - {""}):
            yield kind, name, np.asarray(names == name, np.bool_)
