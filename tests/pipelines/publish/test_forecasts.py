"""forecasts.parquet holds the forecast as it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from pipelines.publish.forecasts import LEVELS, base_demand, write_forecasts

ALL = slice(None)


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


def test_the_base_of_an_event_day_is_the_mean_of_plain_days_of_its_weekday(parts) -> None:
    rng = np.random.default_rng(3)
    mean = rng.gamma(2.0, 2.0, (12, 35)).astype(np.float32)
    base = base_demand(parts.situation.panel, mean, ALL)
    events = (3, 4, 5)
    for series in range(12):
        for step in range(35):
            same = [s for s in range(step % 7, 35, 7) if s not in events]
            naive = mean[series, same].mean() if step in events else mean[series, step]
            assert base[series, step] == pytest.approx(naive, rel=1e-5)


def test_where_every_day_ahead_is_an_event_the_base_is_recent_plain_demand(parts) -> None:
    panel = parts.situation.panel
    event = np.array(panel.covariates.event)
    event[:, panel.n_periods :] = 1
    panel = replace(panel, covariates=replace(panel.covariates, event=event))
    base = base_demand(panel, np.full((12, 35), 50, np.float32), ALL)
    in_stock = panel.status[1, -56:] == 0
    assert base[1] == pytest.approx(panel.demand[1, -56:][in_stock].mean(), rel=1e-5)
