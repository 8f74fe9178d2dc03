"""Items of a markdown plan in blocks alike in size, with the tables of their demand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from replenishment.clearance.demand import LotChances, StockLots, lot_chances
from replenishment.clearance.task import MarkdownTask

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def blocks_of(
    task: MarkdownTask, points: int, least_weeks: int, cells: int
) -> Iterator[tuple[Ints, Block]]:
    """Items alike in lots, demand and weeks, so that little is worked on in vain: rows and block.

    points: most lots that a stock is cut into. cells: most numbers of one table; all items of a
    block are as wide as its widest.
    """
    lots = StockLots.of(task.stock, task.dispersion, points)
    wanted = task.mean.max(axis=(1, 2, 3), initial=0.0) / lots.lot
    size, asked = (np.ceil(2 * np.log2(each + 1)) for each in (lots.count, wanted))
    order = np.lexsort((task.weeks, asked, size, lots.parts))
    width, parts = (task.weeks * task.rungs * (lots.count + 1))[order], lots.parts[order]
    at = 0
    while at < len(order):
        end = int(np.searchsorted(parts, parts[at], side="right"))
        widest = np.maximum.accumulate(width[at : min(at + cells, end)])
        many = np.arange(1, len(widest) + 1)
        fits = max(int(np.searchsorted(widest * many, cells, side="right")), 1)
        rows = order[at : at + fits]
        yield rows, Block.of(task.take(rows), lots.take(rows), least_weeks)
        at += fits


@dataclass(frozen=True)
class Block:
    """Some items with their tables, the items on the last axis; stock, sales and money by lot.

    states: lots 0, 1, ... in stock. chances, and sales (weeks, states, rungs, items) expected: of
    the weeks after the first. price: (weeks, rungs, items) paid, the first week included. open:
    (rungs, items). change: (states, items) cost of a
    change. depth: numbers of weeks that a price may have to stay, 0 included. after: weeks that it
    has to stay after the week of a change.
    """

    task: MarkdownTask
    lots: StockLots
    chances: LotChances
    sales: Floats
    price: Floats
    salvage: Floats
    holding: Floats
    change: Floats
    open: NDArray[np.bool_]
    depth: int
    after: int

    @classmethod
    def of(cls, task: MarkdownTask, lots: StockLots, least_weeks: int) -> Block:
        """The tables of items whose lots have equally many steps."""
        mean = task.mean[:, :, 1 : int(task.weeks.max())]
        chances = lot_chances(mean, task.weight, task.dispersion, lots)
        states = np.arange(int(lots.count.max()) + 1)[:, None]
        weeks, depth, *rest = chances.sold.shape
        sales = np.empty((weeks, len(states), *rest))
        sales[:, :depth] = chances.sold
        sales[:, depth:] = chances.sold[:, -1:]
        after = max(least_weeks, 1) - 1
        return cls(
            task, lots, chances, sales,
            price=_paid(task, lots, int(task.weeks.max())),
            salvage=task.salvage * lots.lot,
            holding=task.holding * lots.lot,
            change=(states > 0) * task.change_cost + states * task.unit_change_cost * lots.lot,
            open=task.open_rungs().T,
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
        """Value of a week after the first at each rung, of ``later`` (..., states, rungs,
        items) at its end."""
        left = later - (self.holding * self.states)[:, None]
        return np.asarray(self.price[week + 1] * self.sales[week] + self._expected(week, left))

    def _expected(self, week: int, value: Floats) -> Floats:
        """Mean of the value of what is left, by stock at the start; nothing left has no value."""
        chances = self.chances.table[week]
        out: Floats = chances[0] * value
        work = np.empty_like(out)
        for wanted in range(1, len(chances)):
            rung = self.chances.first[wanted]
            part = work[..., wanted:, rung:, :]
            np.multiply(chances[wanted, rung:], value[..., :-wanted, rung:, :], out=part)
            out[..., wanted:, rung:, :] += part
        return out


def _paid(task: MarkdownTask, lots: StockLots, weeks: int) -> Floats:
    """Money for a lot in each week at each rung, (weeks, rungs, items)."""
    paid = np.minimum(task.price[:, None], task.most[:, :weeks, None]) * lots.lot[:, None, None]
    return np.ascontiguousarray(paid.transpose(1, 2, 0))
