"""Common prices of many groups: seconds, and how far they are below the best of all paths.

    python benchmarks/replenishment/price_groups.py --seed 3

Made-up groups of two to six articles over 13 weeks and seven prices, with three scenarios of the
response, holding and a cost of relabeling; the articles of every other group sell on afterwards.
The best of all paths is walked to for the first groups (``plan_group``).
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import fields
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

from replenishment.clearance.group_climb import plan_groups  # noqa: E402
from replenishment.clearance.price_groups import GroupParams, plan_group  # noqa: E402
from replenishment.clearance.task import MarkdownTask  # noqa: E402
from stockwright.price_response import PriceResponse  # noqa: E402

WEEKS, RATIO = 13, 1 - np.array([0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7])


def made_up(seed: int, number: int) -> MarkdownTask:
    """The articles of one group, with stock for half of the weeks to four times as long."""
    rng = np.random.default_rng([seed, number])
    n = int(rng.integers(2, 7))
    price, rate = rng.uniform(5, 20, n), np.exp(rng.normal(1.0, 1.0, n))
    response = PriceResponse(np.full(n, np.clip(rng.normal(2.2, 0.5), 0.5, 4.0)), np.full(n, 0.5))
    factor, weight = response.scenario_factors(RATIO, 3)
    demand = rate[:, None] * rng.uniform(0.7, 1.3, (n, WEEKS))
    return MarkdownTask(
        stock=np.ceil(rate * WEEKS * rng.uniform(0.5, 4.0, n)),
        weeks=np.full(n, WEEKS),
        price=price[:, None] * RATIO,
        mean=demand[:, None, :, None] * factor[:, :, None, :],
        weight=np.broadcast_to(weight, (n, len(weight))),
        dispersion=rng.uniform(1.0, 3.0, n),
        salvage=0.06 * price,
        holding=0.003 * price,
        unit_change_cost=np.full(n, 0.02),
        late_units=rate * WEEKS * (number % 2),
        late_gain=0.9 * price,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--groups", type=int, default=5000)
    parser.add_argument("--walked", type=int, default=40)
    parser.add_argument("--seed", type=int, default=2)
    told = parser.parse_args()
    tasks = [made_up(told.seed, number) for number in range(told.groups)]
    group = np.repeat(np.arange(told.groups), [len(each) for each in tasks])
    names = [each.name for each in fields(MarkdownTask)]
    whole = MarkdownTask(
        **{name: np.concatenate([getattr(each, name) for each in tasks]) for name in names}
    )
    start = time.process_time()
    plans = plan_groups(whole, group)
    spent = time.process_time() - start
    value, kept = np.bincount(group, plans.value), np.bincount(group, plans.kept)
    print(
        f"{told.groups} groups of {len(group)} articles: {spent:.1f} CPU s; worth "
        f"{100 * (value.sum() / kept.sum() - 1):.1f} % more than the prices of now"
    )
    missed, start = [], time.process_time()
    for number, task in enumerate(tasks[: told.walked]):
        best = plan_group(task, GroupParams(cells=20_000_000)).value
        missed.append(100 * (1 - value[number] / best))
    spent = time.process_time() - start
    print(
        f"{len(missed)} of them against all paths: below by mean {np.mean(missed):.4f} %, worst "
        f"{max(missed):.3f} %, {np.sum(np.array(missed) > 1e-6)} of them below; "
        f"{spent / len(missed):.2f} CPU s each to walk"
    )


if __name__ == "__main__":
    main()
