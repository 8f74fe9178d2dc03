"""What every key with a lane would order if nothing were scarce."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replenishment.needs.find import Needs, Settle, find_needs, join_needs
from replenishment.needs.keys import Keys, first_empty
from replenishment.needs.leftover import Leftover
from replenishment.network.evening import Evening
from replenishment.network.pooling import with_apart, with_shared
from replenishment.network.positions import expected_inbound, leaf_keys, node_keys
from replenishment.params import PlanParams
from replenishment.wishes.cover import within_cover
from replenishment.wishes.lots import LotTerms, Worth, buy_up, lots_for, unit_cost_at, whole_down
from replenishment.wishes.shelf import sold_in_time
from replenishment.wishes.terms import (
    is_idle,
    lifetime_demand,
    lot_terms,
    may_order,
    said_level,
    said_need,
    said_target,
)
from stockwright.distribution import Distribution
from stockwright.forecast import Forecast
from stockwright.network import LaneKind, Lanes
from stockwright.plan import Finding

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
    built_up: units of the need that are due later, when docks are full. built_step: the first step
        in which they are due, 0 without any.
    shelf_cut: units that the order would have more if the goods kept.
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
    built_up: Floats
    built_step: Ints
    shelf_cut: Floats

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

    def raised(self, units: Floats, step: Ints) -> Wishes:
        """These wishes with a build-up of ``units`` (keys,) on top, which are due from ``step``."""
        more = units > 0
        if not more.any():
            return self
        needs = self.needs.overruled(np.where(more, self.quantity + units, np.nan))
        worth = Worth(needs, self.worth.terms)
        quantity = np.where(more, quantity_of(worth, self.breaks, more), self.quantity)
        asked = np.where(more, asked_of(worth, quantity, more), self.asked)
        return replace(
            self,
            needs=needs,
            worth=worth,
            quantity=quantity,
            asked=asked,
            built_up=units,
            built_step=step,
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

    def needs(self, params: PlanParams, terms: LotTerms, idle: Bools) -> Needs:
        """Needs by series, settled in whole lots of ``terms``, (series,); idle: see find_needs."""
        place, count = np.argsort(self.order), len(self.own)
        own, upper = place[:count], place[count:]
        parts = [
            find_needs(self.forecast, self.own, params, _in_lots(terms.take(own)), idle[own]),
            find_needs(self.pooled, self.upper, params, _in_lots(terms.take(upper)), idle[upper]),
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

    def sold_in_time(self, perishable: Bools, level_cap: float) -> Floats:
        """What can be sold of tonight's order by series, inf where it is not ``perishable``."""
        out = np.full(len(self.order), np.inf)
        rows, count = np.flatnonzero(perishable), len(self.own)
        place = self.order[rows]
        sides = (
            (place < count, self.forecast, self.own, 0),
            (place >= count, self.pooled, self.upper, count),
        )
        for here, forecast, keys, first in sides:
            few = place[here] - first
            if len(few):
                out[rows[here]] = sold_in_time(forecast.take(few), keys.take(few), level_cap)
        return out

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


def sides_of(series: Ints, evening: Evening) -> Sides:
    """The keys that feed nobody, those that feed others, and how they are forecast."""
    feeds = evening.echelons.feeds[series]
    leaf, node = series[~feeds], series[feeds]
    pooled, upper = node_keys(node, evening)
    mine = evening.forecast.take(leaf)
    own = with_shared(said_level(leaf_keys(leaf, evening), leaf, evening.said), leaf, evening)
    upper = with_apart(said_level(upper, node, evening.said), node, evening)
    own = with_leftover(own, leaf, mine, evening)
    upper = with_leftover(upper, node, pooled, evening)
    return Sides(
        forecast=mine,
        own=own,
        pooled=pooled,
        upper=upper,
        order=np.argsort(np.concatenate([leaf, node])),
    )


def with_leftover(keys: Keys, series: Ints, forecast: Forecast, evening: Evening) -> Keys:
    """Keys of ``series`` with what is lost on units that take too long to sell.

    Units that only move were bought before; those of a service level that is asked for are wanted.
    """
    params, lane = evening.params, evening.choice.lane[series]
    if params.markdown_rate <= 0 or not len(series):
        return keys
    moved = evening.network.lanes.kind[lane] == LaneKind.TRANSFER
    asked = np.isfinite(keys.service_level) | np.isfinite(keys.fill_rate)
    loss = params.markdown_rate * evening.network.items.unit_cost[series]
    loss = np.where(moved | asked, 0.0, loss)
    after = params.markdown_after
    return replace(keys, leftover=Leftover.of(forecast, keys.protection, after, loss))


def find_wishes(evening: Evening) -> Wishes:
    """Needs of every series with a lane, its lot terms, and the order it would like best."""
    series, lane = evening.choice.supplied()
    network, params, echelons = evening.network, evening.params, evening.echelons
    sides = sides_of(series, evening)
    available, inbound = sides.split(echelons.summed(evening.usable)[series])
    wanted = said_need(series, lane, available + inbound, evening)
    # A planner's nothing is no lot to fill a minimum with, either.
    allowed = may_order(series, lane, evening) & ~(wanted <= 0)
    idle = is_idle(series, lane, evening) & np.isnan(wanted)
    lifetime = lifetime_demand(evening)[series]
    total, free = sides.total(), np.isfinite(wanted)
    keeps = np.isinf(network.items.shelf_life[series]) | free
    in_time = np.minimum(sides.sold_in_time(~keeps, params.level_cap), lifetime)
    terms, too_large, perishes = within_lifetime(lot_terms(lane, network, allowed), in_time, keeps)
    alone = (evening.usable + evening.stock.on_order())[series]
    held = np.where(echelons.feeds[series], available + inbound, alone)
    most = network.items.most_cover[series] / np.maximum(sides.of("protection"), 1)
    terms, ahead = within_cover(terms, most, held, total.mean, free)
    needs = sides.needs(params, terms, idle).in_orders(terms.share)
    needs = needs.overruled(wanted, said_target(series, lane, evening))
    too_large = np.where(needs.quantity > 0, too_large, 0.0)
    worth, breaks = Worth(needs, terms), Breaks.of(network.lanes, lane)
    quantity = quantity_of(worth, breaks, free)
    quantity = np.where(free, lots_for(terms, wanted), quantity)
    return Wishes(
        **_facts(series, lane, sides, evening),
        needs=needs,
        worth=worth,
        breaks=breaks,
        quantity=quantity,
        asked=asked_of(worth, quantity, allowed & ~perishes & (too_large <= 0)),
        available=available,
        inbound=inbound,
        total=total,
        said=free,
        too_large=too_large,
        ahead=ahead,
    )


def _facts(series: Ints, lane: Ints, sides: Sides, evening: Evening) -> dict[str, Any]:
    """The columns of ``Wishes`` that no decision changes."""
    lanes = evening.network.lanes
    return {
        "series": series,
        "lane": lane,
        "lead_time": sides.of("lead_time").astype(np.int64),
        "review": sides.of("review").astype(np.int64),
        "feeds": evening.echelons.feeds[series],
        "transfer": lanes.kind[lane] == LaneKind.TRANSFER,
        "freight": lanes.unit_freight[lane],
        "runs_out": sides.runs_out(),
        "returned": expected_inbound(series, sides.of("protection"), evening),
        "built_up": np.zeros(len(series)),
        "built_step": np.zeros(len(series), np.int64),
        "shelf_cut": np.zeros(len(series)),
    }


def _in_lots(terms: LotTerms) -> Settle:
    """Orders of most worth in whole lots of ``terms``."""

    def settle(needs: Needs, keys: Ints) -> Floats:
        few = terms.take(keys)
        return Worth(needs.in_orders(few.share), few).best()

    return settle


def within_lifetime(
    terms: LotTerms, lifetime: Floats, keeps: Bools
) -> tuple[LotTerms, Floats, Bools]:
    """Terms without orders that outlast all demand to come.

    lifetime: (keys,) good units that can be sold. keeps: (keys,) only a smallest order above them
    is too large; else no order exceeds them. Returns the terms, the smallest orders that are too
    large (0: none), and where the largest order is cut.
    """
    lifetime = lifetime / terms.share
    beyond = (terms.first > lifetime) & (terms.most > 0)
    most = np.where(keeps, terms.most, np.minimum(terms.most, whole_down(lifetime, terms.lot)))
    cut = most < terms.most
    most = np.where(beyond, 0.0, most)
    return replace(terms, most=most), np.where(beyond, terms.first, 0.0), cut


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
