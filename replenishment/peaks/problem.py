"""The build-up before an event, as arrays: what may arrive when, and what it is worth.

A row is one need: units of one SKU at one location that are due in one week. Units that arrive in
a week before serve it too and are held until then. Weeks are numbered 1 ... ``weeks``.

    minimize  sum_r E[p (D_r - Y_r)+ + o (Y_r - D_r)+] + sum_rw h (due_r - w) x_rw
    where     Y_r = sum_w x_rw,  first_r <= w <= due_r,  and every limit holds.

Once units stand at a location the rows of one plan share nothing but limits, so the expected cost
depends on the distribution of each row alone. How the days and waves of one need hang together
counts, and is in its scenarios.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from stockwright.arrays import frozen, require
from stockwright.errors import DataError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
_SLACK = 1e-9


class Span(IntEnum):
    """The weeks in which a unit uses a limit."""

    ARRIVAL = 0  #: the week in which it arrives
    STORED = 1  #: every week from its arrival to the week it is due in
    ONCE = 2  #: one limit over all weeks


@dataclass(frozen=True)
class WeekLimit:
    """Limits of one kind: a group of rows may use no more than its room of a week.

    code: name of the limit. span: when a unit counts. group: (rows,) -1 for none.
    weight: (rows,) use per unit, >= 0. room: (groups, weeks), or (groups, 1) for ``Span.ONCE``;
    inf for no limit.
    """

    code: str
    span: Span
    group: Ints
    weight: Floats
    room: Floats

    def __post_init__(self) -> None:
        n = len(self.group)
        object.__setattr__(self, "group", frozen("group", self.group, (n,), np.int64))
        object.__setattr__(self, "weight", frozen("weight", self.weight, (n,), np.float64))
        room = np.asarray(self.room, np.float64)
        object.__setattr__(self, "room", frozen("room", room, room.shape, np.float64))
        require(self.weight >= 0, "weight", ">= 0")
        require(self.room >= 0, "room", ">= 0")
        require((self.group >= -1) & (self.group < len(self.room)), "group", "a row of room, or -1")

    def take(self, rows: NDArray[Any]) -> WeekLimit:
        """The limit with some of the rows only."""
        return replace(self, group=self.group[rows], weight=self.weight[rows])


@dataclass(frozen=True)
class BuildUp:
    """All (rows,) unless said.

    demand: (rows, scenarios) units that are asked for beyond what is there anyway, >= 0, in
        rising order; all scenarios have the same probability.
    first, due: first and last week in which a unit for the row can arrive; 1 <= due <= weeks. A
        row whose first week is after its due week gets nothing.
    holding: money per unit and week. shortage: money per unit short. leftover: money lost with a
        unit that is left after the encore (markdown, or what holding it until it sells costs).
    pack: units of a lot, > 0. limits: what rows share. weeks: number of weeks.
    """

    demand: Floats
    first: Ints
    due: Ints
    holding: Floats
    shortage: Floats
    leftover: Floats
    pack: Floats
    limits: tuple[WeekLimit, ...]
    weeks: int

    def __post_init__(self) -> None:
        n = len(self.demand)
        demand = np.asarray(self.demand, np.float64)
        object.__setattr__(self, "demand", frozen("demand", demand, demand.shape, np.float64))
        for name in ("first", "due"):
            object.__setattr__(self, name, frozen(name, getattr(self, name), (n,), np.int64))
        for name in ("holding", "shortage", "leftover", "pack"):
            value = np.broadcast_to(np.asarray(getattr(self, name), np.float64), (n,))
            object.__setattr__(self, name, frozen(name, value, (n,), np.float64))
            require(value >= 0, name, ">= 0")
        require(self.pack > 0, "pack", "> 0")
        require(np.diff(self.demand, axis=1, prepend=0.0) >= 0, "demand", ">= 0 and rising")
        require((self.due >= 1) & (self.due <= self.weeks), "due", f"in 1 ... {self.weeks}")
        require(self.first >= 1, "first", ">= 1")
        for limit in self.limits:
            wide = 1 if limit.span == Span.ONCE else self.weeks
            if limit.room.shape[1] != wide or len(limit.group) != n:
                raise DataError(f"limit {limit.code} needs {n} rows and room for {wide} weeks")

    def __len__(self) -> int:
        return len(self.demand)

    def take(self, rows: NDArray[Any]) -> BuildUp:
        """Some of the rows under the same limits."""
        names = ("demand", "first", "due", "holding", "shortage", "leftover", "pack")
        kept = {name: getattr(self, name)[rows] for name in names}
        return replace(self, limits=tuple(limit.take(rows) for limit in self.limits), **kept)

    @cached_property
    def allowed(self) -> Bools:
        """Weeks in which units for a row may arrive, (rows, weeks)."""
        week = np.arange(1, self.weeks + 1)
        return np.asarray((week >= self.first[:, None]) & (week <= self.due[:, None]))

    @cached_property
    def carrying(self) -> Floats:
        """Holding of a unit by arrival week until it is due, (rows, weeks); inf if barred."""
        held = self.due[:, None] - np.arange(1, self.weeks + 1)
        return np.where(self.allowed, self.holding[:, None] * held, np.inf)

    @cached_property
    def _running(self) -> Floats:
        return np.cumsum(np.pad(self.demand, ((0, 0), (1, 0))), axis=1)

    def bought(self, price: Floats) -> tuple[Floats, Floats]:
        """Units that pay at a price per unit, and expected cost without that price, (rows,)."""
        count = self.demand.shape[1]
        both = np.maximum(self.shortage + self.leftover, 1e-300)
        share = np.where(np.isfinite(price), (self.shortage - price) / both, 0.0)
        place = np.clip(np.ceil(share * count - _SLACK), 0, count).astype(np.int64)
        rows = np.arange(len(self))
        units = np.where(place > 0, self.demand[rows, np.maximum(place - 1, 0)], 0.0)
        below = self._running[rows, place]
        short = (self._running[:, -1] - below - (count - place) * units) / count
        left = (place * units - below) / count
        return units, np.asarray(self.shortage * short + self.leftover * left)

    def expected(self, units: Floats) -> Floats:
        """Expected cost of shortage and leftovers of given units, (rows,)."""
        short = np.maximum(self.demand - units[:, None], 0.0).mean(axis=1)
        left = np.maximum(units - self.demand.mean(axis=1) + short, 0.0)
        return np.asarray(self.shortage * short + self.leftover * left)

    def cost(self, units: Floats) -> float:
        """Expected cost of units arriving by week, (rows, weeks)."""
        carried = (np.where(self.allowed, self.carrying, 0.0) * units).sum()
        return float(self.expected(units.sum(axis=1)).sum() + carried)

    def use(self, limit: WeekLimit, units: Floats) -> Floats:
        """Use of each group and week, of the shape of its room."""
        rows = limit.group >= 0
        used = limit.weight[rows, None] * self.spread(limit.span, units)[rows]
        total = np.zeros(limit.room.shape)
        np.add.at(total, limit.group[rows], used)
        return total

    def spread(self, span: Span, units: Floats) -> Floats:
        """Units that count in each week of a limit, (rows, weeks) or (rows, 1)."""
        if span == Span.ARRIVAL:
            return units
        if span == Span.ONCE:
            return np.asarray(units.sum(axis=1, keepdims=True))
        inside = np.arange(1, self.weeks + 1) <= self.due[:, None]
        return np.where(inside, np.cumsum(units, axis=1), 0.0)

    def toll(self, prices: list[Floats]) -> Floats:
        """Money that a unit arriving in each week pays for the limits it uses, (rows, weeks)."""
        out = np.zeros((len(self), self.weeks))
        for limit, price in zip(self.limits, prices, strict=True):
            padded = np.vstack([price, np.zeros((1, price.shape[1]))])
            own = padded[limit.group]
            if limit.span == Span.STORED:
                inside = np.arange(1, self.weeks + 1) <= self.due[:, None]
                own = np.cumsum(np.where(inside, own, 0.0)[:, ::-1], axis=1)[:, ::-1]
            out += limit.weight[:, None] * own
        return out

    def broken(self, units: Floats) -> dict[str, float]:
        """Largest excess over the room of each limit that is not kept."""
        excess = {limit.code: float((self.use(limit, units) - limit.room).max(initial=0.0))
                  for limit in self.limits}  # fmt: skip
        return {code: over for code, over in excess.items() if over > 1e-6}

    def matrix(self, limit: WeekLimit, row: Ints, week: Ints) -> sparse.csr_matrix:
        """Use of each limit of one kind by one unit of each (row, week), (rooms, columns)."""
        inside = limit.group[row] >= 0
        column, row, week = np.flatnonzero(inside), row[inside], week[inside]
        size = (limit.room.size, len(inside))
        if limit.span == Span.STORED:
            count = self.due[row] - week
            step = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
            column, row = np.repeat(column, count), np.repeat(row, count)
            week = np.repeat(week, count) + step
        elif limit.span == Span.ONCE:
            week = np.zeros_like(week)
        place = limit.group[row] * limit.room.shape[1] + week
        return sparse.csr_matrix((limit.weight[row], (place, column)), shape=size)
