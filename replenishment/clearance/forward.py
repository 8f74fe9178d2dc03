"""What happens on average under the best prices of a block, from the first week to the last."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from replenishment.clearance.backward import FirstWeek, Rungs
from replenishment.clearance.blocks import Block

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# What is less likely is not followed.
_NEVER = 1e-15


@dataclass(frozen=True)
class Course:
    """path: (ways, weeks, items) rung of each week if the stock goes as expected, -1 after the
    last. units, recovery: (ways, weeks, items) expected sales and their money less changes and
    holding. left: (ways, items) units expected to be left.
    """

    path: Ints
    units: Floats
    recovery: Floats
    left: Floats


def follow(block: Block, policy: Rungs, first: FirstWeek) -> Course:
    """The course of each way under the policy."""
    items, lot, (ways, n) = np.arange(len(block.task)), block.lots.lot, first.rung.shape
    shape = (ways, len(policy) + 1, n)
    out = Course(np.full(shape, -1), np.zeros(shape), np.zeros(shape), np.zeros((ways, n)))
    out.path[:, 0], out.units[:, 0], out.recovery[:, 0] = first.rung, first.sold * lot, first.money
    spread, rung, stay = _Spread.of(block, first), first.rung, first.stay
    for week, choice in enumerate(policy):
        live = week + 1 < block.task.weeks
        ends = ~live[spread.item]
        out.left[:] += spread.take(ends).stock() * lot
        spread = spread.take(~ends)
        stock = spread.stock()
        near = np.maximum(np.rint(stock).astype(np.int64), 1)
        goes = np.where(stay > 0, rung, choice[near, rung, items])
        stay = np.where(goes != rung, block.after, np.maximum(stay - 1, 0))
        rung = goes.astype(np.int64)
        spread, paid = spread.moved(block, choice)
        there = block.sales[week][:, spread.rung, spread.item]
        each = np.einsum("sc,sc->c", spread.chance, there)
        sold = spread.summed(each)
        money = spread.summed(each * block.price[week + 1][spread.rung, spread.item])
        out.path[:, week + 1] = np.where(live, rung, -1)
        out.units[:, week + 1] = sold * lot
        out.recovery[:, week + 1] = money - paid - block.holding * (stock - sold)
        spread = spread.passed_on(block, week)
    out.left[:] += spread.stock() * lot
    return out


@dataclass(frozen=True)
class _Spread:
    """Where the stock may be, in columns of a rung, way, weeks to stay and item.

    shape: (rungs, ways, depth, items). rung, way, stay, item: (columns,), rung rising but at the
    start. chance: (states, columns) probability, none of no stock.
    """

    shape: tuple[int, int, int, int]
    rung: Ints
    way: Ints
    stay: Ints
    item: Ints
    chance: Floats

    @classmethod
    def of(cls, block: Block, first: FirstWeek) -> _Spread:
        """After the first week."""
        ways, n = first.rung.shape
        way, item = (each.ravel() for each in np.indices((ways, n)))
        wanted = block.lots.count[item] - np.arange(len(block.change))[:, None]
        known = (wanted >= 0) & (wanted < first.chances.shape[1])
        known[0] = False
        chance = np.where(known, first.chances[way, np.where(known, wanted, 0), item], 0.0)
        shape = (len(block.open), ways, block.depth, n)
        return cls(shape, first.rung.ravel(), way, first.stay.ravel(), item, chance)

    def take(self, columns: NDArray[np.bool_]) -> _Spread:
        """Some of the columns."""
        if columns.all():
            return self
        return _Spread(
            self.shape, self.rung[columns], self.way[columns], self.stay[columns],
            self.item[columns], self.chance[:, columns],
        )  # fmt: skip

    def summed(self, values: Floats) -> Floats:
        """Sums over the columns, (ways, items)."""
        _, ways, _, n = self.shape
        sums = np.bincount(self.way * n + self.item, values, ways * n)
        return sums.astype(np.float64).reshape(ways, n)

    def stock(self) -> Floats:
        """Lots expected in stock, (ways, items)."""
        return self.summed(np.arange(len(self.chance)) @ self.chance)

    def moved(self, block: Block, choice: Rungs) -> tuple[_Spread, Floats]:
        """After the choice, and the cost of changes, (ways, items)."""
        to = np.where(self.stay > 0, self.rung, choice[:, self.rung, self.item])
        goes, (states, item) = to != self.rung, (np.arange(len(to))[:, None], self.item)
        paid = self.summed((self.chance * goes * block.change[:, item]).sum(axis=0))
        after = np.where(goes, block.after, np.maximum(self.stay - 1, 0))
        column = np.ravel_multi_index((to, self.way, after, item), self.shape)
        there = self.chance > _NEVER
        used = np.zeros(int(np.prod(self.shape)), np.bool_)
        used[column[there]] = True
        named = np.flatnonzero(used)
        at = states * len(named) + (np.cumsum(used) - 1)[column]
        size = len(to) * len(named)
        chance = np.bincount(at[there], self.chance[there], size).astype(np.float64)
        rung, way, stay, item = np.unravel_index(named, self.shape)
        chance = chance.reshape(len(to), len(named))
        return _Spread(self.shape, rung, way, stay, item, chance), paid

    def passed_on(self, block: Block, week: int) -> _Spread:
        """After the sales of a week; what is sold out is left out."""
        chances = block.chances.table[week][:, self.rung, self.item]
        begin = np.searchsorted(self.rung, block.chances.first)
        out = chances[0] * self.chance
        for wanted in range(1, int(np.searchsorted(begin, len(self.rung)))):
            column = begin[wanted]
            part = chances[wanted, column:] * self.chance[wanted:, column:]
            out[:-wanted, column:] += part
        out[0] = 0.0
        return _Spread(self.shape, self.rung, self.way, self.stay, self.item, out)
