"""Drift: a stored model is held against the demand since its fit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from forecasting.drift import Drift, drift
from forecasting.model import FittedModel, fit
from forecasting.params import ModelParams
from stockwright.panel import Covariates, DemandPanel

PARAMS = replace(
    ModelParams.for_period("week", 6), max_rows=20_000, trees=40, held_windows=6_000, threads=1
)
AGE = 4


@pytest.fixture(scope="module")
def model(shop_panel: DemandPanel) -> FittedModel:
    """Fitted ``AGE`` weeks before the end of the panel."""
    return fit(shop_panel.until(shop_panel.origin - AGE), PARAMS)


def scaled(panel: DemandPanel, factor: float, back: int = AGE) -> DemandPanel:
    """The last ``back`` weeks with ``factor`` times the demand."""
    demand = panel.demand.copy()
    demand[:, -back:] *= np.float32(factor)
    return replace(panel, demand=demand)


def test_a_shop_that_goes_on_as_before_has_not_drifted(
    model: FittedModel, shop_panel: DemandPanel
) -> None:
    found = drift(model, shop_panel, AGE)
    assert found is not None
    assert not found.beyond(3.0)
    assert abs(found.miss) < 0.1


@pytest.mark.parametrize("factor", [0.6, 1.6])
def test_a_shop_whose_demand_jumped_has_drifted_in_its_direction(
    model: FittedModel, shop_panel: DemandPanel, factor: float
) -> None:
    found = drift(model, scaled(shop_panel, factor), AGE)
    calm = drift(model, shop_panel, AGE)
    assert found is not None
    assert calm is not None
    assert found.beyond(4.0)
    assert np.sign(found.score) == np.sign(factor - 1)
    assert found.demand == pytest.approx(factor * calm.demand, rel=1e-6)
    assert not found.beyond(0.0)


def test_nothing_before_the_fit_counts(model: FittedModel, shop_panel: DemandPanel) -> None:
    """Two weeks after a fit, the two weeks are looked at: at most their demand, none before."""
    found = drift(model, shop_panel, 2)
    assert found is not None
    assert found.periods == 2
    assert found.demand == pytest.approx(float(shop_panel.demand[:, -2:].sum()))


def test_a_model_of_tonight_is_not_held_against_anything(
    model: FittedModel, shop_panel: DemandPanel
) -> None:
    assert drift(model, shop_panel, 0) is None
    assert drift(replace(model, misses=()), shop_panel, AGE) is None


def test_an_event_that_missed_its_uplift_is_no_drift(
    model: FittedModel, shop_panel: DemandPanel
) -> None:
    """Demand of the last two weeks is tripled in an event: the two weeks before it are left."""
    event = np.zeros((1, shop_panel.covariates.n_periods), np.int16)
    event[:, shop_panel.n_periods - 2 : shop_panel.n_periods] = 1
    given = shop_panel.covariates
    covariates = Covariates(given.price, given.discount, event, event, ("sale",), ("burst",))
    panel = replace(scaled(shop_panel, 3.0, 2), covariates=covariates)
    found = drift(model, panel, AGE)
    assert found is not None
    assert not found.beyond(3.0)
    assert found.demand == pytest.approx(float(shop_panel.demand[:, -4:-2].sum()))


def test_usual_misses_are_the_size_of_what_a_shop_misses(model: FittedModel) -> None:
    """240 gamma-Poisson series: sums of a week miss by more than 0 and less than 30 %."""
    assert len(model.misses) == 4
    assert all(0 < miss < 0.3 for miss in model.misses)


def test_the_record_is_plain_numbers() -> None:
    found = Drift(4.56789, 0.5, 150.0, 100.0, 3).to_dict()
    assert found == {"score": 4.5679, "miss": 0.5, "demand": 150.0, "forecast": 100.0, "periods": 3}
