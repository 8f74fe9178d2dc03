"""Markdown plans: items planned per second, and what stock in lots costs in value.

    python benchmarks/replenishment/markdown.py [--items 100000] [--lots 40] [--groups 10]
        [--seed 2]

The items are made up: stock of 1 to 3,000 units (half below 20), 4 to 12 weeks left, six prices
from full price to 60 % off, an uncertain elasticity in five scenarios, Poisson to four times as
scattered, holding, a floor and a cost of every change. Times are processor time of one thread.

The second part plans items of 200 to 3,000 units once with 32, 64 and 128 lots and once in single
units, and compares value, the value of the fixed prices, and what the rough plan's first price
loses: the exact value if that price is taken for the first week and the best ones later.

The third part finds common prices of groups of six items over 14 weeks and eight prices (116,280
paths) by the integer program, and prints how far they are below its bound.
"""

from __future__ import annotations

import argparse
import resource
import time
from dataclasses import replace
from typing import Any

import numpy as np

from replenishment.clearance.markdown import MarkdownParams, fixed_values, plan_markdown
from replenishment.clearance.price_groups import GroupParams, plan_group
from replenishment.clearance.task import MarkdownTask

WEEKS, SCENARIOS = 12, 5
RATIOS = np.array([1.0, 0.9, 0.8, 0.7, 0.55, 0.4])


def random_task(n: int, rng: np.random.Generator, **changes: Any) -> MarkdownTask:
    """``n`` slow items whose stock is one to six times what would sell at full price."""
    stock = np.clip(np.rint(rng.lognormal(np.log(18), 1.3, n)), 1, 3000)
    stock = np.asarray(changes.pop("stock", stock), float)
    weeks = rng.integers(4, WEEKS + 1, n)
    rate = stock / weeks / rng.uniform(1, 6, n)
    season = rng.uniform(0.8, 1.2, (n, WEEKS))
    middle, spread = rng.uniform(0.8, 3.0, n), rng.uniform(0.1, 0.6, n)
    node, weight = np.polynomial.hermite_e.hermegauss(SCENARIOS)
    elasticity = np.maximum(middle[:, None] + spread[:, None] * node, 0.0)
    factor = RATIOS ** -elasticity[..., None]
    full = rng.lognormal(np.log(80), 0.8, n)
    return MarkdownTask(
        stock, weeks, full[:, None] * RATIOS,
        rate[:, None, None, None] * season[:, None, :, None] * factor[:, :, None, :],
        salvage=0.15 * full, dispersion=rng.choice([1.0, 1.5, 2.5, 4.0], n),
        weight=np.broadcast_to(weight / weight.sum(), (n, SCENARIOS)),
        start=rng.integers(0, 2, n), floor=rng.uniform(0, 0.5, n) * full,
        change_cost=rng.uniform(0, 2, n), unit_change_cost=0.05, holding=0.002 * full,
    )  # fmt: skip


def speed(n: int, seed: int) -> None:
    """Print seconds, memory and some figures of the plans of ``n`` items."""
    rng = np.random.default_rng(seed)
    parts = [random_task(len(rows), rng) for rows in np.array_split(np.arange(n), -(-n // 10_000))]
    start, plans = time.process_time(), []
    for part in parts:
        plans.append(plan_markdown(part))
    seconds = time.process_time() - start
    value = sum(plan.value.sum() for plan in plans)
    held = [fixed_values(part) for part in parts]
    keep = sum(
        each[np.arange(len(part)), part.start].sum() for part, each in zip(parts, held, strict=True)
    )
    fixed = sum(each.max(axis=1).sum() for each in held)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    above = sum(int((part.stock > MarkdownParams().points).sum()) for part in parts)
    print(
        f"{n:,} items ({above:,} in lots), seed {seed}: {seconds:.1f} CPU s, peak {memory:.1f} GB; "
        f"value over the best fixed price {100 * (value / fixed - 1):.2f} %, "
        f"over doing nothing {100 * (value / keep - 1):.1f} %",
        flush=True,
    )


def taken_first(task: MarkdownTask, rung: np.ndarray, exact: MarkdownParams) -> np.ndarray:
    """Exact value where the price goes to a rung now and is free from the second week on."""
    stays = rung == task.start
    cost = np.where(stays, 0.0, task.change_cost + task.unit_change_cost * task.stock)
    return plan_markdown(replace(task, start=rung, locked=1), exact).value - cost


def error(n: int, seed: int) -> None:
    """Print how far plans in lots are from plans in single units."""
    rng = np.random.default_rng([seed, 1])
    task = random_task(n, rng, stock=np.rint(np.exp(rng.uniform(np.log(200), np.log(3000), n))))
    exact = MarkdownParams(points=3000)
    start = time.process_time()
    truth = plan_markdown(task, exact)
    spent = (time.process_time() - start) / n * 1e3
    print(f"single units: {spent:.1f} CPU ms per item", flush=True)
    kept = fixed_values(task, exact)
    open_ = np.isfinite(kept)
    for points in (32, 64, 128):
        start = time.process_time()
        rough = plan_markdown(task, MarkdownParams(points=points))
        spent = (time.process_time() - start) / n * 1e3
        gap = np.abs(rough.value / truth.value - 1)
        about = fixed_values(task, MarkdownParams(points=points))
        fixed = np.abs(about[open_] / kept[open_] - 1)
        other = np.flatnonzero(rough.first != truth.first)
        loss = np.zeros(n)
        if len(other):
            taken = taken_first(task.take(other), rough.first[other], exact)
            loss[other] = 1 - taken / truth.value[other]
        print(
            f"{points} lots: {spent:.2f} CPU ms per item, value off by mean "
            f"{100 * gap.mean():.4f} % worst {100 * gap.max():.3f} %, fixed prices worst "
            f"{100 * fixed.max():.3f} %, first price another for {len(other)} of {n}, which loses "
            f"mean {100 * loss.mean():.4f} % worst {100 * loss.max():.3f} %",
            flush=True,
        )


def groups(n: int, seed: int) -> None:
    """Print seconds and the distance to the bound of the common prices of ``n`` groups."""
    gaps, seconds = [], []
    ratio, items, weeks = np.linspace(1, 0.4, 8), 6, 14
    for group in range(n):
        rng = np.random.default_rng([seed, 2, group])
        full, base = rng.uniform(10, 90, items), rng.uniform(0.5, 3, (items, 1, weeks, 1))
        mean = base * ratio ** -rng.uniform(0.8, 3, (items, 3, 1, 1))
        stock = np.rint(base.sum(axis=(1, 2, 3)) * rng.uniform(1.2, 3, items))
        price, change = full[:, None] * ratio, rng.uniform(0, 5, items)
        task = MarkdownTask(stock, weeks, price, mean, 0.1 * full, 2.0, change_cost=change)
        start = time.process_time()
        plan = plan_group(task, GroupParams(cells=0))
        seconds.append(time.process_time() - start)
        gaps.append(100 * (1 - plan.value / plan.bound))
    print(
        f"{n} groups: below the bound by mean {np.mean(gaps):.4f} % worst {max(gaps):.4f} %, CPU s "
        f"mean {np.mean(seconds):.1f} most {max(seconds):.1f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--lots", type=int, default=40, help="items of the second part")
    parser.add_argument("--groups", type=int, default=10)
    parser.add_argument("--seed", type=int, default=2)
    told = parser.parse_args()
    if told.items:
        speed(told.items, told.seed)
    if told.lots:
        error(told.lots, told.seed)
    if told.groups:
        groups(told.groups, told.seed)


if __name__ == "__main__":
    main()
