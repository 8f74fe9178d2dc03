"""Money that orders may cost: of the whole night, of a category, and in the week of payment."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from replenishment.limits.prices import Limit
from replenishment.network.evening import Evening
from replenishment.wishes.find import Wishes

Floats = NDArray[np.float64]

BUDGET, CATEGORY_BUDGET, CASH = "BUDGET", "CATEGORY_BUDGET", "CASH"


def money_limits(wishes: Wishes, frozen: Floats, evening: Evening) -> list[Limit]:
    """Money for orders; a line is charged its first lot's price, a frozen one its own.

    frozen: (keys,) units, NaN where nothing is frozen. Categories that lie within one another are
    limits of their own, one for each layer.
    """
    first = wishes.worth.terms.first
    bought = np.where(np.isfinite(frozen), frozen, first)
    cost = wishes.breaks.unit_cost(wishes.worth.terms.unit_cost, bought)
    funds, total = evening.network.funds, np.array([evening.params.budget])
    whole = Limit(BUDGET, np.where(wishes.transfer, -1, 0), cost, total)
    parts = [
        Limit(
            CATEGORY_BUDGET,
            np.where(wishes.transfer, -1, layer[wishes.series]),
            cost,
            funds.amount,
            lambda group: f"of {funds.names[group]}",
        )
        for layer in funds.category
    ]
    paid = evening.network.lanes.payment_date[wishes.lane]
    week = np.where(wishes.transfer, -1, funds.week_of(paid))
    due = Limit(CASH, week, cost, funds.cash, lambda group: f"of the week of {funds.weeks[group]}")
    return [whole, *parts, due]
