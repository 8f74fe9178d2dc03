"""One relative price a week for each of many groups, all of them worked on as whole arrays.

What a group sells off brings on a path of rungs is worked out as in ``price_groups``. A path is the
weeks at which it goes to each rung or below. It starts as the price of now, and in every round the
one move of such a week that brings most is made, those in its way being pushed along, until none
brings more. So a path is never worth less than any one cut that is kept from then on. It need not
be the best of all paths; what is missing is measured against ``plan_group``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from replenishment.clearance.group_walk import PriceGroup, expected_sold
from replenishment.clearance.price_groups import GroupParams, few_paths, plain_task, plan_group
from replenishment.clearance.task import MarkdownTask
from stockwright.arrays import require
from stockwright.errors import DataError, describe

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# Points at which what is sold is worked out, to be read between them while paths are compared.
_POINTS = 257
# Standard deviations of demand that are next to certain.
_WIDE = 8.0
# Cells of candidate paths that are looked at together, and the gain that is none.
_CELLS, _NOTHING = 100_000, 1e-9


@dataclass(frozen=True)
class GroupPlans:
    """path: (groups, weeks) rung. value, kept: (items,) expected money on it and at the price of
    now. units, recovery: (items, weeks) sales and their money less changes of price and holding.
    left: (items,) units expected to be left, whose worth is in the value.
    """

    path: Ints
    value: Floats
    kept: Floats
    units: Floats
    recovery: Floats
    left: Floats


def plan_groups(
    task: MarkdownTask, group: Ints, proven: int = 0, least_weeks: int = 1
) -> GroupPlans:
    """A path of rungs for the items of each group, of much money in sum over the group.

    group: (items,) 0, 1, ... in order. proven: as many groups at most are left to ``plan_group``,
    where it can settle them. least_weeks: between two changes; climbing changes only at multiples
    of them. A rung below the floor of any of its items is closed to a
    group, and the longest lock holds for all of them; a change of price costs each item that still
    has weeks to go. Raises DataError where prices in force of a group are on different rungs.
    """
    steps = np.diff(group, prepend=-1)
    require((steps == 0) | (steps == 1), "group", "0, 1, ... in order")
    first = np.flatnonzero(steps)
    mixed = np.unique(group[task.start != task.start[first][group]])
    if len(mixed):
        raise DataError(
            describe("groups with prices on different rungs", mixed.tolist(), "give one rung")
        )
    solve = _solved if len(first) <= proven else _climbed
    parts = [_planned(each, solve(each, least_weeks)) for each in _blocks(task, group, first)]
    if not parts:
        none, weeks = np.zeros(0), np.zeros((0, task.mean.shape[2]))
        return GroupPlans(weeks.astype(np.int64), none, none, weeks, weeks, none)
    joined = (np.concatenate(each) for each in zip(*parts, strict=True))
    return GroupPlans(*joined)


@dataclass(frozen=True)
class _Block:
    """Some groups. need: (items, scenarios, weeks, rungs) mean demand, 0 after an item's last week.
    first: (groups,) first item. top: (items,) most that is asked for in all. sold, late: (items,
    points) units sold, and of those left the ones that sell later, by demand up to ``top``.
    """

    task: MarkdownTask
    group: Ints
    first: Ints
    live: NDArray[np.bool_]
    need: Floats
    top: Floats
    sold: Floats
    late: Floats

    @classmethod
    def of(cls, task: MarkdownTask, group: Ints) -> _Block:
        live = np.arange(task.mean.shape[2]) < task.weeks[:, None]
        need = task.mean * live[:, None, :, None]
        # Beyond this mean all is sold.
        all_ = task.stock + _WIDE * (np.sqrt(task.stock * task.dispersion) + task.dispersion)
        top = np.clip(need.max(axis=3).sum(axis=2).max(axis=1), _NOTHING, all_)
        first = np.flatnonzero(np.diff(group, prepend=-1))
        mean = top[:, None] * np.linspace(0.0, 1.0, _POINTS)
        return cls(task, group, first, live, need, top, *_sold_and_late(task, mean))

    def take(self, groups: Ints) -> _Block:
        """Some of the groups, in order."""
        rows = np.flatnonzero(np.isin(self.group, groups))
        group = np.searchsorted(groups, self.group[rows])
        first = np.flatnonzero(np.diff(group, prepend=-1))
        told = (self.need, self.top, self.sold, self.late)
        need, top, sold, late = (each[rows] for each in told)
        task = self.task.take(rows)
        return _Block(task, group, first, self.live[rows], need, top, sold, late)

    def path_of(self, turns: Ints) -> Ints:
        """Rungs (..., groups, weeks) of the weeks from which each rung but the first is passed."""
        week = np.arange(self.live.shape[1])
        return np.asarray((turns[..., None] <= week).sum(axis=-2))

    def asked(self, path: Ints) -> Floats:
        """Mean demand up to each week, (paths, items, scenarios, weeks)."""
        n, scenarios, weeks, _ = self.need.shape
        items, each = np.arange(n)[:, None, None], np.arange(scenarios)[:, None]
        rung = path[:, self.group][:, :, None]
        return np.cumsum(self.need[items, each, np.arange(weeks), rung], axis=3)

    def read(self, asked: Floats) -> tuple[Floats, Floats]:
        """``sold`` by week, (paths, items, weeks), and ``late`` at the end, (paths, items)."""
        place = asked * ((_POINTS - 1) / self.top[:, None, None])
        np.minimum(place, _POINTS - 1, out=place)
        low = np.minimum(place.astype(np.int64), _POINTS - 2)
        share = place - low
        low += (np.arange(len(self.top)) * _POINTS)[:, None, None]
        flat = self.sold.ravel()
        sold = flat[low]
        sold += share * (flat[low + 1] - sold)
        last, part, flat = low[..., -1], share[..., -1], self.late.ravel()
        late = flat[last] + part * (flat[last + 1] - flat[last])
        return self._mixed(sold), self._mixed(late[..., None])[..., 0]

    def exactly(self, asked: Floats) -> tuple[Floats, Floats]:
        """What ``read`` reads, worked out."""
        n, scenarios, weeks = asked.shape[1:]
        mean = np.moveaxis(asked, 1, 0).reshape(n, -1)
        sold, late = (
            np.moveaxis(each.reshape(n, -1, scenarios, weeks), 0, 1)
            for each in _sold_and_late(self.task, mean)
        )
        return self._mixed(sold), self._mixed(late[..., -1:])[..., 0]

    def _mixed(self, units: Floats) -> Floats:
        return np.asarray(np.einsum("cisw,is->ciw", units, self.task.weight))

    def weekly(self, path: Ints, sold: Floats) -> Floats:
        """Money of each week, (paths, items, weeks), without what is left in the end."""
        task, rung = self.task, path[:, self.group]
        before = np.zeros_like(sold)
        before[..., 1:] = sold[..., :-1]
        stock, live = task.stock[:, None], self.live
        price = np.minimum(task.price[np.arange(len(stock))[:, None], rung], task.most)
        changed = np.diff(
            rung, axis=2, prepend=np.broadcast_to(task.start[:, None], (*rung.shape[:2], 1))
        )
        paid = task.change_cost[:, None] + task.unit_change_cost[:, None] * (stock - before)
        money = price * (sold - before) - live * task.holding[:, None] * (stock - sold)
        return np.asarray(money - (changed != 0) * live * paid)

    def worth(self, path: Ints, sold: Floats, late: Floats) -> Floats:
        """Money in all, (paths, items)."""
        task = self.task
        end = task.salvage * (task.stock - sold[..., -1]) + task.late_gain * late
        return np.asarray(self.weekly(path, sold).sum(axis=2) + end)


def _sold_and_late(task: MarkdownTask, mean: Floats) -> tuple[Floats, Floats]:
    """Units sold where the demand has a mean, and of what is left those that sell later,
    (items, points) each."""
    later = np.minimum(task.late_units, task.stock)
    sold = expected_sold(task.stock, mean, task.dispersion)
    few = expected_sold(task.stock - later, mean, task.dispersion)
    return sold, later[:, None] - sold + few


def _blocks(task: MarkdownTask, group: Ints, first: Ints) -> Iterator[_Block]:
    """The groups in blocks of bounded work."""
    moves = (task.rungs - 1) * (task.mean.shape[2] + 1)
    most = max(_CELLS // max(moves * task.mean.shape[1] * task.mean.shape[2], 1), 1)
    last, start = np.append(first[1:], len(group)), 0
    while start < len(first):
        stop = max(int(np.searchsorted(last, first[start] + most, side="right")), start + 1)
        items = slice(int(first[start]), int(last[stop - 1]))
        yield _Block.of(task.take(items), group[items] - start)
        start = stop


def _planned(block: _Block, paths: Ints) -> tuple[Ints, Floats, Floats, Floats, Floats, Floats]:
    """The fields of GroupPlans for one block and its paths, (groups, weeks)."""
    start = np.broadcast_to(
        block.task.start[block.first, None], (len(block.first), block.live.shape[1])
    )
    path = np.stack([paths, start])
    sold, late = block.exactly(block.asked(path))
    value = block.worth(path, sold, late)
    # What was read between points may have misled where next to nothing is won.
    won = np.add.reduceat(value[0] - value[1], block.first) > 0
    at = np.where(won, 0, 1)
    row, item = at[block.group], np.arange(len(block.group))
    units = np.diff(sold, axis=2, prepend=0.0)[row, item]
    weekly = block.weekly(path, sold)[row, item]
    left = block.task.stock - sold[row, item, -1]
    chosen = path[at, np.arange(len(at))]
    return chosen, value[row, item], value[1], units, weekly, left


def _climbed(block: _Block, least_weeks: int) -> Ints:
    """The path that no one move makes better, (groups, weeks)."""
    weeks, rung = block.live.shape[1], np.arange(1, block.task.rungs)
    turns = np.where(rung <= block.task.start[block.first, None], 0, weeks)
    now, going = _sums(block, turns[None])[0], np.arange(len(block.first))
    while len(going) and len(rung):
        few = block.take(going)
        tried = _moves(few, turns[going], least_weeks)
        value = _sums(few, tried)
        best = value.argmax(axis=0)
        top = np.take_along_axis(value, best[None], axis=0)[0]
        better = np.flatnonzero(top > now[going] + _NOTHING * np.maximum(np.abs(top), 1.0))
        going, best, top = going[better], best[better], top[better]
        turns[going], now[going] = tried[best, better], top
    return block.path_of(turns)


def _solved(block: _Block, least_weeks: int) -> Ints:
    """The path of ``plan_group`` of each group, climbed where it has none, (groups, weeks)."""
    paths, weeks = _climbed(block, least_weeks), block.live.shape[1]
    for code in range(len(paths)):
        task = block.task.take(block.group == code)
        params = GroupParams(least_weeks)
        if plain_task(task) or few_paths(PriceGroup.of(task, least_weeks), params):
            path = plan_group(task, params).path
            paths[code] = np.pad(path, (0, weeks - len(path)), mode="edge")
    return paths


def _moves(block: _Block, turns: Ints, least_weeks: int) -> Ints:
    """Each rung passed from each week on, (moves, groups, rungs - 1), where that is allowed."""
    task, weeks, place = block.task, block.live.shape[1], np.arange(turns.shape[1])
    start = task.start[block.first]
    lowest = start - 1 + np.logical_and.reduceat(task.open_rungs(), block.first).sum(axis=1)
    locked = np.maximum.reduceat(task.locked, block.first)
    rung, week = np.divmod(np.arange(len(place) * (weeks + 1)), weeks + 1)
    at, to = rung[:, None, None], week[:, None, None]
    pushed = np.where(place < at, np.minimum(turns, to), np.maximum(turns, to))
    moved = np.where(place == at, to, pushed)
    open_to = (rung[:, None] >= start) & (rung[:, None] < lowest)
    wait = week[:, None] - locked
    open_to &= ((wait >= 0) & (wait % max(least_weeks, 1) == 0)) | (week[:, None] == weeks)
    return np.where(open_to[:, :, None], moved, turns)


def _sums(block: _Block, turns: Ints) -> Floats:
    """Money of each group, (paths, groups), read between points."""
    path = block.path_of(turns)
    value = block.worth(path, *block.read(block.asked(path)))
    return np.asarray(np.add.reduceat(value, block.first, axis=1))
