"""All methods on a block of a panel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from features.build import Prepared, prepare
from features.context import build_context
from features.params import FeatureParams
from features.signal import Signal
from forecasting.params import METHODS, MethodName
from forecasting.statistical import methods, smoothing
from forecasting.statistical.methods import (
    StatisticalMeans,
    StatisticalParams,
    statistical_means,
    usual_errors,
)
from forecasting.statistical.smoothing import Chooser, History
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
    found = statistical_means(shop_prepared, METHODS)
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
    found = statistical_means(prepared_of(panel), ("average_long",))
    true = mean[:, :120].mean(axis=1).sum()
    assert found.level[0].sum() / true == pytest.approx(1.0, abs=0.05)
    assert panel.demand.mean(axis=1).sum() / true < 0.93


def test_no_result_depends_on_the_block(
    shop_panel: DemandPanel, shop_prepared: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = usual_errors(shop_prepared, METHODS)
    whole = statistical_means(shop_prepared, METHODS, usual)
    context = shop_prepared.context
    monkeypatch.setattr(methods, "_BLOCK", 7)
    few = prepare(shop_panel.take(slice(30, 71)), 8, FEATURES, context)
    part = statistical_means(few, METHODS, usual)
    for name in ("level", "drift", "damping"):
        assert (getattr(part, name) == getattr(whole, name)[:, 30:71]).all()


@pytest.mark.parametrize("name", METHODS)
def test_a_method_alone_is_what_it_is_among_all(shop_prepared: Prepared, name: MethodName) -> None:
    usual = usual_errors(shop_prepared, METHODS)
    own = usual_errors(shop_prepared, (name,))
    assert all((own[key] == usual[key]).all() for key in own)
    whole = statistical_means(shop_prepared, METHODS, usual)
    alone = statistical_means(shop_prepared, (name,), own)
    assert alone.names == (name,)
    for part in ("level", "drift", "damping"):
        assert (getattr(alone, part)[0] == getattr(whole, part)[METHODS.index(name)]).all()


def test_methods_that_are_not_wanted_are_not_worked_out(
    shop_prepared: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("average", "last_seen", "damped_trend", "intervals", "aggregated_mean"):
        monkeypatch.setattr(methods, name, None)
    monkeypatch.setattr(smoothing.Line, "add", None)
    found = statistical_means(shop_prepared, ("tsb", "smoothing"))
    assert found.names == ("smoothing", "tsb")
    assert found.level.all()
    assert not found.drift.any()


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
    found, same = (statistical_means(each, METHODS) for each in (one, other))
    assert (found.level == same.level).all()


def test_unseen_series_take_their_base_level(shop_panel: DemandPanel) -> None:
    status = shop_panel.status.copy()
    status[3] = Status.MISSING
    prepared = prepared_of(replace(shop_panel, status=status))
    found = statistical_means(prepared, METHODS)
    assert (found.level[:, 3] == prepared.level[3]).all()
    assert (found.drift[:, 3] == 0).all()


def test_demand_scales_through_all_methods(shop_panel: DemandPanel) -> None:
    """Ten times the demand is ten times the level and drift of every method."""
    one = statistical_means(prepared_of(shop_panel), METHODS)
    more = statistical_means(
        prepared_of(replace(shop_panel, demand=shop_panel.demand * np.float32(10))), METHODS
    )
    assert np.allclose(more.level, 10 * one.level, rtol=1e-3)
    assert np.allclose(more.drift, 10 * one.drift, rtol=1e-3, atol=1e-3)


def test_the_rate_follows_drift_and_damping_and_is_never_negative() -> None:
    means = StatisticalMeans(
        names=("damped_trend", "theta", "optimized_theta"),
        level=np.array([[10.0], [10.0], [1.0]]),
        drift=np.array([[2.0], [2.0], [-0.6]]),
        damping=np.array([[0.5], [1.0], [1.0]]),
    )
    got = means.rate(np.array([1, 3]))
    assert np.allclose(got[0, 0], [10 + 1.0, 10 + 2 * (0.5 + 0.25 + 0.125)])
    assert np.allclose(got[1, 0], [12, 16])
    assert np.allclose(got[2, 0], [0.4, 0.0])
    flat = replace(means, drift=np.zeros((3, 1)))
    assert (flat.rate(np.array([1, 3])) == means.level[..., None]).all()


def test_usual_errors_choose_for_a_new_series(shop_prepared: Prepared) -> None:
    """With all the weight on the shop, every series gets the shop's best parameter."""
    usual = usual_errors(shop_prepared, METHODS)
    assert all((u >= 0).all() and (u <= 1).all() for u in usual.values())
    shops = replace(PARAMS, shrink=1e12)
    found = statistical_means(shop_prepared, ("smoothing",), usual, shops)
    best = replace(PARAMS, alphas=(PARAMS.alphas[int(np.argmin(usual["smoothing"]))],))
    alone = statistical_means(shop_prepared, ("smoothing",), params=best)
    assert np.allclose(found.level, alone.level)


def test_smoothing_goes_over_the_last_periods_and_averages_over_all(
    shop_prepared: Prepared,
) -> None:
    """What smoothing knows of a long history with a short memory is what it knows of a short one.

    The windows of the averages reach beyond that memory.
    """
    short = replace(PARAMS, memory=10)
    signal = shop_prepared.signal
    last = replace(
        shop_prepared,
        signal=Signal(signal.units[:, -10:], signal.exposure[:, -10:], signal.rate[:, -10:]),
        factor=shop_prepared.factor[:, -10:],
    )
    for name in METHODS:
        found = statistical_means(shop_prepared, (name,), params=short).level
        same = found == statistical_means(last, (name,)).level
        assert same.all() == (name not in ("average_middle", "average_long"))


def test_the_optimized_theta_follows_a_steep_line_and_the_plain_one_half_of_it() -> None:
    rate = 5.0 + np.arange(50.0)[:, None]
    history = History(rate, np.ones(rate.shape))
    both = frozenset(("theta", "optimized_theta"))
    rows = methods._smoothing_rows(history, PARAMS, Chooser({}, 0.0), both)
    drift = {name: float(np.ravel(rows[name][1])[0]) for name in both}
    assert drift["theta"] == pytest.approx(0.5)
    assert drift["optimized_theta"] == pytest.approx(1.0)


def test_wrong_parameters_are_refused_with_all_reasons() -> None:
    with pytest.raises(ConfigError, match=r"\(0, 1\].*windows ascend"):
        StatisticalParams(alphas=(0.0,), windows=(4, 4, 52))
