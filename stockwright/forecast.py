"""The forecast: a distribution of demand for every series and step, and of every total.

Demand of step h, given a level L that all steps of a series share, has mean ``mean_h * L``. L has
mean 1 and variance ``level_variance``; on top every step has noise of its own with relative
variance ``step_variance``, and counts scatter with ``linear_dispersion`` times their mean. So

    Var(sum) = linear_dispersion * sum m + step_variance * sum m^2 + level_variance * (sum m)^2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stockwright.arrays import frozen, require
from stockwright.distribution import Distribution, Floats
from stockwright.errors import DataError
from stockwright.panel import SeriesIndex

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Forecast:
    """Demand of periods origin + 1 ... origin + horizon.

    index: the series.
    origin: period of the panel after whose close the forecast is made.
    mean: (series, step) float32, sales units per period, >= 0.
    linear_dispersion, step_variance, level_variance: (series,) float64, see the module.
    quantum: (series,) float64, the lattice on which demand lives (1 for pieces), > 0.
    model: (series,) uint8 codes into ``model_names``: which model gave the mean.
    """

    index: SeriesIndex
    origin: int
    mean: NDArray[np.float32]
    linear_dispersion: Floats
    step_variance: Floats
    level_variance: Floats
    quantum: Floats
    model: NDArray[np.uint8]
    model_names: tuple[str, ...] = ("given",)

    def __post_init__(self) -> None:
        n = self.index.n_series
        mean = np.asarray(self.mean)
        object.__setattr__(self, "mean", frozen("mean", mean, (n, mean.shape[-1]), np.float32))
        for name in ("linear_dispersion", "step_variance", "level_variance", "quantum"):
            value = frozen(name, getattr(self, name), (n,), np.float64)
            require(np.isfinite(value) & (value >= 0), name, "finite and >= 0")
            object.__setattr__(self, name, value)
        object.__setattr__(self, "model", frozen("model", self.model, (n,), np.uint8))
        require(np.isfinite(self.mean) & (self.mean >= 0), "mean", "finite and >= 0")

    @property
    def horizon(self) -> int:
        """Number of steps, H."""
        return int(self.mean.shape[1])

    def take(self, series: NDArray[Any] | slice) -> Forecast:
        """The forecast of some of the series."""
        arrays = (
            "mean",
            "linear_dispersion",
            "step_variance",
            "level_variance",
            "quantum",
            "model",
        )
        kept = {name: getattr(self, name)[series] for name in arrays}
        return replace(self, index=self.index.take(series), **kept)

    def total(self, first: Ints | int, last: Ints | int) -> Distribution:
        """Demand of steps first ... last (1-based, inclusive), each scalar or (series,).

        An empty interval (last < first) is a total of 0. Raises DataError beyond the horizon.
        """
        n = self.index.n_series
        start = np.broadcast_to(np.asarray(first, np.int64), (n,)) - 1
        stop = np.maximum(np.broadcast_to(np.asarray(last, np.int64), (n,)), start)
        if n and (start.min() < 0 or stop.max() > self.horizon):
            raise DataError(
                f"steps {int(start.min()) + 1} to {int(stop.max())} asked of a forecast with "
                f"{self.horizon}; raise the horizon"
            )
        mean = _span_sums(self.mean.astype(np.float64), start, stop)
        squares = _span_sums(self.mean.astype(np.float64) ** 2, start, stop)
        variance = (
            self.linear_dispersion * mean
            + self.step_variance * squares
            + self.level_variance * mean**2
        )
        return Distribution(mean, variance, self.quantum)

    def quantile(self, levels: Sequence[float]) -> Floats:
        """Quantiles of every single step, shape (series, step, level)."""
        n, steps = self.mean.shape
        out = np.empty((n, steps, len(levels)))
        for step in range(1, steps + 1):
            out[:, step - 1] = self.total(step, step).quantile(levels)
        return out


def _span_sums(values: Floats, start: Ints, stop: Ints) -> Floats:
    """Sum of values[i, start[i]:stop[i]] for each row i."""
    running = np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)
    rows = np.arange(len(values))
    span: Floats = running[rows, stop] - running[rows, start]
    return np.maximum(span, 0.0)
