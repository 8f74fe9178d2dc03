"""One relative price a week for the items of a group, so that their sum of money is most.

The items share a path of rungs, settled for all weeks to come (the night settles it anew). A
week's demands are independent, and demand of several weeks is again negative binomial with the sum
of their means, so what an item has sold by the end of a week depends on the path only through its
mean demand up to then: M(mean) = E min(stock, demand), which is concave. Scenarios of the response
to price hold for all weeks, so the mean over them is exact.

Few paths are walked one by one, beginnings shared. Of many, an integer program (CP-SAT) finds the
best: the money of a path of falling prices is a sum of M with weights >= 0, so tangents at paths
tried so far bound it from above (outer approximation: Duran & Grossmann 1986), and more of them
are added until the best path found reaches the bound.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import comb

import numpy as np
from numpy.typing import NDArray

from replenishment.clearance.group_program import best_path
from replenishment.clearance.group_walk import PriceGroup, Walk
from replenishment.clearance.task import MarkdownTask
from stockwright.errors import ConfigError, DataError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class GroupParams:
    """least_weeks: least weeks between two changes, >= 0. cells: most beginnings of paths times
    items and scenarios that are walked one by one, >= 0; 0 leaves all to the integer program.

    effort: deterministic time of CP-SAT in each round, > 0. rounds: most rounds, >= 1. gap: share
    of the bound that the path found may be below it, >= 0.
    """

    least_weeks: int = 0
    cells: int = 2_000_000
    effort: float = 5.0
    rounds: int = 60
    gap: float = 1e-6

    def __post_init__(self) -> None:
        low = min(self.least_weeks, self.cells, self.gap) < 0
        if low or self.effort <= 0 or self.rounds < 1:
            raise ConfigError(
                f"least_weeks, cells and gap >= 0, effort > 0, rounds >= 1, not {vars(self)}"
            )


@dataclass(frozen=True)
class GroupPlan:
    """value: expected money of all items. bound: no common path brings more. path: (weeks,) rung.

    units: (items, weeks) expected sales. recovery: (items, weeks) their money less changes of
    price and holding. left: (items,) units expected to be left, whose salvage is in the value.
    """

    value: float
    bound: float
    path: Ints
    units: Floats
    recovery: Floats
    left: Floats


def plan_group(task: MarkdownTask, params: GroupParams | None = None) -> GroupPlan:
    """The common path of rungs of most expected money for all items of ``task``.

    A rung below the floor of any of the items is closed to all, ``locked`` is the longest of them,
    and a change of price costs each item that still has weeks to go, whether or not any is left.
    The integer program leaves out rungs below the salvage of an item. Raises DataError where the
    prices in force are on different rungs, and where it would have to know what sells later
    (``late_units``) or in a week of a lower price (``most``), which it does not.
    """
    given = params or GroupParams()
    group = PriceGroup.of(task, given.least_weeks)
    weeks = group.weeks
    if few_paths(group, given):
        path = _best_of_all(group)
        return _plan(group, path, None)
    if not plain_task(task):
        raise DataError(
            "the paths are too many to walk, and goods sell on or weeks have prices of their own;"
            " use plan_groups"
        )
    worthy = (task.price[:, group.open] >= task.salvage[:, None]).all(axis=0)
    few = replace(group, open=group.open[worthy | (group.open == group.start)])
    if len(few.open) == 1:
        return _plan(group, np.full(weeks, group.start), None)
    path, bound = best_path(few, given.rounds, given.effort, given.gap)
    return _plan(group, path, bound)


def plain_task(task: MarkdownTask) -> bool:
    """Whether nothing sells later, or in a week whose price is planned lower."""
    later = (task.late_gain * task.late_units > 0).any()
    start = np.take_along_axis(task.price, task.start[:, None], axis=1)
    return not later and bool((task.most >= start).all())


def few_paths(group: PriceGroup, params: GroupParams) -> bool:
    """Whether all paths of the group are walked."""
    rungs, (items, scenarios) = len(group.open), group.task.weight.shape
    return rungs == 1 or comb(group.weeks + rungs, rungs) * items * scenarios <= params.cells


def _best_of_all(group: PriceGroup) -> Ints:
    """The best path, all being walked week by week with their beginnings shared."""
    walk = Walk.start(group)
    paths = np.zeros((1, 0), np.int64)
    for week in range(group.weeks):
        parent, rung = walk.choices(group)
        walk = walk.take(parent).step(group, week, rung)
        paths = np.column_stack([paths[parent], rung])
    return np.asarray(paths[int(walk.worth(group).argmax())])


def _plan(group: PriceGroup, path: Ints, bound: float | None) -> GroupPlan:
    """The plan of one path; without a bound it is the best of all."""
    walk, units, recovery = Walk.start(group), [], []
    for week, rung in enumerate(path):
        before, walk = walk, walk.step(group, week, np.array([rung]))
        units.append(group.mixed(walk.sold - before.sold)[0])
        recovery.append((walk.money - before.money)[0])
    value = float(walk.worth(group)[0])
    return GroupPlan(
        value=value,
        bound=value if bound is None else max(bound, value),
        path=path,
        units=np.column_stack(units),
        recovery=np.column_stack(recovery),
        left=group.task.stock - group.mixed(walk.sold)[0],
    )
