"""What people have said about the clearance of each item."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replenishment.clearance.holdings import Holdings
from stockwright.arrays import frozen, require

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Rules:
    """What may be done with each of some items.

    most: (items,) most units that are cleared, >= 0; inf for no limit. The units beyond are held
        back: nothing is planned for them, whatever is done with the others. 0 holds the item as it
        is.
    """

    most: Floats

    def __post_init__(self) -> None:
        most = np.asarray(self.most)
        object.__setattr__(self, "most", frozen("most", most, (len(most),), np.float64))
        require(self.most >= 0, "most", ">= 0")

    @classmethod
    def none(cls, n: int) -> Rules:
        """Nothing is said about ``n`` items."""
        return cls(np.full(n, np.inf))

    @property
    def held(self) -> NDArray[np.bool_]:
        """Items with which nothing new is done, (items,)."""
        return np.asarray(self.most <= 0, np.bool_)

    def units(self, holdings: Holdings) -> Floats:
        """Units of each item that are planned for, (items,) > 0: of what is held, all."""
        return np.where(self.held, holdings.units, np.minimum(holdings.units, self.most))

    def allow(self, item: Ints) -> NDArray[np.bool_]:
        """Whether something else than waiting may be done with ``item`` (options,)."""
        return np.asarray(~self.held[item], np.bool_)

    def take(self, rows: NDArray[Any]) -> Rules:
        """The rules of some of the items."""
        return Rules(self.most[rows])
