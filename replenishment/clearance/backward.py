"""The best prices of a block, from the last week to the first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from replenishment.clearance.blocks import Block
from replenishment.clearance.demand import lot_chances

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Rungs = NDArray[np.int16]


def solve(block: Block) -> tuple[Rungs, Floats]:
    """The weeks after the first: best rung of each, (weeks, states, rungs, items) by the rung in
    force, and the value of the stock at their start, (depth, states, rungs, items)."""
    task, weeks = block.task, len(block.sales)
    shape = (len(block.change), *block.open.shape)
    value = np.broadcast_to(block.end()[:, None], (block.depth, *shape))
    policy = np.empty((weeks, *shape), np.int16)
    for week in range(weeks)[::-1]:
        held = block.week(week, value)
        best, policy[week] = _best(block, held, block.change)
        live = week + 1 < task.weeks
        value = np.where(live, np.concatenate([best[None], held[:-1]]), value)
    return policy, value


def fixed(block: Block) -> Floats:
    """Value where the price is at a rung in all weeks, (rungs, items)."""
    later = np.broadcast_to(block.end()[:, None], (len(block.change), *block.open.shape))
    for week in range(len(block.sales))[::-1]:
        later = np.where(week + 1 < block.task.weeks, block.week(week, later), later)
    return np.asarray(_held(block, later[None], np.ones(1), np.zeros(1))[0][0, 0])


@dataclass(frozen=True)
class FirstWeek:
    """The first week of each way, from the stock at hand; all (ways, items) but the chances.

    value: of the best prices. rung: best rung, and stay: weeks that it has to stay after the week.
    sold: lots expected. money: theirs, less changes and holding. chances: (ways, lots, items) that
    0, 1, ... lots are wanted.
    """

    value: Floats
    rung: Ints
    stay: Ints
    sold: Floats
    money: Floats
    chances: Floats

    @classmethod
    def of(cls, block: Block, later: Floats, reach: Floats, cost: Floats) -> FirstWeek:
        """later: (depth, states, rungs, items) value of the stock at the end of the week. reach,
        cost: (ways,) times the demand of the week, and money for each unit sold in it."""
        task, count = block.task, block.lots.count
        items, ways = np.arange(len(task)), np.arange(len(reach))[:, None]
        held, sold, chances = _held(block, later, reach, cost)
        change = block.change[count, items]
        best, choice = _best(block, held, change[None])
        free, stay = task.locked == 0, np.maximum(task.locked - 1, 0)
        locked = held[stay, ways, task.start, items]
        rung = np.where(free, choice[ways, task.start, items], task.start).astype(np.int64)
        goes, lots = rung != task.start, sold[ways, rung, items]
        price = block.price[0][rung, items] - cost[:, None] * block.lots.lot
        return cls(
            value=np.where(free, best[ways, task.start, items], locked),
            rung=rung,
            stay=np.where(goes, block.after, stay),
            sold=lots,
            money=price * lots - np.where(goes, change, 0.0) - block.holding * (count - lots),
            chances=np.moveaxis(chances[ways, :, rung, items], -1, 1),
        )


def _held(
    block: Block, later: Floats, reach: Floats, cost: Floats
) -> tuple[Floats, Floats, Floats]:
    """Value of the first week at a rung and of all later ones, (depth, ways, rungs, items); lots
    sold in it, (ways, rungs, items); and the chances of lots, (ways, lots, rungs, items)."""
    task, count = block.task, block.lots.count
    mean = task.mean[:, :, :1] * reach[:, None]
    chances = lot_chances(mean, task.weight, task.dispersion, block.lots).table
    left = np.maximum(count - np.arange(chances.shape[1])[:, None], 0)
    money = later - (block.holding * block.states)[:, None]
    money = np.take_along_axis(money, left[None, :, None], axis=1)
    sold = count - np.einsum("wlri,li->wri", chances, left.astype(np.float64))
    price = block.price[0] - cost[:, None, None] * block.lots.lot
    return price * sold + np.einsum("wlri,dlri->dwri", chances, money), sold, chances


def _best(block: Block, held: Floats, change: Floats) -> tuple[Floats, Rungs]:
    """Best value and rung by rung in force, (states, rungs, items); of equals the higher price.

    held: (depth, states, rungs, items) value of a week at a rung and of all later ones. change:
    (states, items) cost of a change.
    """
    best = held[0].copy()
    moved = np.where(block.open, held[block.after] - change[:, None], -np.inf)
    choice = np.empty(best.shape, np.int16)
    top, which = np.full_like(best[:, 0], -np.inf), np.zeros(best[:, 0].shape, np.int16)
    for rung in range(best.shape[1])[::-1]:
        goes = top > best[:, rung]
        choice[:, rung] = np.where(goes, which, rung)
        np.maximum(best[:, rung], top, out=best[:, rung])
        ahead = moved[:, rung] >= top
        which = np.where(ahead, np.int16(rung), which)
        np.maximum(top, moved[:, rung], out=top)
    return best, choice
