"""The feature engine: a demand panel at its origin to a feature matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.context import FeatureContext, group_codes
from features.dates import date_features
from features.events import event_features
from features.level import base_level, discount_factor, group_prior, season_factor
from features.matrix import FeatureMatrix
from features.params import FeatureParams
from features.signal import Floats32, Signal, deseasonalized, recent_signal, signal_window
from features.signals import signal_state_features, signal_target_features
from features.state import (
    exponential_features,
    lag_features,
    quantile_features,
    rolling_features,
    sale_features,
    spread_features,
    stock_features,
)
from features.target import (
    age_feature,
    cycle_features,
    group_features,
    price_features,
    season_features,
    year_features,
)
from stockwright.errors import DataError
from stockwright.panel import DemandPanel

Columns = dict[str, Floats32]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Prepared:
    """What all features of a block share at one origin.

    signal: the recent history; factor: (series, window) what group season and events made of the
    level in it; calm: the signal with the factor taken out; level: (series,) float64.
    """

    panel: DemandPanel
    params: FeatureParams
    context: FeatureContext | None
    signal: Signal
    factor: Floats32
    calm: Signal
    level: NDArray[np.float64]


def build_features(
    panel: DemandPanel,
    steps: Sequence[int] | NDArray[np.integer],
    params: FeatureParams,
    context: FeatureContext | None = None,
) -> FeatureMatrix:
    """Features of every series and step for the forecast made at the panel's origin.

    panel: holds no demand after the origin (``panel.until(origin)``); only its known-ahead
        covariates go further. May hold any block of series.
    steps: 1-based periods after the origin, within the covariates.
    context: ``build_context`` of the whole panel at the same origin; without it group features
        are NaN and levels are neither shrunk to groups nor deseasonalized.
    Raises DataError when a step or the context does not fit the panel.
    """
    wanted = _checked(panel, steps, params, context)
    prepared = prepare(panel, int(wanted.max()), params, context)
    state = state_features(prepared)
    target, dates, season = target_features(prepared, wanted)
    columns = (*state, *target, *dates)
    return FeatureMatrix(
        X=_assemble(state, target, dates, panel.n_series, len(wanted)),
        names=columns,
        categorical=tuple(n for n in columns if n in _categorical(params)),
        series=np.repeat(np.arange(panel.n_series, dtype=np.int32), len(wanted)),
        step=np.tile(wanted.astype(np.int32), panel.n_series),
        level=np.repeat(prepared.level, len(wanted)),
        season=season.astype(np.float64).ravel(),
    )


def _checked(
    panel: DemandPanel,
    steps: Sequence[int] | NDArray[np.integer],
    params: FeatureParams,
    context: FeatureContext | None,
) -> Ints:
    wanted = np.asarray(steps, np.int64)
    if not len(wanted) or wanted.min() < 1 or wanted.max() > panel.horizon:
        raise DataError(
            f"steps must lie in 1 ... {panel.horizon}, which the covariates of the panel cover;"
            f" the first of {len(wanted)} given: {wanted[:5].tolist()}"
        )
    if params.period != panel.calendar.period:
        raise DataError(f"parameters for a {params.period}, panel in {panel.calendar.period}s")
    if context is not None and context.origin != panel.origin:
        raise DataError(f"context of origin {context.origin}, panel at origin {panel.origin}")
    return wanted


def prepare(
    panel: DemandPanel, last_step: int, params: FeatureParams, context: FeatureContext | None
) -> Prepared:
    """Cut the recent history, take the season out of it and find the levels."""
    signal = recent_signal(panel, signal_window(panel, last_step, params), params)
    window = signal.window
    factor = season_factor(panel, context, panel.n_periods - window, window, params)
    calm = deseasonalized(signal, factor)
    level = base_level(signal, calm, group_prior(panel, context, params), params)
    return Prepared(panel, params, context, signal, factor, calm, level)


def state_features(prepared: Prepared) -> Columns:
    """Features that do not depend on the step, (series,) float32 each."""
    panel, params, calm = prepared.panel, prepared.params, prepared.calm
    level = prepared.level.astype(np.float32)
    columns: Columns = {"log_level": np.log(prepared.level).astype(np.float32)}
    columns |= rolling_features(calm, level, params)
    columns |= exponential_features(calm, level, params)
    columns |= lag_features(calm, level, params)
    columns |= quantile_features(calm, level, params)
    columns |= spread_features(calm, level, params)
    columns |= sale_features(prepared.signal, params)
    columns |= stock_features(panel.status, panel.in_stock, prepared.signal, params)
    columns |= group_features(panel, prepared.context, level, params)
    columns |= signal_state_features(panel, params)
    return columns | code_features(panel, params)


def code_features(panel: DemandPanel, params: FeatureParams) -> Columns:
    """Categorical codes, NaN where unknown."""
    codes = {f"{name}_code": group_codes(panel, name) for name in params.codes}
    nothing = np.float32(np.nan)
    return {k: np.where(c >= 0, c.astype(np.float32), nothing) for k, c in codes.items()}


def _categorical(params: FeatureParams) -> tuple[str, ...]:
    return (*(f"{name}_code" for name in params.codes), "event", "phase")


def target_features(prepared: Prepared, steps: Ints) -> tuple[Columns, Columns, Floats32]:
    """Features by series and step, features by step alone, and the season factor of the targets."""
    panel, params, context = prepared.panel, prepared.params, prepared.context
    level = prepared.level.astype(np.float32)
    count = int(steps.max())
    factor = season_factor(panel, context, panel.n_periods, count, params)[:, steps - 1]
    lately = np.arange(max(panel.n_periods - params.short, 0), panel.n_periods)
    periods = panel.origin + steps
    columns = cycle_features(prepared.calm, level, steps, params)
    columns |= year_features(prepared.calm, level, steps, params)
    # At list price, so that a deeper discount shows in the base and the price features only.
    listed = factor / discount_factor(panel, context, periods, params)
    usual = prepared.factor[:, -len(lately) :] / discount_factor(panel, context, lately, params)
    recent = usual.mean(axis=1, dtype=np.float32)
    columns |= season_features(panel, context, listed, recent, periods, params)
    columns |= price_features(panel, steps, prepared.signal, params)
    columns |= event_features(panel, context, steps, prepared.signal, params)
    columns |= age_feature(panel, steps)
    columns |= signal_target_features(panel, context.leads if context else {}, steps, params)
    dates = {"step": steps.astype(np.float32)}
    return columns, dates | date_features(panel.calendar, periods, params.country), factor


def _assemble(state: Columns, target: Columns, dates: Columns, series: int, steps: int) -> Floats32:
    """(series * steps, features) float32, series-major."""
    width = len(state) + len(target) + len(dates)
    X = np.empty((series, steps, width), np.float32)
    X[:, :, : len(state)] = np.stack(list(state.values()), axis=1)[:, None, :]
    for place, values in enumerate(target.values(), start=len(state)):
        X[:, :, place] = values
    X[:, :, width - len(dates) :] = np.stack(list(dates.values()), axis=1)[None, :, :]
    return X.reshape(series * steps, width)
