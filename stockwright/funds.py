"""Money for orders beside the budget of the whole night."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stockwright.arrays import frozen, require
from stockwright.calendar import Dates, mondays

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Funds:
    """What orders of some series may cost together, and what they may cost in a week.

    names, amount: (categories,) money for tonight's orders of a category, >= 0.
    category: (layers, series) the category of each series, -1 for none. A series that is under
        several, one within the other, is in one of them in each layer.
    weeks, cash: (weeks,) Mondays, rising, and the money for orders that are paid in the week from
        then on, what falls due for earlier orders taken off, >= 0. Other weeks have no limit.
    """

    names: tuple[str, ...]
    amount: Floats
    category: NDArray[np.int32]
    weeks: Dates
    cash: Floats

    def __post_init__(self) -> None:
        n, m = len(self.names), len(self.weeks)
        checked = {
            "amount": frozen("amount", self.amount, (n,), np.float64),
            "category": frozen("category", self.category, np.shape(self.category), np.int32),
            "weeks": frozen("weeks", self.weeks, (m,), "datetime64[D]"),
            "cash": frozen("cash", self.cash, (m,), np.float64),
        }
        require(checked["amount"] >= 0, "amount", ">= 0")
        require(checked["category"] < n, "category", "one of the names")
        require(np.diff(checked["weeks"]).astype(np.int64) > 0, "weeks", "rising")
        require(checked["cash"] >= 0, "cash", ">= 0")
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    @classmethod
    def none(cls) -> Funds:
        """No limit but the budget of the night."""
        nothing = np.zeros(0)
        category = np.zeros((0, 0), np.int32)
        return cls((), nothing, category, np.zeros(0, "datetime64[D]"), nothing)

    def week_of(self, paid: Dates) -> Ints:
        """The place in ``weeks`` of the week of each date, -1 where it has no limit."""
        if not len(self.weeks):
            return np.full(len(paid), -1)
        week = mondays(paid)
        place = np.minimum(np.searchsorted(self.weeks, week), len(self.weeks) - 1)
        return np.where(self.weeks[place] == week, place, -1)

    def after(self, series: NDArray[Any], value: Floats, paid: Dates) -> Funds:
        """What lines of some ``series`` that cost ``value`` and are ``paid`` then, all (lines,),
        leave.
        """
        amount = self.amount.copy()
        for layer in self.category:
            amount -= _sums(layer[series], value, len(amount))
        cash = self.cash - _sums(self.week_of(paid), value, len(self.cash))
        return replace(self, amount=np.maximum(amount, 0.0), cash=np.maximum(cash, 0.0))


def _sums(group: NDArray[Any], value: Floats, groups: int) -> Floats:
    """Sum of the values of each group; -1 is none of them."""
    inside = group >= 0
    return np.bincount(group[inside], value[inside], groups).astype(np.float64)
