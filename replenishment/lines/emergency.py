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

import numpy as np
from numpy.typing import NDArray

from replenishment.limits.capacity import inbound_limit
from replenishment.limits.money import money_limits
from replenishment.limits.prices import Limit, share
from replenishment.lines.outcome import Outcome, binding_codes, shadow_prices
from replenishment.lines.rows import cut_findings
from replenishment.lines.steering import steer
from replenishment.network.echelon import Echelons, usable
from replenishment.network.lanes import LaneChoice
from replenishment.params import PlanParams
from replenishment.wishes.find import Wishes, asked_of, find_wishes
from replenishment.wishes.lots import Worth
from stockwright.forecast import Forecast
from stockwright.network import LaneKind, Network
from stockwright.overrides import Overrides
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

    value: money that they cost. shortage: (series,) price of a lost unit that decides the regular
    order. loss: (series,) the price by the tables.
    """

    lines: Lines | None
    stock: StockPosition
    value: float
    findings: tuple[Finding, ...]
    prices: dict[str, float]
    shortage: Floats
    loss: Floats

    def backed(self, network: Network) -> Network:
        """The network in which regular orders count on the fast lanes."""
        items = replace(network.items, shortage_cost=self.shortage)
        return replace(network, items=items)

    def paid(self, network: Network, params: PlanParams) -> tuple[Network, PlanParams]:
        """Network and settings with the money that the emergency lines leave."""
        if self.lines is None:
            return network, params
        funds = network.funds.after(self.lines.series, self.lines.value)
        budget = max(params.budget - self.value, 0.0)
        return replace(network, funds=funds), replace(params, budget=budget)

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


def order_emergencies(
    forecast: Forecast,
    network: Network,
    stock: StockPosition,
    choice: LaneChoice,
    echelons: Echelons,
    params: PlanParams,
    said: Overrides,
) -> Emergencies:
    """Emergency orders of tonight under the budget, the room to receive and the suppliers' fast
    capacity. Keys that only an expedited lane supplies get none.
    """
    loss = network.items.shortage_cost
    nothing = np.full(len(loss), -1, np.int64)
    lane, gap = nothing, nothing
    if (network.lanes.kind == LaneKind.EXPEDITED).any():
        lane, gap = _gaps(forecast, network, stock, choice)
    if not (lane >= 0).any():
        return Emergencies(None, stock, 0.0, (), {}, loss, loss)
    premium = _premium(network, choice, lane)
    hurried = _until_regular(network, lane, gap)
    wishes = find_wishes(
        forecast, hurried, stock, LaneChoice(lane, nothing), echelons, params,
        replace(Overrides.none(len(lane), forecast.horizon), blocked=said.blocked),
    )  # fmt: skip
    made = _shared(_at_premium(wishes, premium[wishes.series]), forecast, network, stock, params)
    lines = made[1].lines(made[0], steer(made[0], forecast, hurried, stock))
    lines = replace(lines, reason=np.full(len(lines.units), EMERGENCY, object))
    steady = _always_at_hand(network, choice, echelons, lane) & (premium < loss)
    return Emergencies(
        lines=lines,
        stock=_coming(stock, network, lines),
        value=float(lines.value.sum()),
        findings=made[1].findings,
        prices=made[1].prices,
        shortage=np.where(steady, premium + _STILL_LOST * (loss - premium), loss),
        loss=loss,
    )


def _shared(
    wishes: Wishes,
    forecast: Forecast,
    network: Network,
    stock: StockPosition,
    params: PlanParams,
) -> tuple[Wishes, Outcome]:
    """The wishes, and what of them budget, fast capacity and room to receive leave."""
    everyone = np.ones(len(wishes.series), np.bool_)
    source = network.lanes.source[wishes.lane].astype(np.int64)
    pool = network.suppliers.expedited_units
    limits = [
        Limit(EXPEDITED_POOL, source, np.ones(len(source)), pool),
        *money_limits(wishes, np.full(len(source), np.nan), network, params),
        inbound_limit(wishes, everyone, forecast, network, stock, None),
    ]
    shared = share(wishes.worth, wishes.quantity, limits)
    binding = binding_codes(wishes, shared.quantity, limits, shared.prices)
    rows = np.arange(len(everyone))
    findings = cut_findings(wishes, rows, shared.quantity, binding)
    prices = shadow_prices(limits[:1], shared.prices[:1])
    return wishes, Outcome(rows, shared.quantity, binding, ~everyone, findings, prices)


def _always_at_hand(
    network: Network, choice: LaneChoice, echelons: Echelons, lane: Ints
) -> NDArray[np.bool_]:
    """Keys, (series,), whose fast lane has no limit and can follow every regular order.

    Locations that feed others are left out: their units are lost further down.
    """
    lanes = network.lanes
    regular = np.append(lanes.kind, LaneKind.TRANSFER)[choice.lane] == LaneKind.REGULAR
    pool = np.append(network.suppliers.expedited_units, 0.0)[lanes.source[lane]]
    free = np.isinf(lanes.max_units[lane]) & np.isinf(pool)
    return np.asarray((lane >= 0) & regular & free & ~echelons.feeds, np.bool_)


def _until_regular(network: Network, lane: Ints, gap: Ints) -> Network:
    """The network in which the chosen lanes are reviewed after ``gap``, and money decides."""
    used, items = lane >= 0, network.items
    review = network.lanes.review.copy()
    review[lane[used]] = gap[used]
    nothing = np.full(len(lane), np.nan)
    return replace(
        network,
        lanes=replace(network.lanes, review=review),
        items=replace(items, service_level=nothing, fill_rate=nothing),
    )


def _gaps(
    forecast: Forecast, network: Network, stock: StockPosition, choice: LaneChoice
) -> tuple[Ints, Ints]:
    """The expedited lane of each series, -1 for none, and the periods from its arrival to that of
    the regular order or of the next expedited one, (series,). Of several the one of lowest
    landed cost, then the fastest.
    """
    lanes, n = network.lanes, len(choice.lane)
    regular = _regular_wait(forecast, network, stock, choice)
    fast = lanes.kind == LaneKind.EXPEDITED
    gap = np.minimum(regular, forecast.horizon)[lanes.series] - lanes.lead_time
    able = np.flatnonzero(fast & lanes.open_tonight & (gap > 0))
    landed = (lanes.unit_cost + lanes.unit_freight) / lanes.good_share
    order = able[np.lexsort((lanes.lead_time[able], landed[able], lanes.series[able]))]
    first = order[np.flatnonzero(np.diff(lanes.series[order], prepend=-1))]
    lane, periods = np.full(n, -1, np.int64), np.zeros(n, np.int64)
    lane[lanes.series[first]] = first
    periods[lanes.series[first]] = np.minimum(gap[first], lanes.review[first])
    return lane, periods


def _regular_wait(
    forecast: Forecast, network: Network, stock: StockPosition, choice: LaneChoice
) -> Ints:
    """Full periods that pass before a regular order of each series is there, 0 without a lane.

    A transfer whose source is short of what is asked of it waits for the source's next arrival.
    """
    lanes, lane = network.lanes, choice.lane
    wait = np.where(lane >= 0, lanes.lead_time[lane].astype(np.int64), 0)
    closed = (lane >= 0) & ~lanes.open_tonight[lane]
    wait += np.where(closed, lanes.review[lane], 0)
    moved = np.flatnonzero(choice.parent >= 0)
    span = np.minimum(wait[moved] + lanes.review[lane[moved]], forecast.horizon)
    held = usable(stock, network, forecast)
    total = forecast.take(moved).total(1, np.maximum(span, 1)).mean
    asked = np.maximum(total - held[moved] - stock.on_order()[moved], 0.0)
    source = choice.parent[moved]
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


def _coming(stock: StockPosition, network: Network, lines: Lines) -> StockPosition:
    """The stock position with the good units of ``lines`` on order."""
    lanes, n = network.lanes, len(lines.units)
    return replace(
        stock,
        arrival_series=np.concatenate([stock.arrival_series, lines.series]),
        arrival_step=np.concatenate([stock.arrival_step, lanes.lead_time[lines.lane] + 1]),
        arrival_units=np.concatenate(
            [stock.arrival_units, lines.units * lanes.good_share[lines.lane]]
        ),
        arrival_expected=np.concatenate([stock.is_expected(), np.zeros(n, np.bool_)]),
    )
