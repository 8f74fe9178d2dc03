"""The tables of the demo shop as files."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.demo_shop import demo, profile
from pipelines.demo import DEMO_LAST_DATE, Truth, truth_folder, write_demo
from stockwright.errors import ConfigError, DataError

TEXT = {"sku": str, "order_weekdays": str, "price_breaks": str}
#: Medians or shares of the weekly shop, set from VN2 and Online Retail: docs/demo-shop.md.
BANDS = {
    "zero share": (0.35, 0.52),
    "ADI": (1.3, 2.5),
    "CV2": (0.28, 1.2),
    "variance / mean": (1.5, 35.0),
    "time out of stock": (0.03, 0.10),
    "top 20 % of series sell": (0.65, 0.85),
    "peak of a series / its mean": (4.0, 10.0),
    "peak of the total / its median": (2.0, 3.5),
}


def table(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / f"{name}.csv", dtype=TEXT, keep_default_na=False, na_values=[""])


def digests(folder: Path) -> dict[str, str]:
    places = (folder, truth_folder(folder))
    return {
        f.name: hashlib.sha256(f.read_bytes()).hexdigest()
        for place in places
        for f in sorted(place.iterdir())
        if f.name != "README.txt"
    }


def test_the_same_arguments_write_the_same_bytes_and_another_seed_others(tmp_path):
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        write_demo(tmp_path / name, 30, 90, seed)
    first, again, other = (digests(tmp_path / name) for name in "abc")
    assert first == again
    alike = {"locations.csv", "coverage.csv", "events.csv"}
    assert {n for n in first if first[n] == other[n]} == alike


def test_references_between_tables_hold(folder):
    products, lanes = table(folder, "products"), table(folder, "lanes")
    sites = set(table(folder, "locations")["location"])
    assert products["sku"].is_unique
    for name in ("inventory", "commitments"):
        rows = table(folder, name)
        assert set(rows["sku"]) <= set(products["sku"])
        assert set(rows["location"]) <= sites
    inbound = table(folder, "inbound")
    assert set(inbound["destination"]) <= sites
    assert set(inbound["kind"]) == {"purchase", "transfer"}
    sources = set(table(folder, "suppliers")["supplier"]) | sites
    assert set(lanes["source"]) <= sources
    regular = lanes[lanes["kind"] == "regular"]
    assert list(regular["sku"]) == list(products["sku"])
    assert set(lanes["kind"]) == {"regular", "transfer", "expedited"}


def test_good_units_of_receipts_are_what_central_received(folder, shop):
    """Day by day the stock of central grew by what came and was not sent back."""
    rows = table(folder, "receipts")
    good = rows["units_received"] - rows["units_rejected"]
    found = good.groupby(rows["received_on"]).sum()
    days = shop.record.first_day + np.arange(len(shop.record.bought))
    bought = pd.Series(shop.record.bought.sum(axis=1), days.astype("datetime64[D]").astype(str))
    assert found.to_dict() == bought[bought > 0].to_dict()
    assert (rows["units_ordered"] >= rows["units_received"]).all()
    assert 0.02 < (rows["units_ordered"] > good).mean() < 0.15
    assert 0.02 < (rows["received_on"] > rows["promised_on"]).mean() < 0.12


def test_every_region_is_covered_first_by_its_own_warehouse(folder):
    covered, places = table(folder, "coverage"), table(folder, "locations")
    first = covered.sort_values("priority").drop_duplicates("region")
    region = places.set_index("location")["region"]
    assert (first["location"].map(region) == first["region"]).all()
    assert len(covered) == 9


def test_factories_are_shut_around_the_next_spring_festival_as_far_as_told(folder):
    rows = table(folder, "closures")
    assert len(rows) > 5
    assert (rows["start"] < "2026-02-17").all()
    assert (rows["end"] > "2026-02-17").all()
    assert (rows["known_since"] <= str(DEMO_LAST_DATE)).all()


def test_terms_are_plausible(folder):
    products, lanes = table(folder, "products"), table(folder, "lanes")
    margin = 1 - products["unit_cost"] / products["price"]
    assert margin.between(0.19, 0.61).all()
    own = lanes[lanes["sku"].notna()]
    assert (own["moq"] % own["order_multiple"] == 0).all()
    assert own["lead_time_days"].between(1, 30).all()
    assert products["category"].str.count("/").eq(1).all()


def test_inventory_is_of_the_last_date_and_inbound_comes_later_but_for_a_few_late_orders(folder):
    inventory, inbound = table(folder, "inventory"), table(folder, "inbound")
    last = str(DEMO_LAST_DATE)
    assert set(inventory["date"]) == {last}
    assert (inventory["on_hand"] > 0).all()
    assert (inventory["reserved"] <= inventory["on_hand"]).all()
    assert (inventory["received_date"] <= last).all()
    overdue = inbound["available_date"] <= last
    assert 0 < overdue.mean() < 0.2
    assert set(inbound.loc[overdue, "kind"]) == {"purchase"}


def test_sale_rows_are_whole_units_sorted_and_returns_are_negative(folder):
    sales = pd.read_parquet(folder / "sales.parquet")
    returned = sales["order_type"] == "return"
    assert (sales.loc[returned, "units"] < 0).all()
    assert (sales.loc[~returned, "units"] > 0).all()
    keys = ["date", "sku", "location", "channel"]
    assert not sales.loc[~returned].duplicated(keys).any()
    assert sales["date"].is_monotonic_increasing
    price = table(folder, "products").set_index("sku")["price"]
    paid = sales["price"] / sales["sku"].astype(str).map(price)
    assert paid.between(0.5, 1.0001).all()


def test_open_commitments_are_deposits_for_the_coming_double_11(folder):
    rows = table(folder, "commitments")
    rows = rows[rows["date"] > str(DEMO_LAST_DATE)]
    assert set(rows["kind"]) == {"presale"}
    assert set(rows["stage"]) == {"deposit"}
    assert set(rows["date"]) == {"2025-11-01", "2025-11-10"}
    assert (rows["units"] >= 1).all()


def test_paid_deposits_are_a_part_of_the_true_demand_of_their_day(folder):
    truth = Truth.load(folder)
    rows = pd.read_parquet(truth_folder(folder) / "commitments.parquet")
    for date, part in rows.groupby("date"):
        demand = truth.demand(np.datetime64(date, "D"), 1).ravel()
        paid = np.bincount(truth.rows(part["sku"], part["location"]), part["paid"], demand.size)
        assert (paid <= demand).all()
        assert 0.1 * demand.sum() < paid.sum() < 0.6 * demand.sum()


def test_deposits_of_the_past_say_what_became_of_them(folder):
    rows = table(folder, "commitments")
    past = rows[rows["date"] <= str(DEMO_LAST_DATE)]
    assert past["date"].nunique() >= 4
    units = past.groupby("stage")["units"].sum()
    assert 0.75 < units["paid"] / units.sum() < 0.93
    assert past[past["stage"] == "paid"]["fulfilled"].sum() > 0.8 * units["paid"]


def test_the_readme_says_that_the_shop_is_synthetic_and_which_night_goes_with_it(folder):
    text = (folder / "README.txt").read_text("utf-8")
    assert "Synthetic" in text
    assert f"--date {DEMO_LAST_DATE}" in text


@pytest.mark.parametrize(
    ("skus", "days", "seed"), [(0, 100, 1), (10, 10, 1), (10, 99999, 1), (10, 100, -1)]
)
def test_sizes_out_of_range_are_refused(tmp_path, skus, days, seed):
    with pytest.raises(ConfigError, match="cannot be made"):
        write_demo(tmp_path / "shop", skus, days, seed)


def test_a_folder_that_holds_files_is_refused_and_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(DataError, match="not an empty folder"):
        write_demo(tmp_path, 10, 60)
    assert [f.name for f in tmp_path.iterdir()] == ["mine.txt"]


def test_the_ranges_of_the_weekly_shop_stay_in_the_bands_of_the_real_sets(tmp_path):
    write_demo(tmp_path / "shop", 500, 730)
    shown = profile(demo(tmp_path / "shop", 7))
    outside = {
        name: float(np.nanmedian(shown[name]))
        for name, (low, high) in BANDS.items()
        if not low <= np.nanmedian(shown[name]) <= high
    }
    assert outside == {}
