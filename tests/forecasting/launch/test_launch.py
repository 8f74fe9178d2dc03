"""Launches: levels from like products, updated by the first sales, with honest width."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from features.context import build_context
from features.params import FeatureParams
from forecasting.launch.launch import (
    LaunchCurves,
    launch_forecast,
    learn_launches,
    learn_spreads,
    refreshed,
)
from forecasting.launch.like_products import Evidence, learn_effects
from forecasting.launch.spread import LaunchSpread, LaunchSpreads
from stockwright.calendar import Calendar
from stockwright.distribution import Distribution
from stockwright.panel import Covariates, DemandPanel, SeriesIndex, Status

PARAMS = FeatureParams.for_period("week")
PLAIN = LaunchSpread(variance=0.5, dispersion=1.0, drift=0.0, sibling=0.0, tail=(0.0, 1.0))
NOTHING = np.zeros(1)
PERIODS, AHEAD = 110, 8
RAMP = np.array([0.5, 0.9, 1.2, 1.4, 1.3, 1.2, 1.1, 1.0])


def launching_shop(seed: int, skus: int = 400, variance: float = 0.6) -> DemandPanel:
    """Gamma levels around 4, 12 or 36 by category, a ramp of eight weeks, two locations 2 : 1."""
    rng = np.random.default_rng(seed)
    category = rng.integers(0, 3, skus)
    level = 4.0 * 3.0**category * rng.gamma(1 / variance, variance, skus)
    launch = rng.integers(-30, PERIODS + 1, skus)
    age = np.arange(PERIODS + AHEAD) - launch[:, None]
    curve = np.where(age < 8, RAMP[np.clip(age, 0, 7)], 0.9) * (age >= 0)
    mean = (level[:, None] * curve)[:, None, :] * np.array([4 / 3, 2 / 3])[:, None]
    demand = rng.poisson(mean).reshape(2 * skus, -1)
    index = SeriesIndex(
        tuple(f"s{i:04d}" for i in range(skus)),
        ("a", "b"),
        np.repeat(np.arange(skus), 2).astype(np.int32),
        np.tile(np.arange(2), skus).astype(np.int32),
    )
    zeros = np.zeros((1, PERIODS + AHEAD + AHEAD))
    begun = np.repeat(age[:, :] >= 0, 2, axis=0)
    return DemandPanel(
        index=index,
        calendar=Calendar("week", np.datetime64("2022-01-03")),
        demand=demand.astype(np.float32),
        status=np.where(begun, Status.OBSERVED, Status.NOT_LISTED).astype(np.uint8),
        in_stock=np.ones(demand.shape, np.float32),
        covariates=Covariates(
            price=np.full(zeros.shape, np.nan, np.float32),
            discount=zeros.astype(np.float32),
            event=zeros.astype(np.int16),
            phase=zeros.astype(np.int16),
        ),
        launch=np.repeat(launch, 2).astype(np.int32),
        attributes={"category_1": np.repeat(category, 2).astype(np.int32)},
    )


def learned(panel: DemandPanel) -> LaunchCurves:
    curves = learn_launches(panel, build_context(panel, PARAMS), PARAMS)
    assert curves is not None
    return curves


def four_weeks(panel: DemandPanel, curves: LaunchCurves) -> np.ndarray:
    found = launch_forecast(panel, build_context(panel, PARAMS), PARAMS, curves, 4)
    return np.asarray(found.mean.sum(axis=1))


@pytest.fixture(scope="module")
def whole() -> DemandPanel:
    return launching_shop(1)


@pytest.fixture(scope="module")
def past(whole: DemandPanel) -> DemandPanel:
    return whole.until(PERIODS - 12)


@pytest.fixture(scope="module")
def curves(past: DemandPanel) -> LaunchCurves:
    return learned(past)


def test_the_update_is_that_of_a_gamma_prior_by_hand():
    """Prior 10 with shape 2; 30 sold where 20 were expected: 10 * 32 / 22, variance 1 / 32."""
    level, variance = PLAIN.update(
        np.array([10.0]), np.array([30.0]), np.array([2.0]), NOTHING, NOTHING
    )
    assert level[0] == pytest.approx(320 / 22)
    assert variance[0] == pytest.approx(1 / 32)


@pytest.mark.parametrize(("prior", "units", "seen"), [(3.0, 0, 1.0), (3.0, 14, 2.5), (0.2, 2, 4.0)])
def test_the_update_equals_the_posterior_on_a_fine_grid(prior, units, seen):
    shape = 1 / PLAIN.variance
    grid = np.linspace(1e-6, 60 * prior, 400_001)
    weight = stats.gamma.pdf(grid, shape, scale=prior / shape) * stats.poisson.pmf(
        units, grid * seen
    )
    mean = (weight * grid).sum() / weight.sum()
    relative = (weight * grid**2).sum() / weight.sum() / mean**2 - 1
    level, variance = PLAIN.update(
        np.array([prior]), np.array([float(units)]), np.array([seen]), NOTHING, NOTHING
    )
    assert level[0] == pytest.approx(mean, rel=1e-4)
    assert variance[0] == pytest.approx(relative, rel=1e-3)


def test_scattered_counts_a_drifting_level_and_other_locations_count_for_less():
    sold = (np.array([10.0]), np.array([30.0]), np.array([2.0]), NOTHING, NOTHING)
    sure = PLAIN.update(*sold)[0][0]
    for doubt in (replace(PLAIN, dispersion=4.0), replace(PLAIN, drift=0.3)):
        assert 10.0 < doubt.update(*sold)[0][0] < sure
    elsewhere = (np.array([10.0]), NOTHING, NOTHING, np.array([30.0]), np.array([2.0]))
    assert 10.0 < replace(PLAIN, sibling=0.5).update(*elsewhere)[0][0] < sure


def test_an_effect_leaves_the_row_itself_out():
    """The expectation of a row equals that of a fit without it, with one attribute and no sweep."""
    rng = np.random.default_rng(3)
    codes = np.repeat(np.arange(6), 12)
    mean = 5.0 * np.array([0.3, 0.6, 1.0, 1.0, 1.8, 3.0])[codes]
    units = rng.poisson(mean * rng.gamma(4.0, 0.25, len(mean))).astype(float)
    ones, kind = np.ones(len(units)), np.zeros(len(units), np.int64)
    rows = Evidence(units, ones, kind, {"kind": codes})
    effects, alone = learn_effects(rows, 0.25, 1.0)
    top, low = effects.tables["kind"][5], effects.tables["kind"][0]
    assert top > 1.6
    assert low < 0.6
    best = np.flatnonzero(codes == 5)[np.argmax(units[codes == 5])]
    assert alone[best] < effects.level * top
    worst = np.flatnonzero(codes == 5)[np.argmin(units[codes == 5])]
    assert alone[worst] > effects.level * top


def test_an_attribute_that_tells_nothing_has_next_to_no_effect():
    rng = np.random.default_rng(4)
    units = rng.poisson(rng.gamma(2.0, 5.0, 2000)).astype(float)
    ones, kind = np.ones(2000), np.zeros(2000, np.int64)
    rows = Evidence(units, ones, kind, {"noise": rng.integers(0, 40, 2000)})
    effects, _ = learn_effects(rows, 0.5, 1.0)
    assert np.abs(np.log(effects.tables["noise"])).max() < 0.25


def test_launches_correct_what_grown_up_products_let_expect():
    """Two kinds of goods: grown-ups of both sell alike, launches of one five times as much."""
    rng = np.random.default_rng(8)
    kind = np.repeat([0, 1], [300, 2000])
    codes = rng.integers(0, 2, 2300)
    mean = 10.0 * np.where((kind == 0) & (codes == 1), 5.0, 1.0)
    units = rng.poisson(mean * rng.gamma(2.0, 0.5, 2300)).astype(float)
    effects, _ = learn_effects(Evidence(units, np.ones(2300), kind, {"goods": codes}), 0.5, 1.0)
    got = effects.expected({"goods": np.array([0, 1])}, 2)
    assert got == pytest.approx([10.0, 50.0], rel=0.25)


def test_products_of_an_unknown_value_are_like_each_other():
    """Those with a brand sell 20, those without 5; a brand that was never seen tells nothing."""
    rng = np.random.default_rng(9)
    codes = np.where(np.arange(600) % 2 == 0, -1, rng.integers(0, 3, 600))
    units = rng.poisson(np.where(codes < 0, 5.0, 20.0) * rng.gamma(4.0, 0.25, 600)).astype(float)
    rows = Evidence(units, np.ones(600), np.zeros(600, np.int64), {"brand": codes})
    effects, _ = learn_effects(rows, 0.25, 1.0)
    got = effects.expected({"brand": np.array([-1, 0, 7])}, 3)
    assert got[:2] == pytest.approx([5.0, 20.0], rel=0.2)
    assert got[2] == effects.level


def test_before_the_first_sale_width_is_that_of_launches_nothing_was_seen_of(past, curves):
    found = launch_forecast(past, build_context(past, PARAMS), PARAMS, curves, 4)
    ahead, begun = past.launch > past.origin, past.launch == past.origin - 3
    assert (found.linear_dispersion[ahead] == curves.spreads.unseen.dispersion).all()
    assert (found.tail_ratio[ahead] == curves.spreads.unseen.tail[1]).all()
    assert (found.linear_dispersion[begun] == curves.spreads.seen.dispersion).all()


def test_the_curve_of_the_first_weeks_is_found(curves):
    want = RAMP / RAMP[:4].mean()
    assert curves.curve[-1, :8] == pytest.approx(want, rel=0.1)


def test_levels_follow_category_and_location(past, curves):
    expected = 12.0 * 3.0 ** np.array([-1.0, 0.0, 1.0])
    got = curves.effects.expected({"category_1": np.arange(3)}, 3)
    assert got == pytest.approx(expected * curves.share.mean() ** -1, rel=0.35)
    assert curves.share[0] / curves.share[1] == pytest.approx(2.0, rel=0.1)


def test_more_sales_in_the_first_week_never_lower_the_forecast(past, curves):
    new = np.flatnonzero(past.launch == past.origin)
    block = past.take(new)
    means = []
    for sold in (0, 1, 5, 25, 200):
        demand = block.demand.copy()
        demand[:, -1] = sold
        means.append(four_weeks(replace(block, demand=demand), curves))
    assert (np.diff(np.stack(means), axis=0) > 0).all()


def test_first_sales_narrow_the_level(past, curves):
    groups = build_context(past, PARAMS)
    found = launch_forecast(past, groups, PARAMS, curves, 4)
    age = past.origin + 1 - past.launch
    assert found.level_variance[age == 6].mean() < 0.5 * found.level_variance[age == 0].mean()


def test_a_block_forecasts_what_the_whole_panel_does(past, curves):
    groups = build_context(past, PARAMS)
    some = np.flatnonzero(past.launch > past.origin - 5)[::3]
    whole = launch_forecast(past, groups, PARAMS, curves, 6)
    block = launch_forecast(past.take(some), groups, PARAMS, curves, 6)
    assert np.array_equal(block.mean, whole.mean[some])
    assert np.array_equal(block.level_variance, whole.level_variance[some])


def test_nothing_sells_before_the_launch(past, curves):
    later = np.flatnonzero(past.launch == past.origin + 3)
    found = launch_forecast(past, build_context(past, PARAMS), PARAMS, curves, 6)
    assert (found.mean[later, :2] == 0).all()
    assert (found.mean[later, 2:] > 0).all()


def test_a_shop_without_launches_teaches_nothing(past):
    old = replace(past, launch=np.zeros(past.n_series, np.int32))
    assert learn_launches(old, build_context(old, PARAMS), PARAMS) is None


def test_a_scatter_kept_as_text_is_the_one_that_is_learned_the_same_night(past, curves):
    """Any other one leaves what like products, words and weeks of life say as it is."""
    kept = LaunchSpreads.from_dict(json.loads(json.dumps(curves.spreads.to_dict())))
    assert kept == curves.spreads == learn_spreads(past, PARAMS)
    groups = build_context(past, PARAMS)
    other = LaunchSpreads(PLAIN, replace(PLAIN, variance=2.0))
    again, wider = (learn_launches(past, groups, PARAMS, each) for each in (kept, other))
    assert again.spreads == curves.spreads
    assert wider.spreads == other
    for name in ("effects", "words", "curve", "share", "units", "expected"):
        for one in (again, wider):
            assert pickle.dumps(getattr(one, name)) == pickle.dumps(getattr(curves, name))


@pytest.mark.parametrize("age", [0, 2])
def test_intervals_hold_what_they_promise(age):
    """80 % bounds of four-week totals of launches not learned from hold 75 to 85 % of them.

    The non-randomized PIT of Czado, Gneiting & Held (2009), for totals are counts.
    """
    inside = []
    for seed in (21, 22):
        panel = launching_shop(seed, skus=1600)
        before = panel.until(PERIODS - 30)
        found = learned(before)
        for origin in range(PERIODS - 30, PERIODS, 2):
            now = panel.until(origin)
            groups = build_context(now, PARAMS)
            rows = np.flatnonzero(now.launch == origin + 1 - age)
            told = refreshed(found, now, groups, PARAMS)
            got = launch_forecast(now.take(rows), groups, PARAMS, told, 4)
            mean = got.mean.sum(axis=1)
            variance = got.linear_dispersion * mean + got.level_variance * mean**2
            tail = got.tail_share, got.tail_ratio
            total = Distribution(mean, variance, np.ones(len(mean)), *tail)
            came = panel.demand[rows, origin + 1 : origin + 5].sum(axis=1)
            below, above = total.cdf(came - 1), total.cdf(came)
            inside.append(np.clip((0.8 - below) / (above - below), 0, 1))
    held = float(np.concatenate(inside).mean())
    assert 0.75 <= held <= 0.85
