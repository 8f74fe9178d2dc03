"""The base level: against a plain loop, and against the truth of simulated demand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from features.build import build_features
from features.context import build_context
from features.level import group_prior, season_factor
from features.params import FeatureParams
from stockwright.panel import DemandPanel, Status

MakePanel = Callable[..., DemandPanel]


@pytest.mark.parametrize("period", ["day", "week"])
@pytest.mark.parametrize("with_context", [False, True])
def test_levels_follow_the_stated_weights(
    make_panel: MakePanel, period: str, with_context: bool
) -> None:
    panel = make_panel(period, seed=21)
    params = FeatureParams.for_period(period)
    context = build_context(panel, params) if with_context else None
    first = panel.n_periods - params.long
    factor = season_factor(panel, context, first, params.long, params)
    prior = group_prior(panel, context, params)
    found = build_features(panel, [1], params, context).level
    for i in range(panel.n_series):
        sums = dict.fromkeys(("units", "scaled", "seen", "sold"), 0.0)
        recent = dict.fromkeys(("units", "scaled", "seen"), 0.0)
        for k in range(params.long):
            t = first + k
            status, share = panel.status[i, t], float(panel.in_stock[i, t])
            if status == Status.OBSERVED:
                share = 1.0
            elif status != Status.CENSORED or share < np.float32(params.least_exposure):
                continue
            cell = {"units": panel.demand[i, t], "scaled": share * factor[i, k], "seen": share}
            sums["sold"] += panel.demand[i, t] > 0
            weight = 0.5 ** ((params.long - 1 - k) / params.level_half_life)
            for name, value in cell.items():
                sums[name] += float(value)
                recent[name] += weight * float(value)
        kept = params.prior_exposure
        wanted = (sums["units"] + kept * prior[i]) / (sums["scaled"] + kept)
        if recent["scaled"] > 0:
            n = recent["seen"] * min(sums["sold"] / sums["seen"], 1.0)
            w = n / (n + params.level_count)
            wanted = w * recent["units"] / recent["scaled"] + (1 - w) * wanted
        assert found[i] == pytest.approx(max(wanted, params.floor), rel=1e-4)


def poisson_panel(make_panel: MakePanel, rate: np.ndarray, seed: int = 1) -> DemandPanel:
    """Observed daily Poisson demand of rates (series, periods), no events."""
    n, periods = rate.shape
    panel = make_panel(skus=n, locations=1, periods=periods, seed=seed)
    rng = np.random.default_rng(seed)
    quiet = replace(
        panel.covariates,
        event=np.zeros_like(panel.covariates.event),
        phase=np.zeros_like(panel.covariates.phase),
    )
    return replace(
        panel,
        demand=rng.poisson(rate).astype(np.float32),
        status=np.zeros((n, periods), np.uint8),
        in_stock=np.ones((n, periods), np.float32),
        covariates=quiet,
        launch=np.zeros(n, np.int32),
    )


def test_the_level_of_steady_demand_is_its_rate(make_panel: MakePanel) -> None:
    """Simulated Poisson demand: the mean over 60 series is within 3 % of the rate."""
    for rate in (0.02, 0.3, 4.0):
        panel = poisson_panel(make_panel, np.full((60, 400), rate))
        params = FeatureParams.for_period("day")
        level = build_features(panel, [1], params, build_context(panel, params)).level
        assert level.mean() == pytest.approx(rate, rel=0.03 if rate > 0.1 else 0.15)


def test_stock_outs_do_not_lower_the_level(make_panel: MakePanel) -> None:
    """Simulated: half of the periods are cut short at random; the mean level stays within 3 %."""
    panel = poisson_panel(make_panel, np.full((60, 400), 4.0))
    rng = np.random.default_rng(2)
    cut = rng.random(panel.demand.shape) < 0.5
    share = np.where(cut, rng.random(cut.shape), 1.0)
    censored = replace(
        panel,
        demand=np.where(cut, rng.poisson(4.0 * share), panel.demand).astype(np.float32),
        status=np.where(cut, Status.CENSORED, Status.OBSERVED).astype(np.uint8),
        in_stock=share.astype(np.float32),
    )
    params = FeatureParams.for_period("day")
    level = build_features(censored, [1], params, build_context(censored, params)).level
    assert level.mean() == pytest.approx(4.0, rel=0.03)


def test_a_slow_item_keeps_its_level_between_two_sales(make_panel: MakePanel) -> None:
    """One unit every 90 days: right after a sale and 89 days later the levels differ little.

    A plain exponential mean with a half-life of 28 days would fall by a factor of nine.
    """
    rate = np.zeros((6, 540))
    panel = poisson_panel(make_panel, rate)
    demand = panel.demand.copy()
    demand[:, 89::90] = 1.0
    params = FeatureParams.for_period("day")
    panel = replace(panel, demand=demand)
    levels = [build_features(panel.until(t), [1], params).level[0] for t in (449, 538)]
    assert 1 <= levels[0] / levels[1] < 1.6
    assert np.mean(levels) == pytest.approx(1 / 90, rel=0.4)


def test_a_fast_item_follows_a_jump(make_panel: MakePanel) -> None:
    """Demand that trebles for eight weeks takes the level most of the way."""
    rate = np.full((20, 400), 5.0)
    rate[:, -56:] = 15.0
    panel = poisson_panel(make_panel, rate)
    level = build_features(panel, [1], FeatureParams.for_period("day")).level
    assert 11 < level.mean() < 15


def test_a_new_series_starts_at_what_its_group_lets_expect(make_panel: MakePanel) -> None:
    """On sale for two days without a sale, it is not taken for dead."""
    panel = poisson_panel(make_panel, np.full((20, 400), 3.0))
    panel = replace(panel, attributes={"category_1": np.zeros(20, np.int32)})
    demand, status = panel.demand.copy(), panel.status.copy()
    status[0, :-2] = Status.NOT_LISTED
    demand[0] = 0.0
    fresh = replace(panel, demand=demand, status=status)
    params = FeatureParams.for_period("day")
    level = build_features(fresh, [1], params, build_context(fresh, params)).level
    assert 1.0 < level[0] < 3.0


def test_levels_of_seasonal_demand_are_steadier_with_the_season_taken_out(
    make_panel: MakePanel,
) -> None:
    """Simulated yearly wave of +-60 %, two and a half years: the level varies by less than half."""
    t = np.arange(900)
    rate = np.full((40, 1), 5.0) * (1 + 0.6 * np.sin(2 * np.pi * t / 365.25))
    panel = poisson_panel(make_panel, rate)
    params = FeatureParams.for_period("day")
    with_context, without = [], []
    for origin in (740, 790, 840, 890):
        past = panel.until(origin)
        context = build_context(past, params)
        with_context.append(build_features(past, [1], params, context).level.mean())
        without.append(build_features(past, [1], params).level.mean())
    assert np.std(with_context) < 0.5 * np.std(without)
