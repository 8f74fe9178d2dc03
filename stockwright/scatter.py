"""How demand scatters around a mean, learned from how such means have missed: a small way to a
whole forecast.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from stockwright.arrays import frozen
from stockwright.errors import ConfigError, DataError
from stockwright.forecast import Forecast
from stockwright.panel import DemandPanel, Status

Floats = NDArray[np.float64]
_QUANTA = (1.0, 0.1, 0.01, 0.001)
# Lengths of the windows whose totals are looked at, periods; and the longest there is.
_SPANS = (1, 7)
# Totals of which less is expected say next to nothing; fewer than so many totals say nothing.
_LEAST_MEAN, _LEAST_TOTALS = 0.1, 30


@dataclass(frozen=True)
class Scatter:
    """Variance of a total of means m, as ``Forecast`` has it, one law for all series:

        linear * sum m + step * sum m^2 + level * (sum m)^2.

    linear: > 0, 1 for a Poisson variable. step: relative variance of each step by itself. level:
    of what all steps share. The defaults are usual for retail, for want of anything learned.
    """

    linear: float = 1.5
    step: float = 0.0
    level: float = 0.1

    def __post_init__(self) -> None:
        if not (self.linear > 0 and min(self.step, self.level) >= 0):
            raise ConfigError(f"linear is above 0, step and level are at least 0, not in {self}")

    @classmethod
    def learned(cls, panel: DemandPanel, trials: Iterable[tuple[int, NDArray[Any]]]) -> Scatter:
        """The law that the misses of earlier means follow best.

        trials: origins, and the mean (series, steps) that would have been forecast at the close of
        each. Squared misses of totals of 1, 7 and all steps, where demand could be seen, are held
        against the three terms by non-negative least squares, weighed by what such squares scatter
        (variance of a squared Poisson miss: m + 2 m^2). Too few totals leave the defaults.
        """
        parts = [_totals(panel, origin, np.asarray(mean, float)) for origin, mean in trials]
        rows = np.concatenate(parts, axis=1) if parts else np.zeros((3, 0))
        miss, total, squares = rows[:, rows[1] >= _LEAST_MEAN]
        if len(miss) < _LEAST_TOTALS:
            return cls()
        terms = np.stack([np.ones_like(total), squares / total, total], axis=1)
        found = np.array([1.0, 0.0, 0.1])
        for _ in range(3):
            weight = 1.0 / (terms @ found * np.sqrt(2.0 + 1.0 / total))
            found, _ = optimize.nnls(terms * weight[:, None], miss**2 / total * weight)
            found[0] = max(found[0], 1e-3)
        return cls(*(float(value) for value in found))

    def around(self, panel: DemandPanel, mean: NDArray[Any], name: str = "own") -> Forecast:
        """The forecast of ``mean``, (series, steps) after the panel's origin, scattering so.

        Steps in which a series is not on sale get a mean of 0, those without a finite mean stay
        what they are and are refused. name: of the model, for the published tables.
        """
        n, steps = panel.n_series, np.shape(mean)[-1]
        told = frozen("mean", mean, (n, steps), np.float32)
        return Forecast(
            index=panel.index,
            origin=panel.origin,
            mean=np.where(panel.on_sale(steps), told, np.float32(0)),
            linear_dispersion=np.full(n, self.linear),
            step_variance=np.full(n, self.step),
            level_variance=np.full(n, self.level),
            quantum=lattice_step(panel.demand),
            model=np.zeros(n, np.uint8),
            model_names=(name,),
        )

    def to_bytes(self) -> bytes:
        """The three numbers as text."""
        return json.dumps(asdict(self), sort_keys=True).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> Scatter:
        """Read them back."""
        return cls(**json.loads(content))


def _totals(panel: DemandPanel, origin: int, mean: Floats) -> Floats:
    """Miss, mean and sum of squared means of totals after an origin, (3, totals)."""
    steps = min(mean.shape[-1], panel.origin - origin)
    if origin < 0 or steps < 1:
        raise DataError(f"no demand of the panel comes after an origin of {origin}")
    mean = frozen("mean", mean, (panel.n_series, mean.shape[-1]), np.float64)
    cells = slice(origin + 1, origin + 1 + steps)
    known = panel.status[:, cells] == Status.OBSERVED
    expected = np.where(known, mean[:, :steps], 0.0)
    cells_of = np.stack([np.where(known, panel.demand[:, cells] - expected, 0.0), expected])
    parts = np.concatenate([cells_of, cells_of[1:] ** 2])
    spans = sorted({span for span in (*_SPANS, steps) if span <= steps})
    return np.concatenate([_summed(parts, span) for span in spans], axis=1)


def _summed(parts: Floats, span: int) -> Floats:
    """Sums over consecutive windows of ``span`` steps, (3, windows of all series)."""
    whole = parts.shape[2] // span
    windows = parts[:, :, : whole * span].reshape(3, -1, span)
    return np.asarray(windows.sum(axis=2))


def lattice_step(units: NDArray[np.float32]) -> Floats:
    """Largest of 1, 0.1, 0.01 and 0.001 of which every amount is a multiple, (series,)."""
    out = np.full(len(units), _QUANTA[-1])
    open_rows = np.ones(len(units), np.bool_)
    for quantum in _QUANTA[:-1]:
        steps = units / np.float32(quantum)
        near = np.abs(steps - np.rint(steps)) <= 1e-4 * np.maximum(steps, 1.0)
        fits = open_rows & near.all(axis=1)
        out[fits] = quantum
        open_rows &= ~fits
    return out
