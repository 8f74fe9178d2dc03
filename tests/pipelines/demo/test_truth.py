"""The truth of the demo shop and the tables that censor it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pipelines.demo import DEMO_LAST_DATE, Truth, truth_folder
from stockwright.errors import DataError

DAYS = 400


@pytest.fixture(scope="module")
def truth(folder) -> Truth:
    return Truth.load(folder)


@pytest.fixture(scope="module")
def first() -> np.datetime64:
    return DEMO_LAST_DATE - np.timedelta64(DAYS - 1, "D")


def test_written_sales_are_at_most_demand_and_equal_to_it_on_days_in_stock(folder, truth, first):
    demand = truth.demand(first, DAYS).reshape(-1, DAYS)
    sales = pd.read_parquet(folder / "sales.parquet")
    sales = sales[sales["order_type"] == "sale"]
    stock = pd.read_parquet(folder / "availability.parquet")

    def place(table):
        key = truth.rows(table["sku"].astype(str), table["location"].astype(str))
        return key, (table["date"].to_numpy("datetime64[D]") - first).astype(int)

    units = np.zeros(demand.shape)
    np.add.at(units, place(sales), sales["units"])
    in_stock = np.full(demand.shape, np.nan)
    in_stock[place(stock)] = stock["in_stock"]
    assert (units <= demand).all()
    np.testing.assert_array_equal(units[in_stock == 1], demand[in_stock == 1])
    assert (demand[np.isnan(in_stock)] == 0).all()
    assert 0.02 < np.nanmean(in_stock < 1) < 0.12


def test_demand_scatters_around_its_mean_also_after_the_tables_end(truth):
    start = DEMO_LAST_DATE + np.timedelta64(1, "D")
    days = int((truth.last_date - DEMO_LAST_DATE).astype(int))
    assert days >= 120
    mean = truth.mean(start + np.arange(days)).sum()
    assert truth.demand(start, days).sum() == pytest.approx(mean, rel=0.05)


def test_a_part_of_the_days_is_drawn_as_in_the_whole(truth, first):
    whole = truth.demand(first, 300)
    part = truth.demand(first + np.timedelta64(130, "D"), 70)
    np.testing.assert_array_equal(whole[:, :, 130:200], part)


def test_a_lower_price_never_lowers_and_a_higher_one_never_raises_demand(truth, first):
    usual = truth.demand(first, 120)
    cheap, dear = (truth.demand(first, 120, price_multiplier=m) for m in (0.7, 1.3))
    assert (cheap >= usual).all()
    assert (dear <= usual).all()
    assert cheap.sum() > 1.5 * usual.sum() > usual.sum() > 1.3 * dear.sum()


def test_a_price_changes_the_mean_by_its_elasticity(truth, first):
    dates = first + np.arange(50)
    planned = truth.planned_price(dates)
    usual = truth.mean(dates)
    expected = usual * (0.8**-truth.elasticity)[:, None, None]
    np.testing.assert_allclose(truth.mean(dates, price=0.8 * planned), expected, rtol=1e-6)
    np.testing.assert_allclose(truth.mean(dates, price=planned), usual)


def test_a_multiplier_for_one_sku_moves_no_other(truth, first):
    factor = np.ones(len(truth.skus))
    factor[7] = 0.5
    moved = truth.demand(first, 90, factor) != truth.demand(first, 90)
    assert not np.delete(moved, 7, axis=0).any()


def test_dates_unknown_to_the_truth_are_refused(truth):
    with pytest.raises(DataError, match="it runs from"):
        truth.mean([truth.last_date + np.timedelta64(1, "D")])


def test_a_folder_without_a_truth_is_refused(tmp_path):
    with pytest.raises(DataError, match="no truth"):
        Truth.load(tmp_path)


def test_nothing_after_the_last_date_but_what_was_known_is_in_the_data_folder(folder):
    last = pd.Timestamp(DEMO_LAST_DATE)
    for name in ("sales", "availability"):
        assert pd.read_parquet(folder / f"{name}.parquet", columns=["date"])["date"].max() == last
    for name in ("events", "prices"):
        table = pd.read_csv(folder / f"{name}.csv", parse_dates=["known_since", "start"])
        assert (table["known_since"] <= last).all()
        assert (table["start"] > last).any()
    assert not list(folder.rglob("*.npy"))
    assert truth_folder(folder).parent == folder.resolve().parent


def test_list_price_less_written_discounts_is_the_planned_price_of_the_truth(folder, truth, first):
    """Events and price cuts, read row by row, give the price that made the demand."""
    products = pd.read_csv(folder / "products.csv").set_index("sku")
    dates = first + np.arange(DAYS + 28)
    price = np.repeat(products["price"].to_numpy()[:, None], len(dates), axis=1)
    events = pd.read_csv(folder / "events.csv", dtype=str, keep_default_na=False)
    for row in events[events["category"] != ""].itertuples():
        skus = products["category"].str.startswith(row.category + "/").to_numpy()
        days = (dates >= np.datetime64(row.start)) & (dates <= np.datetime64(row.end))
        price[np.ix_(skus, days)] *= 1 - float(row.discount_off)
    for row in pd.read_csv(folder / "prices.csv").itertuples():
        days = (dates >= np.datetime64(row.start)) & (dates <= np.datetime64(row.end))
        price[products.index.get_loc(row.sku), days] = row.price
    on_sale = truth.mean(dates).sum(axis=1) > 0
    np.testing.assert_allclose(price[on_sale], truth.planned_price(dates)[on_sale], atol=0.0051)
