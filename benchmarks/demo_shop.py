"""Compare the ranges of the demo shop with three real data sets.

    STOCKWRIGHT_DATA=... python benchmarks/demo_shop.py [--demo FOLDER]

Prints one row per data set and period: VN2 (weekly), Online Retail (weekly), FreshRetailNet
(daily), and, with ``--demo``, the shop at both periods. Statistics are taken over each series'
life, from its first to its last sale; stock-out periods are left out of all but their own share.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
# ADI 1.32 and CV2 0.49: Syntetos, Boylan and Croston (2005), On the categorization of demand.
ADI_CUT, CV2_CUT = 1.32, 0.49


@dataclass(frozen=True)
class Observed:
    """Units (series, period), the share of each period in stock, and whether it is in the life."""

    name: str
    units: Floats
    in_stock: Floats | None


def life(units: Floats) -> NDArray[np.bool_]:
    """True from each series' first sale to its last."""
    sold = units > 0
    begun = np.maximum.accumulate(sold, axis=1)
    return begun & np.maximum.accumulate(sold[:, ::-1], axis=1)[:, ::-1]


def text(value: Floats | float) -> str:
    """A share as a number, a value of many series as its quartiles."""
    if isinstance(value, int):
        return f"{value:,}"
    if np.ndim(value) == 0:
        return "" if np.isnan(value) else f"{value:.3f}"
    return " / ".join(f"{q:.2f}" for q in np.nanquantile(value, [0.25, 0.5, 0.75]))


def profile(data: Observed) -> dict[str, Floats | float]:
    """The statistics of one data set: a number, or one for each series."""
    alive = life(data.units)
    kept = alive.sum(axis=1) >= 8
    units, alive = data.units[kept], alive[kept]
    stock = np.ones_like(units) if data.in_stock is None else data.in_stock[kept]
    seen = alive & (stock >= 1)
    cells = np.where(seen, units, np.nan)
    positive = np.where(cells > 0, cells, np.nan)
    count = np.sum(cells > 0, axis=1)
    enough = count >= 3
    cells, positive, count = cells[enough], positive[enough], count[enough]
    adi = np.sum(seen[enough], axis=1) / count
    cv2 = np.nanvar(positive, axis=1) / np.nanmean(positive, axis=1) ** 2
    mean, variance = np.nanmean(cells, axis=1), np.nanvar(cells, axis=1)
    ordered = np.sort(units.sum(axis=1))[::-1]
    total = np.where(alive, units, 0).sum(axis=0)
    smooth = np.mean((adi < ADI_CUT) & (cv2 < CV2_CUT))
    lumpy = np.mean((adi >= ADI_CUT) & (cv2 >= CV2_CUT))
    lost = np.mean(stock[alive] < 1) if data.in_stock is not None else np.nan
    days_out = np.mean(1 - stock[alive]) if data.in_stock is not None else np.nan
    top = np.nanmax(cells, axis=1) / mean
    return {
        "series": len(cells),
        "units per period": mean,
        "zero share": np.mean(cells[~np.isnan(cells)] == 0),
        "ADI": adi,
        "CV2": cv2,
        "variance / mean": variance / mean,
        "smooth": smooth,
        "lumpy": lumpy,
        "periods with a stock-out": lost,
        "time out of stock": days_out,
        "top 20 % of series sell": ordered[: len(ordered) // 5].sum() / ordered.sum(),
        "peak of a series / its mean": top,
        "peak of the total / its median": total.max() / np.median(total),
    }


def vn2(root: Path) -> Observed:
    """VN2, weekly."""
    keys = ["Store", "Product"]
    units = pd.read_csv(root / "vn2/sales.csv").set_index(keys).to_numpy(np.float64)
    stock = pd.read_csv(root / "vn2/in_stock.csv").set_index(keys).to_numpy(np.float64)
    return Observed("VN2, week", units, stock)


def online_retail(root: Path) -> Observed:
    """Online Retail, weekly, one series per stock code; the lines that are sales of goods."""
    parts = [pd.read_parquet(p) for p in sorted((root / "online_retail").glob("*.parquet"))]
    lines = pd.concat(parts)
    goods = lines["StockCode"].astype(str).str.match(r"^\d{5}")
    lines = lines[goods & (lines["Quantity"] > 0) & (lines["Price"] > 0)]
    days = lines["InvoiceDate"].to_numpy("datetime64[D]").astype(np.int64)
    week = (days + 3) // 7
    codes, _ = pd.factorize(lines["StockCode"])
    units = np.zeros((codes.max() + 1, week.max() - week.min() + 1))
    np.add.at(units, (codes, week - week.min()), lines["Quantity"].to_numpy(np.float64))
    return Observed("Online Retail, week", units, None)


def fresh_retail(root: Path) -> Observed:
    """FreshRetailNet-50K, daily; stock-outs between 6 and 22 h."""
    path = next((root / "freshretail").glob("*.parquet"))
    columns = ["store_id", "product_id", "dt", "sale_amount", "stockout_hours_6_22"]
    table = pd.read_parquet(path, columns=columns)
    table = table.sort_values(["store_id", "product_id", "dt"], kind="stable")
    days = table["dt"].nunique()
    units = table["sale_amount"].to_numpy(np.float64).reshape(-1, days)
    stock = 1 - table["stockout_hours_6_22"].to_numpy(np.float64).reshape(-1, days) / 16
    return Observed("FreshRetail, day", units, stock)


def demo(folder: Path, days_per_period: int) -> Observed:
    """The demo shop's sale rows and availability."""
    sales = pd.read_parquet(folder / "sales.parquet")
    stock = pd.read_parquet(folder / "availability.parquet")
    sales = sales[sales["order_type"] == "sale"]
    first = stock["date"].min()
    keys = stock["sku"].cat.categories
    sites = stock["location"].cat.categories

    def place(table: pd.DataFrame) -> tuple[Floats, Floats]:
        sku = keys.get_indexer(table["sku"].astype(str))
        site = sites.get_indexer(table["location"].astype(str))
        return sku * len(sites) + site, (table["date"] - first).dt.days.to_numpy()

    days = (stock["date"].max() - first).days + 1
    units = np.zeros((len(keys) * len(sites), days))
    in_stock = np.ones_like(units)
    np.add.at(units, place(sales), sales["units"].to_numpy(np.float64))
    in_stock[place(stock)] = stock["in_stock"].to_numpy(np.float64)
    whole = days // days_per_period
    shape = (len(units), whole, days_per_period)
    units = units[:, -whole * days_per_period :].reshape(shape).sum(axis=2)
    in_stock = in_stock[:, -whole * days_per_period :].reshape(shape).mean(axis=2)
    name = "demo shop, week" if days_per_period == 7 else "demo shop, day"
    return Observed(name, units, in_stock)


def observed(root: Path | None, folder: Path | None) -> list[Observed]:
    """The data sets that are there, weekly ones first."""
    sets = []
    if root is not None:
        sets += [vn2(root), online_retail(root)]
    if folder is not None:
        sets.append(demo(folder, 7))
    if root is not None:
        sets.append(fresh_retail(root))
    if folder is not None:
        sets.append(demo(folder, 1))
    return sets


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--demo", type=Path, help="a folder that `stockwright demo` wrote")
    folder = parser.parse_args().demo
    data = os.environ.get("STOCKWRIGHT_DATA")
    sets = observed(Path(data) if data else None, folder)
    profiles = [profile(one) for one in sets]
    print("|  | " + " | ".join(one.name for one in sets) + " |")
    print("|---" * (len(sets) + 1) + "|")
    for name in profiles[0] if profiles else []:
        print(f"| {name} | " + " | ".join(text(one[name]) for one in profiles) + " |")


if __name__ == "__main__":
    main()
