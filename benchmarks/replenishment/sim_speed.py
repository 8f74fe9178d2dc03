"""SKU-days per second of the simulated shop, a bare numpy loop, and three peers, in one run.

    python benchmarks/replenishment/sim_speed.py [--skus 100000] [--threads 1 2] [--peers FOLDER]

Base-stock, lost sales, lead time 7, Poisson demand of 5 a day over a year. FOLDER holds an
environment per peer (FOLDER/stockcast/bin/python ...); peers that are not there are left out.
The bare loop keeps no books at all: it is what the memory and the ufuncs allow.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from replenishment.simulate import (  # noqa: E402
    BaseStock,
    ShopState,
    ShopTerms,
    simulate,
    simulate_totals,
)

DAYS, LEAD, TARGET, HOLDING, SHORTAGE = 365, 7, 50, 1.0, 9.0
PEER_SKUS = {"replenishment": 1000, "stockcast": 1000, "stockpyl": 10}
CHUNK = 8192


def bare(demand: NDArray[np.float32]) -> None:
    """Three operations a day on chunks of (day, SKU) demand that stay in the cache."""
    for first in range(0, demand.shape[1], CHUNK):
        part = demand[:, first : first + CHUNK]
        stock = np.full(part.shape[1], TARGET, np.float32)
        ring = np.zeros((LEAD + 1, part.shape[1]), np.float32)
        for day, wanted in enumerate(part):
            slot = ring[day % (LEAD + 1)]
            stock += slot
            np.minimum(stock, wanted, out=slot)
            stock -= slot


def rate(run: Callable[[], object], cells: int, times: int) -> list[float]:
    """SKU-days per second of each of ``times`` runs, lowest first."""
    rates = []
    for _ in range(times):
        began = time.perf_counter()
        run()
        rates.append(cells / (time.perf_counter() - began))
    return sorted(rates)


def peer(name: str, python: Path, demand: NDArray[np.float32]) -> tuple[float, float | None]:
    """Rate of a peer on the first SKUs, and the units it missed."""
    with tempfile.TemporaryDirectory() as folder:
        told = {"lead": LEAD, "target": TARGET, "opening": TARGET}
        part = demand.T[: PEER_SKUS[name]].astype(np.float64)
        path = Path(folder) / "input.npz"
        np.savez(path, demand=part, holding=HOLDING, shortage=SHORTAGE, **told)
        call = [str(python), str(Path(__file__).with_name("sim_peers.py")), name, folder]
        done = subprocess.run(call, capture_output=True, text=True, check=True)
    said = json.loads(done.stdout.splitlines()[-1])
    return said["cells"] / said["seconds"], said["missed"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--skus", type=int, default=100_000)
    parser.add_argument("--threads", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--peers", type=Path, default=ROOT / ".peers-replenishment")
    given = parser.parse_args()
    rng = np.random.default_rng(1)
    demand = rng.poisson(5, (DAYS, given.skus)).astype(np.float32)
    terms = ShopTerms.same(given.skus, LEAD, HOLDING, SHORTAGE)
    start, policy = ShopState.opening(TARGET, terms), BaseStock(TARGET)
    ours = 0.0
    for threads in given.threads:
        found = rate(
            lambda threads=threads: simulate_totals(
                demand.T, policy, terms, start, threads=threads
            ),
            demand.size,
            given.times,
        )
        ours = max(ours, found[len(found) // 2])
        print(f"sums, {threads} threads: {show(found)}")
    print(f"bare numpy loop: {show(rate(lambda: bare(demand), demand.size, given.times))}")
    some = ShopTerms.same(2000, LEAD, HOLDING, SHORTAGE)
    first, opened = demand.T[:2000], ShopState.opening(TARGET, some)
    whole = rate(lambda: simulate(first, policy, some, opened), first.size, given.times)
    print(f"whole engine with its books: {show(whole)}")
    missed = simulate_totals(demand.T, policy, terms, start).missed
    for name, skus in PEER_SKUS.items():
        python = given.peers / name / "bin" / "python"
        if not python.exists():
            print(f"{name}: no environment at {python.parent.parent}")
            continue
        speed, lost = peer(name, python, demand)
        told = "" if lost is None else f"; missed {lost:.0f}, ours {missed[:skus].sum():.0f}"
        print(f"{name}: {speed:,.0f} SKU-days/s; ours is {ours / speed:,.0f} times that{told}")


def show(rates: list[float]) -> str:
    """Median and span, in millions."""
    low, mid, high = (each / 1e6 for each in (rates[0], rates[len(rates) // 2], rates[-1]))
    return f"{mid:.1f} M SKU-days/s ({low:.1f}-{high:.1f})"


if __name__ == "__main__":
    main()
