"""Smoothing recursions over many series at once: a loop over periods, arrays over everything else.

A period without weight is skipped: it neither changes a state nor counts as time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from features.build import Prepared

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_TINY = 1e-300
#: Observed periods from which on a least-squares slope says anything.
LEAST_FOR_SLOPE = 10


@dataclass(frozen=True)
class History:
    """Past rates, oldest first, (periods, series) float64 each.

    rate: units per usual period, season, events and stock-outs taken out; 0 where unobserved.
    weight: what a period says compared with a usual one; 0 where unobserved.
    """

    rate: Floats
    weight: Floats

    @property
    def shape(self) -> tuple[int, int]:
        """Periods and series."""
        return self.rate.shape[0], self.rate.shape[1]

    def observed(self) -> Floats:
        """Observed periods of each series, (series,)."""
        return np.asarray((self.weight > 0).sum(axis=0), np.float64)

    @classmethod
    def of(cls, prepared: Prepared, series: slice, most: int | None = None) -> History:
        """The last ``most`` periods, by default all, of some series of a block.

        Sales of a period in stock for a share f count as units / f, which is fair whatever stock
        ran out for. A factor far from 1 says less of the usual level: small ones for the few units
        that it lets sell, large ones for an uplift that is known of groups only.
        """
        last = slice(None if most is None else -most, None)
        units = prepared.signal.units[series, last]
        share = prepared.signal.exposure[series, last]
        season = prepared.factor[series, last]
        some = np.flatnonzero((share > 0).any(axis=0))
        first = int(some[0]) if len(some) else units.shape[1]
        watched: Floats = np.ascontiguousarray(share[:, first:].T, np.float64)
        factor: Floats = np.ascontiguousarray(season[:, first:].T, np.float64)
        usual, seen = np.maximum(factor, _TINY), watched > 0
        rate = np.zeros_like(watched)
        np.divide(units[:, first:].T, watched * usual, out=rate, where=seen)
        return cls(rate, np.where(seen, np.minimum(usual, 1.0 / usual), 0.0))

    def aggregated(self, length: int) -> History:
        """Means over stretches of ``length`` periods, the last one ending at the origin."""
        periods, series = self.shape
        stretches = -(-periods // length)
        weight, units = np.zeros((2, stretches, series))
        for place in range(periods):
            into = stretches - 1 - (periods - 1 - place) // length
            weight[into] += self.weight[place]
            units[into] += self.weight[place] * self.rate[place]
        rate = np.zeros_like(units)
        np.divide(units, weight, out=rate, where=weight > 0)
        return History(rate, weight / length)


@dataclass
class Chooser:
    """Chooses smoothing parameters of each series from a grid by one-step squared errors.

    usual: by method, (grid,) mean over series of errors relative to the worst of the grid; they
    count like ``shrink`` periods of the series' own. found: (grid + 1,) sums of what was seen,
    from which ``usual`` is learned.
    """

    usual: Mapping[str, Floats]
    shrink: float
    found: dict[str, Floats] = field(default_factory=dict)

    def choose(self, method: str, errors: Floats, count: Floats) -> Ints:
        """Place in the grid for each series.

        errors: (grid, series) sums of squared one-step errors; count: (series,) periods summed.
        """
        worst = errors.max(axis=0)
        relative = np.ones_like(errors)
        np.divide(errors, worst, out=relative, where=worst > 0)
        sums = np.append((relative * count).sum(axis=1), count.sum())
        self.found[method] = self.found.get(method, 0.0) + sums
        usual = self.usual.get(method, np.zeros(len(errors)))
        return np.asarray(np.argmin(count * relative + self.shrink * usual[:, None], axis=0))

    def learned(self) -> dict[str, Floats]:
        """What is usual among the series seen so far, to choose with afterwards."""
        return {name: s[:-1] / s[-1] for name, s in self.found.items() if s[-1] > 0}


def picked(values: Floats, place: Ints) -> Floats:
    """The value of each series at its place in the grid, (series,) from (grid, series)."""
    return np.asarray(np.take_along_axis(values, place[None, :], axis=0)[0])


@dataclass
class Line:
    """Running weighted least-squares line through rates over observed periods, (series,) arrays."""

    sums: Floats
    time: Floats

    @classmethod
    def start(cls, series: int) -> Line:
        """No period seen."""
        return cls(np.zeros((5, series)), np.zeros(series))

    def add(self, rate: Floats, weight: Floats) -> None:
        """See one more period."""
        time, moved = self.time, weight * self.time
        for place, value in enumerate((weight, moved, moved * time, weight * rate, moved * rate)):
            self.sums[place] += value
        self.time = time + (weight > 0)

    def slope(self, least: int = 2) -> Floats:
        """Units per observed period, (series,); 0 for series seen in fewer than ``least``."""
        total, times, square, rates, cross = self.sums
        top, bottom = total * cross - times * rates, total * square - times * times
        out = np.zeros(len(self.time))
        np.divide(top, bottom, out=out, where=self.time >= least)
        return out


@dataclass(frozen=True)
class Smoothed:
    """Simple exponential smoothing for each parameter of a grid, (grid, series) each.

    level: at the origin. lag: observed periods by which it trails a straight line. slope: (series,)
    of the least-squares line. errors: sums of squared one-step errors; cross, squares: sums of
    errors times, and of squares of, what the slope known at the time would have added to the
    forecast, to tell what a drift would have done to the errors. count: (series,). lag, slope,
    cross and squares are 0 where no slopes were asked for.
    """

    level: Floats
    lag: Floats
    slope: Floats
    errors: Floats
    cross: Floats
    squares: Floats
    count: Floats

    def errors_with(self, share: float) -> Floats:
        """Sums of squared one-step errors with this share of the slope as drift."""
        moved = self.errors - 2.0 * share * self.cross + share**2 * self.squares
        return np.asarray(np.maximum(moved, 0.0))


def exponential_smoothing(history: History, alphas: Floats, slopes: bool = False) -> Smoothed:
    """Simple exponential smoothing (Brown 1959) for each of ``alphas`` in (0, 1], (grid,).

    alphas: or (grid, series), where each series has its own.

    The level is the mean of past rates weighted by weight * (1 - alpha) ** age, age in observed
    periods. That is the usual recursion once the start is forgotten, and the plain mean early on.
    slopes: whether a drift is to be judged as well; slopes count from LEAST_FOR_SLOPE periods on.
    """
    series = history.shape[1]
    alpha = np.asarray(alphas, np.float64)
    alpha = alpha if alpha.ndim > 1 else alpha[:, None]
    level, lag, memory, errors, cross, squares = np.zeros((6, len(alpha), series))
    count, line = np.zeros(series), Line.start(series)
    for rate, weight in zip(history.rate, history.weight, strict=True):
        seen = (weight > 0).astype(np.float64)
        counted = np.where(memory[0] > 0, weight, 0.0)
        count += counted > 0
        error = rate - level
        errors += counted * error * error
        memory = memory * (1.0 - alpha * seen) + weight
        gain = weight / np.maximum(memory, _TINY)
        level += gain * error
        if slopes:
            ahead = lag + 1.0
            added = line.slope(LEAST_FOR_SLOPE) * ahead
            cross += counted * error * added
            squares += counted * added * added
            line.add(rate, weight)
            lag += seen - gain * ahead
    return Smoothed(level, lag, line.slope(LEAST_FOR_SLOPE), errors, cross, squares, count)


@dataclass(frozen=True)
class Trended:
    """Damped trend smoothing, (grid, series) each, count (series,). See ``Smoothed``."""

    level: Floats
    trend: Floats
    errors: Floats
    count: Floats


def damped_trend(history: History, grid: Floats) -> Trended:
    """Holt's method with a damped trend (Gardner & McKenzie 1985).

    grid: (grid, 3) of alpha, beta (trend over level smoothing, as in Hyndman et al. 2008) and phi.
    The forecast of step h is level + (phi + ... + phi ** h) * trend. Trends start at 0.
    """
    series = history.shape[1]
    alpha, beta, phi = (grid[:, k, None] for k in range(3))
    level, trend, memory, errors = np.zeros((4, len(grid), series))
    count = np.zeros(series)
    for rate, weight in zip(history.rate, history.weight, strict=True):
        seen = (weight > 0).astype(np.float64)
        begun = memory[0] > 0
        counted = np.where(begun, weight, 0.0)
        count += counted > 0
        step = phi * trend
        error = rate - level - step
        errors += counted * error * error
        memory = memory * (1.0 - alpha * seen) + weight
        gain = weight / np.maximum(memory, _TINY)
        level += seen * step + gain * error
        trend += seen * (step - trend) + beta * np.minimum(gain, alpha) * begun * error
    return Trended(level, trend, errors, count)


def average(history: History, window: int) -> Floats:
    """Weighted mean of the last ``window`` periods, (series,); NaN where none was observed."""
    units, weight = np.zeros((2, history.shape[1]))
    for place in range(max(history.shape[0] - window, 0), history.shape[0]):
        units += history.weight[place] * history.rate[place]
        weight += history.weight[place]
    out = np.full(history.shape[1], np.nan)
    np.divide(units, weight, out=out, where=weight > 0)
    return out


def last_seen(history: History) -> Floats:
    """The rate of the last observed period, (series,); NaN where there is none."""
    if not history.shape[0]:
        return np.full(history.shape[1], np.nan)
    seen = history.weight[::-1] > 0
    back = seen.argmax(axis=0)
    rate = picked(history.rate[::-1], back)
    return np.where(seen.any(axis=0), rate, np.nan)
