"""The feature engine: a demand panel at its origin to a feature matrix."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from features.context import FeatureContext, group_codes
from features.dates import date_features
from features.events import event_features
from features.level import base_level, group_prior, season_factor
from features.matrix import FeatureMatrix
from features.params import FeatureParams
from features.signal import Floats32, Signal, recent_signal
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
    signal = recent_signal(panel, params.window(int(wanted.max())), params)
    past = season_factor(panel, context, panel.n_periods - params.long, params.long, params)
    level = base_level(signal, past, group_prior(panel, context, params), params)
    state = state_features(panel, signal, level, params, context)
    target, dates, season = target_features(panel, wanted, signal, level, past, params, context)
    columns = (*state, *target, *dates)
    return FeatureMatrix(
        X=_assemble(state, target, dates, panel.n_series, len(wanted)),
        names=columns,
        categorical=tuple(n for n in columns if n in _categorical(params)),
        series=np.repeat(np.arange(panel.n_series, dtype=np.int32), len(wanted)),
        step=np.tile(wanted.astype(np.int32), panel.n_series),
        level=np.repeat(level, len(wanted)),
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


def state_features(
    panel: DemandPanel,
    signal: Signal,
    level: NDArray[np.float64],
    params: FeatureParams,
    context: FeatureContext | None,
) -> Columns:
    """Features that do not depend on the step, (series,) float32 each."""
    scale = level.astype(np.float32)
    columns: Columns = {"log_level": np.log(level).astype(np.float32)}
    columns |= rolling_features(signal, scale, params)
    columns |= exponential_features(signal, scale, params)
    columns |= lag_features(signal, scale, params)
    columns |= quantile_features(signal, scale, params)
    columns |= spread_features(signal, scale, params)
    columns |= sale_features(signal, params)
    columns |= stock_features(panel.status, panel.in_stock, signal, params)
    columns |= group_features(panel, context, scale, params)
    return columns | code_features(panel, params)


def code_features(panel: DemandPanel, params: FeatureParams) -> Columns:
    """Categorical codes, NaN where unknown."""
    codes = {f"{name}_code": group_codes(panel, name) for name in ("location", *params.groups)}
    nothing = np.float32(np.nan)
    return {k: np.where(c >= 0, c.astype(np.float32), nothing) for k, c in codes.items()}


def _categorical(params: FeatureParams) -> tuple[str, ...]:
    return ("location_code", *(f"{name}_code" for name in params.groups), "event", "phase")


def target_features(
    panel: DemandPanel,
    steps: Ints,
    signal: Signal,
    level: NDArray[np.float64],
    past: Floats32,
    params: FeatureParams,
    context: FeatureContext | None,
) -> tuple[Columns, Columns, Floats32]:
    """Features by series and step, features by step alone, and the season factor of the targets."""
    scale = level.astype(np.float32)
    first, count = panel.n_periods, int(steps.max())
    factor = season_factor(panel, context, first, count, params)[:, steps - 1]
    recent = past[:, -params.short :].mean(axis=1, dtype=np.float32)
    periods = panel.origin + steps
    columns = cycle_features(signal, scale, steps, params)
    columns |= year_features(signal, scale, steps, params)
    columns |= season_features(panel, context, factor, recent, periods, params)
    columns |= price_features(panel, steps, signal, params)
    columns |= event_features(panel, context, steps, signal, params)
    columns |= age_feature(panel, steps)
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
