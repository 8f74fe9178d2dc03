"""The best prices in continuous time, where demand falls exponentially with the price.

Customers come at rate k exp(-a p) while the price is p; the price may move at any moment, up and
down (Gallego & van Ryzin 1994, the exponential case). The optimum has a closed form, which bounds
what any ladder of prices can bring.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from stockwright.arrays import require

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ContinuousOptimum:
    """revenue: (items,) expected money of sales and salvage. price: (items,) best price now."""

    revenue: Floats
    price: Floats


def exponential_optimum(
    stock: ArrayLike, time: ArrayLike, k: ArrayLike, a: ArrayLike, salvage: ArrayLike = 0.0
) -> ContinuousOptimum:
    """Value and price of ``stock`` whole units >= 1 with ``time`` >= 0 left, all (items,).

    V(n, t) = log(sum of (k t / e)^i / i! for i = 0 ... n) / a and p(n, t) = V(n, t) - V(n - 1, t)
    + 1 / a (Gallego & van Ryzin 1994, the exponential case); k > 0, a > 0. A salvage c per unit is
    sold for anyway: prices are counted above it, with k exp(-a c) in place of k.
    """
    units, left, rate, slope, worth = np.broadcast_arrays(
        *(np.atleast_1d(np.asarray(v, np.float64)) for v in (stock, time, k, a, salvage))
    )
    require((units >= 1) & (units == np.rint(units)), "stock", "whole numbers >= 1")
    require(left >= 0, "time", ">= 0")
    require((rate > 0) & (slope > 0), "k and a", "> 0")
    mean = rate * np.exp(-slope * worth - 1) * left
    less = _log_partial_sum(units - 1, mean)
    log_sum = np.logaddexp(less, special.xlogy(units, mean) - special.gammaln(units + 1))
    price = (log_sum - less + 1) / slope + worth
    return ContinuousOptimum(revenue=log_sum / slope + worth * units, price=price)


def _log_partial_sum(last: Floats, mean: Floats) -> Floats:
    """log of the sum of mean^i / i! for i = 0 ... last, (items,)."""
    terms = np.arange(int(last.max(initial=0)) + 1)
    logs = special.xlogy(terms, mean[:, None]) - special.gammaln(terms + 1)
    inside = np.where(terms <= last[:, None], logs, -np.inf)
    return np.asarray(special.logsumexp(inside, axis=1), np.float64)
