"""Series of segments that have drifted take the plain forecast, and alerts ask for a fit."""

import json

import numpy as np
import pandas as pd
import pytest

from pipelines.night.blocks import BlockRun, forecast_in_blocks
from pipelines.night.fallback import with_fallback
from stockwright.calendar import Calendar
from stockwright.forecast import Forecast
from stockwright.panel import Covariates, DemandPanel, SeriesIndex

N, HORIZON = 7, 3


@pytest.fixture
def panel():
    demand = np.arange(N, dtype=np.float32)[:, None] * np.ones((1, 5), np.float32)
    wide = (1, 5 + HORIZON)
    return DemandPanel(
        index=SeriesIndex(tuple("abcdefg"), ("shop",), np.arange(N), np.zeros(N)),
        calendar=Calendar("day", np.datetime64("2026-11-01")),
        demand=demand,
        status=np.zeros(demand.shape),
        in_stock=np.ones(demand.shape),
        covariates=Covariates(*(np.zeros(wide, kind) for kind in ("f4", "f4", "i2", "i2"))),
        launch=np.zeros(N),
    )


def named(name, value):
    def predict(block):
        demand = np.full((block.n_series, HORIZON), value) + block.demand[:, -1:]
        found = Forecast.certain(block.index, block.origin, demand)
        return type(found)(**{**found.__dict__, "model_names": (name,)})

    return predict


@pytest.mark.parametrize("block_size", [1, 2, 3, 100])
def test_each_series_takes_the_forecast_of_its_own_model(panel, block_size):
    fallen = np.array([False, True, False, True, True, False, False])
    predict = with_fallback(named("model", 0), lambda: named("plain", 100), panel, fallen)
    run = BlockRun(block_size, 1, 0.0)
    forecast, failed = forecast_in_blocks(predict, panel, HORIZON, run, lambda event: None)
    assert failed == ()
    assert forecast.mean[:, 0].tolist() == (np.arange(N) + 100 * fallen).tolist()
    names = np.array(forecast.model_names)[forecast.model]
    assert names.tolist() == np.where(fallen, "plain", "model").tolist()


def test_without_any_the_plain_forecast_is_not_made(panel):
    def never():
        raise AssertionError

    predict = named("model", 0)
    assert with_fallback(predict, never, panel, np.zeros(0, bool)) is predict
    assert with_fallback(predict, never, panel, np.zeros(N, bool)) is predict


def test_an_alert_asks_for_a_fit_though_the_model_is_of_this_week(shop, small_rooms):
    (shop.data / "stockwright.toml").write_text('[model]\nrefit = "weekly"\ndrift = 0\n')
    shop.sell("a", "shifted")
    shop.night(small_rooms(), "2026-11-16")
    said = []
    shop.night(small_rooms(), "2026-11-18", said.append)
    model = json.loads((shop.out / "latest" / "manifest.json").read_text())["model"]
    assert model["fitted_on"] == "2026-11-18"
    warned = [event.message for event in said if event.kind == "warning"]
    assert warned == ["the model of 2026-11-16 is fitted anew: all all (bias) drifted"]


def test_a_night_with_fallen_segments_says_so_and_is_no_failure(shop, small_rooms):
    shop.sell("a", "fallen")
    rooms = small_rooms()
    outcome = shop.night(rooms)
    assert outcome.code == 0
    assert "forecast by plain" in rooms.calls
    manifest = json.loads((shop.out / "latest" / "manifest.json").read_text())
    assert manifest["substitutes"] == ["forecast of all all: it has drifted"]
    assert len(pd.read_csv(shop.out / "latest" / "orders.csv")) == 2
