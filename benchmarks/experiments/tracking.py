"""What tracking adds to a night: seconds, and bytes in the store, over many nights.

    python benchmarks/experiments/tracking.py --like RUNS/DATE --series 50000 --nights 50

RUNS/DATE is a published night. Nights of the asked number of series are made of it: its keys over
and over under new names, with every figure shaken so that no file is smaller than a real one; its
model is taken as fitted anew each night. Each is tracked as ``stockwright nightly`` does it, in a
process of its own, into a new SQLite store. The first night, which makes the tables of the store,
is shown apart.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from experiments.tracking.attempt import SWITCH, track
from pipelines.config.tracking import TrackingConfig

# Published nights that are kept: plots look back no further.
KEPT = 30


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--like", type=Path, required=True, help="a published night")
    parser.add_argument("--series", type=int, default=50_000)
    parser.add_argument("--nights", type=int, default=50)
    parser.add_argument("--horizon", type=int, default=28)
    given = parser.parse_args()
    os.environ.pop(SWITCH, None)
    with tempfile.TemporaryDirectory() as place:
        runs = Path(place) / "runs"
        shop = Shop(given.like.resolve(), runs, given.series, given.horizon)
        rows = [measured(shop, number) for number in range(given.nights)]
    seconds, cpu, grown = (np.array(column) for column in zip(*rows[1:], strict=True))
    print(f"{given.series:,} series, {given.nights} nights; the first: {rows[0][0]:.1f} s")
    for name, values, unit in (("tracking", seconds, "s"), ("of them CPU", cpu, "s")):
        print(f"{name}: median {np.median(values):.2f} {unit}, highest {values.max():.2f}")
    print(f"growth of the store: mean {grown.mean():.2f} MB, highest {grown.max():.2f} MB a night")


def measured(shop: Shop, number: int) -> tuple[float, float, float]:
    """Wall seconds, CPU seconds and MB that tracking one more night takes."""
    run = shop.publish(number)
    before, began = stored(shop.runs), time.perf_counter()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    answer = track(shop.runs, TrackingConfig(timeout=600.0), run)
    seconds = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if answer.tracked != 1 or answer.why:
        raise SystemExit(answer.sentence(shop.runs))
    cpu = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
    grown = (stored(shop.runs) - before) / 1e6
    print(f"{run.name}: {seconds:.2f} s, {cpu:.2f} s CPU, {grown:.2f} MB", flush=True)
    return seconds, cpu, grown


def stored(runs: Path) -> int:
    """Bytes of the store and its artifacts."""
    files = [runs / "mlflow.db", *(runs / "mlflow-artifacts").rglob("*")]
    return sum(file.stat().st_size for file in files if file.is_file())


class Shop:
    """A folder of runs that gains a large night at each call."""

    def __init__(self, like: Path, runs: Path, series: int, horizon: int) -> None:
        self.like, self.runs, self.series, self.horizon = like, runs, series, horizon
        self.rng = np.random.default_rng(5)
        self.manifest = json.loads((like / "manifest.json").read_text("utf-8"))
        self.summary = json.loads((like / "summary.json").read_text("utf-8"))
        self.policy = self.larger(pq.read_table(like / "policy.parquet").to_pandas())
        keys = pq.read_table(like / "pulse_keys.parquet", columns=["unit_cost"]).to_pandas()
        self.cost = np.resize(keys["unit_cost"].to_numpy(), series)
        self.first = np.datetime64("2026-01-01")
        model = self.manifest["model"]
        source = next((like.parents[1] / ".models").glob(f"{model['fitted_on']}-*"))
        self.model = (source / "model.bin").read_bytes()

    def larger(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Rows over and over, until there is one for each series, under new names of SKUs."""
        places = np.arange(self.series)
        rows = frame.take(places % len(frame)).reset_index(drop=True)
        rows["sku"] = rows["sku"].astype(str) + "-" + pd.Series(places // len(frame)).astype(str)
        if "category" not in rows:
            rows["category"] = [f"category {number}/part" for number in places % 12]
        return rows.sort_values(["sku", "location"], kind="stable", ignore_index=True)

    def shaken(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Figures of a later night: each a little higher or lower."""
        numbers = frame.select_dtypes("float64").columns
        factor = self.rng.lognormal(0.0, 0.1, (len(frame), len(numbers)))
        return frame.assign(**(frame[numbers] * factor).round(4))

    def publish(self, number: int) -> Path:
        """The folder of one more published night."""
        date = self.first + np.timedelta64(number, "D")
        run = self.runs / ".runs" / f"{date}-20260101T000000"
        run.mkdir(parents=True)
        policy = self.shaken(self.policy)
        policy.to_parquet(run / "policy.parquet", index=False, compression="zstd")
        pd.DataFrame({"unit_cost": self.cost}).to_parquet(run / "pulse_keys.parquet")
        pq.write_table(self.forecasts(date), run / "forecasts.parquet", compression="zstd")
        self.recent(date).to_parquet(run / "recent.parquet", index=False)
        (run / "summary.json").write_text(json.dumps(self.summary | {"date": str(date)}))
        self.write_manifest(run, date)
        (self.runs / str(date)).symlink_to(run.relative_to(self.runs))
        old = self.first + np.timedelta64(number - KEPT, "D")
        shutil.rmtree((self.runs / str(old)).resolve(), ignore_errors=True)
        return run

    def write_manifest(self, run: Path, date: np.datetime64) -> None:
        """The night's manifest, and the model that it says was fitted."""
        model = self.manifest["model"] | {"fitted_on": str(date)}
        told = {"date": str(date), "run": run.name, "model": model}
        (run / "manifest.json").write_text(json.dumps(self.manifest | told))
        place = self.runs / ".models" / f"{date}-{model['recipe']}"
        place.mkdir(parents=True)
        (place / "model.bin").write_bytes(self.model)

    def forecasts(self, date: np.datetime64) -> pa.Table:
        """What a night of this date expects, of as many columns as its plots read."""
        steps = self.horizon
        mean = np.repeat(self.policy["demand_mean"].fillna(0.0).to_numpy() / 14, steps)
        dates = np.tile(date + np.arange(1, steps + 1), self.series)
        levels = {"q50": 0.9, "q80": 1.6, "q90": 2.1, "q95": 2.6, "q99": 3.8}
        columns = {
            "sku": pa.array(np.repeat(self.policy["sku"].to_numpy(), steps)).dictionary_encode(),
            "location": pa.array(
                np.repeat(self.policy["location"].astype(str).to_numpy(), steps)
            ).dictionary_encode(),
            "date": pa.array(dates, pa.date32()),
            "mean": pa.array((mean * self.rng.lognormal(0, 0.2, len(mean))).astype(np.float32)),
        }
        columns |= {
            name: pa.array(np.floor(mean * factor).astype(np.float32))
            for name, factor in levels.items()
        }
        return pa.table(columns)

    def recent(self, date: np.datetime64) -> pd.DataFrame:
        """Eight weeks of 300 keys."""
        some = self.policy.iloc[:: max(self.series // 300, 1)].head(300)
        days = date - np.arange(55, -1, -1)
        units = self.rng.poisson(np.repeat(some["demand_mean"].fillna(0).to_numpy() / 14, 56))
        return pd.DataFrame(
            {
                "sku": np.repeat(some["sku"].to_numpy(), 56),
                "location": np.repeat(some["location"].astype(str).to_numpy(), 56),
                "date": pd.Series(np.tile(days, len(some))).astype("datetime64[s]").dt.date,
                "units": units.astype(np.float32),
                "in_stock": np.ones(len(units), np.float32),
                "on_sale": np.ones(len(units), bool),
            }
        )


if __name__ == "__main__":
    main()
