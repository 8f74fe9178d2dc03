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


def spread(values: Floats, digits: int = 2) -> str:
    """Quartiles of ``values`` as text: low / median / high."""
    low, middle, high = np.nanquantile(values, [0.25, 0.5, 0.75])
    return f"{low:.{digits}f} / {middle:.{digits}f} / {high:.{digits}f}"


def profile(data: Observed) -> dict[str, str]:
    """The statistics of one data set, as text."""
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
        "data": data.name,
        "series": f"{len(cells):,}",
        "units per period": spread(mean),
        "zero share": f"{np.mean(cells[~np.isnan(cells)] == 0):.2f}",
        "ADI": spread(adi),
        "CV2": spread(cv2),
        "variance / mean": spread(variance / mean),
        "smooth": f"{smooth:.2f}",
        "lumpy": f"{lumpy:.2f}",
        "periods with a stock-out": f"{lost:.3f}",
        "time out of stock": f"{days_out:.3f}",
        "top 20 % of series sell": f"{ordered[: len(ordered) // 5].sum() / ordered.sum():.2f}",
        "peak of a series / its mean": spread(top, 1),
        "peak of the total / its median": f"{total.max() / np.median(total):.2f}",
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


def table(root: Path | None, folder: Path | None) -> pd.DataFrame:
    """One column per data set; those that are not there are left out."""
    columns = []
    if root is not None:
        columns += [profile(read(root)) for read in (vn2, online_retail)]
    if folder is not None:
        columns.append(profile(demo(folder, 7)))
    if root is not None:
        columns.append(profile(fresh_retail(root)))
    if folder is not None:
        columns.append(profile(demo(folder, 1)))
    return pd.DataFrame(columns).set_index("data").T


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--demo", type=Path, help="a folder that `stockwright demo` wrote")
    folder = parser.parse_args().demo
    data = os.environ.get("STOCKWRIGHT_DATA")
    shown = table(Path(data) if data else None, folder)
    print("|  | " + " | ".join(shown.columns) + " |")
    print("|---" * (len(shown.columns) + 1) + "|")
    for name, row in shown.iterrows():
        print(f"| {name} | " + " | ".join(row) + " |")


if __name__ == "__main__":
    main()
