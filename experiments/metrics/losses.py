"""What a forecast loses on each outcome: statistics that are summed or averaged afterwards.

Pinball losses follow Koenker & Bassett (1978): a quantile q at level t of an outcome y loses
max(t (y - q), (t - 1) (y - q)). The continuous ranked probability score is that of Matheson &
Winkler (1976) in the form of Gneiting & Raftery (2007, equation 21).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stockwright.distribution import Distribution

Floats = NDArray[np.float64]
LEVELS = (0.5, 0.8, 0.9, 0.95, 0.99)
# Quantiles of the grid on which the spread of a total is integrated, and elements at a time.
_GRID, _BLOCK = 200, 20_000


def pinball(quantile: Floats, units: Floats, levels: tuple[float, ...] = LEVELS) -> Floats:
    """Loss of each outcome, summed over levels.

    quantile: (..., levels). units: (...). Returns (...).
    """
    level = np.asarray(levels, np.float64)
    miss = units[..., None] - quantile
    loss: Floats = np.maximum(level * miss, (level - 1) * miss).sum(axis=-1)
    return loss


def crps(total: Distribution, units: Floats) -> Floats:
    """E|X - y| - E|X - X'| / 2 of each outcome, in units, shape (n,).

    The first term is exact. E|X - X'| / 2 is the integral of (2 t - 1) Q(t) over the levels t,
    taken at the middles of 200 equal parts.
    """
    out = np.empty(len(units))
    weight = (2 * np.arange(_GRID) + 1 - _GRID) / _GRID**2
    for first in range(0, len(units), _BLOCK):
        part = slice(first, first + _BLOCK)
        some, came = total.take(part), units[part]
        miss = came - some.mean + 2 * some.expected_shortage(came)
        rising = some.stratified(np.full(len(came), 0.5), _GRID)
        out[part] = np.maximum(miss - rising @ weight, 0.0)
    return out
