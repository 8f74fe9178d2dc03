"""Statistical rungs: the same in any block, without the year where asked, at the true level."""

from __future__ import annotations

import numpy as np
import pytest

from features.build import prepare
from features.context import FeatureContext, build_context
from forecasting.blend.rungs import (
    GLOBAL,
    LEVEL,
    NAIVE,
    SMOOTHED,
    STEADY,
    Statistical,
    recent,
    statistical_rungs,
    without_year,
)
from forecasting.params import MethodName, ModelParams
from forecasting.statistical.intermittent import sales
from forecasting.statistical.methods import StatisticalParams, statistical_means, usual_errors
from forecasting.statistical.smoothing import Chooser, History, exponential_smoothing, picked
from stockwright.panel import DemandPanel

FEATURES = ModelParams.for_period("week", 6).features()
METHODS = ModelParams().methods
Known = tuple[FeatureContext, dict[str, np.ndarray], Statistical]


@pytest.fixture(scope="module")
def known(shop_panel: DemandPanel) -> Known:
    context = build_context(shop_panel, FEATURES)
    usual = usual_errors(prepare(shop_panel, 6, FEATURES, context), METHODS)
    return context, usual, statistical_rungs(shop_panel, 6, FEATURES, context, METHODS, usual)


def test_a_block_gets_the_rungs_of_the_whole(known: Known, shop_panel: DemandPanel) -> None:
    context, usual, whole = known
    some = np.array([2, 90, 91, 200])
    part = statistical_rungs(shop_panel.take(some), 6, FEATURES, context, METHODS, usual)
    assert np.array_equal(part.means, whole.means[:, some])
    assert np.array_equal(part.segment, whole.segment[some])


def test_steady_and_naive_rungs_do_not_move_with_the_year(known: Known) -> None:
    """No event and no weekday in this shop of weeks: what is left is a level."""
    means = known[2].means
    assert np.ptp(means[NAIVE], axis=1).max() == 0
    assert np.ptp(means[STEADY], axis=1).max() <= 1e-9 * means[STEADY].max()
    assert np.ptp(means[SMOOTHED], axis=1).max() > 0.01


def test_every_rung_is_near_the_mean_of_the_last_quarter(
    known: Known, shop_panel: DemandPanel
) -> None:
    recent = shop_panel.demand[:, -13:].mean(axis=1).sum()
    for rung in (NAIVE, LEVEL, SMOOTHED, STEADY):
        assert 0.6 < known[2].means[rung].mean(axis=1).sum() / recent < 1.6


def test_rungs_that_are_not_wanted_are_not_worked_out(
    known: Known, shop_panel: DemandPanel
) -> None:
    context, usual, whole = known
    known_of_all = (FEATURES, context, METHODS, usual)
    some = statistical_rungs(shop_panel, 6, *known_of_all, frozenset({LEVEL, GLOBAL}))
    assert np.array_equal(some.means[LEVEL], whole.means[LEVEL])
    assert not some.means[[SMOOTHED, STEADY]].any()


def test_without_a_season_of_the_year_the_shortcut_is_the_long_way(
    known: Known, shop_panel: DemandPanel
) -> None:
    """Asked for alone, the steady rung is worked out; beside the smoothed one it is copied."""
    flat = (FEATURES, without_year(known[0]), METHODS, known[1])
    both = statistical_rungs(shop_panel, 6, *flat).means
    alone = statistical_rungs(shop_panel, 6, *flat, frozenset((STEADY,))).means
    assert np.array_equal(both[STEADY], alone[STEADY])
    assert not np.array_equal(both[STEADY], known[2].means[SMOOTHED])


def test_by_default_the_rung_is_the_mean_of_simple_smoothing_and_tsb_to_the_bit(
    known: Known, shop_panel: DemandPanel
) -> None:
    """Both worked out from their recursions here, each with its own choice of parameters."""
    context, usual, whole = known
    prepared = recent(prepare(shop_panel, 6, FEATURES, context), FEATURES.long)
    params = StatisticalParams.for_period("week")
    history = History.of(recent(prepared, 182), slice(None))
    choose = Chooser(usual, params.shrink).choose
    simple = exponential_smoothing(history, np.asarray(params.alphas))
    level = picked(simple.level, choose("smoothing", simple.errors, simple.count))
    sold = sales(history, np.asarray(params.chances), np.asarray(params.sale_alphas))
    rate = picked(sold.rate, choose("tsb", sold.errors, sold.count))
    expected = np.mean([level, rate], axis=0)[:, None] * whole.season
    assert METHODS == ("smoothing", "tsb")
    assert np.array_equal(whole.means[SMOOTHED], expected)


def test_a_drift_goes_on_over_the_steps(known: Known, shop_panel: DemandPanel) -> None:
    """Without the season of the year the steady rung is the mean of both methods step by step."""
    methods: tuple[MethodName, ...] = ("damped_trend", "optimized_theta")
    context = known[0]
    means = statistical_rungs(shop_panel, 6, FEATURES, context, methods, {}).means
    flat = without_year(context)
    prepared = recent(prepare(shop_panel, 6, FEATURES, flat), FEATURES.long)
    found = statistical_means(prepared, methods)
    rate = found.rate(np.arange(1, 7)).mean(axis=0)
    seen = (prepared.signal.exposure > 0).any(axis=1)
    assert np.allclose(means[STEADY][seen], rate[seen])
    moved = np.ptp(means[STEADY], axis=1) > 1e-3 * means[STEADY].max(axis=1)
    assert moved.mean() > 0.5


def test_the_order_of_the_methods_changes_no_bit(known: Known, shop_panel: DemandPanel) -> None:
    one: tuple[MethodName, ...] = ("imapa", "naive", "sba")
    found, same = (
        statistical_rungs(shop_panel, 6, FEATURES, known[0], methods, {}).means
        for methods in (one, one[::-1])
    )
    assert np.array_equal(found, same)
    assert not np.array_equal(found[SMOOTHED], known[2].means[SMOOTHED])
