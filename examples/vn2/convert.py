"""The VN2 Inventory Planning Challenge in the tables of the contract.

    python examples/vn2/convert.py OUT [--as-of 2024-04-14]

reads $STOCKWRIGHT_DATA/vn2 and writes the tables of one night into OUT. A replay calls
``read_shop`` once and ``write_tables`` for every night.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

SUPPLIER = "supplier"
LEAD_TIME_DAYS, REVIEW_DAYS = 14, 7
HOLDING_COST, SHORTAGE_COST = 0.2, 1.0
CONFIG = """\
# VN2: weeks, one order per store-product and week, priced per unit and week.
period = "week"
horizon = 8
calendar.country = ""  # The data does not say where the stores are.
"""


@dataclass(frozen=True)
class Shop:
    """The recorded history, one row for each store-product in the order of the files.

    location, sku: (series,) text. weeks: (weeks,) Mondays. sales: (series, week) units sold.
    in_stock: (series, week) flags. master: the attributes, one row for each series.
    """

    location: np.ndarray
    sku: np.ndarray
    weeks: np.ndarray
    sales: np.ndarray
    in_stock: np.ndarray
    master: pd.DataFrame

    def last_week(self, as_of: np.datetime64) -> int:
        """Weeks that have closed by the Sunday ``as_of``. Raises ValueError beyond the file."""
        closed = int(np.searchsorted(self.weeks, as_of, side="right"))
        if not closed or self.weeks[closed - 1] + np.timedelta64(6, "D") != as_of:
            raise ValueError(f"{as_of} is not the Sunday of one of the weeks of the file")
        return closed


def read_shop(source: Path) -> Shop:
    """The shop in the folder ``source`` (sales.csv, in_stock.csv, master.csv)."""
    names = ["Store", "Product"]
    sales = pd.read_csv(source / "sales.csv").set_index(names)
    flags = pd.read_csv(source / "in_stock.csv").set_index(names).loc[sales.index]
    master = pd.read_csv(source / "master.csv").set_index(names).loc[sales.index].reset_index()
    return Shop(
        location=master["Store"].astype(str).to_numpy(object),
        sku=master["Product"].astype(str).to_numpy(object),
        weeks=sales.columns.to_numpy().astype("datetime64[D]"),
        sales=sales.to_numpy(np.float64),
        in_stock=flags[sales.columns].to_numpy(bool),
        master=master,
    )


def read_state(source: Path, shop: Shop) -> tuple[np.ndarray, np.ndarray]:
    """Stock (series,) and pipeline (series, 2) at the end of the file's last week.

    Column k of the pipeline arrives at the start of week k + 1 from then.
    """
    state = pd.read_csv(source / "initial_state.csv").set_index(["Store", "Product"])
    state = state.loc[pd.MultiIndex.from_frame(shop.master[["Store", "Product"]])]
    transit = state[["In Transit W+1", "In Transit W+2"]].to_numpy(np.float64)
    return state["End Inventory"].to_numpy(np.float64), transit


def write_tables(
    folder: Path, shop: Shop, as_of: np.datetime64, stock: np.ndarray, pipeline: np.ndarray
) -> None:
    """Write the tables as they stand at the close of the Sunday ``as_of``.

    stock: (series,) units. pipeline: (series, k) units; column j can be sold from the start of
    the week that begins 7 j days after the next morning.
    """
    folder.mkdir(parents=True, exist_ok=True)
    weeks = shop.last_week(as_of)
    _history(shop, weeks, folder)
    keys = {"sku": shop.sku, "location": shop.location}
    now = pd.DataFrame({**keys, "on_hand": stock, "date": str(as_of)})
    now.to_parquet(folder / "inventory.parquet", index=False)
    _inbound(shop, as_of, pipeline).to_parquet(folder / "inbound.parquet", index=False)
    _masters(shop, folder)
    (folder / "stockwright.toml").write_text(CONFIG, encoding="utf-8")


def _history(shop: Shop, weeks: int, folder: Path) -> None:
    n = len(shop.sku)
    rows = {
        "date": np.tile(shop.weeks[:weeks].astype("datetime64[s]"), n),
        "sku": np.repeat(shop.sku, weeks),
        "location": np.repeat(shop.location, weeks),
    }
    # Zero rows stay: they say that the store reported that week.
    sales = pd.DataFrame({**rows, "units": shop.sales[:, :weeks].ravel()})
    sales.to_parquet(folder / "sales.parquet", index=False)
    share = shop.in_stock[:, :weeks].ravel().astype(np.float64)
    pd.DataFrame({**rows, "in_stock": share}).to_parquet(
        folder / "availability.parquet", index=False
    )


def _inbound(shop: Shop, as_of: np.datetime64, pipeline: np.ndarray) -> pd.DataFrame:
    series, ahead = np.nonzero(pipeline > 0)
    available = as_of + np.timedelta64(1, "D") + ahead * np.timedelta64(7, "D")
    dates = pd.Series(available.astype("datetime64[s]"))
    return pd.DataFrame(
        {
            "order_id": "week-" + dates.astype(str),
            "sku": shop.sku[series],
            "destination": shop.location[series],
            "source": SUPPLIER,
            "units": pipeline[series, ahead],
            "available_date": dates,
        }
    )


def _masters(shop: Shop, folder: Path) -> None:
    levels = ["DepartmentGroup", "Department", "Division", "ProductGroup"]
    products = pd.DataFrame({"sku": shop.sku})
    products["category"] = shop.master[levels].astype(str).agg("/".join, axis=1)
    products = products.drop_duplicates("sku").assign(
        unit_cost=1.0, price=2.0, holding_cost=HOLDING_COST, shortage_cost=SHORTAGE_COST
    )
    products.to_csv(folder / "products.csv", index=False)
    stores = pd.DataFrame({"location": shop.location, "kind": "store"})
    stores["region"] = "format " + shop.master["Format"].astype(str)
    stores["tier"] = "store format " + shop.master["StoreFormat"].astype(str)
    stores = stores.drop_duplicates("location")
    stores.to_csv(folder / "locations.csv", index=False)
    lanes = pd.DataFrame({"source": SUPPLIER, "destination": stores["location"]})
    lanes = lanes.assign(lead_time_days=LEAD_TIME_DAYS, review_days=REVIEW_DAYS)
    lanes.to_csv(folder / "lanes.csv", index=False)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, help="folder to write the tables into")
    parser.add_argument("--as-of", default=None, help="a Sunday; default: the last of the file")
    call = parser.parse_args()
    root = os.environ.get("STOCKWRIGHT_DATA")
    if not root:
        print("set STOCKWRIGHT_DATA to the folder that holds vn2/", file=sys.stderr)
        return 2
    source = Path(root) / "vn2"
    shop = read_shop(source)
    last = shop.weeks[-1] + np.timedelta64(6, "D")
    as_of = np.datetime64(call.as_of, "D") if call.as_of else last
    stock, pipeline = read_state(source, shop)
    if as_of != last:
        print("note: stock and pipeline are those of the file's last week", file=sys.stderr)
    write_tables(call.out, shop, as_of, stock, pipeline)
    print(f"wrote the tables as of {as_of} to {call.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
