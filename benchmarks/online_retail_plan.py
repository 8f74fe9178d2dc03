"""Where the order lines of Online Retail go, and whether the value of the plan is sane.

    STOCKWRIGHT_DATA=... python benchmarks/online_retail_plan.py

Converts the raw lines with the example, runs the night on them, and sets the orders beside the
sales of the last quarter at the same assumed cost.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).resolve().parent.parent
DATE = "2011-10-09"


def run(*arguments: str) -> float:
    """Seconds that a command took; a failure ends the benchmark."""
    started = time.perf_counter()
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{arguments} ended with {done.returncode}:\n{done.stderr[-3000:]}")
    return time.perf_counter() - started


def accounting(place: Path) -> None:
    table = pd.read_csv(place / "shop-accounting.csv")
    print(table.to_string(index=False))


def weekly_cost_of_sales(shop: Path, weeks: int) -> float:
    """Money a week that the last weeks' sales cost, at the assumed unit costs."""
    sales = pd.read_parquet(shop / "sales.parquet")
    cost = pd.read_csv(shop / "products.csv", dtype={"sku": str}).set_index("sku")["unit_cost"]
    first = pd.Timestamp(DATE) - pd.Timedelta(days=7 * weeks - 1)
    recent = sales[(pd.to_datetime(sales["date"]) >= first) & (sales["units"] > 0)]
    if "order_type" in recent:
        recent = recent[recent["order_type"].fillna("sale").isin(["sale", ""])]
    return float((recent["units"] * recent["sku"].astype(str).map(cost)).sum() / weeks)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        shop, runs = place / "shop", place / "runs"
        print(f"converted in {run('examples/online_retail/convert.py', str(shop)):.1f} s")
        accounting(place)
        call = ("nightly", "--data", str(shop), "--date", DATE, "--out", str(runs))
        print(f"night: {run('-m', 'planner', *call):.1f} s")
        orders = pd.read_csv(runs / "latest" / "orders.csv", encoding="utf-8-sig")
        print(f"orders: {len(orders)} lines, value {orders['value'].sum():,.0f}")
        for weeks in (13, 4):
            spent = weekly_cost_of_sales(shop, weeks)
            print(f"sales at cost, last {weeks} weeks: {spent:,.0f} a week")


if __name__ == "__main__":
    main()
