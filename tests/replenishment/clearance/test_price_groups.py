"""Common prices of a group against every path there is, counted out in plain Python."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from scipy import stats

from replenishment.clearance.markdown import fixed_values, plan_markdown
from replenishment.clearance.price_groups import GroupParams, plan_group
from replenishment.clearance.task import MarkdownTask
from stockwright.errors import ConfigError, DataError

PROGRAM = 0


def random_group(seed: int, items: int = 3, scenarios: int = 2, **changes: Any) -> MarkdownTask:
    """Items at the same share of their full prices, with every cost."""
    rng = np.random.default_rng(seed)
    weeks = 5
    ratio = np.array([1.0, 0.85, 0.7, 0.5])
    full = rng.uniform(10, 90, items)
    mean = rng.uniform(0.3, 2.5, (items, 1, weeks, 1)) * np.ones((1, scenarios, 1, 1))
    response = ratio ** -rng.uniform(0.5, 3.5, (items, scenarios, 1, 1))
    values = {
        "stock": rng.integers(3, 20, items), "weeks": rng.integers(3, weeks + 1, items),
        "price": full[:, None] * ratio, "mean": mean * response, "salvage": 0.1 * full,
        "dispersion": rng.choice([1.5, 3.0], items),
        "weight": rng.dirichlet(np.ones(scenarios), items), "start": 0,
        "floor": 0.0, "change_cost": rng.uniform(0, 8, items),
        "unit_change_cost": rng.uniform(0, 0.5, items), "holding": 0.01 * full,
    }  # fmt: skip
    return MarkdownTask(**(values | changes))


def money_of(task: MarkdownTask, i: int, path: tuple[int, ...]) -> float:
    """Expected money of one item on a path, week by week on the distribution of its stock."""
    weeks, stock = int(task.weeks[i]), int(task.stock[i])
    total = 0.0
    for weight, scenario in zip(task.weight[i], task.mean[i], strict=True):
        have, rung, money = {stock: 1.0}, int(task.start[i]), 0.0
        for week in range(weeks):
            units = sum(k * p for k, p in have.items())
            if path[week] != rung:
                money -= float(task.change_cost[i] + task.unit_change_cost[i] * units)
            rung = path[week]
            mean, spread = float(scenario[week, rung]), float(task.dispersion[i])
            chance = stats.nbinom.pmf(np.arange(stock + 1), mean / (spread - 1), 1 / spread)
            left: dict[int, float] = {}
            for k, p in have.items():
                for wanted in range(k):
                    left[k - wanted] = left.get(k - wanted, 0.0) + p * float(chance[wanted])
                left[0] = left.get(0, 0.0) + p * float(1 - chance[:k].sum())
            after = sum(k * p for k, p in left.items())
            money += float(task.price[i, rung]) * (units - after) - float(task.holding[i]) * after
            have = left
        total += float(weight) * (
            money + float(task.salvage[i]) * sum(k * p for k, p in have.items())
        )
    return total


def best_of_all(task: MarkdownTask, least_weeks: int = 0) -> tuple[float, tuple[int, ...]]:
    """The best path of rungs of all that never rise and stay as long as they have to."""
    weeks = int(task.weeks.max())
    best, at = -np.inf, ()
    for path in itertools.combinations_with_replacement(range(task.rungs), weeks):
        change = [w for w in range(weeks) if path[w] != (path[w - 1] if w else task.start[0])]
        near = any(b - a < least_weeks for a, b in itertools.pairwise(change))
        closed = any((task.price[:, r] < task.floor).any() for r in path)
        early = bool(change) and change[0] < task.locked.max()
        if near or closed or early or path[0] < task.start[0]:
            continue
        value = sum(money_of(task, i, path) for i in range(len(task)))
        if value > best:
            best, at = value, path
    return best, at


@pytest.mark.parametrize("cells", [2_000_000, PROGRAM])
@pytest.mark.parametrize(
    ("seed", "least_weeks", "changes"),
    [
        (1, 0, {}),
        (2, 2, {}),
        (3, 0, {"locked": 1, "start": 1}),
        (4, 3, {"floor": 6.0}),
        (5, 0, {"holding": 0.0, "unit_change_cost": 0.0}),
        (6, 0, {"change_cost": 0.0, "unit_change_cost": 0.0, "stock": [25.0, 8.0, 12.0]}),
    ],
)
def test_the_common_path_is_the_best_of_all_paths(seed, least_weeks, changes, cells):
    task = random_group(seed, **changes)
    best, path = best_of_all(task, least_weeks)
    plan = plan_group(task, GroupParams(least_weeks, cells))
    assert plan.value == pytest.approx(best, rel=1e-6)
    assert tuple(plan.path) == path
    assert plan.bound >= best * (1 - 1e-6)
    assert plan.bound <= best * (1 + 1e-5)


def test_an_item_alone_earns_no_more_than_where_its_price_may_answer_to_its_stock():
    task = random_group(7, items=1, scenarios=1, change_cost=0.0)
    alone, fixed = plan_markdown(task), fixed_values(task)
    group = plan_group(task)
    assert group.value <= alone.value[0] * (1 + 1e-6)
    assert group.value >= fixed[0].max() * (1 - 1e-6)


def test_a_common_price_is_worth_no_more_than_a_price_for_each_item():
    task = random_group(8, items=6, scenarios=1, change_cost=0.0)
    each = plan_markdown(task).value.sum()
    assert plan_group(task).value <= each * (1 + 1e-6)


def test_money_and_units_of_the_weeks_add_up():
    task = random_group(9, items=5)
    plan = plan_group(task)
    total = plan.recovery.sum() + (task.salvage * plan.left).sum()
    assert total == pytest.approx(plan.value)
    np.testing.assert_allclose(plan.units.sum(axis=1) + plan.left, task.stock)


def test_two_same_items_take_the_path_of_one_and_twice_its_money():
    one = random_group(10, items=1)
    both = one.take(np.array([0, 0]))
    np.testing.assert_array_equal(plan_group(both).path, plan_group(one).path)
    assert plan_group(both).value == pytest.approx(2 * plan_group(one).value)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [11, 12])
def test_the_program_finds_what_walking_all_of_many_paths_finds(seed):
    """Nine weeks and six rungs are 2,002 paths."""
    rng = np.random.default_rng(seed)
    ratio, n, weeks = np.linspace(1, 0.4, 6), 4, 9
    full = rng.uniform(10, 90, n)
    base = rng.uniform(0.5, 3, (n, 1, weeks, 1))
    mean = base * ratio ** -rng.uniform(0.8, 3, (n, 3, 1, 1))
    stock = np.rint(base.sum(axis=(1, 2, 3)) * rng.uniform(1.2, 3, n))
    task = MarkdownTask(stock, weeks, full[:, None] * ratio, mean, 0.1 * full, 2.0)
    found = plan_group(task, GroupParams(cells=PROGRAM))
    walked = plan_group(task)
    assert found.bound <= found.value * (1 + 1e-5)
    assert found.value == pytest.approx(walked.value, rel=1e-6)


def test_a_group_with_different_prices_in_force_is_named():
    with pytest.raises(DataError, match="rungs in force in one price group: 2"):
        plan_group(random_group(12, start=[0, 1, 0]))


@pytest.mark.parametrize("changes", [{"least_weeks": -1}, {"effort": 0.0}, {"rounds": 0}])
def test_bad_parameters_are_named(changes):
    with pytest.raises(ConfigError, match="effort > 0"):
        GroupParams(**changes)
