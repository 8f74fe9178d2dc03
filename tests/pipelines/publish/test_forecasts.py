"""forecasts.parquet holds the forecast as it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.publish.forecasts import LEVELS, SHOWN, base_and_uplift, write_forecasts
from stockwright.decomposition import PARTS, Decomposition
from stockwright.forecast import Forecast
from stockwright.overrides import Overrides


def test_rows_are_the_forecasts_own_numbers_by_sku_location_and_date(publish, parts) -> None:
    frame = pd.read_parquet(publish() / "forecasts.parquet")
    forecast = parts.forecast
    assert len(frame) == forecast.mean.size
    ordered = frame.sort_values(["sku", "location", "date"], kind="stable")
    assert ordered.index.tolist() == list(range(len(frame)))
    np.testing.assert_array_equal(frame["mean"], forecast.mean.ravel())
    quantiles = forecast.quantile(list(LEVELS.values()))
    for place, name in enumerate(LEVELS):
        np.testing.assert_array_equal(frame[name], quantiles[:, :, place].ravel())
    dates = frame["date"].astype(str).tolist()[:35]
    assert (dates[0], dates[-1]) == ("2026-11-22", "2026-12-26")
    assert set(frame["model"]) == {"global"}


@pytest.mark.parametrize("block", [1, 5, 100])
def test_the_size_of_row_groups_changes_no_value(tmp_path, parts, block) -> None:
    path = write_forecasts(tmp_path / f"{block}.parquet", parts.night(), block)
    whole = write_forecasts(tmp_path / "whole.parquet", parts.night(), 12)
    assert pq.read_table(path).equals(pq.read_table(whole))


def test_base_uplift_and_committed_units_add_up_to_the_mean(publish) -> None:
    frame = pd.read_parquet(publish() / "forecasts.parquet")
    parts = frame["base"] + frame["uplift"] + frame["committed"]
    np.testing.assert_allclose(parts, frame["mean"], rtol=1e-6)


def told(parts) -> Forecast:
    """The forecast with parts that add up to its mean, most of them above 0."""
    mean = parts.forecast.mean
    shares = np.random.default_rng(3).dirichlet(np.ones(len(PARTS)), mean.shape)
    units = (np.moveaxis(shares, 2, 0) * mean).astype(np.float32)
    return replace(parts.forecast, parts=Decomposition(PARTS, units))


def test_the_parts_of_a_key_and_step_add_up_to_what_is_not_committed(publish, parts) -> None:
    forecast = told(parts)
    frame = pd.read_parquet(publish(forecast=forecast) / "forecasts.parquet")
    np.testing.assert_allclose(frame[list(SHOWN)].sum(axis=1), frame["mean"], rtol=1e-5)
    np.testing.assert_allclose(frame["uplift"], frame["event"] + frame["price"], rtol=1e-6)
    for name in PARTS:
        np.testing.assert_array_equal(frame[name], forecast.parts.part(name).ravel())
    assert not frame["override"].any()


def test_what_a_planner_sets_is_a_part_of_its_own(publish, parts) -> None:
    forecast = told(parts)
    mean = forecast.mean.copy()
    mean[1, 4:9] *= np.float32(1.5)
    frame = pd.read_parquet(publish(forecast=replace(forecast, mean=mean)) / "forecasts.parquet")
    expected = (mean - forecast.mean).ravel()
    np.testing.assert_allclose(frame["override"], expected, atol=1e-4)
    assert (frame["override"] != 0).sum() == 5
    np.testing.assert_allclose(frame[list(SHOWN)].sum(axis=1), frame["mean"], rtol=1e-5)


UNITS = st.floats(0, 1e6, width=32).filter(lambda x: x == 0 or x > 1e-3)


@given(ordinary=UNITS, share=st.floats(-1, 50, width=32), factors=st.lists(UNITS, min_size=2))
def test_whatever_is_set_the_base_is_not_negative_and_adds_up_with_the_uplift(
    ordinary: float, share: float, factors: list[float]
) -> None:
    """The lower the mean that is set, the lower are both; the uplift goes before the base does."""
    model = np.float32(ordinary) * np.float32(1 + share)
    uplift = np.full(len(factors), model - np.float32(ordinary), np.float32)
    mean = np.sort(np.array(factors, np.float32))
    base, shown = base_and_uplift(mean, uplift, mean - model)
    assert (base >= 0).all()
    np.testing.assert_allclose(base.astype(float) + shown, mean, rtol=1e-6, atol=1e-6)
    slack = 1e-6 * max(float(mean[-1]), abs(float(model)))
    assert (np.diff(base) >= -slack).all()
    assert (np.diff(shown) >= -slack).all()
    lowered = (mean < model) & (shown > slack)
    np.testing.assert_allclose(base[lowered], ordinary, rtol=1e-5, atol=slack)


@pytest.mark.parametrize("factor", [0.0, 0.2, 0.7, 1.0, 1.6])
def test_a_peak_that_a_planner_lowers_keeps_an_ordinary_base(publish, parts, factor) -> None:
    """Four of five units are of the peak: below a fifth nothing of it is left."""
    mean = parts.forecast.mean
    units = np.zeros((len(PARTS), *mean.shape), np.float32)
    units[PARTS.index("event")] = np.float32(0.8) * mean
    units[PARTS.index("level")] = mean - units[PARTS.index("event")]
    peaked = replace(parts.forecast, parts=Decomposition(PARTS, units))
    said = replace(Overrides.none(*mean.shape), forecast_factor=np.full((1, mean.shape[1]), factor))
    frame = pd.read_parquet(publish(forecast=said.on(peaked)) / "forecasts.parquet")
    whole = mean.ravel()
    expected = min(factor, 0.2) if factor <= 1 else 0.2 + factor - 1
    np.testing.assert_allclose(frame["base"], expected * whole, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(
        frame["base"] + frame["uplift"] + frame["committed"], frame["mean"], rtol=1e-6
    )


def test_a_forecast_that_tells_no_parts_is_all_level(publish, parts) -> None:
    frame = pd.read_parquet(publish() / "forecasts.parquet")
    np.testing.assert_array_equal(frame["level"], frame["mean"])
    assert not frame[list(SHOWN[1:])].to_numpy().any()
    np.testing.assert_array_equal(frame["base"], frame["mean"])


def test_an_article_whose_sale_ends_has_no_parts_after_it(parts) -> None:
    last = np.full(parts.forecast.index.n_series, 10)
    left = told(parts).until(last)
    assert not left.parts.units[:, :, 10:].any()
    np.testing.assert_allclose(left.parts.mean, left.mean, rtol=1e-5)
