"""Demand until a random last step: what a lane must cover whose lead time is not certain.

Given the last step k, demand is the total of that many steps; over all k it is a mixture with the
probabilities of k. All series are worked on at once, one array pass for each possible step, so a
million totals cost a few times what certain ones do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stockwright.arrays import require
from stockwright.distribution import Distribution
from stockwright.errors import DataError
from stockwright.forecast import Forecast

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_SUM_TOLERANCE = 1e-6


@dataclass(frozen=True)
class RandomTotal:
    """A mixture of totals, one for each element.

    parts: one total for each possible last step, n elements each. chance: (parts, n), >= 0, summing
    to 1 over the parts. Raises DataError otherwise.
    """

    parts: tuple[Distribution, ...]
    chance: Floats

    def __post_init__(self) -> None:
        chance = np.asarray(self.chance, np.float64)
        sizes = {len(part.mean) for part in self.parts}
        if len(sizes) != 1 or chance.shape != (len(self.parts), *sizes):
            raise DataError(
                f"{len(self.parts)} totals of {sorted(sizes)} elements and chances of shape"
                f" {chance.shape}; give one row of chances for each total"
            )
        require(chance >= 0, "chance", ">= 0")
        require(np.abs(chance.sum(axis=0) - 1) <= _SUM_TOLERANCE, "chance", "1 in sum")
        object.__setattr__(self, "chance", chance)

    @property
    def mean(self) -> Floats:
        """E[total], (n,)."""
        return self._mixed(part.mean for part in self.parts)

    @property
    def variance(self) -> Floats:
        """Variance of the total, (n,): within the steps and between them."""
        square = self._mixed(part.variance + part.mean**2 for part in self.parts)
        return np.asarray(np.maximum(square - self.mean**2, 0.0))

    def cdf(self, units: ArrayLike) -> Floats:
        """P(total <= units), ``units`` (n,) or scalar."""
        return self._mixed(part.cdf(units) for part in self.parts)

    def expected_shortage(self, stock: ArrayLike) -> Floats:
        """E[(total - stock)+], (n,)."""
        return self._mixed(part.expected_shortage(stock) for part in self.parts)

    def expected_left(self, stock: ArrayLike) -> Floats:
        """E[(stock - total)+], (n,)."""
        return self._mixed(part.expected_left(stock) for part in self.parts)

    def quantile(self, levels: ArrayLike | Sequence[float]) -> Floats:
        """Smallest lattice point x with cdf(x) >= level; (n, levels), or (n,) for a scalar.

        It lies between the smallest and the largest quantile of the parts at the same level, and
        is found there by bisection. Levels lie in [0, 1).
        """
        level = np.asarray(levels, np.float64)
        ends = np.stack([part.quantile(np.atleast_1d(level)) for part in self.parts])
        possible = (self.chance > 0)[:, :, None]
        low = np.where(possible, ends, np.inf).min(axis=0)
        high = np.where(possible, ends, -np.inf).max(axis=0)
        found = [self._between(low[:, j], high[:, j], t) for j, t in enumerate(level.ravel())]
        return np.stack(found, axis=1).reshape(len(low), *level.shape)

    def _between(self, low: Floats, high: Floats, level: float) -> Floats:
        """The quantile at one level, (n,), known to lie in [low, high]."""
        quantum = self.parts[0].quantum
        start = low / quantum
        below, above = np.zeros(len(low)) - 1, np.ceil((high - low) / quantum - 1e-9)
        while True:
            middle = np.floor((below + above) / 2)
            if not ((below < middle) & (middle < above)).any():
                return np.asarray((start + above) * quantum)
            # Half a step of rounding must not hide the lattice point itself.
            enough = self.cdf((start + middle) * quantum + 1e-9 * quantum) >= level
            inside = (below < middle) & (middle < above)
            above = np.where(inside & enough, middle, above)
            below = np.where(inside & ~enough, middle, below)

    def _mixed(self, values: Iterator[Floats]) -> Floats:
        total = np.zeros(self.chance.shape[1])
        for chance, value in zip(self.chance, values, strict=True):
            total += chance * value
        return total


def random_total(
    forecast: Forecast, first: Ints | int, last: Sequence[int], chance: NDArray[np.floating]
) -> RandomTotal:
    """Demand of steps ``first`` ... K of every series, K random.

    first: scalar or (series,). last: possible values of K, the same for all series. chance:
    (series, len(last)) or (len(last),) their probabilities. Raises DataError for chances that do
    not sum to 1, and for steps beyond the horizon.
    """
    shape = (forecast.index.n_series, len(last))
    wide = np.broadcast_to(np.asarray(chance, np.float64), shape)
    return RandomTotal(tuple(forecast.total(first, step) for step in last), wide.T)
