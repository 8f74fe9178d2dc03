"""Goods whose season lies ahead: a forecast that has not seen it come must not clear them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_YEAR, _BEFORE = 364, 56


def seasonal_units(sold: NDArray[Any], days: int, weeks: int) -> Floats:
    """Units that the next ``weeks`` would bring if they were last year's, (rows,).

    sold: (rows, periods of ``days``) up to tonight. What the same weeks of last year sold, times
    the last eight weeks over the same eight of last year, at most 1: so a season that is to come
    counts, and goods that have faded since do not. 0 without a year of history.
    """
    year, before, ahead = _YEAR // days, _BEFORE // days, weeks * 7 // days
    start = sold.shape[1] - year
    if start < before:
        return np.zeros(len(sold))

    def total(first: int, last: int) -> Floats:
        return np.asarray(sold[:, first:last].sum(axis=1, dtype=np.float64), np.float64)

    then = total(start, min(start + ahead, sold.shape[1]))
    faded = (total(-before, sold.shape[1]) + 1) / (total(start - before, start) + 1)
    return then * np.minimum(faded, 1.0)
