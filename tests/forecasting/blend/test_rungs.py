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
    statistical_rungs,
    usual_errors,
    without_year,
)
from forecasting.params import ModelParams
from stockwright.panel import DemandPanel

FEATURES = ModelParams.for_period("week", 6).features()
Known = tuple[FeatureContext, dict[str, np.ndarray], Statistical]


@pytest.fixture(scope="module")
def known(shop_panel: DemandPanel) -> Known:
    context = build_context(shop_panel, FEATURES)
    usual = usual_errors(prepare(shop_panel, 6, FEATURES, context))
    return context, usual, statistical_rungs(shop_panel, 6, FEATURES, context, usual)


def test_a_block_gets_the_rungs_of_the_whole(known: Known, shop_panel: DemandPanel) -> None:
    context, usual, whole = known
    some = np.array([2, 90, 91, 200])
    part = statistical_rungs(shop_panel.take(some), 6, FEATURES, context, usual)
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
    some = statistical_rungs(shop_panel, 6, FEATURES, context, usual, frozenset({LEVEL, GLOBAL}))
    assert np.array_equal(some.means[LEVEL], whole.means[LEVEL])
    assert not some.means[[SMOOTHED, STEADY]].any()


def test_without_a_season_of_the_year_the_shortcut_is_the_long_way(
    known: Known, shop_panel: DemandPanel
) -> None:
    """Asked for alone, the steady rung is worked out; beside the smoothed one it is copied."""
    flat, usual = without_year(known[0]), known[1]
    both = statistical_rungs(shop_panel, 6, FEATURES, flat, usual).means
    alone = statistical_rungs(shop_panel, 6, FEATURES, flat, usual, frozenset((STEADY,))).means
    assert np.array_equal(both[STEADY], alone[STEADY])
    assert not np.array_equal(both[STEADY], known[2].means[SMOOTHED])
