"""Blocks decide nothing, and a bad series stays alone."""

from dataclasses import replace

import numpy as np
import pytest

from pipelines.night.blocks import BlockRun, forecast_in_blocks
from stockwright.calendar import Calendar
from stockwright.decomposition import PARTS, Decomposition
from stockwright.errors import DataError
from stockwright.forecast import Forecast
from stockwright.panel import Covariates, DemandPanel, SeriesIndex

N, PERIODS, HORIZON = 60, 12, 5


@pytest.fixture(scope="module")
def panel():
    shape = (N, PERIODS)
    demand = np.random.default_rng(4).poisson(3.0, shape)
    width = (1, PERIODS + HORIZON)
    covariates = Covariates(*(np.zeros(width, kind) for kind in ("f4", "f4", "i2", "i2")))
    index = SeriesIndex(
        tuple(f"s{i:02d}" for i in range(N)), ("shop",), np.arange(N), np.zeros(N, int)
    )
    return DemandPanel(
        index=index,
        calendar=Calendar("day", np.datetime64("2026-01-01")),
        demand=demand,
        status=np.zeros(shape),
        in_stock=np.ones(shape),
        covariates=covariates,
        launch=np.zeros(N),
    )


class Means:
    """Forecasts each series' mean; series named as bad raise, whatever is asked beside them."""

    def __init__(self, bad=()):
        self.bad = set(bad)

    def __call__(self, panel):
        if self.bad & set(panel.index.sku_names()):
            raise ValueError("no number")
        mean = np.repeat(panel.demand.mean(axis=1, keepdims=True), HORIZON, axis=1)
        ones = np.ones(panel.n_series)
        model = panel.index.sku % 2
        names = ("even", "odd")
        return Forecast(
            panel.index, panel.origin, mean, ones, ones / 4, ones / 8, ones, model, names
        )


def run(panel, bad=(), block_size=7, workers=2, share=0.1):
    events = []
    blocks = BlockRun(block_size, workers, share)
    return forecast_in_blocks(Means(bad), panel, HORIZON, blocks, events.append)


def test_neither_block_size_nor_workers_change_a_byte(panel):
    whole = Means()(panel)
    for block_size, workers in ((1, 1), (7, 2), (60, 1), (1000, 2)):
        forecast, findings = run(panel, block_size=block_size, workers=workers)
        assert findings == ()
        for name in ("mean", "linear_dispersion", "step_variance", "level_variance", "quantum"):
            assert getattr(forecast, name).tobytes() == getattr(whole, name).tobytes()
        assert [forecast.model_names[code] for code in forecast.model] == [
            whole.model_names[code] for code in whole.model
        ]


def test_a_bad_series_becomes_a_finding_and_leaves_the_others_as_they_were(panel):
    good, _ = run(panel)
    forecast, findings = run(panel, bad=("s03", "s41"))
    assert [(f.code, f.series, f.message["fault"]) for f in findings] == [
        ("SERIES_FAILED", 3, "ValueError: no number"),
        ("SERIES_FAILED", 41, "ValueError: no number"),
    ]
    rest = np.setdiff1d(np.arange(N), [3, 41])
    np.testing.assert_array_equal(forecast.mean[rest], good.mean[rest])
    assert forecast.mean[[3, 41]].sum() == 0
    assert {forecast.model_names[code] for code in forecast.model[[3, 41]]} == {"none"}


def test_too_many_bad_series_fail_the_night(panel):
    with pytest.raises(DataError, match=r"gates.failed_series_share allows: 3 \(s00 at shop"):
        run(panel, bad=("s00", "s20", "s59"), share=0.04)


def test_a_gate_of_all_series_lets_a_night_without_forecasts_pass(panel):
    forecast, findings = run(panel, bad=panel.index.skus, share=1.0)
    assert len(findings) == N
    assert forecast.mean.sum() == 0


def test_parts_are_joined_in_the_order_of_the_panel_and_none_are_told_of_a_failed_series(panel):
    def told(block):
        forecast = Means({"s09"})(block)
        shares = np.arange(1, len(PARTS) + 1)[:, None, None] * (block.index.sku[:, None] + 1)
        parts = Decomposition(PARTS, shares * np.ones((1, 1, HORIZON)))
        return replace(forecast, parts=parts)

    forecast, _ = forecast_in_blocks(told, panel, HORIZON, BlockRun(7, 2, 0.1), lambda event: None)
    expected = np.where(np.arange(N) == 9, 0, np.arange(N) + 1)
    for place, name in enumerate(PARTS, start=1):
        assert (forecast.parts.part(name) == place * expected[:, None]).all()
    assert run(panel)[0].parts is None
