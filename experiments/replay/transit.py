"""What is on its way in a replay: when the shop expects it, and when it comes."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from stockwright.stock import StockPosition

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Transit:
    """Lines under way, all (lines,).

    series: that gets them. units: that the shop counts on. due, comes: number of the period, from
    the one after the first evening on as 0, in which they are expected to serve demand, and do.
    """

    series: Ints
    units: Floats
    due: Ints
    comes: Ints

    @classmethod
    def none(cls) -> Transit:
        """Nothing is on its way."""
        nothing = np.zeros(0, np.int64)
        return cls(nothing, np.zeros(0), nothing, nothing)

    def joined(self, more: Transit) -> Transit:
        """These lines and, behind them, others."""
        pairs = [(getattr(self, each.name), getattr(more, each.name)) for each in fields(self)]
        return Transit(*(np.concatenate(pair) for pair in pairs))

    def open_at(self, evening: int) -> Transit:
        """The lines that have not come by the close of the evening before period ``evening``."""
        return self._some(self.comes >= evening)

    def only(self, series: NDArray[np.bool_]) -> Transit:
        """The lines to some of the series, (series,)."""
        return self._some(series[self.series])

    def _some(self, kept: NDArray[np.bool_]) -> Transit:
        return Transit(*(getattr(self, each.name)[kept] for each in fields(self)))

    def seen(self, stock: StockPosition, evening: int, waiting: Floats) -> StockPosition:
        """``stock`` with these lines as its arrivals; what is overdue is expected at once.

        waiting: (series,) units at the door for which there was no room.
        """
        at_door = np.flatnonzero(waiting > 0)
        step = np.maximum(self.due - evening + 1, 1)
        return stock.with_arrivals(
            np.concatenate([self.series, at_door]).astype(np.int32),
            np.concatenate([step, np.ones(len(at_door), np.int64)]).astype(np.int32),
            np.concatenate([self.units, waiting[at_door]]),
        )
