"""How all lines and suppliers answer to given prices of the limits.

At given prices every line takes the lots that are worth more than they pay. A supplier whose lines
then fall short of a minimum is filled up with the lots that lose least per unit of what the minimum
counts, and is ordered from when its lines are together worth more than its fixed cost.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from replenishment.limits.minima import Minima
from replenishment.limits.prices import Limit, at_most
from replenishment.limits.table import LotTable, within

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Answer:
    """What is taken at given prices.

    bundle: (entries,) entries that each supplier would take if it were used. taken: (entries,)
    those of the suppliers in use. net: (suppliers + 1,) worth beyond the prices and the fixed
    cost, -inf where a minimum is out of reach; the last stands for lines without a supplier.
    used: (suppliers + 1,). subsidy: per minimum, (suppliers + 1,) money per unit of what it
    counts that the dearest entry needed for it loses.
    """

    bundle: Bools
    taken: Bools
    net: Floats
    used: Bools
    subsidy: tuple[Floats, Floats]


class Market:
    """The entries of a table under limits and minima.

    owner: (keys,) supplier, the last one of (suppliers + 1) for lines without one.
    fixed: (keys,) units ordered anyway, already taken off the limits' room: their suppliers are in
    use, and they count for the minima.
    """

    def __init__(self, table: LotTable, limits: list[Limit], minima: Minima, fixed: Floats) -> None:
        self.table, self.limits = table, limits
        self.suppliers = len(minima.value) + 1
        self.owner = np.where(minima.supplier < 0, self.suppliers - 1, minima.supplier)
        self.cost = minima.cost
        self.supplier = self.owner[table.key]
        self.forced = np.append(minima.sums(fixed) > 0, True)
        self.fee = np.where(self.forced, 0.0, np.append(minima.fixed_cost, 0.0))
        value, units = minima.sums(fixed * minima.cost), minima.sums(fixed)
        self.missing = (
            np.append(np.maximum(minima.value - value, 0.0), 0.0),
            np.append(np.maximum(minima.units - units, 0.0), 0.0),
        )
        self.counted = (table.size * minima.cost[table.key], table.size)
        self.uses = [limit.weight[table.key] * table.size for limit in limits]
        self.groups = [
            np.where(limit.group < 0, len(limit.room), limit.group)[table.key] for limit in limits
        ]

    def sums(self, amount: Floats, chosen: Bools | Ints) -> Floats:
        """Sum of the chosen entries over each supplier, (suppliers + 1,)."""
        counted = np.bincount(self.supplier[chosen], amount[chosen], self.suppliers)
        return counted.astype(np.float64)

    def use(self, taken: Bools | Ints, family: int) -> Floats:
        """Use of each group of one limit by some entries, (groups,)."""
        room = len(self.limits[family].room)
        part = self.groups[family][taken], self.uses[family][taken]
        return np.bincount(*part, room + 1)[:room].astype(np.float64)

    def breaks(self, taken: Bools, family: int) -> Bools:
        """Groups of one limit that the entries overrun, (groups,)."""
        return self.limits[family].exceeded(self.use(taken, family))

    def short(self, taken: Bools) -> Bools:
        """Suppliers that are ordered from, but below a minimum, (suppliers + 1,)."""
        below = np.zeros(self.suppliers, np.bool_)
        for counted, missing in zip(self.counted, self.missing, strict=True):
            below |= self.sums(counted, taken) < missing * (1 - 1e-9)
        used = (self.sums(self.table.size, taken) > 0) | self.forced
        return np.asarray(below & used)

    def keeps(self, taken: Bools) -> bool:
        """Whether the entries keep every limit."""
        return not any(self.breaks(taken, family).any() for family in range(len(self.limits)))

    def answer(self, toll: Floats, chosen: Bools | None = None) -> Answer:
        """The best entries at a price per unit of each key, (keys,).

        chosen: (suppliers + 1,) the suppliers in use, where they are given.
        """
        profit = self.table.gain - toll[self.table.key] * self.table.size
        bundle = profit > 0
        net = self.sums(profit, bundle) - self.fee
        asked = self.forced if chosen is None else chosen
        fills = [
            self._filled(profit, bundle, net, counted, missing, asked)
            for counted, missing in zip(self.counted, self.missing, strict=True)
        ]
        used = self.forced | (net > 0) if chosen is None else chosen
        return Answer(bundle, bundle & used[self.supplier], net, used, (fills[0], fills[1]))

    def _filled(
        self, profit: Floats, bundle: Bools, net: Floats, counted: Floats, missing: Floats,
        asked: Bools,
    ) -> Floats:  # fmt: skip
        """Fill one minimum: raises ``bundle``, lowers ``net``, returns the subsidy."""
        subsidy = np.zeros(self.suppliers)
        if not missing.any():
            return subsidy
        lack = missing * (1 - 1e-9) - self.sums(counted, bundle)
        short = (lack > 0) & ((net > 0) | asked)
        rows = np.flatnonzero(short[self.supplier] & ~bundle)
        loss = -profit[rows] / counted[rows]
        rows = rows[np.lexsort((rows, loss, self.supplier[rows]))]
        starts = np.flatnonzero(np.diff(self.supplier[rows], prepend=-1))
        if len(rows):
            running = within(counted[rows], starts, np.diff(starts, append=len(rows)))
            added = rows[running - counted[rows] < lack[self.supplier[rows]]]
            bundle[added] = True
            net += self.sums(profit, added)
            np.maximum.at(subsidy, self.supplier[added], -profit[added] / counted[added])
            lack[short] -= self.sums(counted, added)[short]
        net[(lack > 0) & ~self.forced] = -np.inf
        return subsidy

    def eased(self, toll: Floats, answer: Answer) -> Floats:
        """The price per unit of each key less the subsidies of the minima, (keys,)."""
        value, units = answer.subsidy
        return toll - value[self.owner] * self.cost - units[self.owner]

    def rent(self, prices: list[Floats]) -> float:
        """Money that the whole room of all limits costs at prices per use, (groups,) each."""
        return sum(
            float(price[price > 0] @ limit.room[price > 0])
            for limit, price in zip(self.limits, prices, strict=True)
        )

    def dearest(self, family: int) -> Floats:
        """Price per use of each group beyond which no entry of it pays, (groups,)."""
        group, use = self.groups[family], self.uses[family]
        out = np.zeros(len(self.limits[family].room) + 1)
        rows = np.flatnonzero((use > 0) & (self.table.gain > 0))
        np.maximum.at(out, group[rows], self.table.gain[rows] / use[rows])
        return out[:-1]

    def rooms(self, taken: Bools) -> list[Floats]:
        """What the entries leave of each limit's room, a hair of tolerance included."""
        return [
            at_most(limit.room) - self.use(taken, family)
            for family, limit in enumerate(self.limits)
        ]

    def by_supplier(self) -> Callable[[int], Ints]:
        """A function from a supplier to its entries."""
        order = np.argsort(self.supplier, kind="stable")
        starts = np.searchsorted(self.supplier[order], np.arange(self.suppliers + 1))
        return lambda supplier: order[starts[supplier] : starts[supplier + 1]]

    def fits(self, rows: Ints, rooms: list[Floats]) -> Bools:
        """Whether each of some entries fits by itself; rooms: (groups + 1,) of each limit."""
        good = np.ones(len(rows), np.bool_)
        for group, use, room in zip(self.groups, self.uses, rooms, strict=True):
            good &= use[rows] <= room[group[rows]]
        return good

    def fits_after(self, rows: Ints, rooms: list[Floats]) -> Bools:
        """Whether each of some entries fits together with all before it."""
        good = np.ones(len(rows), np.bool_)
        for group, use, room in zip(self.groups, self.uses, rooms, strict=True):
            order = np.argsort(group[rows], kind="stable")
            mine = group[rows[order]]
            starts = np.flatnonzero(np.diff(mine, prepend=-1))
            running = within(use[rows[order]], starts, np.diff(starts, append=len(rows)))
            good[order] &= running <= room[mine]
        return good
