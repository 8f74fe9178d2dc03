"""Time one pulse, and a second one on its ledger, on a shop of made-up keys.

python benchmarks/replenishment/pulse_speed.py --keys 1000000 --sales 300000
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from pipelines.config.model import Config
from pipelines.pulse.request import PulseRequest
from pipelines.pulse.run import run_pulse
from pipelines.pulse.state import CHANNELS, DAYS, KEYS, LOCKS, NUMBERS, WAYS, write_table

PLACES = 10
CHANNEL_NAMES = ("douyin", "jd", "tmall")


def write_night(root: Path, n: int, rng: np.random.Generator) -> tuple[list[str], np.ndarray]:
    run = root / ".runs" / "made-up"
    run.mkdir(parents=True)
    skus = [f"S{number:07d}" for number in range(n // PLACES)]
    places = [f"W{number:02d}" for number in range(PLACES)]
    mean = np.exp(rng.normal(-1.5, 1.5, n))
    on_hand = rng.poisson(mean * 6).astype(float)
    numbers = {name: np.zeros(n) for name in NUMBERS}
    numbers |= {"on_hand": on_hand, "linear_dispersion": np.full(n, 1.3)}
    numbers |= {"level_variance": np.full(n, 0.1), "step_variance": np.full(n, 0.1)}
    numbers |= {"shortage_cost": rng.uniform(5, 50, n), "holding_cost": np.full(n, 0.02)}
    arrivals = np.zeros((n, DAYS))
    arrivals[np.arange(n), rng.integers(0, DAYS, n)] = np.round(mean * 5)
    keys = {
        "sku": (np.repeat(np.arange(n // PLACES), PLACES), skus),
        "location": (np.tile(np.arange(PLACES), n // PLACES), places),
        "stocked": np.ones(n, bool),
        "sells": np.ones(n, bool),
        **numbers,
        "resupply_days": np.full(n, 8),
        "planner": (np.zeros(n), ["someone"]),
        "mean": np.repeat(mean[:, None], DAYS, axis=1),
        "committed": np.zeros((n, DAYS)),
        "arrivals": arrivals,
    }
    write_table(run / "pulse_keys.parquet", keys, KEYS)
    write_ways(run, n)
    manifest = {"date": "2026-11-10", "config": Config().model_dump(mode="json")}
    (run / "manifest.json").write_text(json.dumps(manifest))
    (root / "latest").symlink_to(run.relative_to(root))
    return skus, np.minimum(mean, on_hand)


def write_ways(run: Path, n: int) -> None:
    places = [f"W{number:02d}" for number in range(PLACES)]
    key = np.repeat(np.arange(n), 2)
    fast = np.tile([True, False], n)
    source = np.where(fast, -1, key - key % PLACES + (key + 1) % PLACES)
    ways = {name: np.zeros(2 * n) for name in ("unit_cost", "unit_freight", "moq")}
    ways |= {
        "key": key,
        "source": (np.where(fast, PLACES, (key + 1) % PLACES), [*places, "supplier"]),
        "source_key": source,
        "kind": (np.where(fast, 2, 1), ["regular", "transfer", "expedited"]),
        "lead_days": np.where(fast, 3, 1),
        "premium": np.where(fast, 4.0, 2.0),
        "multiple": np.ones(2 * n),
        "max_units": np.full(2 * n, np.inf),
    }
    write_table(run / "pulse_ways.parquet", ways, WAYS)
    write_table(run / "pulse_locks.parquet", {"key": [], "channel": [], "units": []}, LOCKS)
    told = {"channel": [*CHANNEL_NAMES], "platform": [*CHANNEL_NAMES], "location": [""] * 3}
    told |= {"buffer_units": [0.0, 1.0, 0.0], "share": [0.2, 0.3, 0.5]}
    write_table(run / "pulse_channels.parquet", told, CHANNELS)


def write_sales(path: Path, skus: list[str], weight: np.ndarray, rows: int, hours: int) -> Path:
    rng = np.random.default_rng(hours)
    key = rng.choice(len(weight), rows, p=weight / weight.sum())
    seconds = rng.integers(0, hours * 3600, rows)
    time_ = np.datetime64("2026-11-11", "s") + seconds
    table = {
        "time": pa.array(np.char.replace(np.datetime_as_string(time_), "T", " ")),
        "sku": pa.array(skus).take(pa.array(key // PLACES)),
        "location": pa.array([f"W{number:02d}" for number in range(PLACES)]).take(
            pa.array(key % PLACES)
        ),
        "units": pa.array(np.ones(rows, np.int64)),
        "channel": pa.array(CHANNEL_NAMES).take(pa.array(rng.integers(0, 3, rows))),
        "order_id": pa.array(np.arange(rows)).cast(pa.string()),
    }
    pacsv.write_csv(pa.table(table), path)
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, default=1_000_000)
    parser.add_argument("--sales", type=int, default=300_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        skus, weight = write_night(root, options.keys, np.random.default_rng(1))
        for number, hours in enumerate((12, 13), start=1):
            file = write_sales(root / f"{hours}.csv", skus, weight, options.sales, hours)
            began = time.perf_counter()
            found = run_pulse(PulseRequest(file, root)).summary
            seconds = time.perf_counter() - began
            print(
                f"pulse {number}: {seconds:.1f} s, {sum(found['alerts'].values())} alerts,"
                f" {found['orders']['lines']} orders, {found['transfers']['lines']} transfers,"
                f" {found['quotas']['rows']} quotas"
            )
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.1f} GiB")


if __name__ == "__main__":
    main()
