"""A night without a refit is a full recompute: nothing but the model's bytes is carried over."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from features.context import FeatureContext, build_context
from forecasting.model import FittedModel, fit
from forecasting.params import ModelParams
from stockwright.forecast import Forecast
from stockwright.panel import Covariates, DemandPanel

PARAMS = replace(
    ModelParams.for_period("week", 6), max_rows=20_000, trees=40, held_windows=6_000, threads=1
)


@pytest.fixture(scope="module")
def stored(shop_panel: DemandPanel) -> bytes:
    """The model of the night before, as the store keeps it."""
    return fit(shop_panel.until(shop_panel.origin - 1), PARAMS).to_bytes()


def extended(panel: DemandPanel) -> DemandPanel:
    """The panel of the night before with the new period's column appended."""
    before = panel.until(panel.origin - 1)
    names = ("demand", "status", "in_stock")
    grown = {
        n: np.concatenate([getattr(before, n), getattr(panel, n)[:, -1:]], axis=1) for n in names
    }
    return replace(before, **grown)


def copied(panel: DemandPanel) -> DemandPanel:
    """The same panel from arrays of its own, as a fresh assembly would make them."""
    names = ("demand", "status", "in_stock", "launch")
    given = panel.covariates
    own = Covariates(*(getattr(given, n).copy() for n in ("price", "discount", "event", "phase")))
    return replace(panel, covariates=own, **{n: getattr(panel, n).copy() for n in names})


def same(one: Forecast, other: Forecast) -> bool:
    names = [f.name for f in fields(Forecast)]
    arrays = [n for n in names if isinstance(getattr(one, n), np.ndarray)]
    return all(np.array_equal(getattr(one, n), getattr(other, n)) for n in arrays)


def test_the_day_added_to_last_nights_panel_gives_the_forecast_of_a_fresh_one(
    stored: bytes, shop_panel: DemandPanel
) -> None:
    carried = FittedModel.from_bytes(stored)
    carried.predict(shop_panel.until(shop_panel.origin - 1), 6)
    tonight = carried.predict(extended(shop_panel), 6)
    fresh = FittedModel.from_bytes(stored).predict(copied(shop_panel), 6)
    assert same(tonight, fresh)
    last = carried.predict(shop_panel.until(shop_panel.origin - 1), 6)
    assert not np.array_equal(tonight.mean, last.mean)


def test_the_context_of_a_longer_panel_is_that_of_a_fresh_one(shop_panel: DemandPanel) -> None:
    one, other = (
        build_context(panel, PARAMS.features())
        for panel in (extended(shop_panel), copied(shop_panel))
    )
    assert numbers(one) == numbers(other)


def numbers(context: FeatureContext) -> list[bytes]:
    tables = [getattr(t, f.name) for t in context.tables.values() for f in fields(t)]
    return [v.tobytes() for v in (*tables, context.season.bins, context.uplift, context.seen)]
