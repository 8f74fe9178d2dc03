"""The markdown plan of many items: when to go down the ladder of prices, and what it recovers.

A dynamic programme over the weeks left, the price in force and the stock, solved backwards for
all items at once (Gallego & van Ryzin 1994, for prices from a set; Bitran & Caldentey 2003). At
the start of each week the stock is seen and a price chosen that is not above the one in force;
demand of the week then is what it is at that price, what finds no stock is lost, and what is left
after the last week brings its salvage.

Where the response to price is uncertain, the weeks' demands are mixed over its scenarios: the plan
is the best one for what is known today, and does not count on learning the response on the way.
Planned anew each night with what was learnt, it is an open-loop feedback policy (Bertsekas 2005,
chapter 6).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from replenishment.clearance.backward import FirstWeek, fixed, solve
from replenishment.clearance.blocks import Block, blocks_of
from replenishment.clearance.forward import follow
from replenishment.clearance.task import MarkdownTask
from stockwright.errors import ConfigError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class MarkdownParams:
    """points: most lots that the stock of an item is cut into, >= 2; stock up to it is exact.

    least_weeks: least weeks between two changes of a price, >= 0. cells: most numbers of one table
    held in memory at once, >= 1.
    """

    points: int = 64
    least_weeks: int = 0
    cells: int = 1_000_000

    def __post_init__(self) -> None:
        if self.points < 2 or self.least_weeks < 0 or self.cells < 1:
            raise ConfigError(f"points >= 2, least_weeks >= 0 and cells >= 1, not {vars(self)}")


@dataclass(frozen=True)
class MarkdownPlan:
    """What the best prices bring, and how they are expected to fall.

    value: (items,) expected money: sales and salvage less changes of price and holding.
    first: (items,) rung of the first week. path: (items, weeks) rung of each week if the stock
    goes as expected, -1 after the last week of the item. units: (items, weeks) expected sales, and
    recovery: (items, weeks) their money less changes and holding, both as means over what may
    happen. left: (items,) units expected to be left.
    """

    value: Floats
    first: Ints
    path: Ints
    units: Floats
    recovery: Floats
    left: Floats


def plan_markdown(task: MarkdownTask, params: MarkdownParams | None = None) -> MarkdownPlan:
    """The prices of most expected money for each item of the task."""
    return plan_markdowns(task, np.ones(1), np.zeros(1), params)[0]


def plan_markdowns(
    task: MarkdownTask, reach: Floats, cost: Floats, params: MarkdownParams | None = None
) -> list[MarkdownPlan]:
    """A plan of the task for each of some ways to sell in its first week.

    reach: (ways,) times the demand of that week, >= 0. cost: (ways,) money for each unit sold in
    it. The weeks after it are the same for all ways, and are looked at once.
    """
    n, weeks = len(task), task.mean.shape[2]
    plans = [
        MarkdownPlan(
            np.zeros(n), np.zeros(n, np.int64), np.full((n, weeks), -1),
            np.zeros((n, weeks)), np.zeros((n, weeks)), np.zeros(n),
        )
        for _ in reach
    ]  # fmt: skip
    for rows, block in _blocks(task, params):
        policy, later = solve(block)
        first = FirstWeek.of(block, later, reach, cost)
        course = follow(block, policy, first)
        told = course.path.shape[1]
        for way, plan in enumerate(plans):
            plan.value[rows], plan.first[rows] = first.value[way], first.rung[way]
            plan.path[rows, :told] = course.path[way].T
            plan.units[rows, :told] = course.units[way].T
            plan.recovery[rows, :told] = course.recovery[way].T
            plan.left[rows] = course.left[way]
    for plan in plans:
        for array in vars(plan).values():
            array.flags.writeable = False
    return plans


def fixed_values(task: MarkdownTask, params: MarkdownParams | None = None) -> Floats:
    """Expected money where the price goes to a rung at once and stays, (items, rungs).

    -inf for rungs that are above the price in force or below the floor. At the rung of the price
    in force it is that of doing nothing.
    """
    out = np.full((len(task), task.rungs), -np.inf)
    for rows, block in _blocks(task, params):
        goes = np.arange(task.rungs) != block.task.start[:, None]
        change = block.change[block.lots.count, np.arange(len(rows)), None]
        out[rows] = np.where(block.open.T, fixed(block).T - goes * change, -np.inf)
    return out


def _blocks(task: MarkdownTask, params: MarkdownParams | None) -> Iterator[tuple[Ints, Block]]:
    given = params or MarkdownParams()
    return blocks_of(task, given.points, given.least_weeks, given.cells)
