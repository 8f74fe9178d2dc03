"""The forecasts that a model has to beat: the last value, and that of a season ago.

Their quantiles are those of a normal law whose variance grows as Hyndman & Athanasopoulos (2021,
section 5.5) say: with the steps for the last value, with the whole seasons ahead for the other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from experiments.metrics.scaled import naive_scale
from stockwright.panel import DemandPanel, Status

Floats = NDArray[np.float64]
#: Periods of a season: a week of days, a year of weeks.
SEASON = {"day": 7, "week": 52}


@dataclass(frozen=True)
class Naive:
    """A naive forecast: mean (series, step) and the standard deviation of each step, alike."""

    mean: Floats
    deviation: Floats

    def quantile(self, levels: tuple[float, ...]) -> Floats:
        """Quantiles of each step, never below 0, (series, step, level)."""
        spread = self.deviation[..., None] * special.ndtri(np.asarray(levels))
        return np.asarray(np.maximum(self.mean[..., None] + spread, 0.0), np.float64)


def last_value(panel: DemandPanel, units: NDArray[np.float32], steps: int) -> Naive:
    """The last period in stock, for every step; 0 where there is none.

    units: (series, period) demand of the panel's series.
    """
    known = panel.status == Status.OBSERVED
    mean = np.repeat(_newest(units, known)[:, None], steps, axis=1)
    scale = np.nan_to_num(naive_scale(units, known))
    return Naive(mean, np.sqrt(scale[:, None] * np.arange(1, steps + 1)))


def season_ago(panel: DemandPanel, units: NDArray[np.float32], steps: int) -> Naive:
    """The last period in stock of the same place in the season; else the last one in stock."""
    season = SEASON[panel.calendar.period]
    known = panel.status == Status.OBSERVED
    periods, newest = units.shape[1], last_value(panel, units, steps)
    mean = newest.mean.copy()
    for step in range(min(season, steps)):
        same = slice((periods + step) % season, None, season)
        if same.start >= periods:
            continue
        seen = known[:, same].any(axis=1)
        value = _newest(units[:, same], known[:, same])
        mean[:, step::season] = np.where(seen, value, newest.mean[:, 0])[:, None]
    if periods <= season:
        return Naive(mean, newest.deviation)
    pair = known[:, season:] & known[:, :-season]
    change = np.where(pair, units[:, season:] - units[:, :-season], 0.0).astype(np.float64)
    count = pair.sum(axis=1)
    scale = (change**2).sum(axis=1) / np.maximum(count, 1)
    scale = np.where(count > 0, scale, newest.deviation[:, 0] ** 2)
    return Naive(mean, np.sqrt(scale[:, None] * (np.arange(steps) // season + 1)))


def _newest(units: NDArray[np.float32], known: NDArray[np.bool_]) -> Floats:
    """The last known value of each row; 0 where there is none."""
    place = known.shape[1] - 1 - np.argmax(known[:, ::-1], axis=1)
    value = units[np.arange(len(units)), np.maximum(place, 0)]
    return np.where(known.any(axis=1), value, 0.0).astype(np.float64)
