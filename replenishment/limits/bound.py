"""An upper bound on what any plan under the limits is worth (Lagrangian relaxation).

At prices p >= 0 of the limits and subsidies s >= 0 of the minima no plan is worth more than

    p . room + sum over suppliers of max(0, sum over lines of max_q [W(q) - (p - s) q] - s . minimum
    - fixed cost)

(Fisher 1981; Geoffrion 1974). A line's own maximum is exact, in whole lots.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from replenishment.limits.market import Answer, Market
from replenishment.wishes.lots import Worth

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def upper_bound(
    worth: Worth, market: Market, prices: list[Floats], toll: Floats, answer: Answer
) -> float:
    """Money that no orders beside the fixed ones are worth more than.

    prices: of the limits. toll: (keys,) what a unit pays at these prices. answer: the market's.
    """
    quantity = worth.best(toll)
    profit = worth.of(quantity) - toll * quantity
    free = np.bincount(market.owner, profit, market.suppliers).astype(np.float64)
    subsidy = answer.subsidy
    helped = (subsidy[0] > 0) | (subsidy[1] > 0)
    rows = np.flatnonzero(helped[market.owner])
    if len(rows):
        few, mine = worth.take(rows), market.owner[rows]
        less = market.eased(toll, answer)[rows]
        most = few.best(less)
        bound = np.bincount(mine, few.of(most) - less * most, market.suppliers)
        for money, missing in zip(subsidy, market.missing, strict=True):
            bound = bound - money * missing
        free = np.where(helped, np.minimum(free, bound), free)
    net = free - market.fee
    return market.rent(prices) + float(np.where(market.forced, net, np.maximum(net, 0.0)).sum())
