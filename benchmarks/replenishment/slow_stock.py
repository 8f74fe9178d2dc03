"""How long a million items of stock take to be judged and graded, on one core.

Items are drawn: rates log-normal, stock of up to 40 weeks, dispersions 1 to 3, level variances up
to 0.5. Figures: CPU seconds of health, of grades, and of the 80 % bands of the cover for a tenth
of the items, each the least and the most of the runs; and how many items each slow grade has.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from replenishment.clearance.health import cover_band, health_of
from replenishment.clearance.holdings import Holdings
from replenishment.clearance.slow_grades import SlowGrade, slow_grades

WEEKS = 13


def drawn(n: int, seed: int) -> Holdings:
    """``n`` items of stock on hand."""
    rng = np.random.default_rng(seed)
    rate = np.exp(rng.normal(0, 1.5, n))
    zeros, none = np.zeros(n), np.zeros(n, np.bool_)
    return Holdings(
        series=np.arange(n),
        units=np.ceil(rate * rng.uniform(1, 40, n)),
        age_days=rng.uniform(0, 300, n),
        unit_cost=rng.uniform(1, 50, n),
        price=rng.uniform(10, 80, n),
        floor=zeros,
        salvage=zeros,
        holding=np.full(n, 0.1),
        demand=np.repeat(rate[:, None], WEEKS, axis=1),
        dispersion=rng.uniform(1, 3, n),
        level_variance=rng.uniform(0, 0.5, n),
        sold=rate * 10,
        on_order=zeros,
        weeks=np.full(n, WEEKS),
        perishing=zeros,
        return_value=zeros,
        return_weeks=np.zeros(n, np.int64),
        price_group=np.full(n, -1),
        hit=none,
        declining=none,
    )


def seconds(call: Callable[[], Any], runs: int) -> tuple[float, float]:
    """Least and most CPU seconds of ``runs`` calls."""
    taken = []
    for _ in range(runs):
        start = time.process_time()
        call()
        taken.append(time.process_time() - start)
    return min(taken), max(taken)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=2)
    given = parser.parse_args()
    stock = drawn(given.items, given.seed)
    threshold = np.full(given.items, 90.0)
    health = health_of(stock, threshold)
    part = stock.take(slice(0, given.items // 10))
    calls: dict[str, Callable[[], Any]] = {
        "health": lambda: health_of(stock, threshold),
        "grades": lambda: slow_grades(stock, health),
        f"band of {len(part)}": lambda: cover_band(part),
    }
    for name, call in calls.items():
        least, most = seconds(call, given.runs)
        print(f"{name}: {least:.2f} to {most:.2f} s")
    count = np.bincount(slow_grades(stock, health), minlength=len(SlowGrade))
    print(", ".join(f"{grade.name} {count[grade]}" for grade in SlowGrade))


if __name__ == "__main__":
    main()
