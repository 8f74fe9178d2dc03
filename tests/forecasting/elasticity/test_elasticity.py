"""Elasticities of SKUs: coverage where they are known, and what must not matter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from forecasting.elasticity.elasticity import learn_response
from forecasting.elasticity.params import ElasticityParams
from stockwright.errors import ConfigError
from stockwright.panel import DemandPanel

PARAMS = ElasticityParams()
MakeShop = Callable[..., DemandPanel]


@pytest.mark.parametrize("spread", [0.1, 0.35])
def test_intervals_of_80_percent_hold_80_percent_of_true_elasticities(
    make_shop: MakeShop, spread: float
) -> None:
    """Simulated: 600 SKUs in four categories, which differ little or more than expected."""
    rng = np.random.default_rng(11)
    middle = np.array([1.5, 2.0, 2.5, 3.0])[np.arange(600) % 4]
    true = np.maximum(middle * (1 + spread * rng.normal(size=600)), 0.0)
    response = learn_response(make_shop(true, seed=5), PARAMS).response.take(slice(None, None, 2))
    inside = np.abs(response.elasticity - true) <= 1.2816 * response.sd
    assert 0.75 <= inside.mean() <= 0.87
    assert response.elasticity.mean() == pytest.approx(true.mean(), abs=0.1)


def test_weeks_are_learned_from_like_days(make_shop: MakeShop) -> None:
    """Simulated: 156 weeks of 300 SKUs, a cut of one to four weeks in every second month."""
    rng = np.random.default_rng(12)
    true = 2.2 * (1 + 0.15 * rng.normal(size=300))
    cut = rng.choice([0.0, 0.15, 0.3], p=[0.5, 0.3, 0.2], size=(300, 18)).repeat(9, axis=1)
    length = rng.integers(1, 5, size=(300, 18)).repeat(9, axis=1)
    cut = (cut * (np.arange(162) % 9 < length))[:, :156]
    panel = make_shop(true, periods=156, level=6.0, cut=cut)
    response = learn_response(panel, ElasticityParams.for_period("week")).response
    response = response.take(slice(None, None, 2))
    inside = np.abs(response.elasticity - true) <= 1.2816 * response.sd
    assert 0.74 <= inside.mean() <= 0.88


def test_a_price_that_never_changes_tells_nothing(make_shop: MakeShop) -> None:
    """20 % off all the time is no price history."""
    panel = make_shop(np.full(5, 2.0), cut=np.full((5, 546), 0.2))
    learned = learn_response(panel, PARAMS)
    assert not learned.from_history
    np.testing.assert_allclose(learned.response.elasticity, PARAMS.shop_mean)


def test_the_locations_of_a_sku_share_its_elasticity(make_shop: MakeShop) -> None:
    response = learn_response(make_shop(np.full(30, 2.0), locations=3), PARAMS).response
    for values in (response.elasticity, response.sd):
        np.testing.assert_array_equal(values.reshape(30, 3), values[::3, None] * np.ones(3))


def test_a_shop_without_price_cuts_gets_the_usual_elasticity_and_a_wide_interval(
    make_shop: MakeShop,
) -> None:
    panel = make_shop(np.full(10, 1.0), cut=np.zeros((10, 546)))
    learned = learn_response(panel, PARAMS)
    assert not learned.from_history
    np.testing.assert_allclose(learned.response.elasticity, PARAMS.shop_mean)
    assert (learned.response.sd > PARAMS.shop_sd).all()


def test_a_sku_without_cuts_is_known_less_well_than_its_peers(make_shop: MakeShop) -> None:
    rng = np.random.default_rng(2)
    cut = rng.choice([0.0, 0.25], p=[0.6, 0.4], size=(200, 18)).repeat(30, axis=1)
    cut = np.pad(cut * (np.arange(540) % 30 < 10), ((0, 0), (0, 6)))
    cut[:20] = 0.0
    learned = learn_response(make_shop(np.full(200, 1.2), cut=cut, level=8.0), PARAMS)
    assert (learned.stretches[:40] == 0).all()
    assert (learned.stretches[40:] > 0).all()
    assert learned.response.sd[:40].min() > learned.response.sd[40:].max()
    np.testing.assert_allclose(learned.response.elasticity[:40], 1.2, atol=0.2)


def test_what_sells_in_events_does_not_matter(make_shop: MakeShop) -> None:
    panel = make_shop(np.full(40, 2.0))
    event = np.zeros((1, 546), np.int16)
    event[0, 100:120] = 1
    with_event = replace(panel, covariates=replace(panel.covariates, event=event))
    demand = panel.demand.copy()
    demand[:, 100:120] *= 9
    peak = replace(with_event, demand=demand)
    one, other = (learn_response(each, PARAMS).response for each in (with_event, peak))
    np.testing.assert_array_equal(one.elasticity, other.elasticity)
    np.testing.assert_array_equal(one.sd, other.sd)


def test_chunks_change_nothing(make_shop: MakeShop) -> None:
    panel = make_shop(np.full(60, 2.0), locations=3)
    whole, parts = (
        learn_response(panel, replace(PARAMS, chunk=chunk)).response for chunk in (2000, 7)
    )
    np.testing.assert_allclose(parts.elasticity, whole.elasticity, rtol=1e-6)
    np.testing.assert_allclose(parts.sd, whole.sd, rtol=1e-6)


def test_longer_history_makes_the_interval_of_the_shop_narrower(make_shop: MakeShop) -> None:
    wide, narrow = (
        learn_response(make_shop(np.full(100, 2.0), periods=periods), PARAMS).response.sd.mean()
        for periods in (182, 1092)
    )
    assert narrow < 0.8 * wide


def test_cuts_whose_effect_differs_from_time_to_time_widen_the_intervals(
    make_shop: MakeShop,
) -> None:
    """Simulated: the elasticity of every cut is drawn anew around its SKU's."""
    rng = np.random.default_rng(9)
    cut = rng.choice([0.0, 0.25], size=(300, 18)).repeat(30, axis=1)
    cut = np.pad(cut * (np.arange(540) % 30 < 10), ((0, 0), (0, 6)))
    panel = make_shop(np.full(300, 2.0), cut=cut, level=20.0)
    more = np.exp(rng.normal(0.0, 0.35, size=(300, 18)).repeat(30, axis=1))
    more = np.pad(more, ((0, 0), (0, 6)), constant_values=1.0)[panel.index.sku]
    factor = np.where(cut[panel.index.sku] > 0, more, 1.0)
    uneven = replace(panel, demand=np.round(panel.demand * factor).astype(np.float32))
    calm, doubtful = (learn_response(each, PARAMS).response for each in (panel, uneven))
    assert doubtful.sd.mean() > 1.3 * calm.sd.mean()
    inside = np.abs(doubtful.elasticity - 2.0) <= 1.2816 * doubtful.sd
    assert inside.mean() >= 0.75


def test_a_panel_without_series_or_categories_is_answered(make_shop: MakeShop) -> None:
    panel = make_shop(np.full(4, 2.0))
    assert learn_response(panel.take(slice(0, 0)), PARAMS).response.n_series == 0
    bare = replace(panel, attributes={})
    assert learn_response(bare, PARAMS).spread.shape == (1,)


def test_impossible_parameters_are_refused() -> None:
    with pytest.raises(ConfigError, match="window"):
        ElasticityParams(window=1)
    with pytest.raises(ConfigError, match="positive"):
        ElasticityParams(spread_sd=0.0)
