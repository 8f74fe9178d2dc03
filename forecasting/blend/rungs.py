"""The rungs of the staircase: what each kind of method expects, before they are blended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from features.build import Prepared, prepare
from features.context import FeatureContext
from features.level import season_factor
from features.params import FeatureParams
from features.signal import Signal
from forecasting.blend.segments import segment_codes
from forecasting.statistical.intermittent import sales
from forecasting.statistical.methods import StatisticalParams
from forecasting.statistical.smoothing import Chooser, History, exponential_smoothing, picked
from stockwright.panel import DemandPanel

Floats = NDArray[np.float64]
#: naive: mean of the last ``short`` periods in stock, flat. level: base level times season.
#: smoothed: mean of simple smoothing and TSB, times season. steady: the same without a season of
#: the year, which a peak that moved or was a single year's cannot mislead. global: the booster.
RUNGS = ("naive", "level", "smoothed", "steady", "global")
NAIVE, LEVEL, SMOOTHED, STEADY, GLOBAL = range(len(RUNGS))
_TINY = 1e-9
# Periods beyond which smoothing remembers next to nothing, and which its cost grows with.
_MEMORY = 182


@dataclass(frozen=True)
class Statistical:
    """Means of the rungs that need no training, and the segment of each series.

    means: (rungs but the last, series, steps) units per period. segment: (series,) codes. level:
    (series,) base level. season: (series, steps) factor on it.
    """

    means: Floats
    segment: NDArray[np.int64]
    level: Floats
    season: Floats


def statistical_rungs(
    panel: DemandPanel,
    steps: int,
    params: FeatureParams,
    context: FeatureContext,
    usual: Mapping[str, Floats],
    wanted: frozenset[int] = frozenset(range(len(RUNGS))),
) -> Statistical:
    """Rungs of every series of a block for steps 1 ... ``steps``; none depends on the block.

    usual: ``usual_errors`` of the shop for the choice of smoothing parameters. wanted: rungs to
    work out; the others are 0.
    """
    prepared = recent(prepare(panel, steps, params, context), params.long)
    future = season_factor(panel, context, panel.n_periods, steps, params).astype(np.float64)
    out = np.zeros((GLOBAL, panel.n_series, steps))
    out[NAIVE] = _flat_mean(prepared, params.short)[:, None]
    out[LEVEL] = prepared.level[:, None] * future
    if SMOOTHED in wanted:
        out[SMOOTHED] = smoothed_level(prepared, usual)[:, None] * future
    if {STEADY, SMOOTHED} <= wanted and (context.season.bins == 1).all():
        out[STEADY] = out[SMOOTHED]
    elif STEADY in wanted:
        flat = without_year(context)
        window = prepared.factor.shape[1]
        factor = season_factor(panel, flat, panel.n_periods - window, window, params)
        level = smoothed_level(replace(prepared, factor=factor), usual)
        out[STEADY] = level[:, None] * season_factor(panel, flat, panel.n_periods, steps, params)
    return Statistical(out, segment_codes(prepared.signal), prepared.level, future)


def present_level(prepared: Prepared, rungs: Floats) -> Floats:
    """Mean of base level and smoothed level, (series,), from their rungs."""
    level, smoothed = (rungs[place].sum(axis=1) for place in (LEVEL, SMOOTHED))
    ratio = np.ones(len(level))
    np.divide(smoothed, level, out=ratio, where=level > 0)
    return np.asarray(prepared.level * (0.5 + 0.5 * ratio))


def without_year(context: FeatureContext) -> FeatureContext:
    """The context with weekdays, festivals and events, but no season of the year."""
    bins = np.ones_like(context.season.bins)
    return replace(context, season=replace(context.season, bins=bins))


def recent(prepared: Prepared, length: int) -> Prepared:
    """The same with no more than the last ``length`` periods of the history."""
    signal, factor = prepared.signal, prepared.factor[:, -length:]
    parts = (signal.units[:, -length:], signal.exposure[:, -length:], signal.rate[:, -length:])
    return replace(prepared, signal=Signal(*parts), factor=factor)


def smoothed_level(prepared: Prepared, usual: Mapping[str, Floats]) -> Floats:
    """Mean of simple smoothing and TSB at the origin, (series,); the base level where unseen."""
    found, observed = _choose(prepared, usual)
    return np.asarray(np.where(observed > 0, np.mean(found, axis=0), prepared.level))


def usual_errors(prepared: Prepared) -> dict[str, Floats]:
    """What each smoothing parameter's errors usually are, from a sample of the shop's series."""
    chooser = Chooser({}, 0.0)
    _choose(prepared, {}, chooser)
    return chooser.learned()


def _choose(
    prepared: Prepared, usual: Mapping[str, Floats], chooser: Chooser | None = None
) -> tuple[list[Floats], Floats]:
    params = StatisticalParams.for_period(prepared.params.period)
    history = History.of(recent(prepared, _MEMORY), slice(None))
    choose = (chooser or Chooser(usual, params.shrink)).choose
    simple = exponential_smoothing(history, np.asarray(params.alphas))
    level = picked(simple.level, choose("smoothing", simple.errors, simple.count))
    sold = sales(history, np.asarray(params.chances), np.asarray(params.sale_alphas))
    rate = picked(sold.rate, choose("tsb", sold.errors, sold.count))
    return [level, rate], history.observed()


def _flat_mean(prepared: Prepared, window: int) -> Floats:
    units = prepared.signal.units[:, -window:].sum(axis=1, dtype=np.float64)
    exposure = prepared.signal.exposure[:, -window:].sum(axis=1, dtype=np.float64)
    return np.where(exposure > 0, units / np.maximum(exposure, _TINY), prepared.level)
