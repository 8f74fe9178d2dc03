"""Life stages and breakouts on series whose truth is planted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from features.context import build_context
from features.params import FeatureParams
from forecasting.life.life import (
    LifeParams,
    breakouts,
    discoveries,
    life_stages,
    shrunk_trend,
    silences,
    trends,
)
from forecasting.life.life_signal import YEAR_WEEKS, LifeSignal
from forecasting.life.noise import Noise, learn_noise
from stockwright.calendar import Calendar
from stockwright.life import LifeStage, LifeStages
from stockwright.panel import Covariates, DemandPanel, SeriesIndex, Status

PARAMS = FeatureParams.for_period("day")
RULES = LifeParams()
DAYS, AHEAD = 560, 28


def daily_shop(seed: int, n: int = 1000, shape: np.ndarray | None = None) -> DemandPanel:
    """0.3 to 30 units a day, weekly shocks, over-dispersed counts, times ``shape`` (n, DAYS)."""
    rng = np.random.default_rng(seed)
    level = 10 ** rng.uniform(-0.5, 1.5, n)
    shock = np.exp(0.2 * rng.standard_normal((n, DAYS // 7)) - 0.02)
    mean = level[:, None] * np.repeat(shock, 7, axis=1)
    mean = mean if shape is None else mean * shape
    size = mean / (1.5 + 0.1 * mean)
    demand = rng.negative_binomial(np.maximum(size, 1e-9), size / np.maximum(size + mean, 1e-12))
    zeros = np.zeros((1, DAYS + AHEAD))
    return DemandPanel(
        index=SeriesIndex(
            tuple(f"s{i:05d}" for i in range(n // 2)),
            ("a", "b"),
            np.repeat(np.arange(n // 2), 2).astype(np.int32),
            np.tile(np.arange(2), n // 2).astype(np.int32),
        ),
        calendar=Calendar("day", np.datetime64("2023-01-02")),
        demand=np.where(mean > 0, demand, 0).astype(np.float32),
        status=np.zeros((n, DAYS), np.uint8),
        in_stock=np.ones((n, DAYS), np.float32),
        covariates=Covariates(
            price=np.full(zeros.shape, np.nan, np.float32),
            discount=zeros.astype(np.float32),
            event=zeros.astype(np.int16),
            phase=zeros.astype(np.int16),
        ),
        launch=np.zeros(n, np.int32),
        attributes={"category_1": (np.arange(n) // 2 % 4).astype(np.int32)},
    )


def stages_of(panel: DemandPanel, sku: bool = False) -> LifeStages:
    return life_stages(panel, build_context(panel, PARAMS), PARAMS)[int(sku)]


def signal_of(units: np.ndarray) -> LifeSignal:
    """A year of weeks, all of them known."""
    units = np.asarray(units, np.float32)
    return LifeSignal(units, np.ones_like(units), units, np.ones_like(units))


@pytest.fixture(scope="module")
def stable() -> DemandPanel:
    return daily_shop(1)


def test_stable_series_break_out_and_move_no_more_often_than_promised(stable):
    for panel in (stable, daily_shop(2)):
        found = stages_of(panel)
        assert found.hit.mean() <= 0.003
        assert np.isin(found.stage, [LifeStage.GROWTH, LifeStage.DECLINE]).mean() <= 0.05


def test_the_chance_of_a_stable_series_is_not_too_small_too_often(stable):
    chance = stages_of(stable).chance
    for bound in (0.5, 0.1, 0.01):
        slack = 3 * np.sqrt(bound * (1 - bound) / len(chance))
        assert (chance <= bound).mean() <= bound + slack


def test_a_threefold_breakout_is_found_within_days():
    """Series with at least 3 units a day: most within 14 days, all others within 28."""
    shape = np.ones((1000, DAYS))
    shape[:60, -28:] = 3.0
    panel = daily_shop(3, shape=shape)
    level = panel.demand[:60, :-28].mean(axis=1)
    for days, least in ((14, 0.85), (0, 0.95)):
        found = stages_of(panel.until(DAYS - 1 - days))
        assert found.hit[:60][level >= 3].mean() >= least
        assert found.hit[60:].mean() <= 0.01
    assert np.median(found.lift[:60][found.hit[:60]]) == pytest.approx(3.0, rel=0.25)


def test_a_rise_of_the_whole_category_or_in_an_event_or_by_price_is_no_breakout():
    shape = np.ones((1000, DAYS))
    risen = np.arange(1000) // 2 % 4 == 1
    shape[risen, -14:] = 3.0
    panel = daily_shop(4, shape=shape)
    assert stages_of(panel).hit[risen].mean() <= 0.02
    alone = np.ones((1000, DAYS))
    alone[:40, -14:] = 3.0
    panel = daily_shop(5, shape=alone)
    assert stages_of(panel).hit[:40].mean() > 0.4
    cut = np.zeros((1000, DAYS + AHEAD), np.float32)
    cut[:40, DAYS - 14 : DAYS] = 0.3
    assert (
        not stages_of(replace(panel, covariates=replace(panel.covariates, discount=cut)))
        .hit[:40]
        .any()
    )


def test_the_days_after_a_stock_out_make_no_breakout():
    shape = np.ones((1000, DAYS))
    shape[:40, -6:] = 4.0
    panel = daily_shop(6, shape=shape)
    assert stages_of(panel).hit[:40].mean() > 0.2
    status, demand = panel.status.copy(), panel.demand.copy()
    in_stock = panel.in_stock.copy()
    status[:40, -16:-6] = Status.CENSORED
    demand[:40, -16:-6], in_stock[:40, -16:-6] = 0, 0
    back = replace(panel, status=status, demand=demand, in_stock=in_stock)
    assert stages_of(back).hit[:40].mean() == 0


def test_strong_trends_are_growth_and_decline():
    shape = np.ones((1000, DAYS))
    ramp = np.clip(np.arange(DAYS) - DAYS + 112, 0, None) / 7
    shape[:50], shape[50:100] = np.exp(0.1 * ramp), np.exp(-0.1 * ramp)
    found = stages_of(daily_shop(7, shape=shape))
    assert (found.stage[:50] == LifeStage.GROWTH).mean() > 0.7
    assert (found.stage[50:100] == LifeStage.DECLINE).mean() > 0.5
    assert (found.trend[:50] > 0).mean() > 0.95


def test_a_launch_is_in_its_introduction_for_eight_weeks(stable):
    status, launch = stable.status.copy(), stable.launch.copy()
    for row, days in enumerate((10, 50, 70)):
        launch[row] = DAYS - days
        status[row, : DAYS - days] = Status.NOT_LISTED
    launch[3] = DAYS + 5
    found = stages_of(replace(stable, status=status, launch=launch))
    assert (found.stage[[0, 1, 3]] == LifeStage.INTRODUCTION).all()
    assert found.stage[2] != LifeStage.INTRODUCTION
    assert found.weeks[:2] == pytest.approx([10 / 7, 50 / 7])


def test_delisted_and_silent_series_have_ended_and_slow_sellers_have_not(stable):
    status, demand = stable.status.copy(), stable.demand.copy()
    status[0, -10:] = Status.NOT_LISTED
    demand[0, -10:] = 0
    demand[1, -100:] = 0
    demand[2, -60:] = 0
    demand[3, :] = 0
    demand[3, ::180] = 1
    found = stages_of(replace(stable, status=status, demand=demand))
    assert (found.stage[[0, 1]] == LifeStage.ENDED).all()
    assert not (found.stage[[2, 3]] == LifeStage.ENDED).any()


def test_a_sku_kept_only_where_nothing_is_sold_has_not_ended():
    panel = daily_shop(9, 40)
    central = panel.index.location == 1
    alone = central & (panel.index.sku < 3)
    status = np.where(central[:, None], Status.NOT_LISTED, panel.status).astype(np.uint8)
    kept = np.flatnonzero(central | (panel.index.sku >= 3))
    shop = replace(
        panel,
        status=status,
        demand=np.where(central[:, None], 0, panel.demand).astype(np.float32),
        launch=np.where(central, DAYS, panel.launch).astype(np.int32),
    ).take(kept)
    own, pooled = life_stages(shop, build_context(shop, PARAMS), PARAMS)
    assert (pooled.stage[:3] == LifeStage.INTRODUCTION).all()
    assert (own.stage[alone[kept]] == LifeStage.INTRODUCTION).all()
    assert not (pooled.stage == LifeStage.ENDED).any()


def test_no_series_have_no_stages(stable):
    none = stable.take(np.zeros(0, np.int64))
    life, _ = life_stages(none, build_context(stable, PARAMS), PARAMS)
    assert len(life.stage) == len(life.hit) == 0


def test_the_stage_of_a_sku_pools_its_locations(stable):
    """A silent location does not end a SKU; all of them do."""
    demand = stable.demand.copy()
    demand[0, -120:] = 0
    demand[[2, 3], -120:] = 0
    found = stages_of(replace(stable, demand=demand), sku=True)
    assert len(found.stage) == 500
    assert found.stage[0] != LifeStage.ENDED
    assert found.stage[1] == LifeStage.ENDED


def test_the_trend_is_that_of_a_poisson_regression():
    """The score equation of the log-linear Poisson model holds, with its textbook error."""
    rng = np.random.default_rng(8)
    time = np.arange(16) - 7.5
    units = np.zeros((30, YEAR_WEEKS))
    units[:, -16:] = rng.poisson(40 * np.exp(0.04 * time), (30, 16))
    slope, error = trends(signal_of(units), Noise(np.ones(30), 0.0), RULES)
    shape = np.exp(slope[:, None] * time)
    mean = shape * (units.sum(axis=1) / shape.sum(axis=1))[:, None]
    assert ((units[:, -16:] - mean) @ time) == pytest.approx(np.zeros(30), abs=1e-3)
    middle = (mean @ time / mean.sum(axis=1))[:, None]
    assert error == pytest.approx((mean * (time - middle) ** 2).sum(axis=1) ** -0.5, rel=1e-6)
    assert slope.mean() == pytest.approx(0.04, abs=0.005)


def test_shrinking_keeps_sure_trends_and_drops_unsure_ones():
    rng = np.random.default_rng(9)
    error = np.repeat([0.002, 0.2], 500)
    truth = 0.03 * rng.standard_normal(1000)
    raw = truth + error * rng.standard_normal(1000)
    shrunk = shrunk_trend(raw, error)
    assert shrunk[:500] == pytest.approx(raw[:500], rel=0.05)
    assert np.abs(shrunk[500:]).mean() < 0.2 * np.abs(raw[500:]).mean()
    assert np.mean((shrunk - truth) ** 2) < 0.2 * np.mean((raw - truth) ** 2)


def test_the_chance_of_a_breakout_is_a_negative_binomial_tail():
    units = np.full((1, YEAR_WEEKS), 10.0)
    units[0, -1] = 25.0
    rules = replace(RULES, windows=(1,), before=26)
    noise = Noise(np.array([2.0]), 0.0)
    lift, chance = breakouts(signal_of(units), noise, np.array([-1]), rules)
    mean = 260.5 / 26
    # The row is its category's whole pace, so the pace is its own rise.
    pace = 25.0 / mean
    mean *= pace
    variance = 2 * mean + mean**2 * 2 / 260.5
    p = mean / variance
    want = stats.nbinom.sf(24, mean * p / (1 - p), p)
    assert chance[0] == pytest.approx(want, rel=1e-6)
    assert lift[0] == pytest.approx(1.0)


def test_false_discoveries_are_held_as_by_hand():
    """Benjamini & Hochberg (1995), their worked example: the four smallest of fifteen at 5 %."""
    small = (0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459)
    chance = np.array([*small, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 0.99999])
    assert discoveries(chance, 0.05).sum() == 4
    assert not discoveries(np.ones(5), 0.05).any()


def test_silence_is_judged_by_the_own_rate():
    """Ten selling weeks in 40, then 12 silent: (40 / 52) ** 10.5."""
    units = np.zeros((3, YEAR_WEEKS))
    units[0, 3:40:4] = 2
    units[0, 39] = 1
    units[1, :40] = 1
    quiet, chance = silences(signal_of(units))
    count = (units[0] > 0).sum()
    assert quiet.tolist() == [12.0, 12.0, 0.0]
    assert chance[0] == pytest.approx((40 / 52) ** (count + 0.5))
    assert chance[1] == pytest.approx((40 / 52) ** 40.5)
    assert chance[2] == 1.0


def test_the_noise_of_simulated_weeks_is_recovered():
    rng = np.random.default_rng(10)
    mean = np.full((400, 30), 20.0)
    units = rng.negative_binomial(10.0, 1 / 3, mean.shape)
    noise = learn_noise(units.astype(np.float32), np.ones(mean.shape, np.float32), 26)
    assert noise.dispersion.mean() == pytest.approx(3.0, rel=0.1)
    assert noise.correlation < 0.1
