"""Demand in whole units of many items: one probability per item and number of units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from stockwright.arrays import frozen, require
from stockwright.errors import DataError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
TAIL = 1e-13


@dataclass(frozen=True)
class CountDemand:
    """pmf: (items, units) probability that a period's demand is 0, 1, ... units; rows sum to 1.

    Raises DataError for a negative probability or a row that does not sum to 1 within 1e-6.
    """

    pmf: Floats

    def __post_init__(self) -> None:
        pmf = np.atleast_2d(np.asarray(self.pmf, np.float64))
        require(pmf >= 0, "pmf", ">= 0")
        total = pmf.sum(axis=1)
        require(np.abs(total - 1) <= 1e-6, "sums of pmf", "1")
        pmf = pmf / total[:, None]
        object.__setattr__(self, "pmf", frozen("pmf", pmf, pmf.shape, np.float64))

    @classmethod
    def poisson(cls, mean: ArrayLike) -> CountDemand:
        """Poisson demand of mean (items,) >= 0, cut where less than 1e-13 is left."""
        rate = np.atleast_1d(np.asarray(mean, np.float64))
        require(rate >= 0, "means", ">= 0")
        size = int(stats.poisson.isf(TAIL, rate).max(initial=0)) + 1
        return cls(_normalized(stats.poisson.pmf(np.arange(size), rate[:, None])))

    @classmethod
    def negative_binomial(cls, mean: ArrayLike, variance: ArrayLike) -> CountDemand:
        """Negative binomial demand of mean > 0 and variance > mean, both (items,)."""
        center, spread = np.broadcast_arrays(
            np.atleast_1d(np.asarray(mean, np.float64)), np.asarray(variance, np.float64)
        )
        require(center > 0, "means", "> 0")
        require(spread > center, "variances", "> the mean")
        chance = (center / spread)[:, None]
        shape = center[:, None] * chance / (1 - chance)
        size = int(stats.nbinom.isf(TAIL, shape, chance).max(initial=0)) + 1
        return cls(_normalized(stats.nbinom.pmf(np.arange(size), shape, chance)))

    @classmethod
    def geometric(cls, mean: ArrayLike) -> CountDemand:
        """Geometric demand on 0, 1, ... of mean (items,) > 0."""
        center = np.atleast_1d(np.asarray(mean, np.float64))
        return cls.negative_binomial(center, center * (1 + center))

    @classmethod
    def uniform(cls, low: int, high: int) -> CountDemand:
        """One item whose demand is any of low, ..., high with the same chance."""
        if not 0 <= low <= high:
            raise DataError(f"uniform demand from {low} to {high}; give 0 <= low <= high")
        pmf = np.zeros((1, high + 1))
        pmf[0, low:] = 1 / (high + 1 - low)
        return cls(pmf)

    def __len__(self) -> int:
        return len(self.pmf)

    def mean(self) -> Floats:
        """Mean demand per period, (items,)."""
        return np.asarray(self.pmf @ np.arange(self.pmf.shape[1]), np.float64)

    def variance(self) -> Floats:
        """Variance of a period's demand, (items,)."""
        units = np.arange(self.pmf.shape[1])
        return np.asarray(self.pmf @ units.astype(np.float64) ** 2 - self.mean() ** 2, np.float64)

    def total(self, periods: int) -> CountDemand:
        """Demand of ``periods`` >= 0 independent periods together."""
        if periods < 0:
            raise DataError(f"{periods} periods; give a number >= 0")
        size = (self.pmf.shape[1] - 1) * periods + 1
        return CountDemand(_normalized(_power(self.pmf, periods, size)))

    def at_most(self, units: ArrayLike) -> Floats:
        """P(demand <= units), units (items,) or (items, levels)."""
        return self._looked_up(np.cumsum(self.pmf, axis=1), units, 0.0)

    def quantile(self, level: ArrayLike) -> Ints:
        """Smallest number of units with P(demand <= units) >= level, (items,)."""
        reached = np.cumsum(self.pmf, axis=1) >= np.reshape(level, (-1, 1)) - 1e-12
        reached[:, -1] = True
        return np.asarray(reached.argmax(axis=1), np.int64)

    def shortage(self, stock: ArrayLike) -> Floats:
        """E(demand - stock)+ for whole stocks, (items,) or (items, levels); below 0 allowed."""
        have = np.asarray(stock)
        above = 1 - np.minimum(np.cumsum(self.pmf, axis=1), 1.0)
        table = np.cumsum(above[:, ::-1], axis=1)[:, ::-1]
        value = self._looked_up(table, have, np.nan, beyond=0.0)
        mean = np.reshape(self.mean(), (-1,) + (1,) * (have.ndim - 1)) if have.ndim else self.mean()
        return np.where(np.isnan(value), mean - have, value)

    def left(self, stock: ArrayLike) -> Floats:
        """E(stock - demand)+ for whole stocks, (items,) or (items, levels)."""
        have = np.asarray(stock)
        mean = np.reshape(self.mean(), (-1,) + (1,) * (have.ndim - 1)) if have.ndim else self.mean()
        return np.asarray(have - mean + self.shortage(have), np.float64)

    def _looked_up(
        self, table: Floats, units: ArrayLike, below: float, beyond: float | None = None
    ) -> Floats:
        at = np.asarray(units).astype(np.int64)
        wide = np.broadcast_to(at, (len(table), *at.shape[1:]) if at.ndim else (len(table),))
        inside = np.clip(wide, 0, table.shape[1] - 1)
        flat = np.take_along_axis(table, inside.reshape(len(table), -1), axis=1)
        value = flat.reshape(wide.shape)
        if beyond is not None:
            value = np.where(wide >= table.shape[1], beyond, value)
        return np.where(wide < 0, below, value)


def _normalized(pmf: Floats) -> Floats:
    positive = np.maximum(pmf, 0.0)
    return np.asarray(positive / positive.sum(axis=1, keepdims=True), np.float64)


def _power(pmf: Floats, periods: int, size: int) -> Floats:
    """Convolution powers of all rows, by squaring and without transforms (no negative tails)."""
    out, square = np.ones((len(pmf), 1)), pmf
    while periods:
        if periods & 1:
            out = convolved(out, square)
        periods >>= 1
        square = convolved(square, square) if periods else square
    return out[:, :size]


def convolved(a: Floats, b: Floats) -> Floats:
    """Distribution of the sum of two independent counts, row by row."""
    out = np.zeros((len(a), a.shape[1] + b.shape[1] - 1))
    short, long = (a, b) if a.shape[1] <= b.shape[1] else (b, a)
    for units in range(short.shape[1]):
        out[:, units : units + long.shape[1]] += short[:, units, None] * long
    return out
