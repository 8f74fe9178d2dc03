"""Play ways of ordering through the nights of the demo shop, against its true demand.

Every evening a rule decides on orders and transfers; the simulated shop sends them off, and the
true demand of the next day meets what is there. Goods of 6 % of the orders from suppliers come 3
to 24 days late, the same ones under every rule.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from demo_nights import Evening, Span
from numpy.typing import NDArray

from replenishment import PlanParams, plan_night
from replenishment.network.lanes import choose_lanes
from replenishment.simulate import Decisions, Receiving, ShopState, ShopTerms, step
from stockwright.network import LaneKind, LocationKind, Network
from stockwright.overrides import Overrides
from stockwright.panel import SeriesIndex
from stockwright.plan import Lines
from stockwright.stock import StockPosition

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
LATE_SHARE, LATE_FIRST, LATE_SPAN = 0.06, 3, 22
# Days of mean demand that lie in each shop when a replay begins: regions, and all of them again
# at the central warehouse.
OPENING_REGION, OPENING_CENTRAL = 10, 25
LONGEST = 80

#: What to do on an evening: (evening, number of the evening, stock) -> lines.
Rule = Callable[[Evening, int, StockPosition], Decisions]


@dataclass(frozen=True)
class Result:
    """A replay: all (series, day) but cost (series,), money per unit. ``left`` is at the close."""

    sold: Floats
    missed: Floats
    left: Floats
    received: Floats
    freight: Floats
    under_way: Floats
    cost: Floats


def without_fees(network: Network, inbound: Floats | None = None) -> Network:
    """The network without minima and fees per order, which plain rules know nothing of.

    inbound: (locations,) units that each can take in a day, None to leave it as it is.
    """
    none = np.zeros(len(network.suppliers.names))
    suppliers = replace(
        network.suppliers, min_order_value=none, min_order_units=none, fixed_cost=none
    )
    places = network.locations
    if inbound is not None:
        places = replace(places, inbound_capacity=inbound)
    return replace(network, suppliers=suppliers, locations=places)


def with_delays(network: Network) -> Network:
    """The network with lead times that scatter as late deliveries of the replay make them.

    The receipts of a year would teach as much.
    """
    days = LATE_FIRST + np.arange(LATE_SPAN)
    variance = LATE_SHARE * (days**2).mean() - (LATE_SHARE * days.mean()) ** 2
    lanes = network.lanes
    wider = np.sqrt(lanes.lead_time_sd**2 + variance)
    moved = lanes.kind == LaneKind.TRANSFER
    lanes = replace(lanes, lead_time_sd=np.where(moved, lanes.lead_time_sd, wider))
    return replace(network, lanes=lanes)


def play(
    span: Span,
    rule: Rule,
    seed: int,
    inbound: Floats | None = None,
    opening: Floats | None = None,
) -> Result:
    """One rule through all evenings of a span.

    opening: (series,) units on hand at first; None: for so many days of what sold lately.
    """
    first = span.evenings[0]
    index, items = first.forecast.index, first.network.items
    n = index.n_series
    receiving = None if inbound is None else Receiving(index.location, inbound)
    full = np.full(n, LONGEST - 1)
    terms = ShopTerms(full, items.holding_cost, items.shortage_cost, receiving=receiving)
    if opening is None:
        opening = opening_of(index, first.network, first.recent.mean(axis=1))
    state = ShopState.opening(opening, terms)
    rng = np.random.default_rng(seed)
    late = rng.random((len(span.evenings), n)) < LATE_SHARE
    by = LATE_FIRST + (rng.random(late.shape) * LATE_SPAN).astype(np.int64)
    log: dict[str, list[Floats]] = {name: [] for name in ("sold", "missed", "left", "received")}
    freight, under_way = [], []
    for day, evening in enumerate(span.evenings):
        lines = rule(evening, day, _seen(state))
        bought = lines.source < 0
        slow = np.where(bought & late[day, lines.to], by[day, lines.to], 0)
        lines = replace(lines, lead_time=lines.lead_time + slow)
        state, books = step(state, lines, span.demand[:, day], terms)
        for name, values in log.items():
            values.append(getattr(books, name))
        freight.append(freight_of(evening.network, n) * books.moved)
        under_way.append(state.pipeline.sum(axis=1))
    days = {name: np.stack(values, axis=1) for name, values in log.items()}
    return Result(
        **days, freight=np.stack(freight, axis=1), under_way=np.stack(under_way, axis=1),
        cost=items.unit_cost,
    )  # fmt: skip


def _seen(state: ShopState) -> StockPosition:
    """What the shop knows: a delivery that is late is due tomorrow until it comes."""
    return state.stock()


def freight_of(network: Network, n: int) -> Floats:
    """Money for a unit moved to each of ``n`` series, on its cheapest lane."""
    lanes = network.lanes
    rate = np.full(n, np.inf)
    down = lanes.kind == LaneKind.TRANSFER
    np.minimum.at(rate, lanes.series[down], lanes.unit_freight[down])
    return np.where(np.isfinite(rate), rate, 0.0)


def opening_ahead(evening: Evening) -> Floats:
    """Stock for as many days of what is forecast for them, (series,)."""
    index, network = evening.forecast.index, evening.network
    ahead = np.cumsum(evening.forecast.expected.astype(np.float64), axis=1)
    central = network.locations.kind[index.location] == LocationKind.CENTRAL
    both = ahead[:, OPENING_REGION + OPENING_CENTRAL - 1] - ahead[:, OPENING_REGION - 1]
    whole = np.bincount(index.sku, both, len(index.skus))[index.sku]
    return np.ceil(np.where(central, whole, ahead[:, OPENING_REGION - 1]))


def opening_of(index: SeriesIndex, network: Network, rate: Floats) -> Floats:
    """Stock for some days of what sold lately, ``rate`` (series,) units a day."""
    whole = np.bincount(index.sku, rate, len(index.skus))[index.sku]
    central = network.locations.kind[index.location] == LocationKind.CENTRAL
    return np.ceil(np.where(central, OPENING_CENTRAL * whole, OPENING_REGION * rate))


def engine(
    params: PlanParams,
    change: Callable[[Network], Network],
    word: Callable[[Evening], Overrides | None] = lambda evening: None,
) -> Rule:
    """The nightly plan itself. change: of the network before the plan. word: of a planner."""

    def decide(evening: Evening, day: int, stock: StockPosition) -> Decisions:
        network, said = change(evening.network), word(evening)
        plan = plan_night(evening.forecast, network, stock, params, said)
        return lines_of(evening.forecast.index, evening.network, plan.orders, plan.transfers)

    return decide


def lines_of(index: SeriesIndex, network: Network, *parts: Lines) -> Decisions:
    """The lines of a plan as the simulated shop takes them."""
    lanes, lines = network.lanes, []
    for part in parts:
        to, lane = part.series.astype(np.int64), part.lane.astype(np.int64)
        source = index.find(
            index.sku[to].astype(np.int64),
            np.where(lanes.kind[lane] == LaneKind.TRANSFER, lanes.source[lane], -1).astype(int),
        )
        lines.append(
            Decisions.lines(to, part.units, source, lanes.lead_time[lane], lanes.multiple[lane])
        )
    return Decisions.join(*lines)


class Classical:
    """Order up to mean + z sigma sqrt(L + R) with one z for all (Silver, Pyke & Thomas 2017).

    sigma: standard deviation of daily sales of the last 90 days. own_mean: the mean is that of
    the last 28 days instead of the engine's forecast. The central warehouse is steered on the
    stock and the demand of all that it feeds, over its lead time and the longest way down.
    level: (series, evenings) units that a key is raised to at least, None for none.
    """

    def __init__(self, z: float, own_mean: bool = False, floor: Floats | None = None) -> None:
        self.z, self.own_mean, self.floor = z, own_mean, floor

    def __call__(self, evening: Evening, day: int, stock: StockPosition) -> Decisions:
        """Lines up to the targets."""
        index, network, lanes = evening.forecast.index, evening.network, evening.network.lanes
        choice = choose_lanes(network, index)
        series, lane = choice.supplied()
        central = network.locations.kind[index.location[series]] == LocationKind.CENTRAL
        way = np.zeros(len(index.skus), np.int64)
        lead = lanes.lead_time[lane].astype(np.int64)
        np.maximum.at(way, index.sku[series[~central]], lead[~central])
        cover = lead + lanes.review[lane] + np.where(central, way[index.sku[series]], 0)
        mean, sales = self._mean(evening, series, central, cover), evening.recent
        pooled = np.zeros((len(index.skus), sales.shape[1]))
        np.add.at(pooled, index.sku, sales)
        sigma = np.where(central, pooled.std(axis=1)[index.sku[series]], sales[series].std(axis=1))
        target = np.ceil(mean + self.z * sigma * np.sqrt(cover))
        if self.floor is not None:
            target = np.maximum(target, self.floor[series, day])
        held = stock.on_hand + stock.on_order()
        whole = np.bincount(index.sku, held, len(index.skus))[index.sku]
        need = target - np.where(central, whole[series], held[series])
        need = np.where(lanes.open_tonight[lane], need, 0.0)
        lot = lanes.multiple[lane]
        units = np.ceil(np.maximum(need, lanes.moq[lane]) / lot - 1e-9) * lot
        rows = np.flatnonzero((need > 0) & (units <= lanes.max_units[lane]))
        return Decisions.lines(
            series[rows], units[rows], choice.parent[series[rows]], lead[rows], lot[rows]
        )

    def _mean(self, evening: Evening, series: Ints, central: Floats, cover: Ints) -> Floats:
        forecast, index = evening.forecast, evening.forecast.index
        if self.own_mean:
            rate = evening.recent[:, -28:].mean(axis=1)
            total = np.bincount(index.sku, rate, len(index.skus))[index.sku]
            return np.where(central, total[series], rate[series]) * cover
        expected = forecast.expected.astype(np.float64)
        pooled = np.zeros((len(index.skus), expected.shape[1]))
        np.add.at(pooled, index.sku, expected)
        mine = np.where(central[:, None], pooled[index.sku[series]], expected[series])
        running = np.concatenate([np.zeros((len(mine), 1)), np.cumsum(mine, axis=1)], axis=1)
        return running[np.arange(len(mine)), np.minimum(cover, expected.shape[1])]
