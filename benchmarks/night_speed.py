"""Time and memory of a whole night on demo shops of several sizes.

    python benchmarks/night_speed.py [--skus 2000 10000] [--workers 2] [--repeat 3]

Each night is the real command in a process of its own; memory is the largest sum of the resident
sets of all its processes, looked at ten times a second (shared pages count in each).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMMAND = [sys.executable, "-m", "planner"]
PAGE = os.sysconf("SC_PAGE_SIZE")


def resident(group: int) -> int:
    """Bytes resident in all processes of a process group."""
    total = 0
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
        except (FileNotFoundError, ProcessLookupError):
            continue  # The process ended while it was looked at.
        if int(fields[2]) == group:
            total += int(fields[21]) * PAGE
    return total


def measured(arguments: list[str]) -> tuple[float, float]:
    """Seconds and peak gigabytes of one command."""
    started, peak = time.perf_counter(), 0
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [*COMMAND, *arguments], cwd=ROOT, stdout=log, stderr=log, start_new_session=True
        )
        while process.poll() is None:
            peak = max(peak, resident(process.pid))
            time.sleep(0.1)
        spent = time.perf_counter() - started
        if process.returncode != 0:
            log.seek(0)
            raise SystemExit(f"{arguments} ended with {process.returncode}:\n{log.read().decode()}")
    return spent, peak / 1e9


def night(skus: int, workers: int, repeat: int, place: Path) -> None:
    from pipelines.demo import DEMO_LAST_DATE

    shop = place / f"shop-{skus}"
    seconds, memory = measured(["demo", str(shop), "--skus", str(skus)])
    print(f"{skus} SKUs: demo {seconds:.1f} s, {memory:.2f} GB", flush=True)
    times, peaks = [], []
    for number in range(repeat):
        out = place / f"runs-{skus}-{number}"
        call = ["nightly", "--data", str(shop), "--date", str(DEMO_LAST_DATE), "--out", str(out)]
        seconds, memory = measured([*call, "--workers", str(workers)])
        times.append(seconds)
        peaks.append(memory)
    steps = json.loads((out / "latest" / "manifest.json").read_text())["seconds"]
    print(
        f"{skus} SKUs, {workers} workers: night median {statistics.median(times):.1f} s "
        f"({min(times):.1f} to {max(times):.1f}, {repeat} runs), peak {max(peaks):.2f} GB; "
        f"last run's steps {steps}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--skus", type=int, nargs="+", default=[2000, 10000])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=3)
    call = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        for skus in call.skus:
            night(skus, call.workers, call.repeat, Path(place))


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
