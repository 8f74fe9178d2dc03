"""The model as a whole: unbiased, calibrated, deterministic, the same for any block."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from forecasting.held_out import held_out
from forecasting.levels.levels import NO_LEVELS, Levels
from forecasting.model import MODEL_NAMES, FittedModel, fit, plain_model
from forecasting.params import ModelParams
from stockwright.errors import ConfigError, DataError
from stockwright.forecast import Forecast
from stockwright.overrides import ForecastOverrides
from stockwright.panel import DemandPanel, Status

PARAMS = replace(
    ModelParams.for_period("week", 6), max_rows=30_000, trees=60, held_windows=6_000, threads=1
)
FIELDS = ("mean", "linear_dispersion", "step_variance", "level_variance", "quantum", "model")


@pytest.fixture(scope="module")
def model(shop_panel: DemandPanel) -> FittedModel:
    return fit(shop_panel, PARAMS)


@pytest.fixture(scope="module")
def forecast(model: FittedModel, shop_panel: DemandPanel) -> Forecast:
    return model.predict(shop_panel, 6)


def same(one: Forecast, other: Forecast) -> bool:
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in FIELDS)


def test_the_mean_is_unbiased_against_the_true_mean(
    forecast: Forecast, shop_panel: DemandPanel, shop_mean: np.ndarray
) -> None:
    """The shop's true mean is known: its sum over the horizon within 5 %."""
    true = shop_mean[:, shop_panel.n_periods :][:, :6]
    assert abs(forecast.mean.sum() / true.sum() - 1) < 0.05
    assert set(forecast.model.tolist()) <= {MODEL_NAMES.index(n) for n in ("global", "blend")}


def test_the_mean_follows_each_series(
    forecast: Forecast, shop_panel: DemandPanel, shop_mean: np.ndarray
) -> None:
    true = shop_mean[:, shop_panel.n_periods :][:, :6].sum(axis=1)
    miss = np.abs(forecast.mean.sum(axis=1) - true).sum() / true.sum()
    assert miss < 0.15


def test_totals_cover_new_draws_of_the_true_demand(
    forecast: Forecast, shop_panel: DemandPanel, shop_mean: np.ndarray
) -> None:
    """Demand drawn afresh 50 times; non-randomized PIT, the upper levels within 4 points."""
    rng = np.random.default_rng(5)
    true = shop_mean[:, shop_panel.n_periods :][:, :4]
    total = forecast.total(1, 4)
    for level in (0.8, 0.9, 0.95):
        covered = []
        for _ in range(50):
            units = rng.poisson(true * rng.gamma(4.0, 0.25, true.shape)).sum(axis=1)
            above, below = total.cdf(units), total.cdf(units - 1.0)
            covered.append(np.clip((level - below) / (above - below), 0, 1).mean())
        assert abs(np.mean(covered) - level) < 0.04


def test_stock_outs_do_not_lower_the_forecast(scarce: tuple[DemandPanel, np.ndarray]) -> None:
    """A fifth of the periods run out of stock; the true mean within 6 % all the same."""
    panel, mean = scarce
    assert (panel.status == Status.CENSORED).mean() > 0.1
    forecast = fit(panel, PARAMS).predict(panel, 6)
    true = mean[:, panel.n_periods :][:, :6]
    assert abs(forecast.mean.sum() / true.sum() - 1) < 0.06


def test_a_block_gets_the_rows_of_the_whole(
    model: FittedModel, forecast: Forecast, shop_panel: DemandPanel
) -> None:
    context = model.context(shop_panel)
    for block in (slice(0, 7), np.array([3, 100, 101, 239])):
        assert same(model.predict(shop_panel.take(block), 6, context), forecast.take(block))


def test_threads_change_no_byte(model: FittedModel, shop_panel: DemandPanel) -> None:
    twin = fit(shop_panel, replace(PARAMS, threads=2))
    assert twin.to_bytes() == model.to_bytes()
    assert same(twin.predict(shop_panel, 6), model.predict(shop_panel, 6))


def test_a_stored_model_forecasts_the_same(model: FittedModel, shop_panel: DemandPanel) -> None:
    back = FittedModel.from_bytes(model.to_bytes())
    assert back.to_bytes() == model.to_bytes()
    assert same(back.predict(shop_panel, 6), model.predict(shop_panel, 6))
    with pytest.raises(DataError, match="format"):
        FittedModel.from_bytes(b"[]")


def test_a_stored_model_keeps_its_methods(model: FittedModel, shop_panel: DemandPanel) -> None:
    """With other methods the forecast is another one, still the sum of its parts."""
    other = fit(shop_panel, replace(PARAMS, methods=("damped_trend", "imapa")))
    back = FittedModel.from_bytes(other.to_bytes())
    assert back.params.methods == ("damped_trend", "imapa")
    assert {name.split("_")[0] for name in back.usual} == {"damped", "imapa"}
    forecast = back.predict(shop_panel, 6, parts=True)
    assert same(forecast, other.predict(shop_panel, 6))
    assert not np.array_equal(forecast.mean, model.predict(shop_panel, 6).mean)
    assert forecast.parts is not None
    size = np.abs(forecast.parts.units).sum(axis=0)
    assert (np.abs(forecast.parts.units.sum(axis=0) - forecast.mean) <= 1e-5 * size).all()


@pytest.mark.parametrize("methods", [(), ("sba", "sba"), ("smoothed",)])
def test_methods_that_are_none_twice_or_unknown_are_refused(methods: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match=r"some of naive, .*, imapa, each named once"):
        replace(PARAMS, methods=methods)


def test_a_stored_model_serves_a_later_night(
    shop_panel: DemandPanel, shop_mean: np.ndarray
) -> None:
    """Fitted five weeks earlier, fed with the state of tonight."""
    older = fit(shop_panel.until(shop_panel.origin - 5), PARAMS)
    forecast = older.predict(shop_panel, 6)
    true = shop_mean[:, shop_panel.n_periods :][:, :6]
    assert abs(forecast.mean.sum() / true.sum() - 1) < 0.08


def test_nothing_after_the_origin_is_read(shop_panel: DemandPanel) -> None:
    """Demand of the last ten periods multiplied by 50 changes no byte of an earlier model."""
    origin = shop_panel.origin - 10
    wild = shop_panel.demand.copy()
    wild[:, origin + 1 :] *= 50
    changed = replace(shop_panel, demand=wild)
    light = replace(PARAMS, trees=10)
    one, other = (fit(each.until(origin), light) for each in (shop_panel, changed))
    assert one.to_bytes() == other.to_bytes()


def test_a_history_too_short_for_the_booster_takes_the_plain_mean(shop_panel: DemandPanel) -> None:
    few = shop_panel.take(slice(0, 6)).until(30)
    model = fit(few, PARAMS)
    forecast = model.predict(few, 6)
    assert model.booster == ""
    assert set(forecast.model.tolist()) == {MODEL_NAMES.index("plain")}
    recent = few.demand[:, -13:].mean(axis=1)
    ratio = forecast.mean.mean(axis=1).sum() / recent.sum()
    assert 0.7 < ratio < 1.4


def test_one_period_of_history_is_enough_for_a_forecast(shop_panel: DemandPanel) -> None:
    forecast = fit(shop_panel.until(0), PARAMS).predict(shop_panel.until(0), 6)
    assert np.isfinite(forecast.mean).all()
    assert forecast.total(1, 3).quantile(0.95).max() > 0


def test_the_plain_model_needs_no_fit(shop_panel: DemandPanel, shop_mean: np.ndarray) -> None:
    forecast = plain_model(PARAMS).predict(shop_panel, 6)
    true = shop_mean[:, shop_panel.n_periods :][:, :6]
    assert abs(forecast.mean.sum() / true.sum() - 1) < 0.15


def altered(panel: DemandPanel, series: int, launch: int, since: int) -> DemandPanel:
    """The panel with one series NOT_LISTED from ``since`` on and launched in ``launch``."""
    status, demand, launches = panel.status.copy(), panel.demand.copy(), panel.launch.copy()
    status[series, since:], demand[series, since:] = Status.NOT_LISTED, 0
    launches[series] = launch
    return replace(panel, status=status, demand=demand, launch=launches)


def test_a_series_sells_from_its_launch_on(model: FittedModel, shop_panel: DemandPanel) -> None:
    """Never seen before: nothing until its launch, what its groups let expect from then on."""
    panel = altered(shop_panel, 4, shop_panel.n_periods + 2, 0)
    forecast = model.predict(panel, 6)
    assert (forecast.mean[4, :2] == 0).all()
    assert (forecast.mean[4, 2:] > 0).all()
    assert forecast.model[4] == MODEL_NAMES.index("group")


def test_a_series_that_ended_is_not_forecast(model: FittedModel, shop_panel: DemandPanel) -> None:
    forecast = model.predict(altered(shop_panel, 4, 0, 110), 6)
    assert forecast.mean[4].sum() == 0
    assert forecast.model[4] == MODEL_NAMES.index("ended")
    assert forecast.total(1, 6).quantile(0.99)[4] == 0


def test_a_shop_that_sells_more_moves_all_series_that_follow_the_aggregates(
    model: FittedModel, shop_panel: DemandPanel
) -> None:
    """Demand 30 % up in the last six weeks, with levels that were right before; in any block."""
    rng = np.random.default_rng(2)
    demand = shop_panel.demand.astype(np.int64)
    demand[:, :-6] = rng.binomial(demand[:, :-6], 1 / 1.3)
    panel = replace(shop_panel, demand=demand.astype(np.float32))
    deaf = replace(model, levels=NO_LEVELS)
    heeding = replace(model, levels=Levels(1.0, 0, (1.0, 0.04), (1.0, 0.0025)))
    context = heeding.context(panel)
    moved = heeding.predict(panel, 6, context)
    ratio = moved.mean.sum() / deaf.predict(panel, 6).mean.sum()
    assert 1.03 < ratio < 1.3
    some = np.array([1, 8, 77])
    assert np.array_equal(heeding.predict(panel.take(some), 6, context).mean, moved.mean[some])


def test_ten_units_for_one_scale_the_plain_forecast(shop_panel: DemandPanel) -> None:
    ten = replace(shop_panel, demand=shop_panel.demand * 10)
    one, other = (plain_model(PARAMS).predict(each, 6) for each in (shop_panel, ten))
    large = one.mean.sum(axis=1) > 1
    assert np.allclose(other.mean[large], 10 * one.mean[large], rtol=0.02)


def test_parameters_out_of_range_are_all_named() -> None:
    with pytest.raises(ConfigError, match=r"trees is 0.*leaves is 1"):
        ModelParams(trees=0, leaves=1)


def test_a_model_of_days_refuses_weeks(shop_panel: DemandPanel) -> None:
    with pytest.raises(DataError, match="period"):
        plain_model(ModelParams.for_period("day")).predict(shop_panel, 6)


class Doubling:
    """A planner who doubled the forecasts of every second series, in the first two steps."""

    def at(self, origin: int, series: np.ndarray, steps: int) -> ForecastOverrides:
        speaks = (series % 2 == 0)[:, None] & (np.arange(steps) < 2)
        nothing = np.full(speaks.shape, np.nan)
        return ForecastOverrides(nothing, np.where(speaks, 2.0, nothing), np.zeros(speaks.shape))


def test_overrides_of_the_past_are_judged_and_change_nothing_else(
    model: FittedModel, shop_panel: DemandPanel
) -> None:
    judged = fit(shop_panel, PARAMS, Doubling())
    assert replace(judged, staircase=model.staircase).to_bytes() == model.to_bytes()
    (word,) = [s for s in judged.staircase if (s.rung, s.segment) == ("override", "overridden")]
    (below,) = [s for s in judged.staircase if (s.rung, s.segment) == ("blend", "overridden")]
    assert word.harmful
    assert below.bias + 0.3 < word.bias < below.bias + 1


def test_a_total_takes_the_overrides_of_its_own_origin_series_and_steps(
    shop_panel: DemandPanel,
) -> None:
    """Against a loop over totals and steps; untouched totals stay to the bit."""
    outcome, _ = held_out(shop_panel, None, np.array([90, 100]), PARAMS, Doubling())
    sums = outcome.sums((1, 3, 6))
    whole = np.cumsum(outcome.mean, axis=1)
    mean = 1.1 * whole[sums.row, sums.span - 1]
    found = outcome.overridden(sums, mean)
    even = sums.series % 2 == 0
    assert 0 < even.sum() < len(even)
    assert np.array_equal(found[~even], mean[~even])
    for place in np.flatnonzero(even):
        steps = 1.1 * outcome.mean[sums.row[place], : sums.span[place]]
        expected = sum(2 * each if step < 2 else each for step, each in enumerate(steps))
        assert found[place] == pytest.approx(expected)


def test_blend_and_staircase_outlive_storage(model: FittedModel) -> None:
    """Rows for the shop say what each rung added; weights sum to 1 in every segment."""
    back = FittedModel.from_bytes(model.to_bytes())
    assert back.staircase == model.staircase
    shop = [stair.rung for stair in back.staircase if stair.segment == "shop"]
    assert shop == ["naive", "statistical", "global", "blend"]
    assert np.allclose(back.blend.weights.sum(axis=1), 1)
    assert np.array_equal(back.blend.weights, model.blend.weights)
