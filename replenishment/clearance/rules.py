"""What people have said about the clearance of each item."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replenishment.clearance.holdings import Holdings
from stockwright.arrays import frozen, require
from stockwright.clearance import Act

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Rules:
    """What may be done with each of some items.

    most: (items,) most units that are cleared, >= 0; inf for no limit. The units beyond are held
        back: nothing is planned for them, whatever is done with the others. 0 holds the item as it
        is.
    acts, channels: (items, acts) by Act and (items, channels) what was turned down.
    """

    most: Floats
    acts: Bools
    channels: Bools

    def __post_init__(self) -> None:
        n, widths = len(self.most), {"acts": len(Act), "channels": self.channels.shape[1]}
        object.__setattr__(self, "most", frozen("most", self.most, (n,), np.float64))
        for name, width in widths.items():
            value = frozen(name, getattr(self, name), (n, width), np.bool_)
            object.__setattr__(self, name, value)
        require(self.most >= 0, "most", ">= 0")

    @classmethod
    def of(cls, most: Floats, channels: int = 0) -> Rules:
        """Nothing is said about the items but for their limits, and ``channels`` are open."""
        n = len(most)
        return cls(most, np.zeros((n, len(Act)), np.bool_), np.zeros((n, channels), np.bool_))

    @classmethod
    def none(cls, n: int, channels: int = 0) -> Rules:
        """Nothing is said about ``n`` items."""
        return cls.of(np.full(n, np.inf), channels)

    @property
    def held(self) -> Bools:
        """Items with which nothing new is done, (items,)."""
        return np.asarray(self.most <= 0, np.bool_)

    @property
    def leaving(self) -> Bools:
        """Items that leave by an act that was taken up, so that every other is closed, (items,)."""
        return np.asarray(self.acts.all(axis=1), np.bool_)

    def units(self, holdings: Holdings) -> Floats:
        """Units of each item that are planned for, (items,) > 0: of what is held, all."""
        return np.where(self.held, holdings.units, np.minimum(holdings.units, self.most))

    def allow(self, item: Ints, act: Ints, channel: Ints) -> Bools:
        """Whether an act may be done, instead of waiting, with an item; all (options,).

        channel: code, -1 for none.
        """
        closed = np.pad(self.channels, ((0, 0), (0, 1)))[item, channel]
        return np.asarray(~(self.held[item] | self.acts[item, act] | closed), np.bool_)

    def take(self, rows: NDArray[Any]) -> Rules:
        """The rules of some of the items."""
        return Rules(self.most[rows], self.acts[rows], self.channels[rows])
