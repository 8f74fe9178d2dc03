"""Money for orders beside the budget of the whole night."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stockwright.arrays import frozen, require

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Funds:
    """What orders of some series may cost together.

    names, amount: (categories,) money for tonight's orders of a category, >= 0.
    category: (layers, series) the category of each series, -1 for none. A series that is under
        several, one within the other, is in one of them in each layer.
    """

    names: tuple[str, ...]
    amount: Floats
    category: NDArray[np.int32]

    def __post_init__(self) -> None:
        amount = frozen("amount", self.amount, (len(self.names),), np.float64)
        category = frozen("category", self.category, np.shape(self.category), np.int32)
        require(amount >= 0, "amount", ">= 0")
        require(category < len(self.names), "category", "one of the names")
        object.__setattr__(self, "amount", amount)
        object.__setattr__(self, "category", category)

    @classmethod
    def none(cls) -> Funds:
        """No limit but the budget of the night."""
        return cls((), np.zeros(0), np.zeros((0, 0), np.int32))

    def after(self, series: NDArray[Any], value: Floats) -> Funds:
        """What lines of some ``series`` that cost ``value``, both (lines,), leave."""
        left = self.amount.copy()
        for layer in self.category:
            group = layer[series]
            inside = group >= 0
            left -= np.bincount(group[inside], value[inside], len(left))
        return replace(self, amount=np.maximum(left, 0.0))
