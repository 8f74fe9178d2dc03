"""What still helps before a key runs out: units from a location that can spare them, or a lane
that is faster and dearer than the usual one.

A unit that comes on day d is worth its shortage cost where demand of the days until the next
ordinary order can come would miss it, and costs the premium of its way for certain; unsold it is
held a few days more. So the units to get are those demanded with at least the probability

    (premium + holding) / (shortage cost + holding),

the critical ratio of the single period problem (Arrow, Harris & Marschak 1951) for a purchase
whose price is the premium alone, for a unit left over takes the place of one bought later.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from replenishment.pulse.outlook import Outlook, demand_quantile, expected_missed

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
    serve. shortage, holding: money per unit missed, and per unit and day held.
    """

    outlook: Outlook
    arrivals: Floats
    stock: Floats
    resupply: Ints
    shortage: Floats
    holding: Floats

    def take(self, rows: Ints) -> Exposure:
        """The exposure of some of the keys."""
        return Exposure(
            self.outlook.take(rows), self.arrivals[rows], self.stock[rows],
            self.resupply[rows], self.shortage[rows], self.holding[rows],
        )  # fmt: skip


@dataclass(frozen=True)
class Help:
    """Units that help, all (ways,): whole multiples, 0 where it does not pay.

    way: row of the ways. avoided: units no longer expected to be missed. benefit: money.
    """

    way: Ints
    units: Floats
    avoided: Floats
    benefit: Floats


def needs_of(exposure: Exposure, ways: Ways) -> tuple[Floats, Floats, Floats, Ints]:
    """Units wanted by each way, and what they are measured against; all (ways,).

    ``exposure`` holds one row per way. The units, the stock that would otherwise meet demand by
    the worst day, the sales lost before anything can come, and the worst day.
    """
    rows, days = np.arange(len(ways.key)), exposure.arrivals.shape[1]
    day = np.arange(days)
    inside = (day >= ways.day[:, None]) & (day < exposure.resupply[:, None])
    gap = exposure.outlook.mean - exposure.arrivals
    before = np.where(day < ways.day[:, None], gap, -np.inf).max(axis=1, initial=-np.inf)
    lost = np.maximum(before - exposure.stock, 0.0)
    held = np.maximum(exposure.resupply - ways.day, 1) * exposure.holding
    level = (exposure.shortage - ways.premium) / np.maximum(exposure.shortage + held, 1e-12)
    pays = (level > _LOWEST) & inside.any(axis=1)
    level = np.clip(level, _LOWEST, _HIGHEST)
    worst, bought = _worst_day(exposure, level, inside)
    short = bought - exposure.arrivals[rows, worst]
    cover = exposure.stock + exposure.arrivals[rows, worst] + lost
    wanted = np.where(pays, np.maximum(short - exposure.stock - lost, 0.0), 0.0)
    return wanted, cover, lost, worst


def spare_of(exposure: Exposure, level: float) -> Floats:
    """Units that a key can give away and still meet demand until its own resupply, (keys,).

    level: probability with which it can. ``exposure.stock`` is what is free to be moved.
    """
    day = np.arange(exposure.arrivals.shape[1])
    inside = day < np.maximum(exposure.resupply, 1)[:, None]
    worst, kept = _worst_day(exposure, np.full(len(inside), level), inside)
    needed = np.maximum(kept - exposure.arrivals[np.arange(len(worst)), worst], 0.0)
    return np.asarray(np.floor(np.maximum(exposure.stock - needed, 0.0) + 1e-9))


def _worst_day(exposure: Exposure, level: Floats, inside: NDArray[np.bool_]) -> tuple[Ints, Floats]:
    """The day ``inside`` (keys, days) whose quantile of demand exceeds arrivals most, and it.

    level: (keys,). The day is found with the normal quantile of the cube root (Wilson & Hilferty
    1931), the units with the exact one: inverting the gamma on every day would take most of a
    pulse.
    """
    mean, variance = exposure.outlook.mean, exposure.outlook.variance
    m = np.maximum(mean, 1e-12)
    ninth = variance / (9.0 * m**2)
    root = 1.0 - ninth + special.ndtri(level)[:, None] * np.sqrt(ninth)
    near = np.where(inside, m * np.maximum(root, 0.0) ** 3 - exposure.arrivals, -np.inf)
    worst = near.argmax(axis=1)
    rows = np.arange(len(worst))
    return worst, demand_quantile(mean[rows, worst], variance[rows, worst], level)


def move_spare(exposure: Exposure, ways: Ways, spare: Floats, got: Floats) -> Help:
    """Units to move over ``ways`` out of ``spare`` (keys,); ``exposure`` has one row per way.

    Round by round each key asks the way that costs least of those it has not asked; a source that
    is asked for more than it can spare serves the dearest shortage first. ``got`` (keys,) is
    added to.
    """
    wanted, cover, _, worst = needs_of(exposure, ways)
    gain = exposure.shortage - ways.premium
    units, left = np.zeros(len(gain)), spare.copy()
    turn = _turns(ways.key, np.lexsort((ways.source, ways.day, ways.premium, ways.key)))
    for round_ in range(int(turn.max(initial=-1)) + 1):
        asks = np.flatnonzero((turn == round_) & (wanted > got[ways.key]))
        wish = np.minimum(_up(wanted[asks] - got[ways.key[asks]], ways.take(asks)), ways.most[asks])
        order = np.lexsort((asks, -gain[asks], ways.source[asks]))
        asks, wish = asks[order], wish[order]
        granted = _served(wish, ways.source[asks], left)
        lots = ways.multiple[asks]
        granted = np.floor(granted / lots + 1e-9) * lots
        granted = np.where(granted >= np.maximum(ways.moq[asks], 1e-9), granted, 0.0)
        units[asks] = granted
        np.subtract.at(left, ways.source[asks], granted)
        np.add.at(got, ways.key[asks], granted)
    help_ = _worth(exposure, ways, units, cover, worst, got)
    kept = np.where(help_.benefit > 0, units, 0.0)
    np.add.at(got, ways.key, kept - units)
    return Help(
        help_.way,
        kept,
        np.where(kept > 0, help_.avoided, 0.0),
        np.where(kept > 0, help_.benefit, 0.0),
    )


def book(units: Floats, gain: Floats, ways: Ways, free: Floats) -> Floats:
    """What of ``units`` (ways,) can leave at once where a source has only ``free`` (keys,).

    The dearest shortage, ``gain`` (ways,) per unit, goes first; whole multiples.
    """
    order = np.lexsort((np.arange(len(units)), -gain, ways.source))
    granted = np.zeros(len(units))
    served = _served(units[order], ways.source[order], np.floor(np.maximum(free, 0.0)))
    lots = ways.multiple[order]
    served = np.floor(served / lots + 1e-9) * lots
    granted[order] = np.where(served >= ways.moq[order], served, 0.0)
    return granted


def buy_fast(exposure: Exposure, ways: Ways, got: Floats) -> Help:
    """Units to order over faster ``ways``, the best one of each key; one exposure row per way.

    got: (keys,) units that come from elsewhere, added to.
    """
    wanted, cover, _, worst = needs_of(exposure, ways)
    wish = np.maximum(wanted - got[ways.key], 0.0)
    units = np.where(wish > 0, np.maximum(_up(wish, ways), _up(ways.moq, ways)), 0.0)
    units = np.minimum(units, np.floor(ways.most / ways.multiple) * ways.multiple)
    units = np.where(units >= ways.moq, units, 0.0)
    base = cover + got[ways.key]
    help_ = _worth(exposure, ways, units, base, worst, np.zeros_like(got))
    order = np.lexsort((ways.day, -help_.benefit, ways.key))
    best = _turns(ways.key, order) == 0
    pays = best & (help_.benefit > 0)
    kept = np.where(pays, units, 0.0)
    np.add.at(got, ways.key, kept)
    return Help(
        help_.way, kept, np.where(pays, help_.avoided, 0.0), np.where(pays, help_.benefit, 0.0)
    )


def _worth(
    exposure: Exposure, ways: Ways, units: Floats, cover: Floats, worst: Ints, got: Floats
) -> Help:
    """What units are worth on top of ``cover``."""
    rows = np.arange(len(units))
    mean, variance = (
        part[rows, worst] for part in (exposure.outlook.mean, exposure.outlook.variance)
    )
    elsewhere = np.maximum(got[ways.key] - units, 0.0)
    without = expected_missed(mean, variance, cover + elsewhere)
    avoided = without - expected_missed(mean, variance, cover + elsewhere + units)
    held = np.maximum(exposure.resupply - ways.day, 1) * exposure.holding
    cost = ways.premium * units + held * np.maximum(units - avoided, 0.0)
    return Help(rows, units, avoided, exposure.shortage * avoided - cost)


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
