"""Replay the VN2 rounds through the real command, one night per week, against the benchmark.

    STOCKWRIGHT_DATA=... python benchmarks/replenishment/vn2_replay.py [--report]

Six windows before the report; with --report the six report windows.

Each night sees the recorded sales and flags up to its Sunday, and the stock and pipeline that its
own earlier orders made. --config adds lines to the night's configuration.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "examples" / "vn2"))

from convert import Shop, read_shop, write_tables  # noqa: E402
from vn2_rules import (  # noqa: E402
    BenchmarkPolicy,
    Floats,
    play_round,
    ratio_interval,
    windows,
)


class Nights:
    """The product as a policy: write the tables, run the command, read orders.csv."""

    def __init__(self, shop: Shop, place: Path, config: Path | None, workers: int) -> None:
        self.shop, self.place, self.config, self.workers = shop, place, config, workers
        self.rows = pd.MultiIndex.from_arrays([shop.sku, shop.location])
        self.seconds: list[float] = []

    def __call__(self, week: int, stock: Floats, pipeline: Floats) -> Floats:
        """Units that the night after ``week`` orders."""
        date = self.shop.weeks[week] + np.timedelta64(6, "D")
        data = self.place / f"data-{date}"
        write_tables(data, self.shop, date, stock, pipeline)
        if self.config:
            text = (data / "stockwright.toml").read_text() + self.config.read_text()
            (data / "stockwright.toml").write_text(text)
        command = [sys.executable, "-m", "planner", "nightly", "--data", str(data)]
        command += ["--date", str(date), "--out", str(self.place / "runs")]
        command += ["--workers", str(self.workers)]
        started = time.perf_counter()
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        self.seconds.append(time.perf_counter() - started)
        if done.returncode != 0:
            raise SystemExit(f"night {date} ended with {done.returncode}:\n{done.stderr[-3000:]}")
        orders = pd.read_csv(
            self.place / "runs" / str(date) / "orders.csv",
            dtype={"sku": str, "destination": str},
            usecols=["sku", "destination", "units"],
        )
        units = orders.groupby(["sku", "destination"])["units"].sum()
        return units.reindex(self.rows, fill_value=0.0).to_numpy(np.float64)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--report", action="store_true", help="the report windows")
    parser.add_argument("--config", type=Path, default=None, help="lines to add to the config")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", type=int, default=None, help="one window, 1 to 6")
    call = parser.parse_args()
    shop = read_shop(Path(os.environ["STOCKWRIGHT_DATA"]) / "vn2")
    benchmark = BenchmarkPolicy(shop.sales, shop.in_stock, shop.weeks)
    rng = np.random.default_rng(1)
    ratios, seconds = [], []
    for number, first in enumerate(windows(len(shop.weeks), call.report), 1):
        if call.only not in (None, number):
            continue
        with tempfile.TemporaryDirectory() as place:
            nights = Nights(shop, Path(place), call.config, call.workers)
            ours, counted = play_round(benchmark, first, nights)
        theirs, _ = play_round(benchmark, first, benchmark)
        ratio, low, high = ratio_interval(ours[counted], theirs[counted], rng)
        ratios.append(ratio)
        seconds += nights.seconds
        print(
            f"window {number} from {shop.weeks[first]}: {counted.sum()} series, benchmark "
            f"{theirs[counted].sum():.1f}, ours {ours[counted].sum():.1f}, ratio {ratio:.4f} "
            f"[{low:.4f}, {high:.4f}]",
            flush=True,
        )
    print(f"mean ratio {np.mean(ratios):.4f} ({1 - np.mean(ratios):.1%} below the benchmark)")
    print(f"nights: {len(seconds)}, median {np.median(seconds):.1f} s, max {max(seconds):.1f} s")


if __name__ == "__main__":
    main()
