"""Statistical methods: level and drift of every series by those wanted, as whole arrays."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.build import Prepared
from forecasting.params import METHODS, MethodName
from forecasting.statistical.intermittent import aggregated_mean, intervals, sales
from forecasting.statistical.smoothing import (
    Chooser,
    Floats,
    History,
    average,
    damped_trend,
    exponential_smoothing,
    last_seen,
    picked,
)
from stockwright.calendar import PeriodName
from stockwright.errors import ConfigError

# Series worked on at a time; no result depends on it.
_BLOCK = 2048
_MOVING: tuple[MethodName, ...] = ("average_short", "average_middle", "average_long")
_AVERAGES: frozenset[str] = frozenset(("naive", *_MOVING))
Row = tuple[Floats, Floats | float, Floats | float]
Rows = dict[str, Row]
Wanted = frozenset[str]


@dataclass(frozen=True)
class StatisticalParams:
    """Grids of the methods; ``for_period`` gives the defaults.

    alphas: of simple smoothing, also for Theta and IMAPA. trend_alphas, trend_betas, dampings: of
    the damped trend. shares: of the least-squares slope that Theta may go on with. sale_alphas: of
    sizes and intervals (Croston, SBA) and sizes (TSB); chances: of the probability of TSB.
    aggregation: longest stretch of IMAPA, periods. shrink: periods of its own history at which a
    series' errors count as much as those usual in the shop. windows: of the moving averages.
    memory: most periods that smoothing of any kind goes over: it remembers little of those before,
    and its cost grows with them.
    """

    alphas: tuple[float, ...] = (0.01, 0.03, 0.06, 0.1, 0.15, 0.25, 0.4, 0.7)
    trend_alphas: tuple[float, ...] = (0.03, 0.1, 0.2, 0.4)
    trend_betas: tuple[float, ...] = (0.03, 0.1, 0.3)
    dampings: tuple[float, ...] = (0.8, 0.95)
    shares: tuple[float, ...] = (0.0, 0.25, 0.5, 0.75, 1.0)
    sale_alphas: tuple[float, ...] = (0.02, 0.06, 0.15, 0.35)
    chances: tuple[float, ...] = (0.01, 0.03, 0.08, 0.2, 0.4)
    aggregation: int = 14
    shrink: float = 100.0
    windows: tuple[int, int, int] = (28, 91, 364)
    memory: int = 182

    def __post_init__(self) -> None:
        trends = (self.trend_alphas, self.trend_betas, self.dampings)
        grids = (self.alphas, *trends, self.sale_alphas, self.chances)
        wrong = [
            rule
            for rule, kept in {
                "rates of smoothing are in (0, 1]": all(0 < r <= 1 for grid in grids for r in grid),
                "shares are in [0, 1]": all(0 <= share <= 1 for share in self.shares),
                "every grid has a value": all(grids) and bool(self.shares),
                "windows ascend from 1": 1 <= self.windows[0] < self.windows[1] < self.windows[2],
                "aggregation and memory are at least 1": min(self.aggregation, self.memory) >= 1,
                "shrink is not negative": self.shrink >= 0,
            }.items()
            if not kept
        ]
        if wrong:
            raise ConfigError("statistical parameters must obey: " + "; ".join(wrong))

    @classmethod
    def for_period(cls, period: PeriodName) -> StatisticalParams:
        """Return the defaults of a period."""
        if period == "day":
            return cls()
        return cls(
            alphas=(0.03, 0.06, 0.1, 0.15, 0.22, 0.33, 0.5, 0.8),
            trend_alphas=(0.05, 0.12, 0.25, 0.5),
            chances=(0.02, 0.05, 0.1, 0.2, 0.4),
            aggregation=8,
            shrink=60.0,
            windows=(4, 13, 52),
        )

    def trend_grid(self) -> Floats:
        """All (alpha, beta, phi) of the damped trend, (grid, 3)."""
        axes = np.meshgrid(self.trend_alphas, self.trend_betas, self.dampings, indexing="ij")
        return np.stack([axis.ravel() for axis in axes], axis=1)


@dataclass(frozen=True)
class StatisticalMeans:
    """What each method expects of each series, season and events taken out.

    names: of the methods. level: (methods, series) float64 >= 0, units per usual period. drift:
    (methods, series) units per step and step; damping: (methods, series) in (0, 1], by which the
    drift of each further step is multiplied.
    """

    names: tuple[MethodName, ...]
    level: Floats
    drift: Floats
    damping: Floats

    def rate(self, steps: NDArray[np.integer]) -> Floats:
        """Units per usual period of each method, series and step, (methods, series, steps) >= 0.

        steps: (steps,) ints >= 1, in periods after the origin.
        """
        if not self.drift.any():
            return np.broadcast_to(self.level[..., None], (*self.level.shape, len(steps)))
        ahead = np.asarray(steps, np.float64)
        phi = self.damping[..., None]
        endless = phi >= 1.0
        damped = phi * (1.0 - phi**ahead) / np.where(endless, 1.0, 1.0 - phi)
        reach = np.where(endless, ahead, damped)
        return np.asarray(np.maximum(self.level[..., None] + self.drift[..., None] * reach, 0.0))


def statistical_means(
    prepared: Prepared,
    methods: Collection[MethodName],
    usual: Mapping[str, Floats] | None = None,
    params: StatisticalParams | None = None,
) -> StatisticalMeans:
    """Levels and drifts of some methods, in the order of ``METHODS``, for each series of a block.

    usual: ``usual_errors`` of the shop, to which each series' choice of smoothing parameters is
    shrunk; without it each series chooses on its own. params: by default those of the period. A
    series never seen has its base level. No result depends on the block, nor on further methods.
    """
    known = params or StatisticalParams.for_period(prepared.params.period)
    return _in_blocks(prepared, methods, known, Chooser(usual or {}, known.shrink))


def usual_errors(
    prepared: Prepared, methods: Collection[MethodName], params: StatisticalParams | None = None
) -> dict[str, Floats]:
    """What each smoothing parameter's errors usually are in the shop, by method, (grid,) each.

    prepared: of a sample of the shop's series. Errors are relative to the worst of the grid.
    """
    chooser = Chooser({}, 0.0)
    known = params or StatisticalParams.for_period(prepared.params.period)
    _in_blocks(prepared, methods, known, chooser)
    return chooser.learned()


def _in_blocks(
    prepared: Prepared,
    methods: Collection[MethodName],
    params: StatisticalParams,
    chooser: Chooser,
) -> StatisticalMeans:
    names = tuple(name for name in METHODS if name in methods)
    count = len(prepared.level)
    level, drift, damping = np.zeros((3, len(names), count))
    for start in range(0, count, _BLOCK):
        part = slice(start, min(start + _BLOCK, count))
        rows = _rows(prepared, part, frozenset(names), params, chooser)
        for place, name in enumerate(names):
            level[place, part], drift[place, part], damping[place, part] = rows[name]
    return StatisticalMeans(names, np.maximum(level, 0.0), drift, damping)


def _rows(
    prepared: Prepared, part: slice, wanted: Wanted, params: StatisticalParams, chooser: Chooser
) -> Rows:
    """Rows of the wanted methods, and of others that came with them, for some of the series."""
    base, rows = prepared.level[part], dict[str, Row]()
    if wanted & _AVERAGES:
        history = History.of(prepared, part)
        rows |= _or_base(_average_rows(history, params, wanted), history, base)
    if wanted - _AVERAGES:
        history = History.of(prepared, part, params.memory)
        known = (history, params, chooser, wanted)
        for recursion in (_smoothing_rows, _trend_rows, _interval_rows, _sale_rows, _imapa_rows):
            rows |= _or_base(recursion(*known), history, base)
    return rows


def _or_base(rows: Rows, history: History, base: Floats) -> Rows:
    """The rows with the base level for series that the history never saw."""
    seen = history.observed() > 0
    return {
        name: (np.where(seen, level, base), drift, damping)
        for name, (level, drift, damping) in rows.items()
    }


def _average_rows(history: History, params: StatisticalParams, wanted: Wanted) -> Rows:
    """Last rate and moving averages; a window without an observation takes the next longer's."""
    rows: Rows = {}
    if "naive" in wanted:
        rows["naive"] = _flat(np.nan_to_num(last_seen(history)))
    lengths = (*params.windows, history.shape[0])
    for place, name in enumerate(_MOVING):
        if name in wanted:
            rows[name] = _flat(_moving_average(history, lengths[place:]))
    return rows


def _moving_average(history: History, lengths: tuple[int, ...]) -> Floats:
    """The mean over the first of rising lengths in which a series was observed, else 0."""
    mean = average(history, lengths[0])
    for length in lengths[1:]:
        unseen = np.isnan(mean)
        if not unseen.any():
            break
        mean = np.where(unseen, average(history, length), mean)
    return np.nan_to_num(mean)


def _smoothing_rows(
    history: History, params: StatisticalParams, chooser: Chooser, wanted: Wanted
) -> Rows:
    """Simple smoothing, and Theta with half of the slope or with a share of it that is chosen.

    Theta is simple smoothing with a drift (Hyndman & Billah 2003): with the share (theta - 1) /
    theta of the least-squares slope, which also makes up for the lag of the smoothed level.
    """
    rows: Rows = {}
    if not wanted & {"smoothing", "theta", "optimized_theta"}:
        return rows
    slopes = bool(wanted & {"theta", "optimized_theta"})
    found = exponential_smoothing(history, np.asarray(params.alphas), slopes)
    if wanted & {"smoothing", "theta"}:
        place = chooser.choose("smoothing", found.errors, found.count)
        level, drift = picked(found.level, place), 0.5 * found.slope
        rows["smoothing"] = _flat(level)
        if "theta" in wanted:
            rows["theta"] = (level + drift * picked(found.lag, place), drift, 1.0)
    if "optimized_theta" in wanted:
        errors = np.concatenate([found.errors_with(share) for share in params.shares])
        best = chooser.choose("optimized_theta", errors, found.count)
        share, alpha = np.divmod(best, len(params.alphas))
        drift = np.asarray(params.shares)[share] * found.slope
        moved = picked(found.level, alpha) + drift * picked(found.lag, alpha)
        rows["optimized_theta"] = (moved, drift, 1.0)
    return rows


def _trend_rows(
    history: History, params: StatisticalParams, chooser: Chooser, wanted: Wanted
) -> Rows:
    if "damped_trend" not in wanted:
        return {}
    grid = params.trend_grid()
    found = damped_trend(history, grid)
    place = chooser.choose("damped_trend", found.errors, found.count)
    row = (picked(found.level, place), picked(found.trend, place), grid[place, 2])
    return {"damped_trend": row}


def _interval_rows(
    history: History, params: StatisticalParams, chooser: Chooser, wanted: Wanted
) -> Rows:
    """Croston and SBA."""
    if not wanted & {"croston", "sba"}:
        return {}
    found = intervals(history, np.asarray(params.sale_alphas))
    parts = {"croston": (found.rate, found.errors), "sba": (found.fair, found.fair_errors)}
    return {
        name: _flat(picked(rate, chooser.choose(name, errors, found.count)))
        for name, (rate, errors) in parts.items()
        if name in wanted
    }


def _sale_rows(
    history: History, params: StatisticalParams, chooser: Chooser, wanted: Wanted
) -> Rows:
    if "tsb" not in wanted:
        return {}
    found = sales(history, np.asarray(params.chances), np.asarray(params.sale_alphas))
    return {"tsb": _flat(picked(found.rate, chooser.choose("tsb", found.errors, found.count)))}


def _imapa_rows(
    history: History, params: StatisticalParams, chooser: Chooser, wanted: Wanted
) -> Rows:
    if "imapa" not in wanted:
        return {}
    alphas = np.asarray(params.alphas)
    return {"imapa": _flat(aggregated_mean(history, alphas, params.aggregation, chooser))}


def _flat(level: Floats) -> Row:
    return level, 0.0, 1.0
