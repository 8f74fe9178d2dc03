"""Fit the spread of a forecast to quantiles that someone else gives for single dates.

With mean m, variance V and unit steps, the skewness of a negative binomial is (2 V / m - 1) /
sqrt(V), so that the expansion of Cornish and Fisher (1937) to its first order,

    q = m + z sqrt(V) + (z^2 - 1) / 6 * (2 V / m - 1),

is a quadratic equation in sqrt(V). Its root is a start; from there the variance is scaled until
the distances of the quantiles from the mean are met, once for each of a few tails.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import special

from stockwright.distribution import Distribution

Floats = NDArray[np.float64]
# Shares and ratios of the raised level that are tried, see Distribution.
_TAILS = ((0.02, 3.0), (0.05, 2.0), (0.05, 3.5))
# Quantiles met within this share of their squared distance from the mean need no tail.
_CLOSE = 0.002
# A tail must lower the squared error of the quantiles to this share of what it is without.
_WORTH = 0.8
_ROUNDS = 6


@dataclass(frozen=True)
class Cells:
    """What is given, (series, dates, ...): NaN means for dates that do not count.

    mean, aim: (series, dates) and (series, dates, levels), in lattice steps of each series; NaN
    where a quantile is not given. level: (levels,).
    """

    mean: Floats
    aim: Floats
    level: Floats

    def take(self, series: NDArray[np.intp]) -> Cells:
        """The cells of some of the series."""
        return Cells(self.mean[series], self.aim[series], self.level)

    def whole(self) -> Floats:
        """(series, 1, 1): 0 where all quantiles of the series are whole steps, else 1/2."""
        broken = np.abs(self.aim - np.round(self.aim)) > 1e-6
        return np.where(np.any(broken, axis=(1, 2)), 0.5, 0.0)[:, None, None]


@dataclass(frozen=True)
class Met:
    """Spread of each series, (series,): V = linear * m + noise * m^2 on a lattice of ``step``, all
    in the lattice steps that the cells are in, and the tail of a Distribution."""

    linear: Floats
    noise: Floats
    step: Floats
    tail_share: Floats
    tail_ratio: Floats


def met_quantiles(cells: Cells) -> Met:
    """The spread whose quantiles come closest to those given above the mean.

    Quantiles that all equal the mean make a certain forecast. Quantiles narrower than a Poisson
    variable's are met on a finer lattice.
    """
    start = _dispersion(cells)
    best, least = _scaled(start, cells, 0.0, 1.0)
    share, ratio = np.zeros(len(start)), np.ones(len(start))
    away = np.nansum((cells.aim - cells.mean[:, :, None]) ** 2, axis=(1, 2))
    missed = np.flatnonzero(least > _CLOSE * away)
    if len(missed):
        few, bar = cells.take(missed), _WORTH * least[missed]
        for tail in _TAILS:
            found, error = _scaled(start[missed], few, *tail)
            better = error < bar
            rows, bar = missed[better], np.where(better, error, bar)
            best[rows], share[rows], ratio[rows] = found[better], *tail
    return replace(_spread(best, cells), tail_share=share, tail_ratio=ratio)


def _dispersion(cells: Cells) -> Floats:
    """Variance over mean of each series, by the expansion of Cornish and Fisher; 0: certain."""
    m, z = cells.mean[:, :, None], special.ndtri(cells.level)
    curve = np.divide(z**2 - 1, 3 * m, out=np.zeros(cells.aim.shape), where=m > 0)
    gap = np.where(cells.aim > m, np.maximum(cells.aim - m + (z**2 - 1) / 6, 0.0), 0.0)
    deviation = 2 * gap / (z + np.sqrt(np.maximum(z**2 + 4 * curve * gap, 0.0)))
    known = np.isfinite(cells.aim) & (m > 0)
    count = known.sum(axis=2)
    mean = np.where(known, deviation, 0.0).sum(axis=2) / np.maximum(count, 1)
    total = np.where(count > 0, cells.mean, 0.0).sum(axis=1)
    variance = (mean**2).sum(axis=1)
    ratio: Floats = np.divide(variance, total, out=np.zeros(len(total)), where=total > 0)
    return ratio


def _spread(dispersion: Floats, cells: Cells) -> Met:
    """Poisson noise and noise relative to the mean that make the dispersion, a ratio of sums."""
    total, squares = np.nansum(cells.mean, axis=1), np.nansum(cells.mean**2, axis=1)
    over = np.maximum(dispersion - 1, 0.0) * total
    noise = np.divide(over, squares, out=np.zeros(len(total)), where=squares > 0)
    linear = np.minimum(dispersion, 1.0)
    none = np.zeros(len(total))
    return Met(linear, noise, np.where(linear > 0, linear, 1.0), none, none + 1)


def _scaled(start: Floats, cells: Cells, share: float, ratio: float) -> tuple[Floats, Floats]:
    """The dispersion that meets the distances of the quantiles from the mean with one tail, and
    the squared error that is left."""
    best, least, dispersion = start, np.full(len(start), np.inf), start
    half, mean = cells.whole(), cells.mean[:, :, None]
    known = np.isfinite(cells.aim) & np.isfinite(mean)
    above = known & (cells.aim > mean)
    wanted = np.where(above, cells.aim - mean, 0.0).sum(axis=(1, 2))
    for _ in range(_ROUNDS):
        spread = _spread(dispersion, cells)
        got = _quantiles(spread, cells, share, ratio) - half * spread.step[:, None, None]
        error = np.where(known, got - cells.aim, 0.0)
        size = (error**2).sum(axis=(1, 2))
        best, least = np.where(size < least, dispersion, best), np.minimum(size, least)
        reached = np.where(above, got - mean, 0.0).sum(axis=(1, 2))
        factor = np.divide(wanted, reached, out=np.full(len(wanted), 2.0), where=reached > 0)
        dispersion = dispersion * np.clip(factor, 0.5, 2.0) ** 2
    return best, least


def _quantiles(spread: Met, cells: Cells, share: float, ratio: float) -> Floats:
    """Quantiles of the family, (series, dates, levels); 0 for dates that do not count."""
    mean = np.nan_to_num(cells.mean)
    variance = spread.linear[:, None] * mean + spread.noise[:, None] * mean**2
    step = np.broadcast_to(spread.step[:, None], mean.shape)
    totals = Distribution(
        mean.ravel(), variance.ravel(), step.ravel(), np.array([share]), np.array([ratio])
    )
    return totals.quantile(cells.level).reshape(cells.aim.shape)
