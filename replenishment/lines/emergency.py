"""Emergency orders: faster and dearer lanes, used where the sales that they save pay for them.

An emergency order of a key serves the gap from its own arrival to that of the regular order, or of
the next emergency order where that comes before. What it saves there is known from the projection
that decides regular orders: of every order q the expected cost G(q) of the gap, with lost sales.
A unit of it costs the premium c over the regular lane, for the unit itself takes the place of a
regular one later. The cheapest order of G(q) + c q raises the stock that can be there within the
fast lead time to the level at which the next unit is not worth c: the expediting level of a
dual-index policy (Veeraraghavan & Scheller-Wolf 2008), found for each night's own projection. Where
c is small it is used all the time, where it is large only in need. The regular order is decided
afterwards and counts it.

A key with a fast lane at hand needs less safety stock, for part of what the regular order leaves
open can be had at c instead of being lost at p. Its regular order is decided at the price
c + (p - c) f; f was chosen by simulation (see docs/methods/supply.md).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replenishment.limits.capacity import inbound_limit
from replenishment.limits.money import money_limits
from replenishment.limits.prices import Limit, share
from replenishment.limits.storage import storage_limits
from replenishment.lines.binding import binding_codes
from replenishment.lines.outcome import Outcome, shadow_prices
from replenishment.lines.rows import cut_findings
from replenishment.lines.steering import steer
from replenishment.network.evening import Evening
from replenishment.network.lanes import LaneChoice
from replenishment.wishes.find import Wishes, asked_of, find_wishes
from replenishment.wishes.loads import in_loads
from replenishment.wishes.lots import Worth
from replenishment.wishes.terms import said_frozen
from stockwright.network import LaneKind, Network
from stockwright.plan import Finding, Lines
from stockwright.stock import StockPosition

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Why an emergency line exists, and the limit of a supplier's fast capacity.
EMERGENCY, EXPEDITED_POOL = "EMERGENCY", "EXPEDITED_POOL"
# Share of what a regular order leaves open that a fast lane comes too late for.
_STILL_LOST = 0.3


@dataclass(frozen=True)
class Emergencies:
    """Emergency lines of tonight, and the stock position that counts them as on order.

    shortage: (series,) price of a lost unit that decides the regular order. loss: (series,) the
    price by the tables.
    """

    lines: Lines | None
    stock: StockPosition
    findings: tuple[Finding, ...]
    prices: dict[str, float]
    shortage: Floats
    loss: Floats

    def after(self, evening: Evening) -> Evening:
        """The evening with the emergency lines on order and paid for."""
        if self.lines is None:
            return evening
        lines = self.lines
        spent = _spent(evening, lines.series, lines.lane, lines.value)
        return replace(spent, stock=self.stock)

    def wishes(self, evening: Evening) -> Wishes:
        """What the keys would order regularly where they count on the fast lanes."""
        network = evening.network
        backed = replace(network, items=replace(network.items, shortage_cost=self.shortage))
        found = self.at_full_loss(find_wishes(replace(evening, network=backed)))
        return in_loads(found, evening)

    def at_full_loss(self, wishes: Wishes) -> Wishes:
        """The wishes with what a lost unit costs by the tables."""
        series, needs = wishes.series, wishes.needs
        lower = self.shortage[series] < self.loss[series]
        full = np.where(lower, self.loss[series] * needs.share, needs.loss_cost)
        needs = replace(needs, loss_cost=full)
        return replace(wishes, needs=needs, worth=Worth(needs, wishes.worth.terms))

    def behind(self, orders: Lines) -> Lines:
        """The regular orders with the emergency lines behind them."""
        return orders if self.lines is None else orders.joined(self.lines)


def order_emergencies(evening: Evening) -> Emergencies:
    """Emergency orders of tonight under the budget, the room to receive and the suppliers' fast
    capacity. Keys that only an expedited lane supplies get none.
    """
    network, stock = evening.network, evening.stock
    loss = network.items.shortage_cost
    nothing = np.full(len(loss), -1, np.int64)
    lane, gap = nothing, nothing
    if (network.lanes.kind == LaneKind.EXPEDITED).any():
        lane, gap = _gaps(evening)
    if not (lane >= 0).any():
        return Emergencies(None, stock, (), {}, loss, loss)
    premium = _premium(network, evening.choice, lane)
    hurried = _until_regular(evening, lane, gap)
    wishes = find_wishes(hurried)
    wishes = _at_premium(wishes, premium[wishes.series])
    made = _shared(wishes, evening)
    lines = made.lines(wishes, steer(wishes, hurried))
    lines = replace(lines, reason=np.full(len(lines.units), EMERGENCY, object))
    steady = _always_at_hand(evening, lane) & (premium < loss)
    return Emergencies(
        lines=lines,
        stock=stock.with_arrivals(
            lines.series,
            network.lanes.lead_time[lines.lane] + 1,
            lines.units * network.lanes.good_share[lines.lane],
        ),
        findings=made.findings,
        prices=made.prices,
        shortage=np.where(steady, premium + _STILL_LOST * (loss - premium), loss),
        loss=loss,
    )


def _shared(wishes: Wishes, evening: Evening) -> Outcome:
    """What budget, fast capacity and room to receive leave of the wishes."""
    network = evening.network
    everyone = np.ones(len(wishes.series), np.bool_)
    source = network.lanes.source[wishes.lane].astype(np.int64)
    pool = network.suppliers.expedited_units
    limits = [
        Limit(EXPEDITED_POOL, source, np.ones(len(source)), pool),
        *money_limits(wishes, np.full(len(source), np.nan), _promised(evening)),
        inbound_limit(wishes, everyone, evening, None),
        *storage_limits(wishes, everyone, evening, None),
    ]
    shared = share(wishes.worth, wishes.quantity, limits)
    binding = binding_codes(wishes, shared.quantity, shared, limits, wishes.worth)
    rows = np.arange(len(everyone))
    findings = cut_findings(wishes, rows, shared.quantity, binding, "emergency")
    prices = shadow_prices(limits[:1], shared.prices[:1])
    return Outcome(rows, shared.quantity, binding, ~everyone, findings, prices)


def _spent(evening: Evening, series: NDArray[Any], lane: NDArray[Any], value: Floats) -> Evening:
    """The evening with ``value`` (lines,) taken off its budgets and its cash."""
    network, params = evening.network, evening.params
    funds = network.funds.after(series, value, network.lanes.payment_date[lane])
    budget = max(params.budget - float(value.sum()), 0.0)
    return replace(
        evening, network=replace(network, funds=funds), params=replace(params, budget=budget)
    )


def _promised(evening: Evening) -> Evening:
    """The evening with the money taken off that frozen orders will need."""
    lanes, (series, lane) = evening.network.lanes, evening.choice.supplied()
    units = np.nan_to_num(said_frozen(series, lane, evening))
    rows = np.flatnonzero((units > 0) & (lanes.kind[lane] != LaneKind.TRANSFER))
    return _spent(evening, series[rows], lane[rows], (units * lanes.unit_cost[lane])[rows])


def _always_at_hand(evening: Evening, lane: Ints) -> NDArray[np.bool_]:
    """Keys, (series,), whose fast lane has no limit and can follow every regular order.

    Locations that feed others are left out: their units are lost further down.
    """
    lanes = evening.network.lanes
    regular = np.append(lanes.kind, LaneKind.TRANSFER)[evening.choice.lane] == LaneKind.REGULAR
    pool = np.append(evening.network.suppliers.expedited_units, 0.0)[lanes.source[lane]]
    free = np.isinf(lanes.max_units[lane]) & np.isinf(pool)
    return np.asarray((lane >= 0) & regular & free & ~evening.echelons.feeds, np.bool_)


def _until_regular(evening: Evening, lane: Ints, gap: Ints) -> Evening:
    """The evening of the fast lanes, reviewed after ``gap``; money and blocks alone decide."""
    network, used = evening.network, lane >= 0
    review = network.lanes.review.copy()
    review[lane[used]] = gap[used]
    nothing = np.full(len(lane), np.nan)
    items = replace(network.items, service_level=nothing, fill_rate=nothing)
    return replace(
        evening,
        network=replace(network, lanes=replace(network.lanes, review=review), items=items),
        choice=LaneChoice(lane, np.full(len(lane), -1, np.int64)),
        # Nothing is shared out over these lanes, and what is fed has no other lane here.
        params=replace(evening.params, pooling=False),
        said=replace(evening.unsaid().said, blocked=evening.said.blocked),
    )


def _gaps(evening: Evening) -> tuple[Ints, Ints]:
    """The expedited lane of each series, -1 for none, and the periods from its arrival to that of
    the regular order or of the next expedited one, (series,). Of several the one of lowest
    landed cost, then the fastest.
    """
    lanes, n = evening.network.lanes, len(evening.choice.lane)
    regular = _regular_wait(evening)
    fast = lanes.kind == LaneKind.EXPEDITED
    gap = np.minimum(regular, evening.forecast.horizon)[lanes.series] - lanes.lead_time
    able = np.flatnonzero(fast & lanes.open_tonight & (gap > 0))
    landed = (lanes.unit_cost + lanes.unit_freight) / lanes.good_share
    order = able[np.lexsort((lanes.lead_time[able], landed[able], lanes.series[able]))]
    first = order[np.flatnonzero(np.diff(lanes.series[order], prepend=-1))]
    lane, periods = np.full(n, -1, np.int64), np.zeros(n, np.int64)
    lane[lanes.series[first]] = first
    periods[lanes.series[first]] = np.minimum(gap[first], lanes.review[first])
    return lane, periods


def _regular_wait(evening: Evening) -> Ints:
    """Full periods that pass before a regular order of each series is there, 0 without a lane.

    A transfer whose source is short of what is asked of it waits for the source's next arrival.
    """
    forecast, stock = evening.forecast, evening.stock
    lanes, lane, parent = evening.network.lanes, evening.choice.lane, evening.choice.parent
    wait = np.where(lane >= 0, lanes.lead_time[lane].astype(np.int64), 0)
    closed = (lane >= 0) & ~lanes.open_tonight[lane]
    wait += np.where(closed, lanes.review[lane], 0)
    moved = np.flatnonzero(parent >= 0)
    span = np.minimum(wait[moved] + lanes.review[lane[moved]], forecast.horizon)
    held = evening.usable
    total = forecast.take(moved).total(1, np.maximum(span, 1)).mean
    asked = np.maximum(total - held[moved] - stock.on_order()[moved], 0.0)
    source = parent[moved]
    wanted = np.bincount(source, asked, len(lane))
    short = wanted > held
    coming = np.where(lane >= 0, wait, forecast.horizon)
    np.minimum.at(coming, stock.arrival_series, stock.arrival_step.astype(np.int64) - 1)
    wait[moved] += np.where(short[source], coming[source], 0)
    return wait


def _premium(network: Network, choice: LaneChoice, lane: Ints) -> Floats:
    """Money that a good unit of the expedited lane costs over one of the regular way, (series,)."""
    lanes = network.lanes
    landed = (lanes.unit_cost + lanes.unit_freight) / lanes.good_share
    landed = np.append(landed, 0.0)
    regular, source = landed[choice.lane], choice.parent
    above = np.where(source >= 0, landed[choice.lane[source]], 0.0)
    owned = (choice.lane >= 0) & (np.append(lanes.kind, 0)[choice.lane] == LaneKind.TRANSFER)
    bought = np.where(above > 0, above, network.items.unit_cost)
    regular = regular + np.where(owned, bought, 0.0)
    return np.asarray(np.maximum(landed[lane] - regular, 0.0), np.float64)


def _at_premium(wishes: Wishes, premium: Floats) -> Wishes:
    """The wishes when each good unit costs ``premium``, (keys,), beyond what it saves."""
    pays = wishes.needs.shortage > premium * wishes.needs.share
    needs = wishes.needs.dearer(np.where(pays, premium * wishes.needs.share, 0.0))
    most = np.where(pays, wishes.worth.terms.most, 0.0)
    worth = Worth(needs, replace(wishes.worth.terms, most=most))
    quantity = worth.best()
    asked = asked_of(worth, quantity, pays & (most > 0))
    return replace(wishes, needs=needs, worth=worth, quantity=quantity, asked=asked)
