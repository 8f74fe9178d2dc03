"""The base level of a series: the scale to which its features relate."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from features.context import (
    LOCATION,
    SHOP,
    SKU,
    FeatureContext,
    check_codes,
    group_codes,
    season_codes,
    season_names,
)
from features.params import FeatureParams
from features.price import price_factor
from features.signal import Signal
from features.state import weighted
from stockwright.panel import DemandPanel

Floats = NDArray[np.float64]


def season_factor(
    panel: DemandPanel,
    context: FeatureContext | None,
    first: int,
    count: int,
    params: FeatureParams,
) -> NDArray[np.float32]:
    """Season, response to the discount and event uplift of the group in each period.

    (series, count) float32; 1 if unknown.

    Periods before the first have factor 1 (they carry no exposure).
    """
    out = np.ones((panel.n_series, count), np.float32)
    if context is None:
        return out
    codes = season_codes(panel, params)
    check_codes(codes, len(context.uplift), season_names(panel, params)[-1])
    lead = max(-first, 0)
    periods = np.arange(first + lead, first + count)
    factor = context.season.factor(panel.calendar, periods, params).astype(np.float32)
    out[:, lead:] = factor[codes]
    window = slice(first + lead, first + count)
    if (panel.covariates.discount[:, window] > 0).any():
        out[:, lead:] *= discount_factor(panel, context, periods, params)
    some, lift = _event_factor(panel, context, periods, params)
    out[:, lead + some] *= lift
    return out


def _event_factor(
    panel: DemandPanel, context: FeatureContext, periods: NDArray[np.int64], params: FeatureParams
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Which of the periods have an event anywhere, and its uplift there, (series, those)."""
    event, phase = (
        values[:, periods] for values in (panel.covariates.event, panel.covariates.phase)
    )
    some = np.flatnonzero((event > 0).any(axis=0))
    column = context.event_column(event[:, some], phase[:, some])
    table = context.uplift.astype(np.float32)
    return some, table[season_codes(panel, params)[:, None], column]


def event_factor(
    panel: DemandPanel, context: FeatureContext, periods: NDArray[np.int64], params: FeatureParams
) -> NDArray[np.float32]:
    """What events make of demand at the same price, (series, periods) float32; 1 for none."""
    out = np.ones((panel.n_series, len(periods)), np.float32)
    some, lift = _event_factor(panel, context, periods, params)
    out[:, some] = lift
    return out


def discount_factor(
    panel: DemandPanel,
    context: FeatureContext | None,
    periods: NDArray[np.int64],
    params: FeatureParams,
) -> NDArray[np.float32]:
    """What the discounts make of demand at list price, (series, periods) float32; 1 if unknown."""
    if context is None:
        return np.ones((panel.n_series, len(periods)), np.float32)
    elasticity = context.elasticity[season_codes(panel, params)]
    return price_factor(panel.covariates.discount[:, periods], elasticity)


def group_prior(
    panel: DemandPanel, context: FeatureContext | None, params: FeatureParams
) -> Floats:
    """Rate that the groups of a series let expect, units per period, >= floor.

    The sku's mean rate over all locations, shrunk to what is typical of its category, times how
    the location compares with the shop.
    """
    if context is None:
        return np.full(panel.n_series, params.floor)
    shop = context.tables[SHOP].typical[0]
    if not np.isfinite(shop) or shop <= 0:
        return np.full(panel.n_series, params.floor)

    def typical(name: str) -> Floats:
        if name not in context.tables:
            return np.full(panel.n_series, shop)
        values = context.tables[name].typical[group_codes(panel, name)]
        return np.where(values > 0, values, shop)

    codes = group_codes(panel, SKU)
    check_codes(codes, len(context.tables[SKU].units), SKU)
    units, exposure = context.tables[SKU].units[codes], context.tables[SKU].exposure[codes]
    kept = params.prior_exposure
    prior = (units + kept * typical(season_names(panel, params)[-1])) / (exposure + kept)
    prior = np.maximum(prior * typical(LOCATION) / shop, params.floor)
    return np.asarray(prior, np.float64)


def base_level(signal: Signal, calm: Signal, prior: Floats, params: FeatureParams) -> Floats:
    """Base level of each series, (series,) float64 >= floor, units per period, deseasonalized.

    The long mean is shrunk to the prior of the groups, the recent exponential mean to the long
    mean: the recent one weighs n / (n + level_count), n the selling periods to be expected in
    its effective window. So hits follow their recent sales and a once-a-quarter item its year.
    ``calm`` is the signal with the season taken out.
    """
    units, seen = signal.units[:, -params.long :], signal.exposure[:, -params.long :]
    scaled = calm.exposure[:, -params.long :]
    long_units = units.sum(axis=1, dtype=np.float64)
    kept = params.prior_exposure
    long = (long_units + kept * prior) / (scaled.sum(axis=1, dtype=np.float64) + kept)
    age = np.arange(units.shape[1] - 1, -1, -1)
    weights = (0.5 ** (age / params.level_half_life)).astype(np.float32)
    recent_units = weighted(units, weights).astype(np.float64)
    recent_exposure = weighted(scaled, weights).astype(np.float64)
    recent, frequency = np.zeros_like(recent_units), np.zeros_like(recent_units)
    np.divide(recent_units, recent_exposure, out=recent, where=recent_exposure > 0)
    np.divide((units > 0).sum(axis=1), seen.sum(axis=1), out=frequency, where=long_units > 0)
    expected = weighted(seen, weights) * np.minimum(frequency, 1.0)
    weight = np.where(recent_exposure > 0, expected / (expected + params.level_count), 0.0)
    level = np.maximum(weight * recent + (1.0 - weight) * long, params.floor)
    return np.asarray(level, np.float64)
