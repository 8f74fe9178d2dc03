"""Whole lots moved between the places of each SKU at most gain: min-cost flows, all at once.

With a rising cost of every further lot that leaves a place, a falling worth of every further lot
that arrives at one, and a cost per lot on every lane, the best exchange is a min-cost flow with
convex costs. It is found by successive shortest paths (Ahuja, Magnanti & Orlin 1993, sections 9.7
and 14.4): the flow grows along the cheapest path, which may take back lots that an earlier path
has sent, until no path gains any more. Each step is one array operation over all SKUs that still
gain, so no SKU is looped over. Lots are never split, as every step sends whole ones.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
# What a path must gain, against the largest number of the instance, to be more than rounding.
_LEAST = 1e-10
# SKUs that are solved together: few enough for their arrays to stay in the cache.
_BLOCK = 1000


@dataclass(frozen=True)
class Exchange:
    """What each SKU could move between its places; money per lot.

    give: (skus, places, segments) what a further lot costs the place it leaves, rising.
    give_lots: (skus, places, segments) whole lots of each segment, 0 for padding.
    take: (skus, places, segments) what a further lot is worth to the place it reaches, falling.
    take_lots: (skus, places, segments).
    way: (skus, places, places) freight and handling from row to column, inf without a lane.
    most: (skus, places, places) most lots of each lane.
    """

    give: Floats
    give_lots: Ints
    take: Floats
    take_lots: Ints
    way: Floats
    most: Ints

    def __len__(self) -> int:
        return len(self.way)

    def part(self, skus: NDArray[Any] | slice) -> Exchange:
        """Some of the SKUs."""
        return Exchange(*(getattr(self, each.name)[skus] for each in fields(self)))

    def gain(self, flow: Ints) -> Floats:
        """Money that lots moved, (skus, places, places), save in all, (skus,)."""
        sent = np.where(flow > 0, self.way, 0.0) * flow
        worth = running(self.take, self.take_lots, flow.sum(axis=1))
        lost = running(self.give, self.give_lots, flow.sum(axis=2))
        return np.asarray(worth.sum(axis=1) - lost.sum(axis=1) - sent.sum(axis=(1, 2)))

    def gain_of_lanes(self, flow: Ints) -> Floats:
        """What taking back all lots of one lane alone would lose, (skus, places, places)."""
        arrived, left = flow.sum(axis=1)[:, None, :], flow.sum(axis=2)[:, :, None]
        take, take_lots = self.take[:, None], self.take_lots[:, None]
        give, give_lots = self.give[:, :, None], self.give_lots[:, :, None]
        worth = running(take, take_lots, arrived) - running(take, take_lots, arrived - flow)
        lost = running(give, give_lots, left) - running(give, give_lots, left - flow)
        return np.asarray(worth - lost - np.where(flow > 0, self.way, 0.0) * flow)


def running(money: Floats, lots: Ints, count: Ints) -> Floats:
    """Sum of the money of the first ``count`` lots, of the shape of ``count``."""
    before = np.cumsum(lots, axis=-1) - lots
    used = np.clip(count[..., None] - before, 0, lots)
    return np.asarray((np.where(used > 0, money, 0.0) * used).sum(axis=-1))


def best_exchange(exchange: Exchange) -> Ints:
    """Lots that each lane moves at most gain, (skus, places, places)."""
    flow = np.zeros(exchange.way.shape, np.int64)
    may = np.flatnonzero(_may_gain(exchange))
    for first in range(0, len(may), _BLOCK):
        active = may[first : first + _BLOCK]
        state = _State(exchange.part(active))
        while len(active):
            gained = state.step()
            if not gained.all():
                flow[active[~gained]] = state.flow[~gained]
                active, state = active[gained], state.kept(gained)
    return flow


def _may_gain(exchange: Exchange) -> Bools:
    """SKUs of which the first lot on some lane gains."""
    give = np.where(exchange.give_lots > 0, exchange.give, np.inf).min(axis=2)
    take = np.where(exchange.take_lots > 0, exchange.take, -np.inf).max(axis=2)
    way = np.where(exchange.most > 0, exchange.way, np.inf)
    cheapest = (give[:, :, None] + way).min(axis=1, initial=np.inf)
    return np.asarray((take > cheapest).any(axis=1))


class _State:
    """The flow so far of some SKUs, and how far each place has given and taken."""

    def __init__(self, exchange: Exchange) -> None:
        count, places = exchange.way.shape[:2]
        self.exchange = exchange
        self.flow = np.zeros(exchange.way.shape, np.int64)
        self.given = np.zeros((count, places), np.int64)
        self.taken = np.zeros((count, places), np.int64)
        self.give_end = np.cumsum(exchange.give_lots, axis=2)
        self.take_end = np.cumsum(exchange.take_lots, axis=2)

    def kept(self, skus: Bools) -> _State:
        """The state of some of the SKUs."""
        out = _State.__new__(_State)
        out.exchange = self.exchange.part(skus)
        for name in ("flow", "given", "taken", "give_end", "take_end"):
            setattr(out, name, getattr(self, name)[skus])
        return out

    def step(self) -> Bools:
        """Send lots along the cheapest path of each SKU; whether there was one that gains."""
        rows = np.arange(len(self.flow))
        give, give_room = _next(self.exchange.give, self.give_end, self.given, np.inf)
        take, take_room = _next(self.exchange.take, self.take_end, self.taken, -np.inf)
        way = np.where(self.flow < self.exchange.most, self.exchange.way, np.inf)
        reach, start, back = self._cheapest(give, way)
        end = np.argmax(take - reach, axis=1)
        gain = (take - reach)[rows, end]
        scale = np.abs(np.where(np.isfinite(take), take, 0.0)).max(axis=1, initial=1e-12)
        gained = gain > _LEAST * scale
        self._send(np.flatnonzero(gained), end, start, back, give_room, take_room)
        return np.asarray(gained)

    def _cheapest(self, give: Floats, way: Floats) -> tuple[Floats, Ints, Ints]:
        """Cost of the cheapest path to each place's arrivals, by which place, and taken back where.

        Returns reach and start, (skus, places) of arrivals, and back, (skus, places) of
        departures: the place whose arrivals a path comes back from, -1 where it starts there.
        """
        cost, back = give.copy(), np.full(give.shape, -1, np.int64)
        through = cost[:, :, None] + way
        start = through.argmin(axis=1)
        reach = np.take_along_axis(through, start[:, None], axis=1)[:, 0]
        rows = np.flatnonzero(self.flow.any(axis=(1, 2)))
        # A link changes only where the path gets cheaper: with ties a path could run in a circle.
        while len(rows):
            undo = np.where(self.flow[rows] > 0, self.exchange.way[rows], -np.inf)
            other = reach[rows][:, None, :] - undo
            via = other.argmin(axis=2)
            found = np.take_along_axis(other, via[:, :, None], axis=2)[:, :, 0]
            size = np.where(np.isfinite(found), np.abs(found), 0.0)
            better = found < cost[rows] - 1e-12 * (1 + size)
            changed = better.any(axis=1)
            rows, better = rows[changed], better[changed]
            cost[rows] = np.where(better, found[changed], cost[rows])
            back[rows] = np.where(better, via[changed], back[rows])
            through = cost[rows][:, :, None] + way[rows]
            first = through.argmin(axis=1)
            least = np.take_along_axis(through, first[:, None], axis=1)[:, 0]
            nearer = least < reach[rows]
            start[rows] = np.where(nearer, first, start[rows])
            reach[rows] = np.where(nearer, least, reach[rows])
        return reach, start, back

    def _send(
        self, rows: Ints, end: Ints, start: Ints, back: Ints, give_room: Ints, take_room: Ints
    ) -> None:
        """As many lots along each path as change no cost on it."""
        links: list[tuple[Ints, Ints, Ints, int]] = []
        lots = np.zeros(len(self.flow), np.int64)
        to = end.copy()
        lots[rows] = take_room[rows, end[rows]]
        walk = rows
        while len(walk):
            source = start[walk, to[walk]]
            links.append((walk, source, to[walk].copy(), 1))
            room = self.exchange.most[walk, source, to[walk]] - self.flow[walk, source, to[walk]]
            lots[walk] = np.minimum(lots[walk], room)
            previous = back[walk, source]
            done = walk[previous < 0]
            lots[done] = np.minimum(lots[done], give_room[done, source[previous < 0]])
            self_start = source[previous < 0]
            links.append((done, self_start, self_start, 0))
            on = previous >= 0
            walk, source, previous = walk[on], source[on], previous[on]
            lots[walk] = np.minimum(lots[walk], self.flow[walk, source, previous])
            links.append((walk, source, previous, -1))
            to[walk] = previous
        for sku, source, target, sign in links:
            if sign:
                np.add.at(self.flow, (sku, source, target), sign * lots[sku])
            else:
                self.given[sku, source] += lots[sku]
        self.taken[rows, end[rows]] += lots[rows]


def _next(money: Floats, ends: Ints, count: Ints, none: float) -> tuple[Floats, Ints]:
    """Money of the lot after ``count``, and lots left at this money; ``none`` past the last."""
    segment = (ends <= count[..., None]).sum(axis=-1)
    at = np.minimum(segment, money.shape[-1] - 1)[..., None]
    here = np.take_along_axis(money, at, axis=-1)[..., 0]
    room = np.take_along_axis(ends, at, axis=-1)[..., 0] - count
    left = segment < money.shape[-1]
    return np.where(left, here, none), np.where(left, room, 0)
