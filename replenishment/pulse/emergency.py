"""What still helps before a key runs out: units from a location that can spare them, or a lane
that is faster and dearer than the usual one.

A unit that comes on day d is worth its shortage cost where demand of the days until the next
ordinary order can come would miss it, and costs the premium of its way for certain; unsold it is
held a few days more. So the units to get are those demanded with at least the probability

    (premium + holding) / (shortage cost + holding),

the critical ratio of the single period problem (Arrow, Harris & Marschak 1951) for a purchase
whose price is the premium alone, for a unit left over takes the place of one bought later: after
the next ordinary order, or where a surge was bought for that did not last, when demand at the pace
of the forecast has come to it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from replenishment.pulse.outlook import Demand, Outlook

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# No night would vouch for a higher quantile, and none is bought.
_HIGHEST, _LOWEST = 0.98, 0.02


@dataclass(frozen=True)
class Ways:
    """Ways to get units today; all (ways,).

    key: row of the destination. source: row of the source's key, -1 for a supplier.
    day: days from today until the units can be sold. premium: money per unit beyond what the
    ordinary way costs. moq, multiple: units. most: units that can still go this way today.
    """

    key: Ints
    source: Ints
    day: Ints
    premium: Floats
    moq: Floats
    multiple: Floats
    most: Floats

    def take(self, rows: NDArray[np.integer] | NDArray[np.bool_]) -> Ways:
        """Some of the ways."""
        return Ways(
            self.key[rows], self.source[rows], self.day[rows], self.premium[rows],
            self.moq[rows], self.multiple[rows], self.most[rows],
        )  # fmt: skip


@dataclass(frozen=True)
class Exposure:
    """What every key faces; all (keys, ...).

    outlook, arrivals: demand, and units that come in, up to the close of each day (running
    totals). stock: free now. resupply: first day that an ordinary order of the next night can
    serve. shortage, holding: money per unit missed, and per unit and day held. surplus_days: in
    which the forecast sells what a surge is expected to, which wait so long if it stops now.
    """

    outlook: Outlook
    arrivals: Floats
    stock: Floats
    resupply: Ints
    shortage: Floats
    holding: Floats
    surplus_days: Floats

    def take(self, rows: Ints) -> Exposure:
        """The exposure of some of the keys."""
        return Exposure(
            self.outlook.take(rows), self.arrivals[rows], self.stock[rows],
            self.resupply[rows], self.shortage[rows], self.holding[rows], self.surplus_days[rows],
        )  # fmt: skip

    def held(self, day: Ints, usual: bool = False) -> Floats:
        """Money that a unit costs which comes on ``day`` and is not sold in time, (keys,).

        usual: the same for a unit of what is sold without a surge.
        """
        wait = np.maximum(self.resupply - day, 1) + (0.0 if usual else self.surplus_days)
        return np.asarray(wait * self.holding)


@dataclass(frozen=True)
class Help:
    """Units that help, all (ways,): whole multiples, 0 where it does not pay.

    way: row of the ways. avoided: units no longer expected to be missed. benefit: money.
    """

    way: Ints
    units: Floats
    avoided: Floats
    benefit: Floats

    def take(self, rows: Ints) -> Help:
        """Some of the ways."""
        return Help(self.way[rows], self.units[rows], self.avoided[rows], self.benefit[rows])


@dataclass(frozen=True)
class _Asks:
    """What each way is asked for; all (ways,), ``exposure`` one row per way.

    wanted: units. demand: up to the worst day, without the sales that are lost before anything
    can come. cover: the stock that would otherwise meet it.
    """

    exposure: Exposure
    ways: Ways
    wanted: Floats
    demand: Demand
    cover: Floats

    def take(self, rows: Ints) -> _Asks:
        return _Asks(
            self.exposure.take(rows), self.ways.take(rows), self.wanted[rows],
            self.demand.take(rows), self.cover[rows],
        )  # fmt: skip

    def wish(self, got: Floats | float) -> Floats:
        """Whole multiples for what ``got`` leaves open, at least the way's smallest quantity."""
        left = np.maximum(self.wanted - got, 0.0)
        least = np.maximum(_up(left, self.ways), _up(self.ways.moq, self.ways))
        return np.minimum(np.where(left > 0, least, 0.0), self.ways.most)

    def worth(self, units: Floats, got: Floats | float) -> Help:
        """What units are worth on top of what a key has got."""
        face, has = self.exposure, self.cover + got
        avoided = self.demand.missed(has) - self.demand.missed(has + units)
        held = face.held(self.ways.day) * np.maximum(units - avoided, 0.0)
        cost = self.ways.premium * units + held
        return Help(np.arange(len(units)), units, avoided, face.shortage * avoided - cost)


def _asks(exposure: Exposure, ways: Ways) -> _Asks:
    """Units up to the critical quantile of demand on the worst day that each way can serve."""
    rows, days = np.arange(len(ways.key)), exposure.arrivals.shape[1]
    day = np.arange(days)
    inside = (day >= ways.day[:, None]) & (day < exposure.resupply[:, None])
    gap = exposure.outlook.mean - exposure.arrivals
    before = np.where(day < ways.day[:, None], gap, -np.inf).argmax(axis=1)
    early = exposure.outlook.by(before)
    lost = np.where(ways.day > 0, np.maximum(gap[rows, before] - exposure.stock, 0.0), 0.0)
    part = lost / np.maximum(early.mean, 1e-12)
    level = _critical(exposure, ways, exposure.held(ways.day))
    usual = _critical(exposure, ways, exposure.held(ways.day, usual=True))
    pays = (usual > _LOWEST) & inside.any(axis=1)
    worst = _worst_day(exposure, level, inside)
    surge = np.flatnonzero(exposure.outlook.usual[:, -1])
    some, column = exposure.take(surge), np.s_[surge, None]
    later = some.outlook.whole().less(early.take(column), part[column])
    short = _bought(later, level[column], usual[column]) - some.arrivals
    worst[surge] = np.where(inside[surge], short, -np.inf).argmax(axis=1)
    demand = exposure.outlook.by(worst).less(early, part)
    cover = exposure.stock + exposure.arrivals[rows, worst]
    bought = _bought(demand, level, usual)
    wanted = np.where(pays, np.maximum(bought - cover, 0.0), 0.0)
    return _Asks(exposure, ways, wanted, demand, cover)


def _critical(exposure: Exposure, ways: Ways, held: Floats) -> Floats:
    """The critical ratio where a unit left over costs ``held``, (ways,), as far as it is bought."""
    level = (exposure.shortage - ways.premium) / np.maximum(exposure.shortage + held, 1e-12)
    return np.clip(level, _LOWEST, _HIGHEST)


def _bought(demand: Demand, level: Floats, usual: Floats) -> Floats:
    """The quantile of demand at ``level``, and at least that of what is usual at its own."""
    units = demand.quantile(level)
    some = np.nonzero(demand.usual)
    if len(some[0]):
        own = np.broadcast_to(usual, units.shape)[some]
        units[some] = np.maximum(units[some], demand.take(some).without_surge().quantile(own))
    return units


def spare_of(exposure: Exposure, level: float) -> Floats:
    """Units that a key can give away and still meet demand until its own resupply, (keys,).

    level: probability with which it can. ``exposure.stock`` is what is free to be moved.
    """
    day = np.arange(exposure.arrivals.shape[1])
    inside = day < np.maximum(exposure.resupply, 1)[:, None]
    probability = np.full(len(inside), level)
    worst = _worst_day(exposure, probability, inside)
    kept = exposure.outlook.by(worst).quantile(probability)
    needed = np.maximum(kept - exposure.arrivals[np.arange(len(worst)), worst], 0.0)
    return np.asarray(np.floor(np.maximum(exposure.stock - needed, 0.0) + 1e-9))


def _worst_day(exposure: Exposure, level: Floats, inside: NDArray[np.bool_]) -> Ints:
    """The day ``inside`` (keys, days) whose quantile of demand exceeds arrivals most, (keys,).

    level: (keys,). The normal quantile of the cube root (Wilson & Hilferty 1931) is enough for it:
    inverting the gamma on every day would take most of a pulse.
    """
    outlook = exposure.outlook
    m = np.maximum(outlook.mean - outlook.usual, 1e-12)
    ninth = outlook.variance / (9.0 * m**2)
    root = 1.0 - ninth + special.ndtri(level)[:, None] * np.sqrt(ninth)
    bought = outlook.usual + m * np.maximum(root, 0.0) ** 3
    return np.asarray(np.where(inside, bought - exposure.arrivals, -np.inf).argmax(axis=1))


def best_help(exposure: Exposure, ways: Ways, spare: Floats) -> Help:
    """Units to get over ``ways``, from sources with ``spare`` (keys,) or from suppliers, which have
    any number; ``exposure`` has one row per way.

    Round by round each key asks one of the ways it has not asked for what is still open, in the
    order of the money that they would bring, what they save less what they cost. A source that is
    asked for more than it can spare serves the dearest shortage first. What does not pay on top of
    what a key has got already does not go.
    """
    asks, gain = _asks(exposure, ways), exposure.shortage - ways.premium
    left, got = np.append(spare, np.inf), np.zeros(len(spare))
    brings = _brings(asks, left)
    turn = _turns(ways.key, np.lexsort((ways.source, ways.day, -brings, ways.key)))
    units, avoided, benefit = np.zeros((3, len(gain)))
    for round_ in range(int(turn.max(initial=-1)) + 1):
        rows = np.flatnonzero((turn == round_) & (brings > 0) & (asks.wanted > got[ways.key]))
        rows = rows[np.lexsort((rows, -gain[rows], ways.source[rows]))]
        few, has = asks.take(rows), got[ways.key[rows]]
        given = _whole(_served(few.wish(has), few.ways.source, left), few.ways)
        help_ = few.worth(given, has)
        goes = help_.benefit > 0
        units[rows] = given = np.where(goes, given, 0.0)
        avoided[rows] = np.where(goes, help_.avoided, 0.0)
        benefit[rows] = np.where(goes, help_.benefit, 0.0)
        np.subtract.at(left, few.ways.source, given)
        np.add.at(got, few.ways.key, given)
    return Help(np.arange(len(gain)), units, avoided, benefit)


def _brings(asks: _Asks, left: Floats) -> Floats:
    """Money that each way would bring if its key asked it first, and its best other way next.

    left: (keys + 1,) units of the sources, of a supplier the last. 0 for a way that alone brings
    nothing. So a cheap way with few units goes before a dearer one with many, and not after it.
    """
    ways = asks.ways
    alone = _whole(np.minimum(asks.wish(0.0), left[ways.source]), ways)
    own = asks.worth(alone, 0.0).benefit
    each = np.divide(own, alone, out=np.zeros_like(own), where=alone > 0)
    turn = _turns(ways.key, np.lexsort((-each, ways.key)))
    best = np.full((2, int(ways.key.max(initial=-1)) + 1), -1)
    for place in (0, 1):
        best[place, ways.key[turn == place]] = np.flatnonzero(turn == place)
    other = np.where(turn == 0, best[1, ways.key], best[0, ways.key])
    some = np.flatnonzero((other >= 0) & (own > 0))
    next_ = asks.take(other[some])
    rest = np.minimum(next_.wish(alone[some]), left[next_.ways.source])
    more = next_.worth(_whole(rest, next_.ways), alone[some]).benefit
    brings = np.maximum(own, 0.0)
    brings[some] += np.maximum(more, 0.0)
    return brings


def book(units: Floats, gain: Floats, ways: Ways, free: Floats) -> Floats:
    """What of ``units`` (ways,) can leave at once where a source has only ``free`` (keys,).

    The dearest shortage, ``gain`` (ways,) per unit, goes first; whole multiples.
    """
    order = np.lexsort((np.arange(len(units)), -gain, ways.source))
    granted = np.zeros(len(units))
    served = _served(units[order], ways.source[order], np.floor(np.maximum(free, 0.0)))
    granted[order] = _whole(served, ways.take(order))
    return granted


def _whole(units: Floats, ways: Ways) -> Floats:
    """Whole multiples in ``units``, 0 below the smallest quantity of the way."""
    whole = np.floor(units / ways.multiple + 1e-9) * ways.multiple
    return np.where(whole >= np.maximum(ways.moq, 1e-9), whole, 0.0)


def _up(units: Floats, ways: Ways) -> Floats:
    return np.asarray(np.ceil(units / ways.multiple - 1e-9) * ways.multiple)


def _served(wish: Floats, source: Ints, left: Floats) -> Floats:
    """What each wish gets, in the order given within a source, (wishes,) sorted by source."""
    running = np.cumsum(wish)
    first = np.searchsorted(source, source)
    before = running - wish
    before = before - before[first] if len(before) else before
    return np.asarray(np.clip(left[source] - before, 0.0, wish))


def _turns(key: Ints, order: NDArray[np.integer]) -> Ints:
    """Place of each way among those of its key, in ``order``, which sorts by key first."""
    turn = np.empty(len(key), np.int64)
    sorted_keys = key[order]
    turn[order] = np.arange(len(key)) - np.searchsorted(sorted_keys, sorted_keys)
    return turn
