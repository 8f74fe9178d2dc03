"""What was made of a sample for the context is what a block would make itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from forecasting.levels.levels import Levels
from forecasting.model import FittedModel, fit
from forecasting.params import ModelParams
from stockwright.forecast import Forecast
from stockwright.panel import DemandPanel

HORIZON = 12
PARAMS = replace(
    ModelParams.for_period("week", HORIZON), max_rows=4_000, trees=20, held_windows=2_000, threads=1
)
FIELDS = ("mean", "linear_dispersion", "step_variance", "level_variance", "quantum", "model")


@pytest.fixture(scope="module")
def model(shop_panel: DemandPanel) -> FittedModel:
    """A model that follows its aggregates all the way."""
    return replace(fit(shop_panel, PARAMS), levels=Levels(1.0, 1, (1.0, 0.1), (1.0, 0.1)))


def same(one: Forecast, other: Forecast) -> bool:
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in FIELDS)


@pytest.mark.parametrize("periods", [30, 41, 60, 120])
def test_a_forecast_is_the_one_that_is_made_without_the_sample(
    model: FittedModel, shop_panel: DemandPanel, periods: int
) -> None:
    """Of short histories, of a length at which features look back further for more steps, and of
    long ones; whether the sample holds all series, or blocks have some inside and some outside.
    """
    panel = shop_panel.until(periods - 1)
    context = model.context(panel)
    alone = model.predict(panel, HORIZON, context)
    assert same(model.predict(panel, HORIZON), alone)
    told = replace(model.predict(panel, HORIZON, parts=True), parts=None)
    assert same(told, alone)


def test_a_block_may_lie_partly_in_the_sample(
    model: FittedModel, shop_panel: DemandPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forecasting.seen._MOST", 50)
    context, sampled = model.night(shop_panel, HORIZON)
    assert sampled is not None
    assert sampled.index.n_series == 50
    some = np.random.default_rng(0).permutation(shop_panel.n_series)[:40]
    block = shop_panel.take(np.sort(some))
    alone = model.predict(block, HORIZON, context)
    assert same(model.predict(block, HORIZON, context, sampled=sampled), alone)
