"""The distribution of a demand total, for many series at once.

A total is a negative binomial, or a mixture of two, on a lattice of step ``quantum`` (1 for goods
sold by the piece). The mixture says that the level of demand may turn out ``tail_ratio`` times the
forecast with probability ``tail_share``, and lower by as much as keeps the mean otherwise: a tail
that a single negative binomial of the same mean and variance does not have. Between lattice points
the distribution function is continued through the regularized incomplete beta function, so that
weighed goods can use it too. A variance of 0 is a certain total.

Demand that is known beforehand, such as a paid presale, is a ``shift``: it is certain, and the
negative binomial is what comes on top of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from stockwright.arrays import one_each, require
from stockwright.quantiles import Component, mixture_cdf, quantile_steps, sorted_steps

Floats = NDArray[np.float64]
_SMALLEST_MEAN = 1e-9
# A Poisson variable is the limit of a negative binomial; this share above it is close enough.
_LEAST_EXCESS = 1e-6
# Sums of the same numbers in another order may differ by this share.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Distribution:
    """Demand totals, one for each element.

    mean: (n,) sales units, >= 0, of the whole total.
    variance: (n,) sales units squared; raised to just above ``(mean - shift) * quantum`` (Poisson)
        plus what the tail brings, or 0 for a certain total.
    quantum: (n,) the smallest step of the demand, > 0.
    tail_share: (n,) probability of the raised level, in [0, 0.5]; none by default.
    tail_ratio: (n,) raised level over ``mean - shift``, >= 1 and at most 1 / tail_share; 1 by
        default.
    shift: (n,) the part of the total that is certain, in [0, mean]; 0 by default.
    """

    mean: Floats
    variance: Floats
    quantum: Floats
    tail_share: Floats = field(default_factory=lambda: np.zeros(1))
    tail_ratio: Floats = field(default_factory=lambda: np.ones(1))
    shift: Floats = field(default_factory=lambda: np.zeros(1))

    def __post_init__(self) -> None:
        n = len(self.mean)
        for each in fields(self):
            checked = one_each(each.name, getattr(self, each.name), n)
            object.__setattr__(self, each.name, checked)
        require(np.isfinite(self.mean) & (self.mean >= 0), "mean", "finite and >= 0")
        require(np.isfinite(self.variance) & (self.variance >= 0), "variance", "finite and >= 0")
        require(self.quantum > 0, "quantum", "> 0")
        share, ratio = self.tail_share, self.tail_ratio
        require((share >= 0) & (share <= 0.5), "tail_share", "in [0, 0.5]")
        require((ratio >= 1) & (share * ratio <= 1), "tail_ratio", "in [1, 1 / tail_share]")
        most = self.mean * (1 + _ROUNDING)
        require((self.shift >= 0) & (self.shift <= most), "shift", "in [0, mean]")

    def take(self, elements: NDArray[Any] | slice) -> Distribution:
        """Some of the elements."""
        return Distribution(*(getattr(self, each.name)[elements] for each in fields(self)))

    def widened(self, extra: ArrayLike) -> Distribution:
        """The total with the variance ``extra`` (n,) more, and the same mean.

        As much of the shift as carries that variance is no longer certain.
        """
        more = np.broadcast_to(np.asarray(extra, np.float64), self.mean.shape)
        shift = np.maximum(self.shift - more / self.quantum, 0.0)
        return replace(self, variance=self.variance + more, shift=shift)

    def components(self) -> list[Component]:
        """The negative binomials above the shift, in lattice steps; one where nobody has a tail.

        Given the level u of a component, its mean is u * m and its variance u * m + u^2 * w, with
        w such that the mixture has the variance of the total.
        """
        mean = np.maximum((self.mean - self.shift) / self.quantum, _SMALLEST_MEAN)
        variance = self.variance / self.quantum**2
        share, ratio = self.tail_share, self.tail_ratio
        if not share.any():
            return [_negative_binomial(np.ones_like(mean), mean, variance - mean)]
        low = (1 - share * ratio) / (1 - share)
        second = share * ratio**2 + (1 - share) * low**2
        extra = (variance - mean - mean**2 * (second - 1)) / second
        return [
            _negative_binomial(1 - share, low * mean, low**2 * extra),
            _negative_binomial(share, ratio * mean, ratio**2 * extra),
        ]

    def cdf(self, units: ArrayLike) -> Floats:
        """P(total <= units); 0 below the shift. ``units`` (n,) or scalar; shape (n,)."""
        steps = (np.asarray(units, np.float64) - self.shift) / self.quantum
        inside = mixture_cdf(self.components(), np.maximum(steps, 0.0))
        inside = np.where(steps < 0, 0.0, inside)
        return np.where(self.variance > 0, inside, np.asarray(units) >= self.mean).astype(float)

    def quantile(self, levels: ArrayLike | Sequence[float]) -> Floats:
        """Smallest lattice point x with cdf(x) >= level; shape (n, levels) or (n,) for a scalar.

        Levels lie in [0, 1). Raises DataError otherwise.
        """
        level = np.asarray(levels, np.float64)
        wide = np.broadcast_to(np.atleast_1d(level), (len(self.mean), level.size))
        return self._quantile(wide).reshape(len(self.mean), *level.shape)

    def quantile_at(self, level: ArrayLike) -> Floats:
        """Quantile of each element at its own level, ``level`` and result (n,)."""
        own = np.asarray(np.broadcast_to(np.asarray(level, np.float64), (len(self.mean),)))
        return self._quantile(own[:, None])[:, 0]

    def _quantile(self, level: Floats) -> Floats:
        require((level >= 0) & (level < 1), "level", "in [0, 1)")
        return self._units(quantile_steps(self.components(), level))

    def stratified(self, offset: Floats, n: int) -> Floats:
        """Quantiles at levels (i + offset) / n, i = 0 ... n - 1: a sorted sample, (elements, n).

        ``offset`` (elements,) in (0, 1). Large totals are interpolated in the normal score.
        """
        return self._units(sorted_steps(self.components(), offset, n))

    def _units(self, steps: Floats) -> Floats:
        """Lattice steps above the shift, (n, m), as sales units; the mean where it is certain."""
        units = self.shift[:, None] + steps * self.quantum[:, None]
        return np.where(self.variance[:, None] > 0, units, self.mean[:, None])

    def expected_shortage(self, stock: ArrayLike) -> Floats:
        """E[(total - stock)+] in units, shape (n,); piecewise linear between lattice points."""
        steps = (np.asarray(stock, np.float64) - self.shift) / self.quantum
        low = np.floor(steps)
        share = steps - low
        loss = ((1 - share) * self._loss(low) + share * self._loss(low + 1.0)) * self.quantum
        certain = np.maximum(self.mean - np.asarray(stock, np.float64), 0.0)
        return np.where(self.variance > 0, loss, certain)

    def expected_left(self, stock: ArrayLike) -> Floats:
        """E[(stock - total)+] in units, shape (n,)."""
        return np.asarray(stock, np.float64) - self.mean + self.expected_shortage(stock)

    def _loss(self, k: Floats) -> Floats:
        """E[(X - k)+] on the lattice: for each component m P(X' >= k) - k P(X > k).

        X' is the negative binomial of size r + 1 with the same p. 1 - I_p(r, k + 1) is taken as
        I_{1 - p}(k + 1, r), several times as fast.
        """
        at = np.maximum(k, 0.0)
        parts: Iterator[Floats] = (
            each.weight
            * (
                each.mean
                * np.where(
                    at > 0,
                    special.betainc(np.maximum(at, 1e-300), each.size + 1.0, 1.0 - each.p),
                    1.0,
                )
                - at * special.betainc(at + 1.0, each.size, 1.0 - each.p)
            )
            for each in self.components()
        )
        above: Floats = np.sum(list(parts), axis=0)
        return np.where(k < 0, (self.mean - self.shift) / self.quantum - k, np.maximum(above, 0.0))


def _negative_binomial(weight: Floats, mean: Floats, excess: Floats) -> Component:
    """Weight, size, success probability and mean of one component, all in lattice steps."""
    mean = np.maximum(mean, _SMALLEST_MEAN)
    excess = np.maximum(excess, mean * _LEAST_EXCESS)
    return Component(weight, mean**2 / excess, mean / (mean + excess), mean)
