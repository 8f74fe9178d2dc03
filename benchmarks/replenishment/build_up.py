"""A build-up of many SKUs x regions x weeks: time, gap to the bound, and rows checked.

Every SKU has one event: its demand at each region is uncertain together with a level of its own,
over scenarios. Limits: units that each region can receive in a week, units that each supplier can
deliver in a week, storage of each region, and money in total. The seeds reported on are not the
one the method was built on (11).

    python benchmarks/replenishment/build_up.py --skus 5000 --regions 8 --weeks 6
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from replenishment.peaks.problem import BuildUp, Span, WeekLimit
from replenishment.peaks.solve import PeakParams, plan_build_up


def instance(skus: int, regions: int, weeks: int, scenarios: int, seed: int) -> BuildUp:
    """Demand of an event of about three times what can arrive in the last week."""
    rng = np.random.default_rng(seed)
    n = skus * regions
    sku, region = np.divmod(np.arange(n), regions)
    mean = rng.lognormal(3.0, 1.0, skus)[sku] * rng.dirichlet(np.full(regions, 8.0))[region] * 8
    level = rng.lognormal(-0.125, 0.5, (skus, scenarios))[sku]
    demand = np.sort(rng.poisson(mean[:, None] * level), axis=1).astype(float)
    cost = rng.lognormal(3.0, 0.8, skus)[sku]
    supplier, suppliers = rng.integers(0, max(skus // 50, 1), skus)[sku], max(skus // 50, 1)
    volume = rng.uniform(0.5, 3.0, skus)[sku]
    total = np.bincount(region, mean)
    inbound = np.outer(total / 3.5, rng.uniform(0.7, 1.1, weeks))
    delivered = np.outer(np.bincount(supplier, mean, suppliers) / 3.0, np.ones(weeks))
    stored = np.outer(np.bincount(region, mean * volume) * 0.95, np.ones(weeks))
    one = np.ones(n)
    limits = (
        WeekLimit("CAPACITY", Span.ARRIVAL, region, one, inbound),
        WeekLimit("SUPPLIER", Span.ARRIVAL, supplier, one, delivered),
        WeekLimit("STORAGE", Span.STORED, region, volume, stored),
        WeekLimit("BUDGET", Span.ONCE, np.zeros(n, int), cost, [[(mean * cost).sum() * 0.95]]),
    )
    return BuildUp(
        demand=demand,
        first=rng.integers(1, 3, skus)[sku],
        due=np.full(n, weeks),
        holding=cost * 0.25 / 52 + 0.02 * volume,
        shortage=cost * rng.uniform(0.3, 1.0, skus)[sku],
        leftover=cost * 0.3,
        pack=rng.choice([1.0, 2.0, 6.0], skus)[sku],
        limits=limits,
        weeks=weeks,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name, value in (("skus", 5000), ("regions", 8), ("weeks", 6), ("scenarios", 64)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--seeds", type=int, nargs="+", default=[21, 22, 23])
    parser.add_argument("--core", type=int, default=PeakParams().core)
    parser.add_argument("--steps", type=int, default=PeakParams().steps)
    args = parser.parse_args()
    for seed in args.seeds:
        problem = instance(args.skus, args.regions, args.weeks, args.scenarios, seed)
        start, work = time.perf_counter(), time.process_time()
        plan = plan_build_up(problem, PeakParams(steps=args.steps, core=args.core))
        used = time.perf_counter() - start, time.process_time() - work
        binding = {
            limit.code: int((price > 1e-9).sum())
            for limit, price in zip(problem.limits, plan.prices, strict=True)
        }
        print(
            f"seed {seed}: {len(problem):,} rows x {args.weeks} weeks, {used[0]:.1f} s "
            f"({used[1]:.1f} CPU s), cost {plan.cost:,.0f}, bound {plan.bound:,.0f}, gap "
            f"{plan.gap:.4%} of the bound, {plan.missed_share:.4%} of what building saves, "
            f"limits broken {plan.units.min() < 0 or problem.broken(plan.units)}, priced {binding}"
        )


if __name__ == "__main__":
    main()
