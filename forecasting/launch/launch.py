"""Cold start: what a launch will sell, from like products, and from its own first sales.

The level of a launch is a gamma variable around what its attributes (see like_products) and the
words of its name (see words) let expect. Its first sales, and those of the SKU at other locations,
update it as the conjugate prior of a Poisson rate; over-dispersed counts and a level that drifts
make them count for less. The curve of the first weeks of life is that of its category, shrunk to
the shop's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from features.context import (
    LOCATION,
    SHOP,
    FeatureContext,
    build_context,
    group_codes,
    season_codes,
)
from features.level import season_factor
from features.params import FeatureParams
from forecasting.launch.cells import (
    BINS,
    MOST,
    Young,
    calm_cells,
    curve_place,
    is_young,
    past_launches,
    weekly,
)
from forecasting.launch.like_products import Effects, Evidence, learn_effects
from forecasting.launch.spread import AGES, LaunchSpreads, fit_launch_spread
from forecasting.launch.words import WORD, learn_words, name_words
from stockwright.panel import DemandPanel, mix_hash

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
#: The level of a launch is its mean rate over so many weeks.
LEVEL_WEEKS = 4
# Launches at which a category's curve weighs as much as the shop's.
_CURVE_LAUNCHES = 30.0
_CURVE_ROUNDS = 5
# Fewer launches teach nothing.
_LEAST_LAUNCHES = 10
# Start of variance and dispersion, which only weigh the rows.
_NOISE = np.array([1.5, 2.0])
_CHUNK = 8192


@dataclass(frozen=True)
class LaunchCurves:
    """What the launches of a shop's past say of the next ones, at one origin.

    effects: level by attribute. words: (skus,) factor by the name. curve: (season groups + 1, BINS)
    demand by week of life over the level. share: (locations,) of a SKU's level that a location
    sells. spreads: how far launches lie from this. units, expected: (skus,) sold lately by each
    SKU that is young somewhere, and what it would have sold at level 1, over all its locations.
    """

    effects: Effects
    words: Floats
    curve: Floats
    share: Floats
    spreads: LaunchSpreads
    units: Floats
    expected: Floats


def attribute_names(panel: DemandPanel) -> tuple[str, ...]:
    """Attributes that make products alike, coarse to fine."""
    left = set(panel.attributes) - {"sku", "location", "region"}
    order = sorted(left, key=lambda name: (not name.startswith("category"), name))
    alike = [name for name in order if not name.startswith(WORD)]
    return tuple(name for name in alike if (panel.attributes[name] >= 0).any())


def learn_launches(
    panel: DemandPanel,
    groups: FeatureContext,
    params: FeatureParams,
    spreads: LaunchSpreads | None = None,
) -> LaunchCurves | None:
    """Learn from the whole panel up to its origin; None with fewer than ten launches.

    spreads: learned before, by a fit; None to learn them here.
    """
    young = past_launches(panel, groups, params)
    if len(young.series) < _LEAST_LAUNCHES or not young.units.sum() > 0:
        return None
    share = location_shares(groups, len(panel.index.locations))
    place = share[panel.index.location[young.series]]
    group = season_codes(panel, params)[young.series].astype(np.int64)
    curve = learn_curve(young, place, group, groups)
    expected = young.exposure * place[:, None] * curve[group]
    sku = panel.index.sku[young.series].astype(np.int64)
    codes = attribute_codes(panel, attribute_names(panel))
    rows, row_sku = _sku_rows(panel, groups, params, young, expected, share, codes)
    effects, level = learn_effects(rows, *_NOISE)
    mean = effects.expected(rows.codes, len(rows.units)) * rows.exposure
    words, alone = learn_words(name_words(panel), row_sku, rows.kind, rows.units, mean, _NOISE)
    if spreads is None:
        prior = (level * alone)[np.unique(sku, return_inverse=True)[1]]
        told = (young, expected, prior, sku, panel.origin, weekly(panel))
        spreads = LaunchSpreads(fit_launch_spread(*told, AGES), fit_launch_spread(*told, AGES[:1]))
    nothing = np.zeros(len(panel.index.skus))
    curves = LaunchCurves(effects, words, curve, share, spreads, nothing, nothing)
    return refreshed(curves, panel, groups, params)


def learn_spreads(panel: DemandPanel, params: FeatureParams) -> LaunchSpreads | None:
    """How far launches lie from what is expected of them; None with fewer than ten."""
    curves = learn_launches(panel, build_context(panel, params), params)
    return curves.spreads if curves else None


def location_shares(groups: FeatureContext, locations: int) -> Floats:
    """What is typical of a location over what is typical of the shop, (locations,)."""
    shop = float(groups.tables[SHOP].typical[0])
    typical = groups.tables[LOCATION].typical[:locations]
    share = np.ones(locations)
    if shop > 0:
        np.divide(typical, shop, out=share[: len(typical)], where=typical > 0)
    return share


def attribute_codes(panel: DemandPanel, names: Iterable[str]) -> dict[str, Ints]:
    """Codes of some attributes, (series,) each."""
    return {name: group_codes(panel, name).astype(np.int64) for name in names}


def learn_curve(young: Young, share: Floats, group: Ints, groups: FeatureContext) -> Floats:
    """Demand by week of life over the level, (groups + 1, BINS); the last row is the shop's.

    Iterative proportional fitting of levels and weeks, in which a launch of any size counts alike;
    a group's curve is shrunk to the shop's by its number of launches.
    """
    rows = len(groups.season.bins)
    exposure = young.exposure * share[:, None]
    curve = np.ones((len(young.series), BINS))
    member = np.where(group >= 0, group, rows - 1)
    table = np.ones((rows, BINS))
    for _ in range(_CURVE_ROUNDS):
        seen = (exposure * curve).sum(axis=1)
        level = np.divide(young.units.sum(axis=1), seen, out=np.zeros(len(seen)), where=seen > 0)
        mean = exposure * level[:, None]
        size = mean.sum(axis=1)
        usual = float(np.median(size[size > 0])) if (size > 0).any() else 1.0
        weight = 1.0 / (size + 10 * usual)
        table = _curve_table(young.units * weight[:, None], mean * weight[:, None], member, rows)
        curve = table[member]
    return table


def _curve_table(units: Floats, mean: Floats, member: Ints, rows: int) -> Floats:
    shop = _ratio(units.sum(axis=0), mean.sum(axis=0), np.ones(BINS))
    top, bottom = np.zeros((rows, BINS)), np.zeros((rows, BINS))
    np.add.at(top, member, units)
    np.add.at(bottom, member, mean)
    top[-1], bottom[-1] = 0.0, 0.0
    # Each launch has weight 1 in all weeks together.
    strength = _CURVE_LAUNCHES / BINS
    table = (top + strength * shop) / (bottom + strength)
    return np.asarray(table / table[:, :LEVEL_WEEKS].mean(axis=1, keepdims=True), np.float64)


def _ratio(top: Floats, bottom: Floats, empty: Floats) -> Floats:
    return np.divide(top, bottom, out=empty.copy(), where=(bottom > 0) & (top > 0))


def _sku_rows(
    panel: DemandPanel,
    groups: FeatureContext,
    params: FeatureParams,
    young: Young,
    expected: Floats,
    share: Floats,
    codes: Mapping[str, Ints],
) -> tuple[Evidence, Ints]:
    """One row for each launched SKU, sorted by code, then one for each of a sample of grown-ups.

    Second result: SKU of each row.
    """
    first = slice(0, LEVEL_WEEKS)
    sku = panel.index.sku.astype(np.int64)
    skus, place = np.unique(sku[young.series], return_inverse=True)
    units = np.bincount(place, young.units[:, first].sum(axis=1), len(skus))
    exposure = np.bincount(place, expected[:, first].sum(axis=1), len(skus))
    grown = _grown_sample(panel, skus)
    old, old_place = np.unique(sku[grown], return_inverse=True)
    period = panel.origin - np.arange(params.short)[None, :] + np.zeros((len(grown), 1), np.int64)
    sold, seen = calm_cells(panel, groups, params, grown, period)
    seen *= share[panel.index.location[grown]][:, None]
    one = np.concatenate([young.series[np.unique(place, return_index=True)[1]],
                          grown[np.unique(old_place, return_index=True)[1]]])  # fmt: skip
    evidence = Evidence(
        units=np.append(units, np.bincount(old_place, sold.sum(axis=1), len(old))),
        exposure=np.append(exposure, np.bincount(old_place, seen.sum(axis=1), len(old))),
        kind=np.repeat(np.array([0, 1]), [len(skus), len(old)]),
        codes={name: values[one] for name, values in codes.items()},
    )
    return evidence, np.append(skus, old)


def _grown_sample(panel: DemandPanel, launched: Ints) -> Ints:
    """Series of SKUs that are no launches but were on sale, at most ``MOST``."""
    new = np.zeros(len(panel.index.skus), np.bool_)
    new[launched] = True
    grown = np.flatnonzero(~new[panel.index.sku] & (panel.launch <= panel.origin))
    if len(grown) > MOST:
        keys = mix_hash(panel.index.take(grown).key_hash())
        grown = np.sort(grown[np.argsort(keys, kind="stable")[:MOST]])
    return grown


def refreshed(
    curves: LaunchCurves, panel: DemandPanel, groups: FeatureContext, params: FeatureParams
) -> LaunchCurves:
    """The curves with what the young SKUs of the whole panel have sold up to its origin."""
    skus = len(panel.index.skus)
    young = np.zeros(skus, np.bool_)
    young[panel.index.sku[is_young(panel, params)]] = True
    some = np.flatnonzero(young[panel.index.sku])
    units, expected = np.zeros(skus), np.zeros(skus)
    for start in range(0, len(some), _CHUNK):
        series = some[start : start + _CHUNK]
        sold, seen = recent_evidence(panel, groups, params, curves, series)
        np.add.at(units, panel.index.sku[series], sold)
        np.add.at(expected, panel.index.sku[series], seen)
    return replace(curves, units=units, expected=expected)


def recent_evidence(
    panel: DemandPanel,
    groups: FeatureContext,
    params: FeatureParams,
    curves: LaunchCurves,
    series: Ints,
) -> tuple[Floats, Floats]:
    """Units sold lately by each series, and what it would have sold at level 1."""
    period = np.tile(panel.origin - np.arange(params.middle), (len(series), 1))
    units, seen = calm_cells(panel, groups, params, series, period)
    age = period - panel.launch[series].astype(np.int64)[:, None]
    codes = season_codes(panel, params)[series]
    seen *= curves.curve[codes[:, None], curve_place(age, weekly(panel))] * (age >= 0)
    units *= age >= 0
    return units.sum(axis=1), seen.sum(axis=1) * curves.share[panel.index.location[series]]


@dataclass(frozen=True)
class LaunchForecast:
    """mean: (rows, step) units per period. The others, (rows,), see Forecast."""

    mean: Floats
    level_variance: Floats
    linear_dispersion: Floats
    tail_share: Floats
    tail_ratio: Floats


def launch_forecast(
    panel: DemandPanel,
    groups: FeatureContext,
    params: FeatureParams,
    curves: LaunchCurves,
    horizon: int,
) -> LaunchForecast:
    """Forecast of every series of a block as a launch, after what it has sold so far."""
    n = panel.n_series
    share = curves.share[panel.index.location]
    prior = curves.effects.expected(attribute_codes(panel, curves.effects.tables), n)
    prior *= curves.words[panel.index.sku]
    own, seen = recent_evidence(panel, groups, params, curves, np.arange(n))
    others = np.maximum(curves.units[panel.index.sku] - own, 0.0)
    others_seen = np.maximum(curves.expected[panel.index.sku] - seen, 0.0)
    told = (prior, own, seen, others, others_seen)
    fresh = seen + others_seen <= 0
    level, variance = curves.spreads.seen.update(*told)
    unseen = curves.spreads.unseen.update(*told)[1]
    age = panel.origin + np.arange(1, horizon + 1) - panel.launch.astype(np.int64)[:, None]
    factor = season_factor(panel, groups, panel.n_periods, horizon, params).astype(np.float64)
    shape = curves.curve[season_codes(panel, params)[:, None], curve_place(age, weekly(panel))]
    mean = (level * share)[:, None] * shape * factor * (age >= 0)
    pair = (curves.spreads.unseen, curves.spreads.seen)
    dispersion, *tail = (
        np.where(fresh, *values)
        for values in zip(*((each.dispersion, *each.tail) for each in pair), strict=True)
    )
    return LaunchForecast(mean, np.where(fresh, unseen, variance), dispersion, *tail)
