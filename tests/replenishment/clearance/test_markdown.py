"""Markdown plans against a recursion written out in plain Python, and in how they answer."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any

import numpy as np
import pytest
from scipy import stats

from replenishment.clearance.gallego import exponential_optimum
from replenishment.clearance.markdown import (
    MarkdownParams,
    fixed_values,
    plan_markdown,
    plan_markdowns,
)
from replenishment.clearance.task import MarkdownTask
from stockwright.errors import ConfigError, DataError

PER_ITEM = (
    "salvage", "dispersion", "start", "floor", "change_cost", "unit_change_cost", "holding",
    "locked", "late_units", "late_gain",
)  # fmt: skip


def random_task(seed: int, items: int = 8, scenarios: int = 1, **changes: Any) -> MarkdownTask:
    """Small items with every cost and bound; a lower price always brings more demand."""
    rng = np.random.default_rng(seed)
    rungs, weeks = 4, 4
    price = np.sort(rng.uniform(5, 60, (items, rungs)), axis=1)[:, ::-1]
    growth = np.cumprod(rng.uniform(1.05, 2.0, (items, scenarios, rungs)), axis=2)
    mean = rng.uniform(0.2, 2.5, (items, 1, weeks, 1)) * growth[:, :, None, :]
    values = {
        "stock": rng.integers(1, 13, items), "weeks": rng.integers(1, weeks + 1, items),
        "price": price, "mean": mean, "salvage": rng.uniform(-2, 5, items),
        "dispersion": rng.choice([1.0, 1.6, 3.0], items),
        "weight": rng.dirichlet(np.ones(scenarios), items), "start": rng.integers(0, 2, items),
        "floor": rng.uniform(0, 25, items), "change_cost": rng.uniform(0, 8, items),
        "unit_change_cost": rng.uniform(0, 0.5, items), "holding": rng.uniform(0, 0.8, items),
        "locked": rng.integers(0, 3, items), "late_units": rng.uniform(0, 6, items),
        "late_gain": rng.uniform(0, 15, items),
    }  # fmt: skip
    return MarkdownTask(**(values | changes))


def bare(task: MarkdownTask) -> MarkdownTask:
    """The task without costs of a change, holding and bounds."""
    names = ("start", "floor", "change_cost", "unit_change_cost", "holding", "locked")
    return replace(task, **{name: np.zeros(1) for name in names})


def by_hand(task: MarkdownTask, i: int, least_weeks: int = 0) -> tuple[float, set[int]]:
    """Value of item i and its best first rungs, by recursion over dictionaries of outcomes."""
    own = {name: float(getattr(task, name)[i]) for name in PER_ITEM}
    weeks, stock = int(task.weeks[i]), int(task.stock[i])

    def chances(week: int, rung: int) -> dict[int, float]:
        out: dict[int, float] = {}
        for weight, scenario in zip(task.weight[i], task.mean[i], strict=True):
            mean, spread = float(scenario[week, rung]), own["dispersion"]
            for units in range(stock):
                if spread == 1:
                    log = units * math.log(mean) - mean - math.lgamma(units + 1)
                    one = math.exp(log)
                else:
                    one = stats.nbinom.pmf(units, mean / (spread - 1), 1 / spread)
                out[units] = out.get(units, 0.0) + float(weight) * one
        out[stock] = 1 - sum(out.values())
        return out

    @lru_cache(None)
    def worth(week: int, rung: int, stays: int, have: int) -> tuple[float, frozenset[int]]:
        if week == weeks:
            late = min(have, own["late_units"]) * own["late_gain"]
            return own["salvage"] * have + late, frozenset()
        found: dict[int, float] = {}
        for to in range(rung, task.rungs):
            price = float(task.price[i, to])
            if to != rung and (stays > 0 or price < own["floor"]):
                continue
            money, after = 0.0, max(stays - 1, 0)
            if to != rung:
                money -= (own["change_cost"] + own["unit_change_cost"] * have) if have else 0.0
                after = max(least_weeks, 1) - 1
            for wanted, chance in chances(week, to).items():
                sold = min(wanted, have)
                left = have - sold
                later = worth(week + 1, to, after, left)[0] if left else 0.0
                money += chance * (price * sold - own["holding"] * left + later)
            found[to] = money
        best = max(found.values())
        return best, frozenset(r for r, v in found.items() if v >= best - 1e-9)

    value, first = worth(0, int(own["start"]), int(own["locked"]), stock)
    return value, set(first)


@pytest.mark.parametrize("least_weeks", [0, 2, 3])
@pytest.mark.parametrize(("seed", "scenarios"), [(1, 1), (2, 3)])
def test_the_plan_is_that_of_a_recursion_by_hand(seed, scenarios, least_weeks):
    task = random_task(seed, scenarios=scenarios)
    plan = plan_markdown(task, MarkdownParams(least_weeks=least_weeks))
    for i in range(len(task)):
        value, first = by_hand(task, i, least_weeks)
        assert plan.value[i] == pytest.approx(value, rel=1e-9)
        assert plan.first[i] in first


def test_money_and_units_of_the_weeks_add_up_to_the_value_and_the_stock():
    task = random_task(3, items=40, scenarios=2, late_gain=0.0)
    plan = plan_markdown(task, MarkdownParams(least_weeks=2))
    total = plan.recovery.sum(axis=1) + task.salvage * plan.left
    np.testing.assert_allclose(total, plan.value, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(plan.units.sum(axis=1) + plan.left, task.stock, rtol=1e-9)


def test_no_policy_is_below_the_best_fixed_price_or_doing_nothing():
    task = random_task(4, items=200, locked=0)
    value, fixed = plan_markdown(task).value, fixed_values(task)
    assert (value >= fixed.max(axis=1) - 1e-9).all()
    assert np.isfinite(fixed[np.arange(200), task.start]).all()
    assert (value > fixed.max(axis=1) + 1e-6).any()


def test_a_fixed_price_is_worth_what_a_ladder_of_that_price_alone_is_worth():
    task = random_task(5, items=30, start=0, locked=0, floor=0.0, change_cost=0.0)
    task = replace(task, unit_change_cost=np.zeros(1), salvage=np.minimum(task.salvage, 4.0))
    fixed = fixed_values(task)
    for rung in range(task.rungs):
        one = slice(rung, rung + 1)
        alone = plan_markdown(replace(task, price=task.price[:, one], mean=task.mean[..., one]))
        np.testing.assert_allclose(fixed[:, rung], alone.value, rtol=1e-9)


def test_rungs_above_the_price_in_force_or_below_the_floor_are_never_taken():
    task = random_task(6, items=200)
    plan = plan_markdown(task)
    taken = plan.path >= 0
    rows = np.nonzero(taken)[0]
    price = np.take_along_axis(task.price, np.maximum(plan.path, 0), axis=1)
    start = task.price[np.arange(len(task)), task.start]
    low = np.minimum(task.floor, start)
    assert (price[taken] >= low[rows]).all()
    assert (price[taken] <= start[rows]).all()
    assert np.isneginf(fixed_values(task)[~task.open_rungs()]).all()


def test_no_path_of_prices_rises():
    task = random_task(7, items=300, stock=12.0)
    plan = plan_markdown(task)
    both = (plan.path[:, 1:] >= 0) & (plan.path[:, :-1] >= 0)
    fall = np.diff(plan.path, axis=1)[both]
    assert (fall >= 0).all()
    assert (fall > 0).any()


def test_a_price_stays_for_the_weeks_it_has_to():
    task = random_task(8, items=300, stock=12.0, weeks=4, change_cost=0.0, locked=1)
    plan = plan_markdown(task, MarkdownParams(least_weeks=2))
    change = np.diff(plan.path, axis=1, prepend=task.start[:, None]) > 0
    assert not change[:, 0].any()
    assert not (change[:, 1:] & change[:, :-1]).any()
    assert change.any()


def test_more_stock_is_never_worth_less_where_what_is_left_costs_nothing():
    task = bare(random_task(9, items=60))
    task = replace(task, salvage=np.maximum(task.salvage, 0.0))
    less = plan_markdown(task).value
    more = plan_markdown(replace(task, stock=task.stock + 1)).value
    assert (more >= less - 1e-9).all()


def test_a_higher_salvage_is_never_worth_less():
    task = random_task(10, items=60)
    more = plan_markdown(replace(task, salvage=task.salvage + 0.5)).value
    assert (more >= plan_markdown(task).value - 1e-9).all()


def test_units_that_sell_later_for_their_salvage_change_nothing():
    task = random_task(15, items=60)
    gain = replace(task, late_gain=np.zeros(1))
    none = replace(task, late_units=np.zeros(1))
    np.testing.assert_array_equal(plan_markdown(gain).value, plan_markdown(none).value)


def test_more_units_that_sell_later_are_never_worth_less_and_never_cut_a_price():
    task = bare(random_task(16, items=60))
    few = plan_markdown(replace(task, late_units=np.ones(1)))
    all_ = plan_markdown(replace(task, late_units=task.stock))
    assert (all_.value >= few.value - 1e-9).all()
    assert (all_.first <= few.first).all()
    assert (all_.first < few.first).any()


def test_money_in_other_coins_scales_the_value_and_leaves_the_prices():
    task = random_task(11, items=60)
    costs = ("floor", "change_cost", "unit_change_cost", "holding")
    money = ("price", "salvage", "late_gain", *costs)
    scaled = replace(task, **{name: 4 * getattr(task, name) for name in money})
    one, four = plan_markdown(task), plan_markdown(scaled)
    np.testing.assert_allclose(four.value, 4 * one.value, rtol=1e-12)
    np.testing.assert_array_equal(four.path, one.path)


def test_no_demand_keeps_the_price():
    task = random_task(
        12, mean=np.zeros((8, 4, 4)), weight=np.ones((1, 1)), holding=0.0, late_gain=0.0
    )
    plan = plan_markdown(task)
    np.testing.assert_array_equal(plan.first, task.start)
    np.testing.assert_allclose(plan.value, task.salvage * task.stock)


def test_results_do_not_depend_on_the_items_beside_or_on_the_size_of_blocks():
    task = random_task(13, items=50, stock=np.geomspace(1, 900, 50), scenarios=2)
    whole = plan_markdown(task)
    small = plan_markdown(task, MarkdownParams(cells=2000))
    alone = plan_markdown(task.take(slice(20, 21)))
    for name, value in vars(whole).items():
        np.testing.assert_allclose(getattr(small, name), value, rtol=1e-12, err_msg=name)
        np.testing.assert_allclose(getattr(alone, name)[0], value[20], rtol=1e-12, err_msg=name)


@pytest.mark.parametrize("least_weeks", [0, 3])
def test_ways_to_sell_in_the_first_week_are_planned_as_tasks_with_its_demand_are(least_weeks):
    task = random_task(17, items=60, scenarios=2, stock=np.geomspace(1, 400, 60))
    params, reach = MarkdownParams(least_weeks=least_weeks), np.array([0.0, 1.0, 6.0])
    ways = plan_markdowns(task, reach, np.zeros(3), params)
    for way, times in zip(ways, reach, strict=True):
        mean = task.mean.copy()
        mean[:, :, 0] *= times
        alone = plan_markdown(replace(task, mean=mean), params)
        for name, value in vars(alone).items():
            np.testing.assert_allclose(
                getattr(way, name), value, rtol=1e-9, atol=1e-9, err_msg=name
            )


def test_what_a_way_costs_for_each_unit_is_a_lower_price_in_the_first_week():
    """With one week to go that is a lower price at all."""
    task = random_task(18, items=60, weeks=1, floor=0.0)
    cheap = replace(task, price=task.price - 1.5, salvage=np.minimum(task.salvage, 3.0))
    dear = plan_markdowns(replace(task, salvage=cheap.salvage), np.array([2.0]), np.array([1.5]))[0]
    for name, value in vars(plan_markdowns(cheap, np.array([2.0]), np.zeros(1))[0]).items():
        np.testing.assert_allclose(getattr(dear, name), value, rtol=1e-9, err_msg=name)


@pytest.mark.parametrize("dispersion", [1.0, 4.0])
def test_stock_in_lots_is_worth_nearly_what_single_units_are(dispersion):
    rng = np.random.default_rng(14)
    n, weeks = 12, 6
    mean = rng.uniform(10, 60, (n, 1, 1)) * np.array([1, 1.4, 2.0, 3.0]) * np.ones((1, weeks, 1))
    price = np.array([[100.0, 85, 70, 50]]) * rng.uniform(0.5, 2, (n, 1))
    stock = np.rint(mean[:, 0, 0] * weeks * rng.uniform(0.8, 3, n))
    task = MarkdownTask(stock, weeks, price, mean, 5.0, dispersion)
    exact, rough = MarkdownParams(points=2000), MarkdownParams(points=64)
    for money in (lambda params: plan_markdown(task, params).value, partial(fixed_values, task)):
        np.testing.assert_allclose(money(rough), money(exact), rtol=1e-3)


def test_stock_that_is_sure_to_sell_out_at_the_full_price_is_worth_that():
    """Of 10,000 units 12,000 are wanted in four weeks, give or take 110."""
    task = MarkdownTask([10_000], 4, [[50.0, 40.0]], [[[3000.0, 3600.0]] * 4], 2.0)
    plan = plan_markdown(task)
    assert plan.first[0] == 0
    assert 10_000 * 50.0 * (1 - 1e-3) <= plan.value[0] <= 10_000 * 50.0 * (1 + 1e-9)


def test_stock_that_is_sold_out_after_the_first_week_leaves_nothing_for_the_others():
    plan = plan_markdown(MarkdownTask([5], 3, [[50.0, 40.0]], [[[900.0, 950.0]] * 3]))
    np.testing.assert_allclose(plan.units[0], [5, 0, 0])
    np.testing.assert_allclose(plan.recovery[0], [250, 0, 0])
    assert plan.left[0] == 0


def test_many_weeks_and_fine_prices_tend_to_the_closed_form_of_continuous_time():
    """From below: a ladder whose price may not rise can do no better than prices at will."""
    k, a, stock = 12.0, 1.0, 6
    best = exponential_optimum(stock, 1.0, k, a).revenue[0]
    found = []
    for weeks, rungs in ((4, 6), (16, 16), (64, 48)):
        price = np.linspace(3.0, 0.4, rungs)
        mean = np.broadcast_to(k * np.exp(-a * price) / weeks, (1, weeks, rungs))
        found.append(plan_markdown(MarkdownTask([stock], weeks, price[None], mean)).value[0])
    assert found == sorted(found)
    assert found[-1] <= best
    assert found[-1] == pytest.approx(best, rel=0.02)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"stock": 0.0}, "stock must be finite and > 0"),
        ({"weeks": 0}, "weeks must be from 1 to 4"),
        ({"weeks": 1.5}, "weeks must be whole numbers"),
        ({"price": np.ones((8, 4))}, "price must be lower on each rung"),
        ({"salvage": 1e6}, "salvage must be at most the highest price"),
        ({"dispersion": 0.5}, "dispersion must be >= 1"),
        ({"weight": np.full((8, 1), 0.5)}, "sums of weight must be 1"),
        ({"start": 4}, "start must be from 0 to 3"),
        ({"holding": -1.0}, "holding must be finite and >= 0"),
        ({"mean": np.ones((8, 4))}, "expected \\(items, scenarios, weeks, rungs\\)"),
    ],
)
def test_bad_input_is_named(changes, says):
    with pytest.raises(DataError, match=says):
        random_task(15, **changes)


@pytest.mark.parametrize("changes", [{"points": 1}, {"least_weeks": -1}, {"cells": 0}])
def test_bad_parameters_are_named(changes):
    with pytest.raises(ConfigError, match="points >= 2"):
        MarkdownParams(**changes)
