"""FreshRetailNet-50K, daily sales of a chain of fresh food stores, in the tables of the contract.

    python examples/freshretail/convert.py OUT [--series 5000]

reads $STOCKWRIGHT_DATA/freshretail and writes the tables of the whole file into OUT.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd

FILE = "daily_2024-03-28_2024-06-18.parquet"
OPEN_HOURS = 16
SUPPLIER = "kitchen"
# The file has neither stock nor prices, costs or lead times. Assumed:
COVER_DAYS, RECENT_DAYS = 2, 14  # stock on hand, in days of the mean sales of the last fortnight
LIST_PRICE, UNIT_COST = 1.0, 0.6
LEAD_TIME_DAYS, REVIEW_DAYS = 1, 2
# Discounts below this are no prices that anybody paid.
LEAST_PRICE = 0.05
CONFIG = """\
# Daily sales of fresh food. Amounts are scaled, so they are no whole units.
period = "day"
horizon = 14

[calendar]
country = "CN"
# Demand by hour from 6 to 22, learned from the stock-outs of the first 18 days; evened after noon.
selling_profile = [{profile}]
"""
PROFILE = (32.1, 9.5, 12.6, 12.1, 8.3, 5.2, *[2.0] * 10)


def read_file(source: Path, series: int | None) -> pd.DataFrame:
    """The rows of the file, with keys as text, of all store-products or of a stable sample."""
    frame = pd.read_parquet(source / FILE)
    frame["sku"] = frame["product_id"].map("{:04d}".format)
    frame["location"] = frame["store_id"].map("{:04d}".format)
    frame = frame.sort_values(["sku", "location", "dt"], kind="stable", ignore_index=True)
    return frame if series is None else sampled(frame, series)


def sampled(frame: pd.DataFrame, series: int) -> pd.DataFrame:
    """The rows of the ``series`` keys whose names hash lowest: small samples lie in larger ones."""
    keys = frame[["sku", "location"]].drop_duplicates()
    names = keys["sku"] + " " + keys["location"]
    keys = keys.assign(rank=[hashlib.sha256(name.encode()).hexdigest() for name in names])
    chosen = keys.sort_values("rank").head(series)[["sku", "location"]]
    found = frame.merge(chosen, on=["sku", "location"])
    return found.sort_values(["sku", "location", "dt"], kind="stable", ignore_index=True)


def write_tables(folder: Path, frame: pd.DataFrame) -> None:
    """Write the tables of rows as ``read_file`` gives them."""
    folder.mkdir(parents=True, exist_ok=True)
    keys = {
        "date": frame["dt"].astype("datetime64[s]"),
        "sku": frame["sku"],
        "location": frame["location"],
    }
    # Zero rows stay: they say that the store was open.
    units = frame["sale_amount"].astype("float64").round(4)
    pd.DataFrame({**keys, "units": units}).to_parquet(folder / "sales.parquet", index=False)
    share = 1 - frame["stockout_hours_6_22"] / OPEN_HOURS
    pd.DataFrame({**keys, "in_stock": share}).to_parquet(
        folder / "availability.parquet", index=False
    )
    activity = {"name": "activity", "value": frame["activity_flag"], "known_ahead": True}
    pd.DataFrame({**keys, **activity}).to_parquet(folder / "signals.parquet", index=False)
    _prices(frame).to_parquet(folder / "prices.parquet", index=False)
    _inventory(frame).to_parquet(folder / "inventory.parquet", index=False)
    _products(frame).to_csv(folder / "products.csv", index=False)
    _stores(frame).to_csv(folder / "locations.csv", index=False)
    _lanes(frame).to_csv(folder / "lanes.csv", index=False)
    profile = ", ".join(f"{part:g}" for part in PROFILE)
    (folder / "stockwright.toml").write_text(CONFIG.format(profile=profile), encoding="utf-8")


def _prices(frame: pd.DataFrame) -> pd.DataFrame:
    """The discount as a price, one row for each run of days that have the same one."""
    price = (frame["discount"].astype("float64") * LIST_PRICE).round(3).clip(upper=LIST_PRICE)
    rows = frame.assign(price=price)[["sku", "location", "dt", "price"]]
    before = rows.shift()
    same = (rows["sku"] == before["sku"]) & (rows["location"] == before["location"])
    run = (~same | (rows["price"] != before["price"])).cumsum()
    runs = rows.groupby(run, sort=False).agg(
        sku=("sku", "first"),
        location=("location", "first"),
        start=("dt", "min"),
        end=("dt", "max"),
        price=("price", "first"),
    )
    return runs[runs["price"] >= LEAST_PRICE].astype(
        {"start": "datetime64[s]", "end": "datetime64[s]"}
    )


def _inventory(frame: pd.DataFrame) -> pd.DataFrame:
    """Stock assumed at the end of the file."""
    last = frame["dt"].max()
    recent = frame[frame["dt"] > last - pd.Timedelta(days=RECENT_DAYS)]
    mean = recent.groupby(["sku", "location"], sort=True)["sale_amount"].mean().astype("float64")
    stock = (mean * COVER_DAYS).round(2).rename("on_hand").reset_index()
    return stock.assign(date=last.date().isoformat())


def _products(frame: pd.DataFrame) -> pd.DataFrame:
    """Three levels of categories; the group that manages the product is an attribute."""
    names = ["first_category_id", "second_category_id", "third_category_id"]
    rows = frame.drop_duplicates("sku")
    levels = [rows[name].map("{:03d}".format) for name in names]
    return pd.DataFrame(
        {
            "sku": rows["sku"],
            "category": levels[0] + "/" + levels[1] + "/" + levels[2],
            "attr_group": rows["management_group_id"],
            "price": LIST_PRICE,
            "unit_cost": UNIT_COST,
        }
    )


def _stores(frame: pd.DataFrame) -> pd.DataFrame:
    """Stores with their city as region."""
    rows = frame.drop_duplicates("location").sort_values("location")
    return pd.DataFrame({"location": rows["location"], "region": rows["city_id"]})


def _lanes(frame: pd.DataFrame) -> pd.DataFrame:
    stores = np.sort(frame["location"].unique())
    times = {"lead_time_days": LEAD_TIME_DAYS, "review_days": REVIEW_DAYS}
    return pd.DataFrame({"source": SUPPLIER, "destination": stores, **times})


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, help="folder to write the tables into")
    parser.add_argument("--series", type=int, help="convert so many store-products; default: all")
    call = parser.parse_args()
    root = os.environ.get("STOCKWRIGHT_DATA")
    if not root:
        print("set STOCKWRIGHT_DATA to the folder that holds freshretail/", file=sys.stderr)
        return 2
    frame = read_file(Path(root) / "freshretail", call.series)
    write_tables(call.out, frame)
    days, keys = frame["dt"].nunique(), len(frame) // frame["dt"].nunique()
    short = (frame["stockout_hours_6_22"] > 0).mean()
    print(f"{keys} store-products on {days} days, {short:.1%} of them with a stock-out")
    return 0


if __name__ == "__main__":
    sys.exit(main())
