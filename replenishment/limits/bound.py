"""An upper bound on what any plan under the limits is worth (Lagrangian relaxation).

At prices p >= 0 of the limits and subsidies s >= 0 of the minima no plan is worth more than

    p . room + sum over suppliers of max(0, sum over lines of max_q [W(q) - (p - s) q] - s . minimum
    - fixed cost)

(Fisher 1981; Geoffrion 1974). A line's own maximum is exact, in whole lots.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from replenishment.limits.market import Market
from replenishment.limits.minima import Minima
from replenishment.wishes.lots import Worth

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def upper_bound(
    worth: Worth, market: Market, minima: Minima, prices: list[Floats], toll: Floats
) -> float:
    """Money that no orders beside the fixed ones are worth more than.

    prices: of the limits. toll: (keys,) what a unit pays at these prices.
    """
    room = sum(
        float(price[price > 0] @ limit.room[price > 0])
        for limit, price in zip(market.limits, prices, strict=True)
    )
    quantity = worth.best(toll)
    profit = worth.of(quantity) - toll * quantity
    supplier = np.where(minima.supplier < 0, market.suppliers - 1, minima.supplier)
    free = np.bincount(supplier, profit, market.suppliers).astype(np.float64)
    subsidy = market.answer(toll).subsidy
    helped = (subsidy[0] > 0) | (subsidy[1] > 0)
    rows = np.flatnonzero(helped[supplier])
    if len(rows):
        few, mine = worth.take(rows), supplier[rows]
        less = toll[rows] - subsidy[0][mine] * minima.cost[rows] - subsidy[1][mine]
        most = few.best(less)
        bound = np.bincount(mine, few.of(most) - less * most, market.suppliers)
        for money, missing in zip(subsidy, market.missing, strict=True):
            bound = bound - money * missing
        free = np.where(helped, np.minimum(free, bound), free)
    net = free - market.fee
    return room + float(np.where(market.forced, net, np.maximum(net, 0.0)).sum())
