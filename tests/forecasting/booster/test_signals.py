"""What signals bring to the forecast, and what they must not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from features.build import build_features
from features.context import build_context
from forecasting.booster.booster import MeanModel, train
from forecasting.booster.rows import training_rows
from forecasting.params import ModelParams
from stockwright.calendar import Calendar
from stockwright.panel import Covariates, DemandPanel, SeriesIndex

PERIODS, AHEAD, LEAD = 220, 3, 3
TESTED = range(190, 214, 4)


def shop(signal: str) -> tuple[DemandPanel, np.ndarray]:
    """Demand that clicks lead by three days, and its mean; the signal is those clicks or noise."""
    rng = np.random.default_rng(11)
    n, width = 150, PERIODS + AHEAD
    level = np.exp(rng.normal(1.5, 0.7, n))[:, None]
    pull = rng.normal(0.0, 0.7, (n, width + LEAD))
    mean = level * np.exp(pull[:, :width] - 0.245)
    demand = rng.poisson(mean)[:, :PERIODS].astype(np.float32)
    clicks = 40 * level * np.exp(pull[:, LEAD:] + rng.normal(0.0, 0.1, (n, width)))
    if signal == "noise":
        clicks = rng.lognormal(3.0, 0.7, (n, width))
    clicks[:, PERIODS:] = np.nan
    nothing = np.zeros((1, width))
    none = nothing.astype(np.int16)
    covariates = Covariates(nothing + np.float32(np.nan), nothing, none, none)
    if signal:
        covariates = replace(covariates, signals={"clicks": clicks})
    index = SeriesIndex(tuple(f"s{i:03d}" for i in range(n)), ("a",), np.arange(n), np.zeros(n))
    panel = DemandPanel(
        index=index,
        calendar=Calendar("day", np.datetime64("2026-01-05")),
        demand=demand,
        status=np.zeros(demand.shape, np.uint8),
        in_stock=np.ones(demand.shape, np.float32),
        covariates=covariates,
        launch=np.zeros(n, np.int32),
    )
    return panel, mean


@pytest.fixture(scope="module")
def deviances() -> dict[str, float]:
    """Mean Poisson deviance of the forecast from the true mean on held-out days."""
    params = replace(
        ModelParams.for_period("day", AHEAD), trees=60, threads=1, origins=16, stride=9
    )
    return {signal: deviance(signal, params) for signal in ("", "clicks", "noise")}


def deviance(signal: str, params: ModelParams) -> float:
    panel, mean = shop(signal)
    early = panel.until(min(TESTED))
    rows = training_rows(early, params)
    model = MeanModel(train(rows, early.origin, params), "day")
    found = []
    for origin in TESTED:
        past = panel.until(origin)
        context = build_context(past, params.features())
        matrix = build_features(past, np.arange(1, AHEAD + 1), params.features(), context)
        forecast = model.predict(matrix, 1).reshape(-1, AHEAD)
        truth = mean[:, origin + 1 : origin + 1 + AHEAD]
        found.append(2 * (truth * np.log(truth / forecast) - truth + forecast).mean())
    return float(np.mean(found))


def test_clicks_that_lead_demand_lower_the_error_of_the_days_they_tell_of(deviances) -> None:
    assert deviances["clicks"] < 0.5 * deviances[""]


def test_a_signal_that_says_nothing_does_no_harm(deviances) -> None:
    assert deviances["noise"] < 1.05 * deviances[""]


def test_what_a_signal_says_after_an_origin_changes_no_training_row_before_it() -> None:
    """Rows of the past of a panel, with and without other clicks after that past."""
    panel, _ = shop("clicks")
    clicks = panel.covariates.signals["clicks"].copy()
    clicks[:, 150:PERIODS] = 1e6
    other = replace(panel, covariates=replace(panel.covariates, signals={"clicks": clicks}))
    params = replace(ModelParams.for_period("day", AHEAD), origins=5, max_rows=2000)
    one, two = (training_rows(each.until(149), params) for each in (panel, other))
    np.testing.assert_array_equal(one.X, two.X)


def test_a_stored_model_forecasts_a_night_without_the_signals_it_was_trained_with() -> None:
    """A signal that is gone is the same as one of which nothing is known."""
    panel, _ = shop("clicks")
    params = replace(ModelParams.for_period("day", AHEAD), trees=10, origins=4, max_rows=3000)
    rows = training_rows(panel, params)
    model = MeanModel(train(rows, panel.origin, params), "day")
    unknown = {"clicks": np.full((1, panel.covariates.n_periods), np.nan, np.float32)}
    steps, features = np.arange(1, AHEAD + 1), params.features()
    found = []
    for signals in ({}, unknown):
        night = replace(panel, covariates=replace(panel.covariates, signals=signals))
        matrix = build_features(night, steps, features, build_context(night, features))
        found.append(model.predict(matrix, 1))
    np.testing.assert_array_equal(*found)
