"""Chance, demand and deliveries of a replay, against scipy, counts and hand-made tables."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from experiments.replay.chance import uniform, whole
from experiments.replay.deliveries import Deliveries
from experiments.replay.demand import _poisson, asked_of
from experiments.replay.tables import ReplayTables
from experiments.replay.transit import Transit
from experiments.shop import Shop
from stockwright.panel import SeriesIndex, Status
from stockwright.stock import StockPosition

FIRST = np.datetime64("2025-09-21")
SKUS = tuple(f"S{i:03d}" for i in range(200))
INDEX = SeriesIndex(SKUS, ("a", "b"), np.repeat(np.arange(200), 2), np.tile([0, 1], 200))
DATES = FIRST + np.arange(60)


def test_a_draw_depends_on_its_key_and_date_alone():
    some = np.array([3, 77, 250])
    every = uniform(INDEX, DATES, "demand", 1)
    assert np.array_equal(uniform(INDEX.take(some), DATES[5:9], "demand", 1), every[some, 5:9])
    assert not np.array_equal(uniform(INDEX, DATES, "deliveries", 1), every)
    assert not np.array_equal(uniform(INDEX, DATES, "demand", 2), every)


def test_draws_are_uniform():
    drawn = uniform(INDEX, DATES, "demand", 1).ravel()
    assert stats.kstest(drawn, "uniform").pvalue > 0.01


def test_rounding_by_chance_keeps_the_mean():
    drawn = uniform(INDEX, DATES, "demand", 1)
    units = np.full(drawn.shape, 2.3)
    found = whole(units, drawn)
    assert set(np.unique(found)) == {2.0, 3.0}
    assert found.mean() == pytest.approx(2.3, abs=0.02)


def test_poisson_draws_are_the_quantiles_of_scipy():
    rng = np.random.default_rng(1)
    mean, drawn = rng.gamma(1.0, 4.0, 5000), rng.random(5000)
    mean[:10] = 0.0
    assert np.array_equal(_poisson(mean, drawn), stats.poisson.ppf(drawn, mean))


def test_demand_is_what_was_sold_and_more_only_where_stock_ran_out(shop: Shop):
    last = FIRST + np.timedelta64(28, "D")
    tables = ReplayTables.open(shop, last, None)
    situation = tables.evening(shop.config, last)
    sales = tables.read(shop.config, last).tables["sales"]
    found = asked_of(situation, sales, shop.config, FIRST, 28)
    cells = np.s_[:, situation.panel.n_periods - 28 :]
    sold = situation.sold[cells]
    kept = found.replayed[:, None]
    assert np.array_equal(found.units - found.filled, np.where(kept, sold, 0.0))
    assert (found.filled[situation.panel.status[cells] != Status.CENSORED] == 0).all()
    assert found.filled.sum() > 0
    assert np.array_equal(found.units, np.rint(found.units))
    back = sales[(sales["order_type"] == "return") & (sales["date"] > pd.Timestamp(FIRST))]
    most = back["units"].abs().sum()
    assert 0.6 * most <= found.returned.sum() <= most


def _receipts(days: list[int], received: list[int], supplier: str) -> pd.DataFrame:
    ordered = pd.Timestamp("2025-01-01")
    return pd.DataFrame(
        {
            "supplier": supplier,
            "ordered_on": ordered,
            "promised_on": ordered + pd.Timedelta(10, "D"),
            "received_on": [ordered + pd.Timedelta(day, "D") for day in days],
            "units_ordered": 10.0,
            "units_received": np.array(received, float),
            "units_rejected": 0.0,
        }
    )


def test_deliveries_are_drawn_from_the_suppliers_own_receipts():
    receipts = pd.concat([_receipts([10, 12, 20], [10, 10, 4], "V1")], ignore_index=True)
    names = SimpleNamespace(suppliers=SimpleNamespace(names=("V0", "V1")))
    told = Deliveries.of(receipts, cast(Any, SimpleNamespace(network=names)))
    series = np.arange(400)
    days, good = told.drawn(INDEX, FIRST, 1, series, np.ones(400, np.int64))
    assert set(days) == {-4.0, -2.0, 6.0}
    assert (good[days == 6.0] == 0.4).all()
    assert (good[days < 6.0] == 1.0).all()
    assert np.bincount((days == 6.0).astype(int)) == pytest.approx([267, 133], abs=35)
    assert told.longest == 6
    punctual = told.drawn(INDEX, FIRST, 1, series, np.zeros(400, np.int64))
    assert not punctual[0].any()
    assert (punctual[1] == 1).all()


def test_what_is_overdue_is_expected_at_once_and_what_came_is_gone():
    lines = Transit(
        np.array([0, 1, 1]), np.array([5.0, 6.0, 7.0]), np.array([2, 4, 9]), np.array([6, 4, 9])
    )
    still = lines.open_at(5)
    assert still.units.tolist() == [5.0, 7.0]
    n = 2
    bare = StockPosition(
        np.zeros(n), np.zeros(n), np.full(n, np.nan), np.ones(n, np.bool_),
        np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0),
    )  # fmt: skip
    seen = still.seen(bare, 5, np.array([0.0, 3.0]))
    assert seen.arrival_series.tolist() == [0, 1, 1]
    assert seen.arrival_step.tolist() == [1, 5, 1]
    assert seen.arrival_units.tolist() == [5.0, 7.0, 3.0]
