"""Common paths of many groups at once, against every path there is."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from replenishment.clearance.group_climb import plan_groups
from replenishment.clearance.price_groups import GroupParams, plan_group
from replenishment.clearance.task import MarkdownTask
from stockwright.errors import DataError

SIZES = (1, 2, 3, 2, 4, 1)


def random_groups(seed: int, **changes: Any) -> tuple[MarkdownTask, np.ndarray]:
    """Groups of some sizes on one ladder, with every cost, some of which sell on after the end."""
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(len(SIZES)), SIZES)
    n, weeks, ratio = len(group), 6, np.array([1.0, 0.85, 0.7, 0.5])
    full = rng.uniform(10, 90, n)
    mean = rng.uniform(0.3, 2.5, (n, 1, weeks, 1)) * np.ones((1, 3, 1, 1))
    going_on = rng.random(n) < 0.5
    response = ratio ** -rng.uniform(0.5, 3.5, (n, 3, 1, 1))
    values = {
        "stock": rng.integers(3, 40, n), "weeks": rng.integers(3, weeks + 1, n),
        "price": full[:, None] * ratio, "mean": mean * response,
        "salvage": 0.1 * full, "dispersion": rng.choice([1.0, 1.5, 3.0], n),
        "weight": rng.dirichlet(np.ones(3), n), "change_cost": rng.uniform(0, 3, n),
        "unit_change_cost": rng.uniform(0, 0.3, n), "holding": 0.01 * full,
        "late_units": np.where(going_on, rng.uniform(0, 12, n), 0.0),
        "late_gain": np.where(going_on, 0.7 * full, 0.0),
    }  # fmt: skip
    return MarkdownTask(**(values | changes)), group


def test_paths_miss_little_of_the_best_of_all_and_never_what_one_cut_brings():
    missed = []
    for seed in range(8):
        task, group = random_groups(seed)
        plans = plan_groups(task, group)
        for code in range(len(SIZES)):
            few = task.take(group == code)
            best = plan_group(few, GroupParams()).value
            value, kept = (each[group == code].sum() for each in (plans.value, plans.kept))
            assert value <= best * (1 + 1e-9)
            assert value >= kept
            missed.append(1 - value / best)
            for rung in range(1, task.rungs):
                floor = replace(few, start=rung, change_cost=0.0, unit_change_cost=0.0)
                cost = few.change_cost + few.unit_change_cost * few.stock
                kept_on = plan_groups(floor, np.zeros(len(few), int)).kept
                assert value >= (kept_on - cost).sum() - 1e-3 * abs(value)
    assert max(missed) < 0.02
    assert np.mean(missed) < 0.0005


def test_few_groups_are_settled_to_proof():
    task, group = random_groups(11)
    plans = plan_groups(task, group, proven=len(SIZES))
    for code in range(len(SIZES)):
        best = plan_group(task.take(group == code)).value
        assert plans.value[group == code].sum() == pytest.approx(best)


def test_money_and_units_of_the_weeks_add_up_where_nothing_sells_later():
    task, group = random_groups(12, late_units=0.0, late_gain=0.0)
    plans = plan_groups(task, group)
    np.testing.assert_allclose(plans.units.sum(axis=1) + plans.left, task.stock)
    total = plans.recovery.sum(axis=1) + task.salvage * plans.left
    np.testing.assert_allclose(total, plans.value)


def test_what_a_group_gets_does_not_depend_on_those_beside_it():
    task, group = random_groups(13)
    both = MarkdownTask(
        **{f.name: np.concatenate([getattr(task, f.name)] * 2) for f in fields(MarkdownTask)}
    )
    once = plan_groups(task, group)
    twice = plan_groups(both, np.concatenate([group, group + len(SIZES)]))
    np.testing.assert_array_equal(twice.path, np.concatenate([once.path] * 2))
    np.testing.assert_allclose(twice.value, np.concatenate([once.value] * 2), rtol=1e-12)


def test_locks_and_floors_of_one_article_hold_for_its_group():
    task, group = random_groups(14, stock=400.0)
    free = plan_groups(task, group).path
    assert (free[:, 0] > 0).any()
    locked = np.where(np.diff(group, prepend=-1) > 0, 2, 0)
    held = plan_groups(replace(task, locked=locked), group).path
    assert (held[:, :2] == 0).all()
    floor = np.where(np.diff(group, prepend=-1) > 0, task.price[:, 1], 0.0)
    assert plan_groups(replace(task, floor=floor), group).path.max() <= 1


def test_a_group_with_different_prices_in_force_is_named():
    task, group = random_groups(15)
    start = np.where(np.arange(len(group)) == 2, 1, 0)
    with pytest.raises(DataError, match="on different rungs: 1"):
        plan_groups(replace(task, start=start), group)
