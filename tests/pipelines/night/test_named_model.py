"""A named model's content names its class, and its forecasts are held to what was asked."""

import sys

import numpy as np
import pytest

from forecasting.own_model import OwnModel
from forecasting.params import ModelParams
from pipelines.night.named_model import NamedModel
from stockwright.calendar import Calendar
from stockwright.demand_model import DemandModel, WholePanelModel, predictor_of
from stockwright.errors import DataError
from stockwright.panel import Covariates, DemandPanel, SeriesIndex

N, PERIODS, HORIZON = 4, 20, 3
MODULE = """
from stockwright.forecast import Forecast

class Flat:
    def __init__(self, mean=1.0, turned=False):
        self.mean, self.turned = mean, turned

    def fit(self, panel):
        return b"of " + str(panel.n_series).encode()

    def predict(self, content, panel, horizon):
        if self.turned:
            panel = panel.take(slice(0, 2))
        demand = [[self.mean] * horizon] * panel.n_series
        return Forecast.certain(panel.index, panel.origin, demand)


class Share(Flat):
    def predictor(self, content, panel):
        whole = float(panel.demand[:, -1].sum())
        def predict(block):
            demand = block.demand[:, -1:].repeat(panel.horizon, axis=1) / whole
            return Forecast.certain(block.index, block.origin, demand)
        return predict
"""


@pytest.fixture
def flat(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.delitem(sys.modules, "flat_units", raising=False)
    (tmp_path / "flat_units.py").write_text(MODULE, "utf-8")


@pytest.fixture
def panel():
    wide = (1, PERIODS + HORIZON)
    demand = np.arange(N * PERIODS, dtype=np.float32).reshape(N, PERIODS)
    return DemandPanel(
        index=SeriesIndex(("a", "b", "c", "d"), ("shop",), np.arange(N), np.zeros(N)),
        calendar=Calendar("day", np.datetime64("2026-11-01")),
        demand=demand,
        status=np.zeros(demand.shape),
        in_stock=np.ones(demand.shape),
        covariates=Covariates(*(np.zeros(wide, kind) for kind in ("f4", "f4", "i2", "i2"))),
        launch=np.zeros(N),
    )


def test_content_alone_says_who_forecasts_and_how(flat, panel):
    content = NamedModel("flat_units:Flat", {"mean": 3.0}).fit(panel)
    assert content == NamedModel("flat_units:Flat", {"mean": 3.0}).fit(panel)
    back = NamedModel.of(content)
    assert back == NamedModel("flat_units:Flat", {"mean": 3.0})
    block = panel.take(slice(1, 3))
    forecast = predictor_of(back, content, panel)(block)
    assert forecast.mean.tolist() == [[3.0] * HORIZON] * 2
    assert back.predict(content, panel, 2).mean.shape == (N, 2)


def test_ours_is_a_model_like_any_other(panel):
    own: DemandModel = OwnModel(ModelParams(trees=2))
    assert isinstance(own, WholePanelModel)
    content = own.fit(panel)
    assert NamedModel.of(content) is None
    whole = predictor_of(own, content, panel)(panel)
    assert np.array_equal(own.predict(content, panel, HORIZON).mean, whole.mean)
    with pytest.raises(DataError, match="no class that"):
        NamedModel("flat_units:Flat").predict(content, panel, 2)


def test_a_class_may_look_at_the_whole_panel(flat, panel):
    content = NamedModel("flat_units:Share").fit(panel)
    predict = predictor_of(NamedModel("flat_units:Share"), content, panel)
    parts = [predict(panel.take(slice(i, i + 1))).mean[0, 0] for i in range(N)]
    assert sum(parts) == pytest.approx(1.0)


def test_forecasts_of_other_series_are_refused(flat, panel):
    model = NamedModel("flat_units:Flat", {"turned": True})
    predict = model.predictor(model.fit(panel), panel)
    with pytest.raises(DataError, match="flat_units:Flat: a forecast of other series"):
        predict(panel)
