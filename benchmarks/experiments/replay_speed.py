"""How long a replay of the demo shop takes: `stockwright replay` with the night's own model.

    python benchmarks/experiments/replay_speed.py                    2,000 SKUs, 180 nights
    python benchmarks/experiments/replay_speed.py --nights 14        and what 180 would take

The nights end on the last date of the shop. CPU seconds are those of this process and of the ones
that it started; seconds on the clock are what they take on the machine as it is at the time.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

# Waiting threads shall sleep; LightGBM reads this when it is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from experiments.record import read_record  # noqa: E402
from experiments.replay.request import ReplayRequest  # noqa: E402
from experiments.replay.run import run_replay  # noqa: E402
from experiments.shop import Shop  # noqa: E402
from pipelines.demo import write_demo  # noqa: E402
from pipelines.night.events import Event  # noqa: E402

END = np.datetime64("2025-10-26")
TARGET_NIGHTS = 180


def cpu_seconds() -> float:
    """CPU seconds of this process and of its children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--skus", type=int, default=2000)
    parser.add_argument("--nights", type=int, default=TARGET_NIGHTS)
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--config", type=Path, default=None)
    call = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "shop"
        write_demo(folder, skus=call.skus, seed=call.seed)
        shop, begun = Shop.open(str(folder), call.config), time.perf_counter()
        before = cpu_seconds()
        first = END - np.timedelta64(call.nights, "D")
        request = ReplayRequest(
            shop, first, call.nights, workers=call.workers, runs=Path(place) / "runs"
        )

        def show(event: Event) -> None:
            took = time.perf_counter() - begun
            print(f"{took:8.1f} s  {event.kind} {event.message}", file=sys.stderr, flush=True)

        found = run_replay(request, show)
        took, metrics = time.perf_counter() - begun, read_record(found).metrics
    # Processes of the pool end a moment after it is closed.
    time.sleep(3.0)
    used = cpu_seconds() - before
    whole = used * TARGET_NIGHTS / call.nights
    print(
        f"{call.skus} SKUs, {call.nights} nights, seed {call.seed}, {call.workers} workers: "
        f"{took:.0f} s on the clock, {used:.0f} CPU s; {TARGET_NIGHTS} nights are some "
        f"{whole:.0f} CPU s, {whole / call.workers / 60:.1f} minutes on {call.workers} free cores; "
        f"fill rate {metrics['fill_rate']:.4f}, turnover {metrics['turnover_days']:.1f} days"
    )


if __name__ == "__main__":
    main()
