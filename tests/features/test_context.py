"""Group knowledge: against plain loops, and against the truth of simulated shops."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from features.build import build_features
from features.context import build_context, group_codes
from features.dates import festival_offset, season_bin
from features.level import group_prior
from features.params import FeatureParams
from features.season import nested, shrunk_index
from stockwright.calendar import Calendar, PeriodName
from stockwright.panel import Covariates, DemandPanel, SeriesIndex, Status

MakePanel = Callable[..., DemandPanel]


def exposure(panel: DemandPanel, params: FeatureParams) -> np.ndarray:
    out = np.zeros(panel.demand.shape)
    for i, t in np.ndindex(out.shape):
        share = panel.in_stock[i, t]
        if panel.status[i, t] == Status.OBSERVED:
            out[i, t] = 1.0
        if panel.status[i, t] == Status.CENSORED and share >= np.float32(params.least_exposure):
            out[i, t] = share
    return out


def over(a: float, b: float) -> float:
    return a / b if b > 0 else math.nan


@pytest.mark.parametrize("period", ["day", "week"])
def test_group_rates_paces_and_typical_rates_are_sums_over_the_members(
    make_panel: MakePanel, period: PeriodName
) -> None:
    panel = make_panel(period, skus=5, periods=400, seed=11)
    params = FeatureParams.for_period(period)
    context = build_context(panel, params)
    seen = exposure(panel, params)
    units = panel.demand * (seen > 0)
    first = max(panel.n_periods - params.history, 0)
    quiet = panel.covariates.event[:, : panel.n_periods] == 0
    quiet[:, :first] = False
    # A peak says nothing of the pace: periods with an event count only where there is no other.
    quiet = np.array([q if (e * q).any() else q | True for q, e in zip(quiet, seen, strict=True)])
    units, seen = units * quiet, seen * quiet
    base = np.nan_to_num([over(u.sum(), e.sum()) for u, e in zip(units, seen, strict=True)])
    ends = (params.short, params.middle, params.long)
    for name, table in context.tables.items():
        codes = group_codes(panel, name)
        for code in np.unique(codes):
            who = np.flatnonzero(codes == code)
            for k, window in enumerate(ends):
                u = sum(units[i, -window:].sum() for i in who)
                e = sum(seen[i, -window:].sum() for i in who)
                expected = sum(seen[i, -window:].sum() * base[i] for i in who)
                assert table.rate[code, k] == pytest.approx(over(u, e), rel=1e-4, nan_ok=True)
                assert table.pace[code, k] == pytest.approx(
                    over(u, expected), rel=1e-4, nan_ok=True
                )
            roots = [
                math.sqrt(units[i, -params.long :].sum() / seen[i, -params.long :].sum())
                for i in who
                if seen[i, -params.long :].sum() > 0
            ]
            wanted = np.mean(roots) ** 2 if roots else math.nan
            assert table.typical[code] == pytest.approx(wanted, rel=1e-4, nan_ok=True)


@pytest.mark.parametrize("period", ["day", "week"])
def test_group_features_look_up_the_tables(make_panel: MakePanel, period: PeriodName) -> None:
    panel = make_panel(period, seed=12)
    params = FeatureParams.for_period(period)
    context = build_context(panel, params)
    matrix = build_features(panel, [1], params, context)
    for name in ("shop", "location", "sku", "category_1", "brand"):
        table, codes = context.tables[name], group_codes(panel, name)
        for i, code in enumerate(codes):
            found = [matrix.column(f"{name}_{part}")[i] for part in ("mean", "trend", "drift")]
            pace = table.pace[code]
            wanted = [table.rate[code, 1] / matrix.level[i], pace[0] / pace[1], pace[1] / pace[2]]
            np.testing.assert_allclose(found, wanted, rtol=1e-4)


def shop(
    mean: np.ndarray,
    period: PeriodName,
    event: np.ndarray | None = None,
    category: np.ndarray | None = None,
    in_stock: np.ndarray | None = None,
    seed: int = 0,
) -> DemandPanel:
    """Poisson demand of means (series, periods); the last 30 periods are the future."""
    rng = np.random.default_rng(seed)
    n, total = mean.shape
    periods = total - 30
    share = np.ones((n, periods)) if in_stock is None else in_stock[:, :periods]
    demand = rng.poisson(mean[:, :periods] * share)
    event = np.zeros((1, total)) if event is None else event
    flat = np.zeros((1, total), np.float32)
    codes = np.zeros(n, np.int32) if category is None else category
    return DemandPanel(
        SeriesIndex(
            tuple(f"s{i:04d}" for i in range(n)),
            ("w",),
            np.arange(n, dtype=np.int32),
            np.zeros(n, np.int32),
        ),
        Calendar(period, np.datetime64("2021-01-04")),
        demand.astype(np.float32),
        np.where(share < 1, Status.CENSORED, Status.OBSERVED).astype(np.uint8),
        share.astype(np.float32),
        Covariates(flat, flat, event.astype(np.int16), event.astype(np.int16)),
        np.zeros(n, np.int32),
        {"category_1": codes},
    )


def test_a_known_season_and_weekday_pattern_is_found_again() -> None:
    """Simulated: 200 series, three years of days, a yearly wave and a weekday pattern."""
    t = np.arange(1096 + 30)
    season = 1 + 0.5 * np.sin(2 * np.pi * t / 365.25)
    weekday = np.array([0.8, 0.9, 0.9, 1.0, 1.1, 1.3, 1.0])[t % 7]
    panel = shop(np.full((200, 1), 3.0) * season * weekday, "day")
    params = FeatureParams.for_period("day", country="")
    index = build_context(panel, params).season
    factor = index.factor(panel.calendar, t, params)[-1]
    # Three years against one without a season: a quarter off the wave.
    wave = 1 + 3 / 4 * (season - 1)
    assert np.abs(factor / (wave * weekday) - 1).max() < 0.1
    assert np.corrcoef(factor, season * weekday)[0, 1] > 0.99


def test_steady_growth_is_no_season() -> None:
    """Simulated: weekly demand doubles every year; the index stays near 1."""
    t = np.arange(156 + 30)
    panel = shop(np.full((100, 1), 5.0) * 2 ** (t / 52), "week")
    bins = build_context(panel, FeatureParams.for_period("week", "")).season.bins[-1]
    assert np.abs(bins - 1).max() < 0.25
    assert np.abs(np.log(bins)).mean() < 0.1


def test_a_big_seller_out_of_stock_does_not_look_like_a_season() -> None:
    """Simulated: one series sells half of all and is out of stock in every January."""
    t = np.arange(156 + 30)
    mean = np.full((20, len(t)), 2.0)
    mean[0] = 40.0
    share = np.ones(mean.shape)
    january = season_bin(Calendar("week", np.datetime64("2021-01-04")), t) < 5
    share[0, january] = 0.0
    panel = shop(mean, "week", in_stock=share)
    bins = build_context(panel, FeatureParams.for_period("week", "")).season.bins[-1]
    assert np.abs(bins[:5] - 1).max() < 0.1


def test_an_events_uplift_is_found_again_and_kept_out_of_the_season() -> None:
    """Simulated: demand trebles in event weeks, by five in the second category."""
    t = np.arange(156 + 30)
    event = ((t % 52 >= 44) & (t % 52 < 46)).astype(int)[None, :]
    category = np.repeat([0, 1], 50).astype(np.int32)
    lift = np.where(category == 0, 3.0, 5.0)[:, None]
    panel = shop(4.0 * np.where(event > 0, lift, 1.0), "week", event, category)
    params = FeatureParams.for_period("week", "")
    context = build_context(panel, params)
    column = context.event_column(np.array([1], np.int16), np.array([1], np.int16))[0]
    np.testing.assert_allclose(context.seen[:2, column], [3, 5], rtol=0.05)
    assert context.seen[-1, column] == pytest.approx(4, rel=0.05)
    np.testing.assert_allclose(context.uplift[:2, column], [3, 5], rtol=0.1)
    assert np.abs(context.season.bins[-1] - 1).max() < 0.1
    assert np.isnan(context.seen[:, 0]).all()
    assert (context.uplift[:, 0] == 1).all()


def test_the_luck_of_one_best_seller_does_not_pass_for_an_uplift() -> None:
    """Simulated: all series treble in event weeks, but one that sells as much as the others."""
    t = np.arange(156 + 30)
    event = ((t % 52 >= 44) & (t % 52 < 46)).astype(int)[None, :]
    rate = np.append(np.full(100, 4.0), 400.0)[:, None]
    lift = np.append(np.full(100, 3.0), 9.0)[:, None]
    panel = shop(rate * np.where(event > 0, lift, 1.0), "week", event)
    context = build_context(panel, FeatureParams.for_period("week", ""))
    # Over all units it would be 6.
    assert context.seen[0, -1] == pytest.approx(3, rel=0.15)


def test_the_dip_around_spring_festival_follows_the_moving_date() -> None:
    """Simulated: three years with a third of the demand in the ten days after the festival."""
    t = np.arange(1096 + 30)
    calendar = Calendar("day", np.datetime64("2021-01-04"))
    offset = festival_offset(calendar, t, "CN")
    dip = np.where((offset >= 0) & (offset < 10), 1 / 3, 1.0)
    panel = shop(np.full((100, 1), 3.0) * dip, "day")
    params = FeatureParams.for_period("day")
    factor = build_context(panel, params).season.factor(calendar, t, params)[-1]
    coming = t > 1000
    inside = (offset >= 3) & (offset < 7)
    assert factor[inside & ~coming].mean() < 0.6
    assert factor[np.isnan(offset)].mean() == pytest.approx(1, abs=0.05)


def test_an_index_weighs_its_data_against_the_shops_and_the_shops_against_none() -> None:
    """shrunk_index by hand: counts 400 and 0 against 400, one year against one year."""
    units = np.array([[30.0], [0.0], [40.0]])
    expected = np.array([[10.0], [0.0], [20.0]])
    count = np.array([[400.0], [0.0], [400.0]])
    alone = np.full(3, -1)
    index = shrunk_index((units, expected, count), np.array([1.0]), alone)
    shop_index = 1 + 0.5 * (2 - 1)
    np.testing.assert_allclose(index[:, 0], [0.5 * 3 + 0.5 * shop_index, shop_index, shop_index])


def test_a_fine_group_leans_on_its_coarse_one_and_that_on_the_shop() -> None:
    """nested by hand: one parent of two groups, strength as large as every count but one."""
    units = np.array([[30.0], [50.0], [0.0], [80.0]])
    expected = np.array([[10.0], [10.0], [0.0], [40.0]])
    count = np.array([[20.0], [60.0], [0.0], [80.0]])
    index = nested((units, expected, count), np.array([2.0]), np.array([0, 0, -1, -1]), 20.0)
    above = (80 * 4 + 20 * 2) / 100
    wanted = [(3 + above) / 2, (60 * 5 + 20 * above) / 80, 2, 2]
    np.testing.assert_allclose(index[:, 0], wanted)


def test_a_panel_with_two_category_levels_learns_the_finer_season() -> None:
    """Simulated: two opposite waves under one parent category are told apart."""
    t = np.arange(156 + 30)
    wave = 0.6 * np.sin(2 * np.pi * t / 52)
    fine = np.repeat([0, 1], 60).astype(np.int32)
    mean = 6.0 * (1 + np.where(fine == 0, 1, -1)[:, None] * wave)
    panel = shop(mean, "week", category=np.zeros(120, np.int32))
    panel = replace(panel, attributes={**panel.attributes, "category_2": fine})
    bins = build_context(panel, FeatureParams.for_period("week", "")).season.bins
    assert np.corrcoef(bins[0], bins[1])[0, 1] < -0.9
    assert np.abs(bins[-1] - 1).max() < 0.1


def test_a_fine_group_without_sales_takes_its_coarse_groups_season_and_uplift() -> None:
    """Simulated: two coarse groups with opposite waves; one fine group of the first never sells."""
    t = np.arange(156 + 30)
    wave = 0.6 * np.sin(2 * np.pi * t / 52)
    event = (t % 52 == 44).astype(int)[None, :]
    coarse = np.repeat([0, 1], 60).astype(np.int32)
    fine = coarse * 2
    fine[0] = 1
    mean = 6.0 * (1 + np.where(coarse == 0, 1, -1)[:, None] * wave)
    mean = mean * np.where(event > 0, np.where(coarse == 0, 2.0, 6.0)[:, None], 1.0)
    mean[0] = 0.0
    panel = shop(mean, "week", event, coarse)
    panel = replace(panel, attributes={"category_1": coarse, "category_2": fine})
    context = build_context(panel, FeatureParams.for_period("week", ""))
    bins = context.season.bins
    assert np.corrcoef(bins[1], bins[0])[0, 1] > 0.9
    assert np.corrcoef(bins[1], bins[2])[0, 1] < -0.9
    assert context.uplift[0, -1] < context.uplift[1, -1] < 2.2
    assert context.uplift[-1, -1] > 3.5


def test_without_history_every_index_is_one() -> None:
    panel = shop(np.full((4, 31), 2.0), "week")
    season = build_context(panel, FeatureParams.for_period("week")).season
    bins = season_bin(panel.calendar, np.array([0]))[0]
    unseen = np.setdiff1d(np.arange(52), [bins - 1, bins, bins + 1, 51])
    assert (season.bins[:, unseen] == 1).all()
    assert (season.festival == 1).all()


def test_a_series_of_unknown_category_uses_the_shops_season() -> None:
    t = np.arange(156 + 30)
    wave = 1 + 0.6 * np.sin(2 * np.pi * t / 52)
    category = np.array([0] * 30 + [-1], np.int32)
    panel = shop(np.full((31, 1), 6.0) * wave, "week", category=category)
    params = FeatureParams.for_period("week", "")
    context = build_context(panel, params)
    matrix = build_features(panel, [1, 9, 17], params, context)
    unknown = matrix.series == 30
    np.testing.assert_array_equal(
        matrix.column("season")[unknown], matrix.column("season_shop")[unknown]
    )


def test_the_prior_is_the_skus_rate_shrunk_to_its_category_times_its_location(
    make_panel: MakePanel,
) -> None:
    panel = make_panel(skus=8, locations=3, seed=13)
    params = FeatureParams.for_period("day")
    context = build_context(panel, params)
    tables, kept = context.tables, params.prior_exposure
    whole = tables["shop"].typical[0]
    for i, found in enumerate(group_prior(panel, context, params)):
        sku, place = panel.index.sku[i], panel.index.location[i]
        typical = tables["category_2"].typical[panel.attributes["category_2"][i]]
        typical = typical if typical > 0 else whole
        near = tables["location"].typical[place] / whole
        units, seen = tables["sku"].units[sku], tables["sku"].exposure[sku]
        wanted = near * (units + kept * typical) / (seen + kept)
        assert found == pytest.approx(max(wanted, params.floor), rel=1e-9)


def test_no_sale_anywhere_leaves_the_floor() -> None:
    panel = shop(np.zeros((3, 130)), "day")
    params = replace(FeatureParams.for_period("day"), floor=0.01)
    matrix = build_features(panel, [1], params, build_context(panel, params))
    assert (matrix.level == 0.01).all()
