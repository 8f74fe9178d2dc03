"""The feature matrix: one row for each series and step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stockwright.arrays import frozen, require
from stockwright.errors import DataError


@dataclass(frozen=True)
class FeatureMatrix:
    """Features of every (series, step), series-major, for the forecast made at one origin.

    X: (rows, features) float32, C order; NaN where nothing is known, never infinite.
    names: of the features; categorical: those that hold codes (NaN: unknown).
    series: (rows,) int32, position in the panel given. step: (rows,) int32, 1-based.
    level: (rows,) float64 > 0, base level of the series, sales units per period, seasons and
        events taken out.
    season: (rows,) float64 > 0, what the group's season and event uplift make of the level in the
        target period: level * season is a first estimate of the mean.
    """

    X: NDArray[np.float32]
    names: tuple[str, ...]
    categorical: tuple[str, ...]
    series: NDArray[np.int32]
    step: NDArray[np.int32]
    level: NDArray[np.float64]
    season: NDArray[np.float64]

    def __post_init__(self) -> None:
        rows = len(self.series)
        shape = (rows, len(self.names))
        object.__setattr__(self, "X", frozen("X", self.X, shape, np.float32))
        for name, dtype in (("series", np.int32), ("step", np.int32)):
            value = frozen(name, getattr(self, name), (rows,), dtype)
            object.__setattr__(self, name, value)
        for name in ("level", "season"):
            value = frozen(name, getattr(self, name), (rows,), np.float64)
            require(np.isfinite(value) & (value > 0), name, "finite and > 0")
            object.__setattr__(self, name, value)
        if len(set(self.names)) != len(self.names) or not set(self.categorical) <= set(self.names):
            raise DataError("feature names must be unique and hold all categorical names")

    @property
    def n_rows(self) -> int:
        """Number of rows, series times steps."""
        return len(self.series)

    def column(self, name: str) -> NDArray[np.float32]:
        """One feature by its name, (rows,) float32. Raises DataError on an unknown name."""
        if name not in self.names:
            raise DataError(f"feature {name!r} is unknown; there are {', '.join(self.names)}")
        return np.asarray(self.X[:, self.names.index(name)], np.float32)
