"""Seconds and memory of clearance: a million SKU-locations graded, the slow ones planned.

    python benchmarks/replenishment/clearance_speed.py

Made-up stock of a seed, of which SLOW is far beyond its demand. Health and slow grade of all items;
then the acts of the slow ones, markdown plans among them, and the choice under three channels with
capacities and a discount budget that all bind.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import resource
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

from replenishment.clearance.health import Health, health_of  # noqa: E402
from replenishment.clearance.holdings import Holdings  # noqa: E402
from replenishment.clearance.params import Channels, ClearanceParams  # noqa: E402
from replenishment.clearance.plan import plan_clearance  # noqa: E402
from replenishment.clearance.slow_grades import SlowGrade, slow_grades  # noqa: E402
from stockwright.clearance import Act, Clearance  # noqa: E402
from stockwright.price_response import PriceResponse  # noqa: E402

WEEKS, DAYS = 13, 90.0
SLOW = 0.1


def made_up(n: int, seed: int) -> tuple[Holdings, PriceResponse]:
    """Stock of ``n`` items: most of it for two to eight weeks, the share SLOW for 26 to 150."""
    rng = np.random.default_rng(seed)
    weekly = np.exp(rng.normal(np.log(2.0), 1.2, n))
    cover = np.where(rng.random(n) < SLOW, rng.uniform(26, 150, n), rng.uniform(2, 8, n))
    price = np.exp(rng.normal(np.log(100.0), 0.5, n))
    cost = price * rng.uniform(0.45, 0.75, n)
    none = np.zeros(n)
    holdings = Holdings(
        series=np.arange(n),
        units=np.ceil(weekly * cover),
        age_days=rng.uniform(5, 300, n),
        unit_cost=cost,
        price=price,
        floor=np.where(rng.random(n) < 0.2, 0.6 * price, 0.0),
        salvage=0.1 * cost,
        holding=0.2 / 52 * cost,
        demand=weekly[:, None] * rng.uniform(0.7, 1.3, (n, WEEKS)),
        dispersion=rng.uniform(1.0, 3.0, n),
        level_variance=np.full(n, 0.02),
        sold=np.floor(weekly * rng.uniform(5, 40, n)),
        on_order=none,
        weeks=np.where(rng.random(n) < 0.1, rng.integers(4, WEEKS, n), WEEKS),
        perishing=none,
        return_value=np.where(rng.random(n) < 0.1, 0.6 * cost, 0.0),
        return_weeks=np.full(n, 4),
        price_group=np.full(n, -1),
        hit=np.zeros(n, np.bool_),
        declining=rng.random(n) < 0.2,
    )
    return holdings, PriceResponse(np.maximum(rng.normal(2.2, 0.5, n), 0.3), np.full(n, 0.4))


def planned(
    few: Holdings, grades: np.ndarray, health: Health, slow: np.ndarray, response: PriceResponse
) -> Clearance:
    """The acts of the slow items under rooms that bind."""
    channels = Channels(
        names=("live", "platform", "outlet"),
        capacity=np.array([0.02, 0.05, 0.05]) * few.units.sum(),
        cost=np.array([6.0, 3.0, 1.0]),
        reach=np.array([8.0, 3.0, 2.0]),
        grades=("SA", "SAB", "SABC"),
    )
    names = np.array([SlowGrade(code).name for code in grades.tolist()], dtype=object)
    budget = 0.05 * float((few.units * few.price).sum())
    return plan_clearance(
        few, names, health.cover_days[slow], few.price, response, channels,
        ClearanceParams(discount_budget=budget),
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--profile", action="store_true", help="show where the time goes")
    call = parser.parse_args()
    holdings, response = made_up(call.items, call.seed)
    watch = cProfile.Profile()
    begun = (time.perf_counter(), time.process_time())
    if call.profile:
        watch.enable()
    health = health_of(holdings, np.full(call.items, DAYS))
    grade = slow_grades(holdings, health)
    slow = np.flatnonzero(grade)
    graded = (time.perf_counter(), time.process_time())
    found = planned(holdings.take(slow), grade[slow], health, slow, response.take(slow))
    ended = (time.perf_counter(), time.process_time())
    watch.disable()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    names = {act.name.lower(): int((found.act == act).sum()) for act in Act}
    print(
        f"{call.items:,} graded in {graded[0] - begun[0]:.1f} s ({graded[1] - begun[1]:.1f} s of "
        f"CPU), {len(slow):,} slow planned in {ended[0] - graded[0]:.1f} s "
        f"({ended[1] - graded[1]:.1f} s of CPU); {peak:.1f} GB at most; {names}"
    )
    if call.profile:
        pstats.Stats(watch).sort_stats("tottime").print_stats(25)


if __name__ == "__main__":
    main()
