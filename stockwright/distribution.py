"""The distribution of a demand total, for many series at once.

A negative binomial with given mean and variance on a lattice of step ``quantum`` (1 for goods
sold by the piece). Between lattice points the distribution function is continued through the
regularised incomplete beta function, so that weighed goods can use it too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from stockwright.arrays import frozen, require

Floats = NDArray[np.float64]
_SMALLEST_MEAN = 1e-9
# A Poisson variable is the limit of a negative binomial; this share above it is close enough.
_LEAST_EXCESS = 1e-6


@dataclass(frozen=True)
class Distribution:
    """Demand totals, one for each element.

    mean: (n,) sales units, >= 0.
    variance: (n,) sales units squared; raised to just above ``mean * quantum`` (Poisson).
    quantum: (n,) the smallest step of the demand, > 0.
    """

    mean: Floats
    variance: Floats
    quantum: Floats

    def __post_init__(self) -> None:
        n = len(self.mean)
        for name in ("mean", "variance", "quantum"):
            object.__setattr__(self, name, frozen(name, getattr(self, name), (n,), np.float64))
        require(np.isfinite(self.mean) & (self.mean >= 0), "mean", "finite and >= 0")
        require(self.quantum > 0, "quantum", "> 0")

    def take(self, elements: NDArray[Any] | slice) -> Distribution:
        """Some of the elements."""
        return Distribution(self.mean[elements], self.variance[elements], self.quantum[elements])

    def _parameters(self) -> tuple[Floats, Floats, Floats]:
        """Size r, success probability p and mean in lattice steps."""
        mean = np.maximum(self.mean / self.quantum, _SMALLEST_MEAN)
        variance = np.maximum(self.variance / self.quantum**2, mean * (1 + _LEAST_EXCESS))
        size = mean**2 / (variance - mean)
        return size, mean / variance, mean

    def cdf(self, units: ArrayLike) -> Floats:
        """P(total <= units), shape (n,); 0 below 0."""
        size, p, _ = self._parameters()
        steps = np.asarray(units, np.float64) / self.quantum
        inside = special.betainc(size, np.maximum(steps, 0.0) + 1.0, p)
        return np.where(steps < 0, 0.0, inside)

    def quantile(self, levels: ArrayLike | Sequence[float]) -> Floats:
        """Smallest lattice point x with cdf(x) >= level; shape (n, levels) or (n,) for a scalar."""
        level = np.asarray(levels, np.float64)
        size, p, _ = self._parameters()
        if level.ndim:
            size, p, quantum = size[:, None], p[:, None], self.quantum[:, None]
        else:
            quantum = self.quantum
        point = np.maximum(np.ceil(special.nbdtrik(level, size, p) - 1e-6), 0.0)
        return np.asarray(np.where(level <= special.betainc(size, 1.0, p), 0.0, point) * quantum)

    def expected_shortage(self, stock: ArrayLike) -> Floats:
        """E[(total - stock)+] in units, shape (n,); piecewise linear between lattice points."""
        steps = np.asarray(stock, np.float64) / self.quantum
        low = np.floor(steps)
        share = steps - low
        return ((1 - share) * self._loss(low) + share * self._loss(low + 1.0)) * self.quantum

    def expected_left(self, stock: ArrayLike) -> Floats:
        """E[(stock - total)+] in units, shape (n,)."""
        return np.asarray(stock, np.float64) - self.mean + self.expected_shortage(stock)

    def _loss(self, k: Floats) -> Floats:
        """E[(X - k)+] of the lattice variable: m P(X' >= k) - k P(X > k), X' of size r + 1."""
        size, p, mean = self._parameters()
        at = np.maximum(k, 0.0)
        above = special.betaincc(size, at + 1.0, p)
        above_next = np.where(at > 0, special.betaincc(size + 1.0, np.maximum(at, 1e-300), p), 1.0)
        return np.where(k < 0, mean - k, mean * above_next - at * above)
