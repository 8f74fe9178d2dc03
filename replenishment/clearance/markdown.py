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

from replenishment.clearance.demand import StockLots, lot_chances
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
    cells: int = 400_000

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
    happen. left: (items,) units expected to be left. fixed: (items, rungs) expected money where the
    price goes to a rung at once and stays; -inf for rungs that are above the price in force or
    below the floor. keep: (items,) the same for the price in force: doing nothing.
    """

    value: Floats
    first: Ints
    path: Ints
    units: Floats
    recovery: Floats
    left: Floats
    fixed: Floats
    keep: Floats


def plan_markdown(task: MarkdownTask, params: MarkdownParams | None = None) -> MarkdownPlan:
    """The prices of most expected money for each item of the task."""
    given = params or MarkdownParams()
    n, weeks = len(task), task.mean.shape[2]
    out = MarkdownPlan(
        value=np.zeros(n), first=np.zeros(n, np.int64), path=np.full((n, weeks), -1),
        units=np.zeros((n, weeks)), recovery=np.zeros((n, weeks)), left=np.zeros(n),
        fixed=np.full((n, task.rungs), -np.inf), keep=np.zeros(n),
    )  # fmt: skip
    lots = StockLots.of(task, given.points)
    for rows in _blocks(task, lots, given.cells):
        block = _Block.of(task.take(rows), lots.take(rows), given.least_weeks)
        policy, value, fixed = _solve(block)
        out.value[rows], out.fixed[rows] = value, fixed
        out.keep[rows] = fixed[np.arange(len(rows)), block.task.start]
        _follow(block, policy, rows, out)
    for array in vars(out).values():
        array.flags.writeable = False
    return out


def _blocks(task: MarkdownTask, lots: StockLots, cells: int) -> Iterator[Ints]:
    """Rows of items alike in lots, demand and weeks, so that little is worked on in vain."""
    size, wanted = (np.ceil(2 * np.log2(each + 1)) for each in (lots.count, lots.cut))
    order = np.lexsort((task.weeks, wanted, size))
    width = task.weeks * task.rungs * (lots.count + 1)
    at = 0
    while at < len(order):
        # All items of a block are as wide as its widest.
        widest = np.maximum.accumulate(width[order[at : at + cells]])
        fits = int(np.searchsorted(widest * np.arange(1, len(widest) + 1), cells, side="right"))
        yield order[at : at + max(fits, 1)]
        at += max(fits, 1)


@dataclass(frozen=True)
class _Block:
    """Some items with their tables, the items on the last axis; stock, sales and money by lot.

    states: lots 0, 1, ... in stock. chances: (weeks, rungs, lots, items). sales: (weeks, rungs,
    states, items) expected. price: (weeks, rungs, 1, items) paid. change: (states, items) cost of a
    change. open: (rungs, 1, items). depth: numbers of weeks that a price may have to stay, 0
    included. after: weeks that it has to stay after the week of a change.
    """

    task: MarkdownTask
    lots: StockLots
    chances: Floats
    sales: Floats
    price: Floats
    salvage: Floats
    holding: Floats
    change: Floats
    open: NDArray[np.bool_]
    depth: int
    after: int

    @classmethod
    def of(cls, task: MarkdownTask, lots: StockLots, least_weeks: int) -> _Block:
        chances = lot_chances(task, lots, int(task.weeks.max()))
        states = np.arange(int(lots.count.max()) + 1)[:, None]
        sales = np.zeros((*chances.shape[:2], *np.broadcast_shapes(states.shape, (1, len(task)))))
        depth = min(chances.shape[2], len(states) - 1)
        more = np.maximum(1 - np.cumsum(chances[:, :, :depth], axis=2), 0.0)
        more *= np.arange(depth)[:, None] < lots.reach()
        np.cumsum(more, axis=2, out=sales[:, :, 1 : depth + 1])
        sales[:, :, depth + 1 :] = sales[:, :, depth : depth + 1]
        after = max(least_weeks, 1) - 1
        return cls(
            task, lots, chances, sales,
            price=_paid(task, lots, int(task.weeks.max())),
            salvage=task.salvage * lots.lot,
            holding=task.holding * lots.lot,
            change=(states > 0) * task.change_cost + states * task.unit_change_cost * lots.lot,
            open=task.open_rungs().T[:, None],
            depth=max(after, int(task.locked.max())) + 1,
            after=after,
        )  # fmt: skip

    @property
    def states(self) -> Floats:
        """Lots in stock, (states, 1)."""
        return np.arange(len(self.change), dtype=np.float64)[:, None]

    def end(self) -> Floats:
        """Value of what is left after the last week, (states, items)."""
        task, units = self.task, self.states * self.lots.lot
        late = np.minimum(units, task.late_units) * task.late_gain
        return np.asarray(self.salvage * self.states + late)

    def week(self, week: int, later: Floats) -> Floats:
        """Value of a week at each rung, of ``later`` (..., rungs, states, items) at its end."""
        left = later - self.holding * self.states
        money = self.price[week] * self.sales[week]
        return np.asarray(money + _expected(self.chances[week], left))


def _paid(task: MarkdownTask, lots: StockLots, weeks: int) -> Floats:
    """Money for a lot in each week at each rung, (weeks, rungs, 1, items)."""
    paid = np.minimum(task.price[:, None], task.most[:, :weeks, None]) * lots.lot[:, None, None]
    return np.ascontiguousarray(paid.transpose(1, 2, 0))[:, :, None]


def _expected(chances: Floats, value: Floats) -> Floats:
    """Mean of the value of what is left, by stock at the start; nothing left has no value."""
    out = chances[:, :1] * value
    work = np.empty_like(out)
    for wanted in range(1, min(chances.shape[1], value.shape[-2])):
        part = work[..., wanted:, :]
        np.multiply(chances[:, wanted : wanted + 1], value[..., :-wanted, :], out=part)
        out[..., wanted:, :] += part
    return out


def _passed_on(chances: Floats, spread: Floats) -> Floats:
    """Probability of the stock left, but for none, from the one of the stock at the start."""
    out = chances[:, :1] * spread
    work = np.empty_like(out)
    for wanted in range(1, min(chances.shape[1], spread.shape[-2])):
        part = work[..., wanted:, :]
        np.multiply(chances[:, wanted : wanted + 1], spread[..., wanted:, :], out=part)
        out[..., :-wanted, :] += part
    out[..., 0, :] = 0.0
    return out


def _solve(block: _Block) -> tuple[NDArray[np.int16], Floats, Floats]:
    """Backward induction: best rung (weeks, rungs, states, items), value, value of fixed rungs."""
    task, items = block.task, np.arange(len(block.task))
    weeks, rungs = block.chances.shape[:2]
    shape = (rungs, len(block.change), len(task))
    end = block.end()
    value = np.broadcast_to(end, (block.depth, *shape))
    fixed = np.broadcast_to(end, shape)
    policy = np.empty((weeks, *shape), np.int16)
    for week in range(weeks)[::-1]:
        held = block.week(week, value)
        best, policy[week] = _best(block, held)
        live = week < task.weeks
        fixed = np.where(live, block.week(week, fixed), fixed)
        value = np.where(live, np.concatenate([best[None], held[:-1]]), value)
    now = fixed[:, block.lots.count, items].T
    now = now - np.where(
        np.arange(rungs) == task.start[:, None],
        0.0,
        block.change[block.lots.count, items][:, None],
    )
    kept = np.where(task.open_rungs(), now, -np.inf)
    return policy, value[task.locked, task.start, block.lots.count, items], kept


def _best(block: _Block, held: Floats) -> tuple[Floats, NDArray[np.int16]]:
    """Best value and rung by rung in force, (rungs, states, items); of equals the higher price.

    held: (depth, rungs, states, items) value of a week at a rung and of all later ones.
    """
    best, moved = held[0].copy(), np.where(block.open, held[block.after] - block.change, -np.inf)
    choice = np.empty(best.shape, np.int16)
    top, which = np.full(best.shape[1:], -np.inf), np.zeros(best.shape[1:], np.int16)
    for rung in range(len(best))[::-1]:
        goes = top > best[rung]
        choice[rung] = np.where(goes, which, rung)
        np.maximum(best[rung], top, out=best[rung])
        ahead = moved[rung] >= top
        which = np.where(ahead, np.int16(rung), which)
        np.maximum(top, moved[rung], out=top)
    return best, choice


def _follow(block: _Block, policy: NDArray[np.int16], rows: Ints, out: MarkdownPlan) -> None:
    """Forward recursion: what happens on average under the policy, written into the plan."""
    task, lots, items = block.task, block.lots, np.arange(len(block.task))
    spread = np.zeros((block.depth, *policy.shape[1:]))
    spread[task.locked, task.start, lots.count, items] = 1.0
    rung, locked = task.start, task.locked
    for week in range(len(policy)):
        live = week < task.weeks
        stock = (spread.sum(axis=(0, 1)) * block.states).sum(axis=0)
        near = np.maximum(np.rint(stock).astype(np.int64), 1)
        goes = np.where(locked > 0, rung, policy[week, rung, near, items])
        locked = np.where(goes != rung, block.after, np.maximum(locked - 1, 0))
        rung = goes.astype(np.int64)
        held, paid = _moved(block, policy[week], spread)
        there = held.sum(axis=0)
        sold = there * block.sales[week]
        kept = (there * block.states - sold).sum(axis=(0, 1))
        money = (sold * block.price[week]).sum(axis=(0, 1)) - paid - block.holding * kept
        out.path[rows, week] = np.where(live, rung, -1)
        out.units[rows, week] = np.where(live, sold.sum(axis=(0, 1)) * lots.lot, 0.0)
        out.recovery[rows, week] = np.where(live, money, 0.0)
        spread = np.where(live, _passed_on(block.chances[week], held), spread)
    out.first[rows] = out.path[rows, 0]
    out.left[rows] = (spread.sum(axis=(0, 1)) * block.states).sum(axis=0) * lots.lot


def _moved(block: _Block, choice: NDArray[np.int16], spread: Floats) -> tuple[Floats, Floats]:
    """Probability of weeks to stay, rung and stock after the choice, and the cost of changes."""
    held = np.zeros_like(spread)
    held[:-1] = spread[1:]
    paid = np.zeros(spread.shape[-1])
    for rung in range(len(choice)):
        free = spread[0, rung]
        held[0, rung] += np.where(choice[rung] == rung, free, 0.0)
        for lower in range(rung + 1, len(choice)):
            goes = np.where(choice[rung] == lower, free, 0.0)
            held[block.after, lower] += goes
            paid += (goes * block.change).sum(axis=0)
    return held, paid
