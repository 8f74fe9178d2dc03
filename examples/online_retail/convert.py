"""The order lines of a UK online gift shop in the tables of the contract.

    python examples/online_retail/convert.py OUT [--as-of 2011-10-09]

reads $STOCKWRIGHT_DATA/online_retail, writes the tables of one night into OUT and the accounting
of every line into OUT-accounting.csv beside it.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parent))
from lines import RETURN, SALE, accounting, classified, read_lines

LOCATION, SUPPLIER = "UK", "importer"
# The shop published neither stock nor costs nor lead times. Assumed:
COVER_WEEKS = 4  # stock on hand, in weeks of the last 13 weeks' mean sales
COST_SHARE = 0.5  # unit cost as a share of the usual price
LEAD_TIME_DAYS, REVIEW_DAYS = 21, 7
RECENT_WEEKS = 13
# Words of a description that tell when a product sells.
OCCASIONS = {
    "christmas": ("CHRISTMAS", "XMAS", "SANTA", "SNOW", "REINDEER", "NOEL", "ADVENT"),
    "easter": ("EASTER", "CHICK", "BUNNY"),
}
CONFIG = """\
# Order lines of a gift shop: weeks, one warehouse, one supplier.
period = "week"
horizon = 8

[calendar]
country = "GB"

# Costs are assumed (see README.md), so the stock is steered by service levels and not by money.
[service]
mode = "cycle"
default = 0.85
grade = { A = 0.95, B = 0.90 }
"""


def write_tables(folder: Path, lines: pd.DataFrame, reason: pd.Series, as_of: pd.Timestamp) -> None:
    """Write the tables of the night of the Sunday ``as_of`` from classified lines."""
    folder.mkdir(parents=True, exist_ok=True)
    used = lines[reason.isin([SALE, RETURN]) & (lines["InvoiceDate"].dt.normalize() <= as_of)]
    sales = pd.DataFrame(
        {
            "date": used["InvoiceDate"].dt.normalize().astype("datetime64[s]"),
            "sku": used["code"],
            "location": LOCATION,
            "units": used["Quantity"],
            "price": used["Price"],
            "order_id": used["Invoice"],
            "region": used["Country"],
            "order_type": np.where(reason[used.index] == SALE, "sale", "return"),
        }
    )
    sales.to_parquet(folder / "sales.parquet", index=False)
    sold = used[reason[used.index] == SALE]
    _products(used).to_csv(folder / "products.csv", index=False)
    _inventory(sold, as_of).to_csv(folder / "inventory.csv", index=False)
    pd.DataFrame([{"location": LOCATION, "kind": "central"}]).to_csv(
        folder / "locations.csv", index=False
    )
    lane = {"source": SUPPLIER, "destination": LOCATION}
    times = {"lead_time_days": LEAD_TIME_DAYS, "review_days": REVIEW_DAYS}
    pd.DataFrame([lane | times]).to_csv(folder / "lanes.csv", index=False)
    (folder / "stockwright.toml").write_text(CONFIG, encoding="utf-8")


def _products(used: pd.DataFrame) -> pd.DataFrame:
    """Name: the description used most; price: the median paid per line.

    style: the digits of a code that ends in letters (its colors and designs). attr_range: the first
    two digits, by which the importer numbers what came into the range together. attr_occasion:
    from the name.
    """
    texts = used.assign(name=used["Description"].fillna("").str.strip())
    count = texts.groupby(["code", "name"]).size().reset_index(name="n")
    count = count.sort_values(["code", "n", "name"], ascending=[True, False, True])
    names = count.drop_duplicates("code").set_index("code")["name"]
    price = used.groupby("code")["Price"].median()
    frame = pd.DataFrame({"name": names, "price": price.round(4)}).rename_axis("sku")
    frame = frame.assign(unit_cost=(frame["price"] * COST_SHARE).round(4)).reset_index()
    digits = frame["sku"].str.extract(r"^(\d+)", expand=False).fillna("")
    frame["style"] = digits.where(digits != frame["sku"], "")
    frame["attr_range"] = digits.str[:2].where(digits != "", "other")
    frame["attr_occasion"] = "any"
    for occasion, words in reversed(OCCASIONS.items()):
        told = frame["name"].str.upper().str.contains("|".join(words))
        frame.loc[told, "attr_occasion"] = occasion
    return frame


def _inventory(sold: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """Stock assumed: COVER_WEEKS weeks of the recent mean sales, whole units."""
    recent = sold[sold["InvoiceDate"] > as_of - pd.Timedelta(days=7 * RECENT_WEEKS - 1)]
    weekly = recent.groupby("code")["Quantity"].sum() / RECENT_WEEKS
    stock = (weekly.reindex(sorted(sold["code"].unique())).fillna(0) * COVER_WEEKS).round()
    frame = stock.rename("on_hand").rename_axis("sku").reset_index()
    return frame.assign(location=LOCATION, date=as_of.date().isoformat())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, help="folder to write the tables into")
    parser.add_argument("--as-of", default="2011-10-09", help="a Sunday; default: the last day")
    call = parser.parse_args()
    root = os.environ.get("STOCKWRIGHT_DATA")
    if not root:
        print("set STOCKWRIGHT_DATA to the folder that holds online_retail/", file=sys.stderr)
        return 2
    lines = read_lines(Path(root) / "online_retail")
    reason = classified(lines)
    write_tables(call.out, lines, reason, pd.Timestamp(call.as_of))
    table = accounting(lines, reason)
    book = call.out.with_name(call.out.name + "-accounting.csv")
    table.to_csv(book, index=False)
    print(table.drop(columns="file").groupby("reason").sum().round(2).to_string())
    print(f"{len(lines)} lines in, {table['lines'].sum()} accounted for in {book}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
