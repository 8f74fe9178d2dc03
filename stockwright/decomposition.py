"""What a forecast is made of: parts in units that add up to its mean."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stockwright.arrays import frozen
from stockwright.errors import DataError

#: The parts of a forecast in the order in which one leads to the next.
PARTS = ("level", "season", "booster", "blend", "correction", "life", "event", "price")


@dataclass(frozen=True)
class Decomposition:
    """Parts of the mean of every series and step; they add up to it.

    names: of the parts. units: (parts, series, step) float32, sales units per period; a part may
    be negative.
    """

    names: tuple[str, ...]
    units: NDArray[np.float32]

    def __post_init__(self) -> None:
        shape = (len(self.names), *np.shape(self.units)[1:])
        object.__setattr__(self, "units", frozen("units", self.units, shape, np.float32))
        if self.units.ndim != 3:
            raise DataError(f"parts of a forecast are (parts, series, step), not {shape}")

    @classmethod
    def untold(cls, mean: NDArray[np.float32]) -> Decomposition:
        """Of a forecast of which nothing is told: ``mean`` (series, step) is all level."""
        units = np.zeros((len(PARTS), *mean.shape), np.float32)
        units[PARTS.index("level")] = mean
        return cls(PARTS, units)

    @property
    def mean(self) -> NDArray[np.float32]:
        """Sum of the parts, (series, step) float32."""
        return np.asarray(self.units.sum(axis=0, dtype=np.float64), np.float32)

    def part(self, name: str) -> NDArray[np.float32]:
        """One part by its name, (series, step). Raises DataError for an unknown one."""
        if name not in self.names:
            raise DataError(f"no part {name!r} of a forecast; there are {', '.join(self.names)}")
        return np.asarray(self.units[self.names.index(name)], np.float32)

    def take(self, series: NDArray[Any] | slice) -> Decomposition:
        """The parts of some of the series."""
        return replace(self, units=self.units[:, series])

    def without(self, cells: NDArray[np.bool_]) -> Decomposition:
        """Nothing where ``cells`` (series, step) is true."""
        return replace(self, units=np.where(cells, np.float32(0), self.units))
