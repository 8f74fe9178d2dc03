"""The rungs of the staircase: what each kind of method expects, before they are blended."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from features.build import Prepared, prepare
from features.context import FeatureContext
from features.level import season_factor
from features.params import FeatureParams
from features.signal import Signal
from forecasting.blend.segments import segment_codes
from forecasting.params import MethodName
from forecasting.statistical.methods import statistical_means
from stockwright.panel import DemandPanel

Floats = NDArray[np.float64]
#: naive: mean of the last ``short`` periods in stock, flat. level: base level times season.
#: smoothed: mean of the statistical methods in use, times season. steady: the same without a season
#: of the year, which a peak that moved or was a single year's cannot mislead. global: the booster.
RUNGS = ("naive", "level", "smoothed", "steady", "global")
NAIVE, LEVEL, SMOOTHED, STEADY, GLOBAL = range(len(RUNGS))
_TINY = 1e-9


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
    methods: Collection[MethodName],
    usual: Mapping[str, Floats],
    wanted: frozenset[int] = frozenset(range(len(RUNGS))),
) -> Statistical:
    """Rungs of every series of a block for steps 1 ... ``steps``; none depends on the block.

    methods: whose mean is smoothed and steady. usual: ``usual_errors`` of the shop for the choice
    of their parameters. wanted: rungs to work out; the others are 0.
    """
    prepared = recent(prepare(panel, steps, params, context), params.long)
    future = season_factor(panel, context, panel.n_periods, steps, params).astype(np.float64)
    out = np.zeros((GLOBAL, panel.n_series, steps))
    out[NAIVE] = _flat_mean(prepared, params.short)[:, None]
    out[LEVEL] = prepared.level[:, None] * future
    if SMOOTHED in wanted:
        out[SMOOTHED] = _mean_rate(prepared, steps, methods, usual) * future
    if {STEADY, SMOOTHED} <= wanted and (context.season.bins == 1).all():
        out[STEADY] = out[SMOOTHED]
    elif STEADY in wanted:
        flat = without_year(context)
        window = prepared.factor.shape[1]
        factor = season_factor(panel, flat, panel.n_periods - window, window, params)
        rate = _mean_rate(replace(prepared, factor=factor), steps, methods, usual)
        out[STEADY] = rate * season_factor(panel, flat, panel.n_periods, steps, params)
    return Statistical(out, segment_codes(prepared.signal), prepared.level, future)


def present_level(prepared: Prepared, rungs: Floats) -> Floats:
    """Mean of base level and smoothed level, (series,), from their rungs.

    The drift that some methods have over the steps of the rungs is part of it.
    """
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


def _mean_rate(
    prepared: Prepared, steps: int, methods: Collection[MethodName], usual: Mapping[str, Floats]
) -> Floats:
    """Mean of what the methods expect, (series, steps) units per usual period.

    Added one after the other: the order in which numpy sums depends on the size of the block.
    """
    rates = statistical_means(prepared, methods, usual).rate(np.arange(1, steps + 1))
    return np.asarray(sum(rates) / len(rates))


def _flat_mean(prepared: Prepared, window: int) -> Floats:
    units = prepared.signal.units[:, -window:].sum(axis=1, dtype=np.float64)
    exposure = prepared.signal.exposure[:, -window:].sum(axis=1, dtype=np.float64)
    return np.where(exposure > 0, units / np.maximum(exposure, _TINY), prepared.level)
