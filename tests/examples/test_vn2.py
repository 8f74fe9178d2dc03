"""The VN2 tables say what the files say, no more and no less."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pipelines.assemble import assemble
from pipelines.config import load_config
from pipelines.ingest import read_tables
from stockwright.panel import Status


@pytest.fixture(scope="module")
def vn2(example, real_data):
    source = real_data("vn2")
    module = example("vn2", "convert")
    return module, module.read_shop(source), source


def night(folder, as_of):
    config = load_config(None, folder)
    ingested = read_tables(str(folder), config, as_of)
    assert not len(ingested.rejected)
    return assemble(ingested, config, as_of)


def test_the_last_week_holds_the_whole_file(vn2, tmp_path):
    module, shop, source = vn2
    as_of = np.datetime64("2024-04-14")
    stock, pipeline = module.read_state(source, shop)
    module.write_tables(tmp_path, shop, as_of, stock, pipeline)
    situation = night(tmp_path, as_of)
    raw = pd.read_csv(source / "sales.csv").iloc[:, 2:]
    state = pd.read_csv(source / "initial_state.csv")
    panel = situation.panel
    assert panel.demand.shape == raw.shape == (599, 157)
    assert panel.demand.sum() == raw.to_numpy().sum()
    out = (panel.in_stock == 0).sum()
    assert out == (~pd.read_csv(source / "in_stock.csv").iloc[:, 2:]).to_numpy().sum() == 10_517
    assert not (panel.status == Status.MISSING).any()
    assert situation.stock.on_hand.sum() == state["End Inventory"].sum()
    transit = state["In Transit W+1"].sum(), state["In Transit W+2"].sum()
    arrivals = np.bincount(situation.stock.arrival_step, situation.stock.arrival_units, minlength=3)
    assert arrivals[1:3].tolist() == list(transit)
    lanes, items = situation.network.lanes, situation.network.items
    assert (lanes.lead_time == 2).all()
    assert (lanes.review == 1).all()
    assert (lanes.available_date == np.datetime64("2024-04-29")).all()
    assert (items.holding_cost == 0.2).all()
    assert (items.shortage_cost == 1.0).all()


def test_an_earlier_night_sees_nothing_later(vn2, tmp_path):
    module, shop, _ = vn2
    as_of = np.datetime64("2022-01-30")
    n = len(shop.sku)
    rng = np.random.default_rng(4)
    stock, pipeline = rng.integers(0, 9, n).astype(float), rng.integers(0, 4, (n, 2)).astype(float)
    module.write_tables(tmp_path, shop, as_of, stock, pipeline)
    situation = night(tmp_path, as_of)
    weeks = shop.last_week(as_of)
    assert situation.panel.n_periods == weeks == 42
    assert situation.panel.demand.sum() == shop.sales[:, :weeks].sum()
    assert situation.stock.on_hand.sum() == stock.sum()
    assert situation.stock.on_order().sum() == pipeline.sum()


def test_a_day_that_closes_no_week_is_refused(vn2, tmp_path):
    module, shop, _ = vn2
    empty = np.zeros(len(shop.sku))
    with pytest.raises(ValueError, match="not the Sunday"):
        module.write_tables(tmp_path, shop, np.datetime64("2022-01-29"), empty, empty[:, None])
