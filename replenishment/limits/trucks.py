"""Whole trucks: orders of one supplier for one place and date share trucks that are paid whole.

A unit pays its part of a truck whenever it comes, tonight or later; what tonight decides is how
much room is sent empty. So an order that fills x trucks and needs n of them costs

    fee (n - x)

beside what its units are worth: lots that spill into a further truck are left for later unless they
are worth its empty room, and a truck that goes anyway takes lots that are worth less tonight than
the room which they save later. (Trucks as steps of the order cost: Lippman 1971;
full loads in coordinated orders: Silver, Pyke & Thomas 2017, chapter 10.)
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replenishment.limits.minima import Minima
from replenishment.limits.prices import Limit
from replenishment.limits.table import LotTable, within
from replenishment.network.evening import Evening
from replenishment.wishes.find import Wishes
from replenishment.wishes.lots import Worth

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

TRUCKS, RAISED_TO_TRUCK = "TRUCKS", "RAISED_TO_TRUCK"
# A truck that is full but for a rounding error is no further truck.
_SLACK = 1e-9
_KEPT, _SHRUNK, _FREE = 0, 1, 2


@dataclass(frozen=True)
class Trucks:
    """Trucks of the orders of some keys.

    group: (keys,) supplier, place and date together, -1 for none. volume, weight: (keys,) of a
    unit. room, load: (groups,) volume and weight that a truck takes, > 0, inf for no limit.
    fee: (groups,) money per truck. by_weight: (groups,) what fills a truck is counted by weight,
    not by volume.
    """

    group: Ints
    volume: Floats
    weight: Floats
    room: Floats
    load: Floats
    fee: Floats
    by_weight: Bools

    @classmethod
    def of(cls, wishes: Wishes, evening: Evening) -> Trucks:
        """The trucks of the orders: of each supplier, for each place and date of arrival."""
        index, lanes = evening.forecast.index, evening.network.lanes
        items, suppliers = evening.network.items, evening.network.suppliers
        supplier = np.where(wishes.transfer, -1, lanes.source[wishes.lane])
        some = np.append(suppliers.has_trucks & (suppliers.fixed_cost > 0), False)[supplier]
        rows = np.flatnonzero(some)
        place = index.location[wishes.series[rows]].astype(np.int64)
        date = lanes.available_date[wishes.lane[rows]].astype(np.int64)
        width = int(date.max(initial=0)) + 1
        ends = (supplier[rows].astype(np.int64) * len(index.locations) + place) * width + date
        _, first, code = np.unique(ends, return_index=True, return_inverse=True)
        group = np.full(len(some), -1)
        group[rows] = code
        whose = supplier[rows[first]]
        return cls(
            group=group,
            volume=items.volume[wishes.series],
            weight=items.weight[wishes.series],
            room=suppliers.truck_volume[whose],
            load=suppliers.truck_weight[whose],
            fee=suppliers.fixed_cost[whose],
            by_weight=np.zeros(len(whose), np.bool_),
        )

    def take(self, keys: NDArray[Any]) -> Trucks:
        """The trucks with some of the keys only."""
        named = {name: getattr(self, name)[keys] for name in ("group", "volume", "weight")}
        return replace(self, **named)

    def counted(self, wanted: Floats) -> Trucks:
        """The trucks, each counted by what the ``wanted`` units, (keys,), fill more of."""
        bulk, load = self.sums(wanted * self.volume), self.sums(wanted * self.weight)
        return replace(self, by_weight=load / self.load > bulk / self.room)

    def sums(self, amount: Floats) -> Floats:
        """Sum of a (keys,) array over each group, (groups,)."""
        inside = self.group >= 0
        counted = np.bincount(self.group[inside], amount[inside], len(self.fee))
        return counted.astype(np.float64)

    def needed(self, quantity: Floats) -> Floats:
        """Trucks that some orders, (keys,), need, (groups,)."""
        bulk, load = self.sums(quantity * self.volume), self.sums(quantity * self.weight)
        return whole(np.maximum(bulk / self.room, load / self.load))

    def spills(self, quantity: Floats, size: Floats) -> Bools:
        """Whether ``size`` more units, (keys,), of a key alone need one truck more, (keys,)."""
        bulk, load = self.sums(quantity * self.volume), self.sums(quantity * self.weight)
        group = self.group
        more = np.maximum(
            (np.append(bulk, 0.0)[group] + size * self.volume) / np.append(self.room, 1.0)[group],
            (np.append(load, 0.0)[group] + size * self.weight) / np.append(self.load, 1.0)[group],
        )
        now = np.append(self.needed(quantity), 0.0)[group]
        return np.asarray((group >= 0) & (whole(more) > now))

    def share(self) -> Floats:
        """Part of a truck that a unit of each key fills, (keys,)."""
        part = np.where(
            np.append(self.by_weight, False)[self.group],
            self.weight / np.append(self.load, np.inf)[self.group],
            self.volume / np.append(self.room, np.inf)[self.group],
        )
        return np.where(self.group >= 0, part, 0.0)

    def saves(self) -> Floats:
        """Money for the part of a truck that a unit of each key fills, (keys,)."""
        return np.append(self.fee, 0.0)[self.group] * self.share()

    def figures(self, quantity: Floats) -> dict[str, float]:
        """How many trucks some orders, (keys,), need, and the part of their room that they fill."""
        if not len(self.fee):
            return {}
        count = float(self.needed(quantity).sum())
        filled = float(self.counted(quantity).filled(quantity).sum())
        return {"TRUCKS.count": count, "TRUCKS.filled": filled / count if count else 0.0}

    def filled(self, quantity: Floats) -> Floats:
        """Trucks that some orders, (keys,), fill, (groups,), as they are counted."""
        return self.sums(quantity * self.share())

    def most(self, worth: Worth, toll: Floats) -> Floats:
        """Units of each key, (keys,), beyond which none helps to fill a truck.

        toll: see ``whole_trucks``. Beyond its own best order a key fills no more than one truck:
        what would fill a further one could be left out together with it.
        """
        terms, best, share = worth.terms, worth.best(), self.share()
        lots = np.ceil(np.divide(1.0, share * terms.lot, out=np.zeros(len(best)), where=share > 0))
        more = np.maximum(best, terms.first - terms.lot) + (lots + 1) * terms.lot
        return np.minimum(np.maximum(best, np.minimum(more, terms.most)), worth.best(toll))

    def empty(self, quantity: Floats) -> Floats:
        """Money for the room that some orders, (keys,), send empty, (groups,), >= 0."""
        return self.fee * np.maximum(self.needed(quantity) - self.filled(quantity), 0.0)


def whole(trucks: Floats) -> Floats:
    """Whole trucks for what fills so many."""
    return np.asarray(np.ceil(trucks - _SLACK * (1 + trucks)), np.float64)


def whole_trucks(
    worth: Worth,
    quantity: Floats,
    fixed: Floats,
    limits: list[Limit],
    minima: Minima,
    trucks: Trucks,
    toll: Floats,
) -> Floats:
    """Orders of which each truck takes what it best takes, the other orders as they are.

    quantity: (keys,) orders that keep limits and minima, and so do those returned. fixed: (keys,)
    units ordered anyway, already taken off the limits' room. toll: (keys,) shadow price per unit
    less what the part of a truck that it fills is worth. A truck that could only be filled beyond
    a limit is only emptied, and one that could not be emptied without falling below a minimum
    stays as it is.
    """
    mine = np.flatnonzero(trucks.group >= 0)
    few, here, paid = worth.take(mine), trucks.take(mine), toll[mine]
    most = np.maximum(here.most(few, paid), quantity[mine])
    choices = [quantity[mine]] + [
        _filled(LotTable.of(few, ceiling), here, paid, fixed[mine])
        for ceiling in (quantity[mine], most)
    ]
    state = np.full(len(here.fee), _FREE)
    while True:
        out = quantity.copy()
        out[mine] = np.choose(state[here.group], choices)
        lower = _lowered(out, fixed, state, limits, minima, trucks)
        if np.array_equal(lower, state):
            return out
        state = lower


def _filled(table: LotTable, trucks: Trucks, toll: Floats, fixed: Floats) -> Floats:
    """Units of each key, (keys,), that its truck best takes of the entries of a table.

    In each group the entries come in the order of what they are worth for the part of a truck
    that they fill; as many are taken, from the first on, as are worth most together.
    """
    gain = table.gain - toll[table.key] * table.size
    fills = np.maximum(trucks.share()[table.key] * table.size, 1e-12)
    group = trucks.group[table.key]
    order = np.lexsort((np.arange(len(group)), -gain / fills, group))
    group, key, size = group[order], table.key[order], table.size[order]
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    count = np.diff(starts, append=len(group))
    bulk = within(size * trucks.volume[key], starts, count)
    load = within(size * trucks.weight[key], starts, count)
    before = trucks.sums(fixed * trucks.volume), trucks.sums(fixed * trucks.weight)
    needed = whole(
        np.maximum(
            (bulk + before[0][group]) / trucks.room[group],
            (load + before[1][group]) / trucks.load[group],
        )
    )
    value = within(gain[order], starts, count) - trucks.fee[group] * needed
    nothing = -trucks.fee * trucks.needed(fixed)
    best = nothing.copy()
    np.maximum.at(best, group, value)
    pays = (value >= best[group]) & (best[group] > nothing[group])
    place = np.where(pays, np.arange(len(group)), -1)
    last = np.full(len(best), -1)
    np.maximum.at(last, group, place)
    taken = np.arange(len(group)) <= last[group]
    return np.bincount(key[taken], size[taken], table.keys).astype(np.float64)


def _lowered(
    quantity: Floats,
    fixed: Floats,
    state: Ints,
    limits: list[Limit],
    minima: Minima,
    trucks: Trucks,
) -> Ints:
    """The states of the groups, lower where they break a limit or miss a minimum."""
    over = np.zeros(len(quantity), np.bool_)
    for limit in limits:
        over |= np.append(limit.broken(quantity), False)[limit.group]
    lower = np.minimum(state, np.where(trucks.sums(over.astype(np.float64)) > 0, _SHRUNK, _FREE))
    short = minima.keys_of(minima.short(quantity + fixed))
    return np.where(trucks.sums(short.astype(np.float64)) > 0, _KEPT, lower)
