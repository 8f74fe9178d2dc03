"""Launch forecasts fade into the ordinary one, and forecasts of silent products fade away."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from features.context import build_context
from features.params import FeatureParams
from forecasting.launch.early_life import launch_weight, with_ends, with_launches
from forecasting.life.life import LifeParams, faded
from stockwright.panel import DemandPanel, Status

PARAMS = FeatureParams.for_period("week")
RULES = LifeParams()


def ordinary(n: int) -> dict[str, np.ndarray]:
    return {
        "mean": np.full((n, 4), 5.0, np.float32),
        "linear_dispersion": np.full(n, 2.0),
        "step_variance": np.full(n, 0.1),
        "level_variance": np.full(n, 0.3),
        "tail_share": np.zeros(n),
        "tail_ratio": np.ones(n),
    }


def launched(panel: DemandPanel, weeks: list[int]) -> DemandPanel:
    """The panel with its first series launched so many weeks ago."""
    launch, status, demand = panel.launch.copy(), panel.status.copy(), panel.demand.copy()
    for row, age in enumerate(weeks):
        launch[row] = panel.n_periods - age
        status[row, : panel.n_periods - age] = Status.NOT_LISTED
        demand[row, : panel.n_periods - age] = 0
    return replace(panel, launch=launch, status=status, demand=demand)


def test_the_launch_leads_until_a_week_was_seen_and_is_gone_after_four(shop_panel):
    weight = launch_weight(launched(shop_panel, [0, 1, 2, 3, 4, 9]), PARAMS)
    assert weight[:6] == pytest.approx([1.0, 0.9, 0.6, 0.3, 0.0, 0.0])
    assert (weight[6:] == 0).all()


def test_without_curves_the_ordinary_forecast_stays(shop_panel):
    found = ordinary(shop_panel.n_series)
    groups = build_context(shop_panel, PARAMS)
    same, led = with_launches(found, shop_panel, groups, PARAMS, None)
    assert same is found
    assert not led.any()


def test_a_doubted_product_sells_nothing_or_what_it_did():
    """Mean and variance of a total equal those of the mixture of 0 and the old distribution."""
    found, alive = ordinary(3), np.array([1.0, 0.25, 0.02])
    out, doubted = with_ends(found, alive)
    assert doubted.tolist() == [False, True, True]

    def moments(values):
        mean = values["mean"].astype(float)
        total, squares = mean.sum(axis=1), (mean**2).sum(axis=1)
        own = values["linear_dispersion"] * total + values["step_variance"] * squares
        return total, own + values["level_variance"] * total**2

    (mean, variance), (part, spread) = moments(found), moments(out)
    assert part == pytest.approx(alive * mean, rel=1e-6)
    want = alive * (variance + mean**2) - (alive * mean) ** 2
    assert spread == pytest.approx(want, rel=1e-6)


def test_only_a_long_silence_beyond_chance_is_doubted(shop_panel):
    """Weekly sellers that fall silent; a slow one; one that was out of stock all the while."""
    demand, status = shop_panel.demand.copy(), shop_panel.status.copy()
    in_stock = shop_panel.in_stock.copy()
    demand[:5] = 6
    status[:5] = Status.OBSERVED
    demand[0, -20:] = demand[1, -5:] = demand[3, -20:] = 0
    demand[2] = 0
    demand[2, ::30] = 1
    status[3, -20:], in_stock[3, -20:] = Status.CENSORED, 0
    panel = replace(shop_panel, demand=demand, status=status, in_stock=in_stock)
    alive = faded(panel, build_context(panel, PARAMS), PARAMS, RULES)
    assert alive[0] < 0.01
    assert alive[[1, 2, 3, 4]].tolist() == [1.0, 1.0, 1.0, 1.0]


def test_a_block_fades_as_the_whole_panel_does(shop_panel):
    demand = shop_panel.demand.copy()
    demand[:20, -26:] = 0
    panel = replace(shop_panel, demand=demand)
    groups = build_context(panel, PARAMS)
    whole = faded(panel, groups, PARAMS, RULES)
    some = np.arange(0, panel.n_series, 3)
    assert np.array_equal(faded(panel.take(some), groups, PARAMS, RULES), whole[some])
    assert (whole < 1).any()
