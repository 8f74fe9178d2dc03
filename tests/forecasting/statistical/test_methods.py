"""All methods on a block of a panel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from features.build import Prepared, prepare
from features.context import build_context
from features.params import FeatureParams
from forecasting.statistical import methods
from forecasting.statistical.methods import (
    METHODS,
    StatisticalMeans,
    StatisticalParams,
    block_traits,
    statistical_means,
    usual_errors,
)
from forecasting.statistical.smoothing import History
from stockwright.errors import ConfigError
from stockwright.panel import DemandPanel, Status

FEATURES = FeatureParams.for_period("week")
PARAMS = StatisticalParams.for_period("week")


def prepared_of(panel: DemandPanel) -> Prepared:
    return prepare(panel, 8, FEATURES, build_context(panel, FEATURES))


@pytest.fixture(scope="module")
def shop_prepared(shop_panel: DemandPanel) -> Prepared:
    return prepared_of(shop_panel)


def test_every_method_finds_the_level_of_a_steady_shop(
    shop_prepared: Prepared, shop_mean: np.ndarray
) -> None:
    """Total of the calm levels within 10 % of the true mean with the season taken out."""
    found = statistical_means(shop_prepared, PARAMS)
    season = 1 + 0.3 * np.sin(2 * np.pi * np.arange(shop_mean.shape[1]) / 52.18)
    true = shop_mean[:, 0] / season[0]
    assert found.names == METHODS
    assert found.level.shape == (len(METHODS), len(true))
    ratio = dict(zip(found.names, found.level.sum(axis=1) / true.sum(), strict=True))
    assert all(0.9 < value < 1.1 for value in ratio.values()), ratio


def test_stock_outs_do_not_bias_the_levels(
    scarce: tuple[DemandPanel, np.ndarray],
) -> None:
    """Stock for 1.5 mean weeks: long averages stay within 5 % of demand, sales are far below."""
    panel, mean = scarce
    found = statistical_means(prepared_of(panel), PARAMS)
    true = mean[:, :120].mean(axis=1).sum()
    place = METHODS.index("average_long")
    assert found.level[place].sum() / true == pytest.approx(1.0, abs=0.05)
    assert panel.demand.mean(axis=1).sum() / true < 0.93


def test_no_result_depends_on_the_block(
    shop_panel: DemandPanel, shop_prepared: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = usual_errors(shop_prepared, PARAMS)
    whole = statistical_means(shop_prepared, PARAMS, usual)
    context = shop_prepared.context
    monkeypatch.setattr(methods, "_BLOCK", 7)
    few = prepare(shop_panel.take(slice(30, 71)), 8, FEATURES, context)
    part = statistical_means(few, PARAMS, usual)
    for name in ("level", "drift", "damping"):
        assert (getattr(part, name) == getattr(whole, name)[:, 30:71]).all()
    assert (part.observed == whole.observed[30:71]).all()


def test_periods_that_were_not_observed_change_nothing_but_windows(
    shop_panel: DemandPanel, shop_prepared: Prepared
) -> None:
    """Whatever sales are recorded in closed periods, the forecasts are the same."""
    status = shop_panel.status.copy()
    status[:, 70:75] = Status.CLOSED
    closed = replace(shop_panel, status=status)
    demand = shop_panel.demand.copy()
    demand[:, 70:75] = 99
    one, other = (prepared_of(p) for p in (closed, replace(closed, demand=demand)))
    assert (statistical_means(one, PARAMS).level == statistical_means(other, PARAMS).level).all()


def test_unseen_series_take_their_base_level(shop_panel: DemandPanel) -> None:
    status = shop_panel.status.copy()
    status[3] = Status.MISSING
    prepared = prepared_of(replace(shop_panel, status=status))
    found = statistical_means(prepared, PARAMS)
    assert found.observed[3] == 0
    assert (found.level[:, 3] == prepared.level[3]).all()
    assert (found.drift[:, 3] == 0).all()


def test_demand_scales_through_all_methods(shop_panel: DemandPanel) -> None:
    """Ten times the demand is ten times the level and drift of every method."""
    one = statistical_means(prepared_of(shop_panel), PARAMS)
    more = statistical_means(
        prepared_of(replace(shop_panel, demand=shop_panel.demand * np.float32(10))), PARAMS
    )
    assert np.allclose(more.level, 10 * one.level, rtol=1e-3)
    assert np.allclose(more.drift, 10 * one.drift, rtol=1e-3, atol=1e-3)


def test_the_mean_follows_drift_damping_and_season_and_is_never_negative() -> None:
    means = StatisticalMeans(
        names=("damped", "straight", "falling"),
        level=np.array([[10.0], [10.0], [1.0]]),
        drift=np.array([[2.0], [2.0], [-0.6]]),
        damping=np.array([[0.5], [1.0], [1.0]]),
        observed=np.ones(1),
    )
    got = means.mean(np.array([1, 3]), np.array([[2.0, 1.0]]))
    assert np.allclose(got[0, 0], [2 * (10 + 1.0), 10 + 2 * (0.5 + 0.25 + 0.125)])
    assert np.allclose(got[1, 0], [2 * 12, 16])
    assert np.allclose(got[2, 0], [2 * 0.4, 0.0])


def test_usual_errors_choose_for_a_new_series(shop_prepared: Prepared) -> None:
    """With all the weight on the shop, every series gets the shop's best parameter."""
    usual = usual_errors(shop_prepared, PARAMS)
    assert all((u >= 0).all() and (u <= 1).all() for u in usual.values())
    found = statistical_means(shop_prepared, replace(PARAMS, shrink=1e12), usual)
    best = PARAMS.alphas[int(np.argmin(usual["smoothing"]))]
    alone = statistical_means(shop_prepared, replace(PARAMS, alphas=(best,)))
    place = METHODS.index("smoothing")
    assert np.allclose(found.level[place], alone.level[place])


def test_the_optimized_theta_follows_a_steep_line_and_the_plain_one_half_of_it() -> None:
    rate = 5.0 + np.arange(50.0)[:, None]
    history = History(rate, np.ones(rate.shape))
    rows = methods._all_methods(history, PARAMS, methods.Chooser({}, 0.0))
    drift = {name: float(np.ravel(row[1])[0]) for name, row in zip(METHODS, rows, strict=True)}
    assert drift["theta"] == pytest.approx(0.5)
    assert drift["optimized_theta"] == pytest.approx(1.0)


def test_traits_cover_the_block(shop_prepared: Prepared) -> None:
    traits = block_traits(shop_prepared, PARAMS)
    assert traits.probability.shape == shop_prepared.level.shape
    known = np.isfinite(traits.probability)
    assert known.mean() > 0.9
    assert (traits.dispersion()[known] >= 0).all()
    assert (traits.level_variance()[known] >= 0).all()


def test_wrong_parameters_are_refused_with_all_reasons() -> None:
    with pytest.raises(ConfigError, match=r"\(0, 1\].*windows ascend"):
        StatisticalParams(alphas=(0.0,), windows=(4, 4, 52))
