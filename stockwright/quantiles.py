"""Quantiles of mixtures of negative binomials on the lattice 0, 1, 2, ...

Most demand totals are small, so their probabilities are summed up from 0 with the recursion
P(k + 1) = P(k) (k + r) / (k + 1) (1 - p), all elements at once and each until its last level is
reached. Large totals are bracketed and bisected on the regularized incomplete beta function.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]
# Totals whose mean plus spread exceeds this many lattice steps are bisected instead of summed.
_LARGEST_SUMMED = 250.0
# Elements that are done are dropped from the sums once no more than this share is not.
_KEPT_SHARE = 0.8
# Normal scores at which the distribution function of a large total is tabulated.
_NODES = np.linspace(-8.0, 5.5, 82)


class Component(NamedTuple):
    """One negative binomial of a mixture, all (n,): weight, size r, success probability, mean."""

    weight: Floats
    size: Floats
    p: Floats
    mean: Floats

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> Component:
        """Some of the elements."""
        return Component(*(each[rows] for each in self))

    def column(self) -> Component:
        """Every array as a column, to meet a row of levels."""
        return Component(*(each[:, None] for each in self))


def mixture_cdf(components: list[Component], steps: Floats) -> Floats:
    """P(X <= steps) of the mixture, ``steps`` >= 0 in lattice steps."""
    parts = [each.weight * special.betainc(each.size, steps + 1.0, each.p) for each in components]
    return np.asarray(np.sum(parts, axis=0))


def quantile_steps(components: list[Component], level: Floats) -> Floats:
    """Smallest k = 0, 1, ... with P(X <= k) >= level; ``level`` and result (n, levels)."""
    mean, spread = _moments(components)
    small = mean + 6 * spread < _LARGEST_SUMMED
    out = np.empty(level.shape)
    rows = np.flatnonzero(small)
    counts, finished = _summed([each.take(rows) for each in components], level[rows])
    out[rows] = counts
    rest = np.concatenate([np.flatnonzero(~small), rows[~finished]])
    if len(rest):
        few = [each.take(rest) for each in components]
        out[rest] = _bisected(few, level[rest])
    return out


def sorted_steps(components: list[Component], shift: Floats, n: int) -> Floats:
    """Quantiles at the levels (i + shift) / n, i = 0 ... n - 1, (elements, n), rising."""
    mean, spread = _moments(components)
    small = mean + 6 * spread < _LARGEST_SUMMED
    level = (np.arange(n) + shift[:, None]) / n
    out = np.empty(level.shape)
    rows = np.flatnonzero(small)
    counts, finished = _repeated([each.take(rows) for each in components], shift[rows], n)
    out[rows] = counts
    rest = np.concatenate([np.flatnonzero(~small), rows[~finished]])
    if len(rest):
        out[rest] = _interpolated([each.take(rest) for each in components], level[rest])
    return out


def _moments(components: list[Component]) -> tuple[Floats, Floats]:
    """Mean and standard deviation of the mixture, in lattice steps."""
    mean = np.asarray(np.sum([each.weight * each.mean for each in components], axis=0))
    square = np.sum([each.weight * each.mean * (1 / each.p + each.mean) for each in components], 0)
    return mean, np.sqrt(np.maximum(square - mean**2, 1e-18))


def _summed(components: list[Component], level: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Count the k with P(X <= k) < level, and whether every level of an element was reached."""
    n = len(level)
    counts, finished = np.zeros(level.shape), np.zeros(n, np.bool_)
    rows, top = np.arange(n), level.max(axis=1, initial=0.0)
    walks = [_Walk(each) for each in components]
    total = np.asarray(np.sum([walk.mass for walk in walks], axis=0)) if n else np.zeros(0)
    for k in range(int(2 * _LARGEST_SUMMED)):
        open_rows = total < top[rows]
        if not open_rows.all():
            finished[rows[~open_rows]] = True
            rows, total = rows[open_rows], total[open_rows]
            for walk in walks:
                walk.keep(open_rows)
        if not len(rows):
            break
        counts[rows] += total[:, None] < level[rows]
        for walk in walks:
            walk.advance(k)
            total = total + walk.mass
    return counts, finished


class _Walk:
    """The weighted probability of k of one component, walked up from k = 0."""

    def __init__(self, component: Component) -> None:
        self.size, self.fail = component.size, 1.0 - component.p
        self.mass: Floats = component.weight * np.exp(component.size * np.log(component.p))

    def advance(self, k: int) -> None:
        """From k to k + 1."""
        self.mass = self.mass * ((k + self.size) / (k + 1) * self.fail)

    def keep(self, rows: NDArray[np.bool_]) -> None:
        """Drop the elements that are done."""
        self.size, self.fail, self.mass = self.size[rows], self.fail[rows], self.mass[rows]


def _repeated(
    components: list[Component], shift: Floats, n: int
) -> tuple[Floats, NDArray[np.bool_]]:
    """Quantiles at n evenly spaced levels: each k as often as levels fall on it."""
    elements = len(shift)
    rows, open_rows = np.arange(elements), np.ones(elements, np.bool_)
    walks = [_Walk(each) for each in components]
    total = np.asarray(np.sum([walk.mass for walk in walks], axis=0)) if elements else shift
    # How many k have just so many levels at or below P(X <= k); the quantile of a level is the
    # number of those k that do not have it among theirs.
    count = np.zeros((elements, n + 1), np.int16)
    for k in range(int(2 * _LARGEST_SUMMED)):
        below = np.clip(np.floor(n * total - shift[rows] + 1), 0, n).astype(np.int64)
        count[rows, below] += 1
        open_rows = below < n
        left = int(open_rows.sum())
        if not left:
            break
        # To drop elements costs more than to walk a few of them on.
        if left < _KEPT_SHARE * len(rows):
            for walk in walks:
                walk.keep(open_rows)
            rows, total, open_rows = rows[open_rows], total[open_rows], open_rows[open_rows]
        for walk in walks:
            walk.advance(k)
            total = total + walk.mass
    finished = np.ones(elements, np.bool_)
    finished[rows[open_rows]] = False
    out = np.cumsum(count[:, :n], axis=1, dtype=np.float64)
    out[~finished] = 0.0
    return out, finished


def _interpolated(components: list[Component], level: Floats) -> Floats:
    """Quantiles at rising levels (n, levels) of large totals, by a table of the normal score."""
    mean, spread = _moments(components)
    # A log-normal grid of the same mean and spread follows the skew of the total.
    log_sd = np.sqrt(np.log1p((spread / np.maximum(mean, 1e-9)) ** 2))
    grid = mean[:, None] * np.exp(np.outer(log_sd, _NODES) - log_sd[:, None] ** 2 / 2)
    # Nodes at 0 and beyond both ends keep every level between two nodes of its own row.
    grid = np.concatenate([np.full((len(grid), 1), -1.0), np.zeros((len(grid), 1)), grid], axis=1)
    below = mixture_cdf([each.column() for each in components], np.maximum(grid, 0.0))
    score = np.clip(special.ndtri(np.clip(below, 1e-15, 1 - 1e-15)), -8.0, 8.0)
    score[:, 0], score[:, -1] = -9.0, 9.0
    score = np.maximum.accumulate(score, axis=1) + np.arange(score.shape[1]) * 1e-9
    offset = 20.0 * np.arange(len(level))[:, None]
    wanted = special.ndtri(level) + offset
    # Linear in the logarithm, which is exact where the total is log-normal.
    heights = np.log1p(np.maximum(grid, 0.0)).ravel()
    flat = np.expm1(np.interp(wanted.ravel(), (score + offset).ravel(), heights))
    return np.asarray(np.ceil(np.maximum(flat.reshape(level.shape) - 1e-6, 0.0)))


def _bisected(components: list[Component], level: Floats) -> Floats:
    """Smallest k with P(X <= k) >= level by bracketing and bisection, (n, levels)."""
    mean, spread = _moments(components)
    shape = level.shape
    wide = [
        Component(*(np.broadcast_to(each[:, None], shape).ravel() for each in part))
        for part in components
    ]
    wanted = level.ravel()
    mid = np.broadcast_to(mean[:, None], shape).ravel()
    step = np.broadcast_to(np.ceil(spread)[:, None], shape).ravel()
    score = special.ndtri(np.clip(wanted, 1e-12, 1 - 1e-12))
    low, high = np.floor(mid + (score - 0.5) * step), np.ceil(mid + (score + 0.5) * step)
    low, high = _bracket(wide, wanted, np.maximum(low, -1.0), np.maximum(high, 0.0), step)
    while True:
        middle = np.floor((low + high) / 2)
        # Beyond 2^53 two neighbors are further than 1 apart, and nothing lies between them.
        active = np.flatnonzero((low < middle) & (middle < high))
        if not len(active):
            return np.asarray(high.reshape(shape))
        middle = middle[active]
        enough = _at([each.take(active) for each in wide], middle) >= wanted[active]
        high[active] = np.where(enough, middle, high[active])
        low[active] = np.where(enough, low[active], middle)


def _bracket(
    components: list[Component], wanted: Floats, low: Floats, high: Floats, step: Floats
) -> tuple[Floats, Floats]:
    """Move ``low`` down and ``high`` up until P(X <= low) < wanted <= P(X <= high)."""
    below = np.flatnonzero((low >= 0) & (_at(components, low) >= wanted))
    width = step.copy()
    while len(below):
        high[below] = low[below]
        low[below] = np.maximum(low[below] - width[below], -1.0)
        width[below] *= 2
        reached = _at([each.take(below) for each in components], low[below]) >= wanted[below]
        below = below[reached & (low[below] >= 0)]
    above = np.flatnonzero(_at(components, high) < wanted)
    while len(above):
        low[above] = high[above]
        high[above] += width[above]
        width[above] *= 2
        reached = _at([each.take(above) for each in components], high[above]) >= wanted[above]
        above = above[~reached]
    return low, high


def _at(components: list[Component], steps: Floats) -> Floats:
    return mixture_cdf(components, np.maximum(steps, 0.0))
