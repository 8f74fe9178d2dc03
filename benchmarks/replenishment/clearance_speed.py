"""Seconds and memory of clearance: a million SKU-locations graded, the slow ones planned.

    python benchmarks/replenishment/clearance_speed.py [--items 1000000] [--slow 100000] [--seed 1]

Made-up stock of a seed, of which a tenth is far beyond its demand: a median of 110 units of it,
2,500 at the 99th percentile, for half a year to three years. Health and slow grade of all items;
then of SLOW slow ones every act, markdown plans by themselves and in three channels among them, and
the choice under the channels' capacities and a discount budget, which all bind. The gap is what the
choice is below the money that none can exceed.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

from replenishment.clearance import group_acts  # noqa: E402
from replenishment.clearance import plan as planning  # noqa: E402
from replenishment.clearance.choose import Choice  # noqa: E402
from replenishment.clearance.health import Health, health_of  # noqa: E402
from replenishment.clearance.holdings import Holdings  # noqa: E402
from replenishment.clearance.params import Channels, ClearanceParams  # noqa: E402
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
        capacity=np.array([0.01, 0.01, 0.001]) * few.units.sum(),
        cost=np.array([6.0, 3.0, 1.0]),
        reach=np.array([8.0, 3.0, 2.0]),
        grades=("SA", "SAB", "SABC"),
    )
    names = np.array([SlowGrade(code).name for code in grades.tolist()], dtype=object)
    budget = 0.03 * float((few.units * few.price).sum())
    return planning.plan_clearance(
        few, names, health.cover_days[slow], few.price, response, channels,
        ClearanceParams(discount_budget=budget),
    )  # fmt: skip


class Watch:
    """A function with the processor seconds of its calls and what it gave last."""

    def __init__(self, called: Callable[..., Any]) -> None:
        self.called, self.seconds, self.gave = called, 0.0, None

    def __call__(self, *given: Any) -> Any:
        """What the function gives."""
        begun = time.process_time()
        self.gave = self.called(*given)
        self.seconds += time.process_time() - begun
        return self.gave


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument(
        "--slow", type=int, default=100_000, help="most slow items that are planned"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--profile", action="store_true", help="show where the time goes")
    call = parser.parse_args()
    holdings, response = made_up(call.items, call.seed)
    planning.deeds = deeds = Watch(planning.deeds)
    group_acts.choose = choose = Watch(group_acts.choose)
    profile = cProfile.Profile()
    begun = (time.perf_counter(), time.process_time())
    if call.profile:
        profile.enable()
    health = health_of(holdings, np.full(call.items, DAYS))
    grade = slow_grades(holdings, health)
    graded = (time.perf_counter(), time.process_time())
    slow = np.flatnonzero(grade)[: call.slow]
    found = planned(holdings.take(slow), grade[slow], health, slow, response.take(slow))
    ended = (time.perf_counter(), time.process_time())
    profile.disable()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    choice: Choice = choose.gave
    names = {act.name.lower(): int((found.act == act).sum()) for act in Act}
    print(
        f"seed {call.seed}: {call.items:,} items ({int((grade > 0).sum()):,} slow) graded in "
        f"{graded[0] - begun[0]:.1f} s ({graded[1] - begun[1]:.1f} s of CPU), {len(slow):,} "
        f"planned in {ended[0] - graded[0]:.1f} s ({ended[1] - graded[1]:.1f} s of CPU: acts "
        f"{deeds.seconds:.1f}, choice {choose.seconds:.1f}); {peak:.1f} GB at most\n"
        f"prices of the rooms {np.round(choice.prices, 4).tolist()}; {choice.value:,.0f} is "
        f"{1 - choice.value / choice.bound:.1e} below the bound; {names}"
    )
    if call.profile:
        pstats.Stats(profile).sort_stats("tottime").print_stats(25)


if __name__ == "__main__":
    main()
