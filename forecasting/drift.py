"""Drift: whether a stored model still forecasts the demand of the whole shop.

A model that is used for weeks is held against what was sold since it was fitted: its forecasts as
of recent origins, summed over a sample of the series and the periods without an event, beside the
demand that came. How far such sums miss when nothing has changed was seen on held-out origins when
the model was fitted. Dates, the model and the panel alone decide.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from forecasting.recovered import recovered_demand
from stockwright.calendar import PeriodName
from stockwright.panel import DemandPanel

if TYPE_CHECKING:
    from forecasting.held_out import HeldOut
    from forecasting.model import FittedModel

Floats = NDArray[np.float64]
# Shortest and longest windows that a model is held against, periods, and most of them.
_SHORTEST: dict[PeriodName, int] = {"day": 3, "week": 1}
_LONGEST: dict[PeriodName, int] = {"day": 14, "week": 4}
_WINDOWS = 2
# Series that are looked at: those with the smallest key hashes.
_SERIES = 2000
# Held-out origins that noise is seen on, at least; and what no shop's sums miss by less than.
_LEAST_ORIGINS, _LEAST_MISS = 3, 0.01


@dataclass(frozen=True)
class Drift:
    """A stored model against what was sold since it was fitted.

    score: miss over what is usual, signed. miss: demand over forecast, less 1. demand, forecast:
    units. periods: how many were looked at.
    """

    score: float
    miss: float
    demand: float
    forecast: float
    periods: int

    def beyond(self, threshold: float) -> bool:
        """Whether the model has drifted; a threshold of 0 never says so."""
        return threshold > 0 and abs(self.score) > threshold

    def to_dict(self) -> dict[str, Any]:
        """Rounded numbers, for the record."""
        return {name: round(value, 4) for name, value in asdict(self).items()}


def usual_misses(panel: DemandPanel, outcome: HeldOut, period: PeriodName) -> tuple[float, ...]:
    """Root mean square logarithm of demand over forecast, of sums of 1, 2, ... periods.

    outcome: held-out forecasts. Each origin gives one sum over its series, periods with an event
    left out. () with fewer than three origins.
    """
    steps = min(_LONGEST[period], outcome.mean.shape[1])
    target = outcome.origin[:, None] + 1 + np.arange(steps)
    counted = outcome.known[:, :steps] & quiet(panel, outcome.series, target)
    origins, place = np.unique(outcome.origin, return_inverse=True)
    if len(origins) < _LEAST_ORIGINS:
        return ()
    sums = np.zeros((2, len(origins), steps))
    for row, values in enumerate((outcome.units, outcome.mean)):
        np.add.at(sums[row], place, np.where(counted, values[:, :steps], 0.0))
    units, mean = np.cumsum(sums, axis=2)
    squares = np.log((units + 1.0) / (mean + 1.0)) ** 2
    return tuple(np.sqrt(squares.mean(axis=0)).tolist())


def drift(model: FittedModel, panel: DemandPanel, age: int) -> Drift | None:
    """Hold a model fitted ``age`` periods ago against the demand since; None where it is too young.

    Windows of the same length end tonight and follow each other back to the fit at most. Their
    misses are taken for independent, so that two windows miss by a factor of the root of 2 less.
    """
    period = model.params.period
    length = min(age, len(model.misses), panel.n_periods - 1)
    if length < _SHORTEST[period]:
        return None
    windows = min(age // length, _WINDOWS, (panel.n_periods - 1) // length)
    order = np.argsort(panel.index.key_hash(), kind="stable")
    some = panel.take(np.sort(order[:_SERIES]))
    parts = [
        _window(model, some, panel.origin - length * back, length) for back in range(1, windows + 1)
    ]
    demand, mean = np.sum(parts, axis=0).tolist()
    usual = max(model.misses[length - 1], _LEAST_MISS)
    score = float(np.log((demand + 1.0) / (mean + 1.0)) / usual * np.sqrt(windows))
    miss = demand / mean - 1.0 if mean > 0 else 0.0
    return Drift(score, miss, demand, mean, windows * length)


def _window(model: FittedModel, panel: DemandPanel, origin: int, length: int) -> tuple[float, ...]:
    """Demand and forecast of the periods after an origin, where demand is known."""
    past = panel.until(origin)
    mean = model.predict(past, length).mean
    cells = (slice(None), slice(origin + 1, origin + 1 + length))
    units, known, _ = recovered_demand(panel, cells)
    target = np.broadcast_to(np.arange(origin + 1, origin + 1 + length), units.shape)
    old = (panel.launch <= origin)[:, None]
    counted = known & old & quiet(panel, np.arange(panel.n_series), target)
    return float(units[counted].sum()), float(mean[counted].sum())


def quiet(
    panel: DemandPanel, series: NDArray[np.integer], periods: NDArray[np.integer]
) -> NDArray[np.bool_]:
    """Whether some periods of some series, (series, periods), have no event."""
    event = panel.covariates.event
    rows = np.zeros_like(series) if event.shape[0] == 1 else series
    return np.asarray(event[rows[:, None], periods] == 0)
