"""Errors in the scale of each series: RMSSE and WRMSSE as the M5 competition defined them.

Makridakis, Spiliotis & Assimakopoulos (2022), "M5 accuracy competition: results, findings, and
conclusions", International Journal of Forecasting 38, section 2: the squared error is divided by
that of the naive forecast, one step ahead, over the history from the first sale on, and series
count by the value that they sold in the last 28 days. Here only pairs of periods in stock take
part in the scale, and the series of the shop are the only level.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
VALUE_DAYS = 28


def naive_scale(demand: NDArray[np.floating], known: Bools) -> Floats:
    """Mean squared change from one period to the next since the first sale, (series,).

    demand, known: (series, period). Only pairs of known neighbors count; NaN where there is none.
    """
    started = np.maximum.accumulate((demand > 0) & known, axis=1)
    pair = started[:, :-1] & known[:, :-1] & known[:, 1:]
    change = np.where(pair, np.diff(demand.astype(np.float64), axis=1), 0.0)
    count = pair.sum(axis=1)
    mean = (change**2).sum(axis=1) / np.maximum(count, 1)
    return np.asarray(np.where(count > 0, mean, np.nan), np.float64)


def rmsse(squared: Floats, count: Floats, scale: Floats) -> Floats:
    """Root of the mean squared error over the scale, (series,).

    squared: sum of squared errors over ``count`` periods. NaN where no period counts, or where the
    scale is 0 or unknown: a series that never changed has no scale.
    """
    usable = (count > 0) & (scale > 0)
    ratio = squared / np.where(usable, count * scale, 1.0)
    return np.asarray(np.sqrt(np.where(usable, ratio, np.nan)), np.float64)
