"""Rolling sums of whole histories: all series and all periods at once.

What a forecast made at any past origin would have seen is read off the same running sums.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats32 = NDArray[np.float32]
Floats = NDArray[np.float64]


def running_sums(values: Floats32) -> Floats:
    """Sums of the first 0, 1, ... T values of each series, (series, T + 1) float64."""
    out = np.empty((values.shape[0], values.shape[1] + 1))
    out[:, 0] = 0.0
    np.cumsum(values, axis=1, dtype=np.float64, out=out[:, 1:])
    return out


def window_sum(running: Floats, stop: int, window: int, first: int = 0) -> Floats:
    """Sum of the ``window`` values before ``stop``, of those from ``first`` on, (series,)."""
    return np.asarray(running[:, stop] - running[:, max(stop - window, first)], np.float64)
