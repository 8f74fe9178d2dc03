"""How weekly demand of a series scatters around a steady rate: its own, shrunk to the shop's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
# Weeks of its own at which a series' dispersion weighs as much as the shop's.
_PRIOR_WEEKS = 12.0
_MOST_CORRELATION = 0.6


@dataclass(frozen=True)
class Noise:
    """dispersion: (rows,) variance over mean of a week. correlation: of neighboring weeks."""

    dispersion: Floats
    correlation: float

    def inflation(self, weeks: int) -> float:
        """Variance of a sum of so many weeks over the sum of their variances.

        Of a first-order autoregression.
        """
        rho = self.correlation
        lag = np.arange(1, weeks)
        return float(1 + 2 * np.sum((1 - lag / weeks) * rho**lag))

    def variance(self, mean: Floats, weeks: int) -> Floats:
        """Variance of totals of ``weeks`` weeks with this mean, (rows,)."""
        return np.asarray(self.dispersion * mean * self.inflation(weeks), np.float64)


def learn_noise(units: NDArray[np.float32], exposure: NDArray[np.float32], weeks: int) -> Noise:
    """Noise of the last weeks around a rate that may move slowly, (rows, weeks) arrays.

    The rate of a week is that of the known weeks two to six to either side, so that neither a trend
    nor the week itself hides or makes noise. The shop's dispersion is a + b * mean, fitted to the
    squared misses; that of a series is shrunk to it.
    """
    sold, seen = units[:, -weeks:].astype(np.float64), exposure[:, -weeks:].astype(np.float64)
    around, over = _around(sold), _around(seen)
    rate = np.divide(around, over, out=np.zeros_like(around), where=over > 0)
    mean = rate * seen
    usable = (mean > 0) & (over >= 3)
    # The error of the rate adds seen / over of the variance.
    share = np.divide(seen, over, out=np.zeros_like(seen), where=over > 0)
    square = np.where(usable, (sold - mean) ** 2 / (1 + share), 0.0)
    mean = np.where(usable, mean, 0.0)
    base, slope = _line(square, mean, usable)
    total, count = mean.sum(axis=1), usable.sum(axis=1)
    typical = total / np.maximum(count, 1)
    prior = np.maximum(base + slope * typical, 1.0)
    own = np.divide(square.sum(axis=1), total, out=prior.copy(), where=total > 0)
    dispersion = (count * own + _PRIOR_WEEKS * prior) / (count + _PRIOR_WEEKS)
    miss = np.where(usable, sold - mean, 0.0) / np.sqrt(np.maximum(mean * prior[:, None], 1e-9))
    pairs = usable[:, 1:] & usable[:, :-1]
    together = float((miss[:, 1:] * miss[:, :-1] * pairs).sum())
    alone = float((0.5 * (miss[:, 1:] ** 2 + miss[:, :-1] ** 2) * pairs).sum())
    correlation = together / alone if alone > 0 else 0.0
    return Noise(np.maximum(dispersion, 1.0), float(np.clip(correlation, 0.0, _MOST_CORRELATION)))


def _around(values: Floats) -> Floats:
    """Sum of the columns two to six away on either side."""
    out = np.zeros_like(values)
    for shift in range(2, 7):
        out[:, shift:] += values[:, :-shift]
        out[:, :-shift] += values[:, shift:]
    return out


def _line(square: Floats, mean: Floats, usable: NDArray[np.bool_]) -> tuple[float, float]:
    """a and b, not below 1 and 0, of square = a * mean + b * mean**2, by weighted least squares."""
    some = usable & (mean > 0)
    x, y = mean[some], square[some]
    if not len(x):
        return 1.0, 0.0
    weight = 1.0 / (x + 0.1 * x**2) ** 2
    first, second = (weight * x * x).sum(), (weight * x**3).sum()
    third, top, side = (weight * x**4).sum(), (weight * x * y).sum(), (weight * x * x * y).sum()
    det = first * third - second**2
    if det <= 1e-12 * first * third:
        return max(float(top / first), 1.0), 0.0
    slope = max(float((first * side - second * top) / det), 0.0)
    return max(float((top - slope * second) / first), 1.0), slope
