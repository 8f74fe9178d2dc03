"""The shop's own growth, for forecasts without a booster."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from features.context import build_context
from features.params import FeatureParams
from forecasting.levels.aggregate import shop_growth, shop_rate, theta_forecast
from stockwright.panel import DemandPanel

FEATURES = FeatureParams.for_period("week")


def test_a_flat_shop_is_expected_to_stay_flat(shop_panel: DemandPanel) -> None:
    context = build_context(shop_panel, FEATURES)
    growth = shop_growth(shop_panel, context, FEATURES, 6)
    assert growth.shape == (6,)
    assert np.abs(growth - 1).max() < 0.1


def test_a_growing_shop_is_expected_to_grow_on(shop_panel: DemandPanel) -> None:
    """Demand that doubles within a year of weeks: the next step lies above the present level."""
    rise = 2 ** (np.arange(shop_panel.n_periods) / 52)
    growing = replace(shop_panel, demand=np.rint(shop_panel.demand * rise).astype(np.float32))
    growth = shop_growth(growing, build_context(growing, FEATURES), FEATURES, 6)
    assert (growth > 1.02).all()
    assert (np.diff(growth) > 0).all()


def test_the_shop_rate_is_the_mean_demand_with_the_season_out(shop_panel: DemandPanel) -> None:
    rate = shop_rate(shop_panel, build_context(shop_panel, FEATURES), FEATURES)
    raw = shop_panel.demand[:, -52:].mean(axis=0)
    assert len(rate) == 52
    assert rate.std() / rate.mean() < 0.7 * raw.std() / raw.mean()


def test_a_young_shop_has_no_growth(shop_panel: DemandPanel) -> None:
    young = shop_panel.until(4)
    growth = shop_growth(young, build_context(young, FEATURES), FEATURES, 6)
    assert (growth == 1).all()


def test_theta_continues_half_of_a_straight_line() -> None:
    """Theta = exponential smoothing plus half the trend (Hyndman & Billah 2003)."""
    ahead = theta_forecast(np.arange(40.0), 10)
    assert np.allclose(np.diff(ahead), 0.5, atol=0.02)
