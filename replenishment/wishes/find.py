"""What every key with a lane would order if nothing were scarce."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replenishment.needs.find import Needs, Settle, find_needs, join_needs
from replenishment.needs.keys import Keys, first_empty
from replenishment.network.echelon import Echelons, expected_inbound, leaf_keys, node_keys, usable
from replenishment.network.lanes import LaneChoice
from replenishment.params import PlanParams
from replenishment.wishes.cover import within_cover
from replenishment.wishes.lots import LotTerms, Worth, buy_up, unit_cost_at
from replenishment.wishes.terms import lifetime_demand, lot_terms, may_order, said_level, said_need
from stockwright.distribution import Distribution
from stockwright.forecast import Forecast
from stockwright.network import LaneKind, Lanes, Network
from stockwright.overrides import Overrides
from stockwright.plan import Finding
from stockwright.stock import StockPosition

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
# Units beyond every order.
_ANY = 1e12


@dataclass(frozen=True)
class Breaks:
    """All-units price breaks of keys: offsets (keys + 1,), thresholds and prices (breaks,)."""

    start: Ints
    units: Floats
    cost: Floats

    @classmethod
    def of(cls, lanes: Lanes, rows: Ints) -> Breaks:
        """The breaks of some lanes."""
        count = np.diff(lanes.break_start)[rows]
        start = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
        place = np.arange(start[-1]) - np.repeat(start[:-1], count)
        pick = np.repeat(lanes.break_start[rows], count) + place
        return cls(start, lanes.break_units[pick], lanes.break_cost[pick])

    def unit_cost(self, base: Floats, quantity: Floats) -> Floats:
        """Money per unit at a quantity, (keys,)."""
        return unit_cost_at(base, quantity, self.start, self.units, self.cost)


@dataclass(frozen=True)
class Wishes:
    """One row per series with a lane, all (keys,) unless said.

    series, lane: rows of the index and of ``Network.lanes``.
    lead_time, review: periods that count, for feeding locations with the way down.
    feeds: steered on echelon stock. transfer: supplied from another location.
    needs, worth: what is needed and what it is worth, overrides included.
    breaks: price breaks. freight: money per unit moved.
    quantity: units of most worth without shared limits, in whole lots. asked: the same if the
        lane could carry any number.
    available, inbound: units on hand, and on order within the protection interval; of the
        echelon for feeding locations. returned: what of inbound is expected to be sent back by
        customers, and not on order.
    total: demand of the protection interval. said: a planner gave target or quantity.
    too_large: units of a minimum order that outlasts all demand, 0 where it does not.
    runs_out: first step at whose close the projection at mean demand is empty, 0 for none; of the
        echelon for feeding locations.
    ahead: the grade's most cover allows less than the lane.
    """

    series: Ints
    lane: Ints
    lead_time: Ints
    review: Ints
    feeds: Bools
    transfer: Bools
    needs: Needs
    worth: Worth
    breaks: Breaks
    freight: Floats
    quantity: Floats
    asked: Floats
    available: Floats
    inbound: Floats
    returned: Floats
    total: Distribution
    said: Bools
    too_large: Floats
    runs_out: NDArray[np.int32]
    ahead: Bools

    @property
    def on_order(self) -> Floats:
        """Units on order within the protection interval, without expected returns, (keys,)."""
        return np.asarray(np.maximum(self.inbound - self.returned, 0.0), np.float64)

    def renewed(self, rows: Ints, other: Wishes) -> Wishes:
        """These wishes with those of ``other``, which are of the same lanes, at some rows."""
        place = np.arange(len(self.series))
        place[rows] = len(place) + np.arange(len(rows))
        needs = join_needs([self.needs, other.needs], place)
        parted = {"needs", "worth", "breaks", "total"}
        plain = {
            each.name: np.concatenate([getattr(self, each.name), getattr(other, each.name)])[place]
            for each in fields(self)
            if each.name not in parted
        }
        terms = self.worth.terms.joined(other.worth.terms).take(place)
        total = join_totals([self.total, other.total]).take(place)
        return Wishes(
            **plain, needs=needs, worth=Worth(needs, terms), breaks=self.breaks, total=total
        )

    def findings(self) -> tuple[Finding, ...]:
        """MOQ_TOO_LARGE: a need stays open because the smallest order outlasts all demand."""
        rows = np.flatnonzero(self.too_large > 0)
        columns = (self.series, self.needs.quantity, self.too_large, self.worth.stake())
        return tuple(
            Finding("MOQ_TOO_LARGE", "medium", series, money, {"need": need, "units": units})
            for series, need, units, money in zip(
                *(column[rows].tolist() for column in columns), strict=True
            )
        )


@dataclass(frozen=True)
class Sides:
    """Keys steered on their own stock, those on echelon stock, and the order of series."""

    forecast: Forecast
    own: Keys
    pooled: Forecast
    upper: Keys
    order: Ints

    def of(self, name: str) -> Floats:
        """A field of both, by series."""
        both = (getattr(self.own, name), getattr(self.upper, name))
        return np.concatenate(both)[self.order].astype(np.float64)

    def inbound(self) -> Floats:
        """Units on order within the protection interval."""
        return np.concatenate([self.own.inbound(), self.upper.inbound()])[self.order]

    def needs(self, params: PlanParams, terms: LotTerms) -> Needs:
        """Needs by series, settled in whole lots of ``terms``, (series,)."""
        place, count = np.argsort(self.order), len(self.own)
        own, upper = terms.take(place[:count]), terms.take(place[count:])
        parts = [
            find_needs(self.forecast, self.own, params, _in_lots(own)),
            find_needs(self.pooled, self.upper, params, _in_lots(upper)),
        ]
        return join_needs(parts, self.order)

    def needs_of(self, rows: Ints, params: PlanParams, terms: LotTerms) -> Needs:
        """Needs of some rows by series, settled in whole lots of their ``terms``, (rows,)."""
        place, count = self.order[rows], len(self.own)
        first, second = np.flatnonzero(place < count), np.flatnonzero(place >= count)
        own, upper = place[first], place[second] - count
        parts = [
            find_needs(
                self.forecast.take(own), self.own.take(own), params, _in_lots(terms.take(first))
            ),
            find_needs(
                self.pooled.take(upper), self.upper.take(upper), params,
                _in_lots(terms.take(second)),
            ),
        ]  # fmt: skip
        return join_needs(parts, np.argsort(np.concatenate([first, second])))

    def split(self, held: Floats) -> tuple[Floats, Floats]:
        """The position by series as units ``held`` there and below, and units on order.

        For the projection, stock of an upper location is on order until it can be below.
        """
        return held, np.maximum(self.of("on_hand") + self.inbound() - held, 0.0)

    def runs_out(self) -> NDArray[np.int32]:
        """First step at whose close the mean projection is empty by series, 0 for none."""
        steps = [
            first_empty(each.expected, keys.on_hand, keys.arrival_steps, keys.arrival_units)
            for each, keys in ((self.forecast, self.own), (self.pooled, self.upper))
        ]
        return np.concatenate(steps)[self.order]

    def total(self) -> Distribution:
        """Demand of the protection interval by series."""
        parts = [_total(self.forecast, self.own), _total(self.pooled, self.upper)]
        return join_totals(parts).take(self.order)


def sides_of(
    series: Ints,
    forecast: Forecast,
    network: Network,
    stock: StockPosition,
    choice: LaneChoice,
    echelons: Echelons,
    said: Overrides,
) -> Sides:
    """The keys that feed nobody, those that feed others, and how they are forecast."""
    leaf, node = series[~echelons.feeds[series]], series[echelons.feeds[series]]
    own = leaf_keys(leaf, forecast, network, stock, choice.lane)
    pooled, upper = node_keys(node, echelons, forecast, network, stock, choice.lane)
    return Sides(
        forecast=forecast.take(leaf),
        own=said_level(own, leaf, said),
        pooled=pooled,
        upper=said_level(upper, node, said),
        order=np.argsort(np.concatenate([leaf, node])),
    )


def find_wishes(
    forecast: Forecast,
    network: Network,
    stock: StockPosition,
    choice: LaneChoice,
    echelons: Echelons,
    params: PlanParams,
    said: Overrides,
) -> Wishes:
    """Needs of every series with a lane, its lot terms, and the order it would like best."""
    series, lane = choice.supplied()
    sides = sides_of(series, forecast, network, stock, choice, echelons, said)
    available, inbound = sides.split(echelons.summed(usable(stock, network, forecast))[series])
    wanted = said_need(series, lane, available + inbound, network, said)
    allowed = may_order(series, lane, forecast, network, stock, said)
    lifetime = lifetime_demand(forecast, network, params, echelons)[series]
    terms, too_large = within_lifetime(lot_terms(lane, network, allowed), lifetime)
    total, free = sides.total(), np.isfinite(wanted)
    alone = (usable(stock, network, forecast) + stock.on_order())[series]
    held = np.where(echelons.feeds[series], available + inbound, alone)
    most = network.items.most_cover[series] / np.maximum(sides.of("protection"), 1)
    terms, ahead = within_cover(terms, most, held, total.mean, free)
    needs = sides.needs(params, terms).in_orders(terms.share).overruled(wanted)
    worth, breaks = Worth(needs, terms), Breaks.of(network.lanes, lane)
    quantity = quantity_of(worth, breaks, free)
    return Wishes(
        **_facts(series, lane, sides, network, echelons),
        needs=needs,
        worth=worth,
        breaks=breaks,
        quantity=quantity,
        asked=asked_of(worth, quantity, allowed & ~((too_large > 0) & (needs.quantity > 0))),
        available=available,
        inbound=inbound,
        returned=expected_inbound(series, sides.of("protection"), echelons, stock),
        total=total,
        said=free,
        too_large=np.where(needs.quantity > 0, too_large, 0.0),
        ahead=ahead,
    )


def _facts(
    series: Ints, lane: Ints, sides: Sides, network: Network, echelons: Echelons
) -> dict[str, Any]:
    """The columns of ``Wishes`` that no decision changes."""
    return {
        "series": series,
        "lane": lane,
        "lead_time": sides.of("lead_time").astype(np.int64),
        "review": sides.of("review").astype(np.int64),
        "feeds": echelons.feeds[series],
        "transfer": network.lanes.kind[lane] == LaneKind.TRANSFER,
        "freight": network.lanes.unit_freight[lane],
        "runs_out": sides.runs_out(),
    }


def _in_lots(terms: LotTerms) -> Settle:
    """Orders of most worth in whole lots of ``terms``."""

    def settle(needs: Needs, keys: Ints) -> Floats:
        few = terms.take(keys)
        return Worth(needs.in_orders(few.share), few).best()

    return settle


def within_lifetime(terms: LotTerms, lifetime: Floats) -> tuple[LotTerms, Floats]:
    """The terms without orders above all demand to come, and the smallest orders that are."""
    beyond = (terms.first > lifetime) & (terms.most > 0)
    most = np.where(beyond, 0.0, terms.most)
    return replace(terms, most=most), np.where(beyond, terms.first, 0.0)


def quantity_of(worth: Worth, breaks: Breaks, overruled: Bools) -> Floats:
    """The settled orders, (keys,), those of overruled keys anew, raised to price breaks."""
    best, rows = worth.needs.settled.copy(), np.flatnonzero(overruled)
    best[rows] = worth.take(rows).best()
    return buy_up(worth, best, breaks.start, breaks.units, breaks.cost)


def asked_of(worth: Worth, quantity: Floats, allowed: Bools) -> Floats:
    """The best orders, (keys,), if the lanes of the ``allowed`` keys could carry any number."""
    narrow = np.flatnonzero(allowed & (worth.terms.most < _ANY / 2))
    few = worth.take(narrow)
    wide = Worth(few.needs, replace(few.terms, most=np.full(len(narrow), _ANY)))
    asked = quantity.copy()
    asked[narrow] = np.maximum(quantity[narrow], wide.best())
    return asked


def _total(forecast: Forecast, keys: Keys) -> Distribution:
    return forecast.total(1, keys.protection)


def join_totals(parts: list[Distribution]) -> Distribution:
    """Several lists of totals as one."""
    return Distribution(
        *(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Distribution))
    )
