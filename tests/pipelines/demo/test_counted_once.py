"""Deposits of the demo shop's Double 11 are counted once: in the commitments, not in the rest."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forecasting.model import fit
from forecasting.params import ModelParams
from pipelines.assemble import Situation, assemble
from pipelines.config.load import load_config
from pipelines.demo import DEMO_LAST_DATE, Truth, truth_folder, write_demo
from pipelines.ingest import read_tables
from stockwright.forecast import Forecast

BURSTS = [5, 14]


def situation_of(folder: Path) -> Situation:
    config = load_config(folder=folder)
    return assemble(read_tables(str(folder), config, DEMO_LAST_DATE), config, DEMO_LAST_DATE)


def test_the_deposits_known_as_early_as_tonight_s_leave_the_history_and_no_others(folder) -> None:
    found = situation_of(folder)
    rows = pd.read_csv(folder / "commitments.csv", dtype={"sku": "str"})
    tonight = pd.to_datetime(str(DEMO_LAST_DATE))
    lead = (pd.to_datetime(rows["date"]) - pd.to_datetime(rows["known_since"])).dt.days
    open_ = rows[rows["date"] > str(DEMO_LAST_DATE)]
    ahead = {date[5:]: (pd.to_datetime(date) - tonight).days for date in open_["date"].unique()}
    past = (rows["date"] <= str(DEMO_LAST_DATE)) & (rows["stage"] == "paid")
    mean = np.average(open_["date"].str[5:].map(ahead), weights=open_["units"])
    usual = rows["date"].str[5:].map(ahead).fillna(mean)
    gone = rows[past & (lead >= usual)]
    assert gone["units"].sum() > 20
    assert found.commitments.kept_units.sum() == pytest.approx(gone["fulfilled"].sum())
    assert found.sold.sum() - found.panel.demand.sum() == pytest.approx(gone["fulfilled"].sum())


def test_open_deposits_are_expected_to_be_paid_about_as_often_as_they_are(folder) -> None:
    found = situation_of(folder).commitments
    true = pd.read_parquet(truth_folder(folder) / "commitments.parquet")
    paid = float(true.loc[true["date"] > str(DEMO_LAST_DATE), "paid"].sum())
    assert abs(found.units.sum() - paid) <= 2 * np.sqrt(found.variance.sum()) + 0.1 * paid


def predicted(found: Situation, demand: np.ndarray) -> Forecast:
    panel = replace(found.panel, demand=demand)
    params = replace(ModelParams.for_period("day", panel.horizon), trees=60, threads=1)
    model = fit(panel, params)
    return model.predict(panel, panel.horizon, model.context(panel))


@pytest.mark.slow
def test_with_commitments_the_bursts_are_forecast_without_counting_twice(tmp_path) -> None:
    folder = tmp_path / "shop"
    write_demo(folder, skus=250, days=730, seed=2)
    found, truth = situation_of(folder), Truth.load(folder)
    index = found.panel.index
    rows = truth.rows(index.sku_names(), index.location_names())
    sells = np.flatnonzero(rows >= 0)
    demand = truth.demand(DEMO_LAST_DATE + 1, 15).reshape(-1, 15)[rows[sells]][:, BURSTS]
    rest, whole = predicted(found, found.panel.demand), predicted(found, found.sold)
    cases = {"once": found.commitments.on(rest), "twice": found.commitments.on(whole), "not": whole}
    mean = {name: each.expected[sells][:, BURSTS] for name, each in cases.items()}
    bias = {name: each.sum() / demand.sum() - 1 for name, each in mean.items()}
    error = {name: np.abs(each - demand).sum() for name, each in mean.items()}
    added = bias["twice"] - bias["not"]
    assert added > 0.08
    # What is promised leaves the rest, in the proportion in which the model knows the bursts.
    removed = bias["twice"] - bias["once"]
    assert 0.5 < removed / (added * (1 + bias["not"])) < 1.2
    assert error["once"] < min(error["not"], error["twice"])
