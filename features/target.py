"""Target features: what is known of the period that is forecast, for each series and step."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from features.context import FeatureContext, check_codes, group_codes
from features.params import FeatureParams
from features.signal import Floats32, Signal, ratio
from stockwright.panel import DemandPanel

Columns = dict[str, Floats32]
Ints = NDArray[np.int64]


def cycle_features(signal: Signal, level: Floats32, steps: Ints, params: FeatureParams) -> Columns:
    """Rates on the last periods with the target's weekday, and means of several of them."""
    columns: Columns = {}
    cycle = params.cycle
    if cycle == 1:
        return columns
    phase = (steps - 1) % cycle
    for k in range(1, params.cycle_lags + 1):
        start = signal.window - k * cycle
        by_phase = ratio(signal.rate[:, start : start + cycle], level[:, None])
        columns[f"weekday_lag_{k}"] = by_phase[:, phase]
    for count in params.cycle_means:
        shape = (-1, count, cycle)
        units = signal.units[:, -count * cycle :].reshape(shape).sum(axis=1)
        exposure = signal.exposure[:, -count * cycle :].reshape(shape).sum(axis=1)
        by_phase = ratio(ratio(units, exposure), level[:, None])
        columns[f"weekday_mean_{count}"] = by_phase[:, phase]
    return columns


def year_features(signal: Signal, level: Floats32, steps: Ints, params: FeatureParams) -> Columns:
    """Mean rate around the target one year (or the fewest whole years) before, and its growth.

    ``year_lag`` is relative to the level, ``year_growth`` to the mean of the short window that
    ended one year before the origin. NaN for a history that does not reach back so far.
    """
    reach, year = params.year_reach, params.year
    back = year * -(-(steps + reach) // year)
    place = signal.window - 1 + steps - back
    if int(place.min()) < reach:
        nothing = np.full((len(level), len(steps)), np.nan, np.float32)
        return {"year_lag": nothing, "year_growth": nothing, "year_alone": nothing}

    def around(values: Floats32) -> Floats32:
        total = values[:, place - reach]
        for offset in range(1 - reach, reach + 1):
            total = total + values[:, place + offset]
        return total

    mean = ratio(around(signal.units), around(signal.exposure))
    alone = ratio(signal.units[:, place], signal.exposure[:, place])
    stop = signal.window - year
    before = slice(stop - params.short, stop)
    old = ratio(signal.units[:, before].sum(axis=1), signal.exposure[:, before].sum(axis=1))
    return {
        "year_lag": ratio(mean, level[:, None]),
        "year_growth": ratio(mean, old[:, None]),
        "year_alone": ratio(alone, level[:, None]),
    }


def season_features(
    panel: DemandPanel,
    context: FeatureContext | None,
    factor: Floats32,
    recent: Floats32,
    periods: Ints,
    params: FeatureParams,
) -> Columns:
    """Seasonal indices of the target: the group's (with events), the shop's, and the change.

    factor: (series, steps) of the targets. recent: (series,) mean factor of the short window. Both
    at list price.
    """
    shape = factor.shape
    shop = np.full(len(periods), np.nan, np.float32)
    if context is not None:
        shop = context.season.factor(panel.calendar, periods, params)[-1].astype(np.float32)
    return {
        "season": factor,
        "season_change": ratio(factor, recent[:, None]),
        "season_shop": np.broadcast_to(shop, shape),
    }


def price_features(
    panel: DemandPanel, steps: Ints, signal: Signal, params: FeatureParams
) -> Columns:
    """Price against the past in-stock mean and the last price, discount and its recent mean.

    The mean is over the in-stock periods of the long window whose price is known.
    """
    kept = min(params.long, panel.n_periods)
    past = slice(panel.n_periods - kept, panel.n_periods)
    price = panel.covariates.price[:, past]
    known = np.isfinite(price)
    weight = signal.exposure[:, -kept:] * known
    total = (weight * np.where(known, price, np.float32(0))).sum(axis=1)
    mean = ratio(total, weight.sum(axis=1))
    target = panel.covariates.price[:, panel.origin + steps]
    discount = panel.covariates.discount[:, panel.origin + steps]
    short = panel.covariates.discount[:, max(panel.n_periods - params.short, 0) : panel.n_periods]
    shape = (panel.n_series, len(steps))
    return {
        "price_ratio": ratio(target, mean[:, None]),
        "price_change": np.broadcast_to(ratio(target, price[:, -1:]), shape),
        "discount": np.broadcast_to(discount, shape),
        "discount_change": np.broadcast_to(
            discount - short.mean(axis=1, dtype=np.float32)[:, None], shape
        ),
    }


def group_features(
    panel: DemandPanel, context: FeatureContext | None, level: Floats32, params: FeatureParams
) -> Columns:
    """Group rates relative to the level, and how the groups' pace changed of late."""
    columns: Columns = {}
    names = ("shop", "location", "sku", *params.groups)
    for name in names:
        empty = np.full(panel.n_series, np.nan, np.float32)
        if context is None or name not in context.tables:
            columns |= {f"{name}_{part}": empty for part in ("mean", "trend", "drift")}
            continue
        table, codes = context.tables[name], group_codes(panel, name)
        check_codes(codes, len(table.units), name)
        pace = table.pace[codes]
        columns[f"{name}_mean"] = ratio(table.rate[codes, 1], level)
        columns[f"{name}_trend"] = ratio(pace[:, 0], pace[:, 1])
        columns[f"{name}_drift"] = ratio(pace[:, 1], pace[:, 2])
    return columns


def age_feature(panel: DemandPanel, steps: Ints) -> Columns:
    """Periods from the launch to the target; NaN for a launch after the origin.

    A launch may be known from the first sale only, so one after the origin would look ahead.
    """
    launch = panel.launch.astype(np.int64)[:, None]
    age = (panel.origin + steps)[None, :] - launch
    known = np.broadcast_to(launch <= panel.origin, age.shape)
    return {"age": np.where(known, age, np.nan).astype(np.float32)}
