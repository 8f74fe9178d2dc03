"""What every key would have to receive in each period for its target to be kept.

At the review j R periods from now the order raises the position to what the demand of the next
L + R periods is bought for, so that all orders up to then are

    X_j = max over i <= j of (m(0, iR + L + R) + z s(iR, L + R) - held_i),

with m mean demand, s the deviation of demand over one protection interval, z the normal score of
the level that tonight's order is bought at, and held the stock and what is on order by then. The
part without z is as good as sure to sell.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from replenishment.needs.keys import Keys
from replenishment.needs.projection import mean_rate
from stockwright.forecast import Forecast

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Required:
    """sure, safety: (keys, steps) float32 units due to be received in steps 1 ... H."""

    sure: NDArray[np.float32]
    safety: NDArray[np.float32]


def required(
    forecast: Forecast, keys: Keys, ordered: Floats, dock: Ints, score: Floats
) -> Required:
    """What is due after tonight's order.

    ordered: (keys,) units of tonight's order, which count as received. dock: (keys,) step in which
    they are. score: (keys,) z. Orders whose interval reaches beyond the forecast are left out.
    """
    n, horizon = len(keys), forecast.horizon
    out = Required(*(np.zeros((n, horizon), np.float32) for _ in range(2)))
    demand = _Running(forecast)
    delay = (mean_rate(forecast, keys) * keys.lead_time_sd) ** 2
    all_of, sure_of = ordered.copy(), np.zeros(n)
    for review in range(horizon):
        start = review * keys.review
        rows = np.flatnonzero(start + keys.protection <= horizon)
        if not len(rows):
            break
        few, first = keys.take(rows), start[rows]
        last = first + few.protection
        inside = (few.arrival_steps >= 1) & (few.arrival_steps <= last[:, None])
        held = few.on_hand + (few.arrival_units * inside).sum(axis=1)
        sure = np.maximum(sure_of[rows], demand.mean(rows, 0 * last, last) - held)
        spread = np.sqrt(demand.variance(rows, first, last) + delay[rows])
        wanted = demand.mean(rows, 0 * last, last) + score[rows] * spread - held
        whole = np.maximum(all_of[rows], wanted)
        if review:
            step = dock[rows] + first - 1
            due = whole - all_of[rows]
            out.sure[rows, step] = np.minimum(sure - sure_of[rows], due)
            out.safety[rows, step] = due - out.sure[rows, step]
        else:
            whole = all_of[rows]
        all_of[rows], sure_of[rows] = whole, sure
    return out


def chance_to_sell(score: Floats) -> Floats:
    """Mean chance that a unit between mean demand and its quantile at ``score`` > 0 sells, (keys,).

    For normal demand (L(0) - L(z)) / z with the standard loss function L (Snyder & Shen 2019,
    section 4.3.2).
    """
    z = np.maximum(score, 1e-6)
    density = np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi)
    loss = density - z * special.ndtr(-z)
    return np.asarray(np.clip((1 / np.sqrt(2 * np.pi) - loss) / z, 0.0, 0.5))


class _Running:
    """Mean and variance of demand between any two steps, from running sums."""

    def __init__(self, forecast: Forecast) -> None:
        self._forecast = forecast
        self._mean = _sums(forecast.mean)
        self._squares = _sums(forecast.mean.astype(np.float64) ** 2)
        some = forecast.has_committed
        self._committed = _sums(forecast.committed) if some else None
        self._scatter = _sums(forecast.committed_variance) if some else None

    def mean(self, rows: Ints, first: Ints, last: Ints) -> Floats:
        """Of steps first + 1 ... last."""
        total = _between(self._mean, rows, first, last)
        if self._committed is not None:
            total = total + _between(self._committed, rows, first, last)
        return total

    def variance(self, rows: Ints, first: Ints, last: Ints) -> Floats:
        """Of the total of steps first + 1 ... last."""
        told = self._forecast
        mean = _between(self._mean, rows, first, last)
        variance = told.linear_dispersion[rows] * mean + told.level_variance[rows] * mean**2
        variance += told.step_variance[rows] * _between(self._squares, rows, first, last)
        if self._scatter is not None:
            variance = variance + _between(self._scatter, rows, first, last)
        return variance


def _sums(values: NDArray[np.floating]) -> Floats:
    return np.cumsum(np.pad(values, ((0, 0), (1, 0))), axis=1, dtype=np.float64)


def _between(sums: Floats, rows: Ints, first: Ints, last: Ints) -> Floats:
    return np.asarray(np.maximum(sums[rows, last] - sums[rows, first], 0.0))
