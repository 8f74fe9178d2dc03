"""Statistical methods: level and drift of every series by each method, as whole arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.build import Prepared
from forecasting.statistical.intermittent import (
    SaleTraits,
    aggregated_mean,
    intervals,
    sale_traits,
    sales,
)
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
METHODS = (
    "naive",
    "average_short",
    "average_middle",
    "average_long",
    "smoothing",
    "damped_trend",
    "theta",
    "optimized_theta",
    "croston",
    "sba",
    "tsb",
    "imapa",
)
Row = tuple[Floats, Floats | float, Floats | float]


@dataclass(frozen=True)
class StatisticalParams:
    """Grids of the methods; ``for_period`` gives the defaults.

    alphas: of simple smoothing, also for Theta and IMAPA. trend_alphas, trend_betas, dampings: of
    the damped trend. shares: of the least-squares slope that Theta may go on with. sale_alphas: of
    sizes and intervals (Croston, SBA) and sizes (TSB); chances: of the probability of TSB.
    aggregation: longest stretch of IMAPA, periods. shrink: periods of its own history at which a
    series' errors count as much as those usual in the shop. windows: of the moving averages.
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
                "aggregation is at least 1": self.aggregation >= 1,
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
    drift of each further step is multiplied. observed: (series,) periods seen; where 0, every
    method has the base level of the series.
    """

    names: tuple[str, ...]
    level: Floats
    drift: Floats
    damping: Floats
    observed: Floats

    def mean(self, steps: NDArray[np.integer], season: NDArray[np.floating]) -> Floats:
        """Expected units of each method, series and step, (methods, series, steps) >= 0.

        steps: (steps,) ints >= 1, in periods after the origin. season: (series, steps) factor of
        season and events on the level.
        """
        ahead = np.asarray(steps, np.float64)
        phi = self.damping[..., None]
        endless = phi >= 1.0
        damped = phi * (1.0 - phi**ahead) / np.where(endless, 1.0, 1.0 - phi)
        reach = np.where(endless, ahead, damped)
        rate = np.maximum(self.level[..., None] + self.drift[..., None] * reach, 0.0)
        return np.asarray(rate * season)


def statistical_means(
    prepared: Prepared,
    params: StatisticalParams,
    usual: Mapping[str, Floats] | None = None,
) -> StatisticalMeans:
    """Levels and drifts of all methods for every series of a block.

    usual: ``usual_errors`` of the shop, to which each series' choice of smoothing parameters is
    shrunk; without it each series chooses on its own. No result depends on the block.
    """
    chooser = Chooser(usual or {}, params.shrink)
    return _in_blocks(prepared, params, chooser)


def usual_errors(prepared: Prepared, params: StatisticalParams) -> dict[str, Floats]:
    """What each smoothing parameter's errors usually are in the shop, by method, (grid,) each.

    prepared: of a sample of the shop's series. Errors are relative to the worst of the grid.
    """
    chooser = Chooser({}, 0.0)
    _in_blocks(prepared, params, chooser)
    return chooser.learned()


def block_traits(prepared: Prepared, params: StatisticalParams) -> SaleTraits:
    """How every series of a block sells: probability, size moments and what they rest on."""
    beta, alpha = min(params.chances), min(params.sale_alphas)
    count = len(prepared.level)
    parts = [
        sale_traits(History.of(prepared, slice(i, i + _BLOCK)), beta, alpha)
        for i in range(0, max(count, 1), _BLOCK)
    ]
    names = ("probability", "size_mean", "size_variance", "periods", "sold")
    return SaleTraits(**{n: np.concatenate([getattr(p, n) for p in parts]) for n in names})


def _in_blocks(prepared: Prepared, params: StatisticalParams, chooser: Chooser) -> StatisticalMeans:
    count = len(prepared.level)
    values, observed = np.zeros((3, len(METHODS), count)), np.zeros(count)
    for start in range(0, count, _BLOCK):
        part = slice(start, min(start + _BLOCK, count))
        history = History.of(prepared, part)
        observed[part] = history.observed()
        for place, row in enumerate(_all_methods(history, params, chooser)):
            values[0, place, part], values[1, place, part], values[2, place, part] = row
    level, drift, damping = values
    unseen = observed == 0
    level[:, unseen], drift[:, unseen] = prepared.level[unseen], 0.0
    return StatisticalMeans(METHODS, np.maximum(level, 0.0), drift, damping, observed)


def _all_methods(history: History, params: StatisticalParams, chooser: Chooser) -> list[Row]:
    """Level, drift and damping by each of ``METHODS``, in their order."""
    simple, theta, free_theta = _smoothing_rows(history, params, chooser)
    flat = [*_average_rows(history, params), simple]
    tail = _tail_rows(history, params, chooser)
    return [
        *((level, 0.0, 1.0) for level in flat),
        _trend_row(history, params, chooser),
        theta,
        free_theta,
        *((level, 0.0, 1.0) for level in tail),
    ]


def _average_rows(history: History, params: StatisticalParams) -> list[Floats]:
    """Last rate and moving averages; a window without an observation takes the next longer's."""
    rows: list[Floats] = []
    longer = average(history, history.shape[0])
    for window in params.windows[::-1]:
        mean = average(history, window)
        longer = np.where(np.isnan(mean), longer, mean)
        rows.append(longer)
    return [np.nan_to_num(row) for row in (last_seen(history), *rows[::-1])]


def _smoothing_rows(
    history: History, params: StatisticalParams, chooser: Chooser
) -> tuple[Floats, Row, Row]:
    """Simple smoothing, and Theta with half of the slope or with a share of it that is chosen.

    Theta is simple smoothing with a drift (Hyndman & Billah 2003): with the share (theta - 1) /
    theta of the least-squares slope, which also makes up for the lag of the smoothed level.
    """
    found = exponential_smoothing(history, np.asarray(params.alphas))
    place = chooser.choose("smoothing", found.errors, found.count)
    level, lag = picked(found.level, place), picked(found.lag, place)
    trend = found.slope
    theta: Row = (level + 0.5 * trend * lag, 0.5 * trend, 1.0)
    errors = np.concatenate([found.errors_with(share) for share in params.shares])
    best = chooser.choose("optimized_theta", errors, found.count)
    share, alpha = np.divmod(best, len(params.alphas))
    drift = np.asarray(params.shares)[share] * trend
    moved = picked(found.level, alpha) + drift * picked(found.lag, alpha)
    return level, theta, (moved, drift, 1.0)


def _trend_row(history: History, params: StatisticalParams, chooser: Chooser) -> Row:
    grid = params.trend_grid()
    found = damped_trend(history, grid)
    place = chooser.choose("damped_trend", found.errors, found.count)
    return picked(found.level, place), picked(found.trend, place), grid[place, 2]


def _tail_rows(history: History, params: StatisticalParams, chooser: Chooser) -> list[Floats]:
    """Croston, SBA, TSB and IMAPA."""
    alphas = np.asarray(params.sale_alphas)
    found = intervals(history, alphas)
    croston = picked(found.rate, chooser.choose("croston", found.errors, found.count))
    sba = picked(found.fair, chooser.choose("sba", found.fair_errors, found.count))
    sold = sales(history, np.asarray(params.chances), alphas)
    tsb = picked(sold.rate, chooser.choose("tsb", sold.errors, sold.count))
    imapa = aggregated_mean(history, np.asarray(params.alphas), params.aggregation, chooser)
    return [croston, sba, tsb, imapa]
