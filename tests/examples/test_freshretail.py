"""The tables of the fresh food stores say what the file says, for a sample or for all."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pipelines.assemble import Situation, assemble
from pipelines.config import load_config
from pipelines.ingest import read_tables
from stockwright.panel import Status

SERIES, LAST = 200, np.datetime64("2024-06-18")


@pytest.fixture(scope="module")
def converter(example):
    return example("freshretail", "convert")


@pytest.fixture(scope="module")
def frame(converter, real_data) -> pd.DataFrame:
    return converter.read_file(real_data("freshretail"), SERIES)


@pytest.fixture(scope="module")
def situation(converter, frame: pd.DataFrame, tmp_path_factory) -> Situation:
    folder = tmp_path_factory.mktemp("freshretail")
    converter.write_tables(folder, frame)
    config = load_config(None, folder)
    ingested = read_tables(str(folder), config, LAST)
    assert not len(ingested.rejected)
    return assemble(ingested, config, LAST)


def test_the_panel_holds_each_amount_of_the_file(situation: Situation, frame) -> None:
    panel = situation.panel
    assert panel.demand.shape == (SERIES, 83)
    whole = frame["sale_amount"].to_numpy(np.float64).reshape(SERIES, 83)
    np.testing.assert_allclose(panel.demand, whole, atol=1e-4)


def test_a_day_with_an_hour_out_of_stock_is_no_whole_day(situation: Situation, frame) -> None:
    short = (frame["stockout_hours_6_22"].to_numpy() > 0).reshape(SERIES, 83)
    status = situation.panel.status
    listed = (status != Status.NOT_LISTED) & (status != Status.MISSING)
    np.testing.assert_array_equal((status == Status.CENSORED)[listed], short[listed])
    assert listed.mean() > 0.95


def test_discounts_are_shares_off_the_list_price(situation: Situation, frame) -> None:
    off = 1 - frame["discount"].to_numpy(np.float64).clip(max=1).reshape(SERIES, 83)
    paid = off <= 0.95
    found = situation.panel.covariates.discount[:, :83]
    np.testing.assert_allclose(found[paid], off[paid], atol=1e-3)


def test_activity_is_known_ahead(situation: Situation, frame) -> None:
    covariates = situation.panel.covariates
    assert "activity" in covariates.known_ahead
    flags = frame["activity_flag"].to_numpy().reshape(SERIES, 83)
    np.testing.assert_array_equal(covariates.signals["activity"][:, :83], flags)


def test_a_sample_lies_in_each_larger_one(converter, frame: pd.DataFrame) -> None:
    few = converter.sampled(frame, 50)
    keys = set(zip(few["sku"], few["location"], strict=True))
    assert len(keys) == 50
    assert keys <= set(zip(frame["sku"], frame["location"], strict=True))
    again = converter.sampled(frame.sample(frac=1.0, random_state=1), 50)
    pd.testing.assert_frame_equal(few, again)


def test_runs_of_one_price_cover_each_day_once(converter, frame: pd.DataFrame) -> None:
    rows = converter._prices(frame)
    days = (rows["end"] - rows["start"]).dt.days + 1
    paid = (frame["discount"] * converter.LIST_PRICE).round(3) >= converter.LEAST_PRICE
    assert days.sum() == paid.sum()
