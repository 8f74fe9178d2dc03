"""The lines of a plan as they leave the shop of a replay, and what they cost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.replay.chance import uniform, whole
from experiments.replay.transit import Transit
from experiments.replay.world import World
from pipelines.night.planning import Planning
from replenishment.simulate import Books, Decisions
from stockwright.network import LaneKind, Network
from stockwright.plan import Plan

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Sent:
    """Orders and transfers of one evening, all (lines,).

    decisions: as the simulated shop takes them: good units, and when they come. asked: units of
    suppliers, 0 for transfers. believed: units that the shop counts on. due: period in which it
    expects them, comes: in which they come. lines: 1 for an order. orders: share of an order that a
    line is. freight, order_cost, price_variance: money, see ``Log``.
    """

    decisions: Decisions
    asked: Floats
    believed: Floats
    due: Ints
    comes: Ints
    lines: Floats
    orders: Floats
    freight: Floats
    order_cost: Floats
    price_variance: Floats

    def transit(self, books: Books) -> Transit:
        """The lines under way, transfers as far as their source had the units."""
        to, inner = self.decisions.to, self.decisions.source >= 0
        wanted = np.zeros(len(books.moved))
        np.add.at(wanted, to[inner], self.believed[inner])
        share = np.divide(books.moved, wanted, out=np.ones_like(wanted), where=wanted > 0)
        units = np.where(inner, self.believed * share[to], self.believed)
        kept = units > 0
        return Transit(to[kept], units[kept], self.due[kept], self.comes[kept])


def sent_lines(world: World, planning: Planning, plan: Plan, evening: int) -> Sent:
    """What leaves after a plan: suppliers are late and short as they are, transfers never."""
    network = planning.network
    series, lane, units, cost = (
        np.concatenate([getattr(part, name) for part in (plan.orders, plan.transfers)])
        for name in ("series", "lane", "units", "unit_cost")
    )
    lanes, to = network.lanes, series.astype(np.int64)
    bought = lanes.kind[lane] != LaneKind.TRANSFER
    lead = lanes.lead_time[lane].astype(np.int64)
    late, good = _delivered(world, network, to, lane, units, evening)
    source = world.index.find(
        world.index.sku[to].astype(np.int64),
        np.where(bought, -1, lanes.source[lane]).astype(np.int64),
    )
    multiple = np.where(bought, 0.0, lanes.multiple[lane])
    orders, order_cost = _orders(world, network, lane, units, bought)
    usual = world.network.items.unit_cost[to]
    return Sent(
        decisions=Decisions.lines(to, good, source, late, multiple),
        asked=np.where(bought, units, 0.0),
        believed=units * np.where(bought, lanes.good_share[lane], 1.0),
        due=evening + lead,
        comes=evening + late,
        lines=bought.astype(np.float64),
        orders=orders,
        freight=units * lanes.unit_freight[lane],
        order_cost=order_cost,
        price_variance=np.where(bought, good * (cost - usual), 0.0),
    )


def _delivered(
    world: World, network: Network, to: Ints, lane: Ints, units: Floats, evening: int
) -> tuple[Ints, Floats]:
    """Periods until each line comes, and its good units."""
    lanes = network.lanes
    lead = lanes.lead_time[lane].astype(np.int64)
    regular = lanes.kind[lane] == LaneKind.REGULAR
    days, share = world.deliveries.drawn(
        world.index,
        world.evenings[evening],
        world.seed,
        to,
        np.where(regular, lanes.source[lane], 0),
    )
    late = np.rint(days / world.days).astype(np.int64)
    longest = np.maximum(world.terms.steps - 1, lead)
    late = np.where(regular, np.clip(lead + late, 0, longest), lead)
    good = np.where(regular, units * share, units)
    if world.asked.whole:
        dates = world.evenings[evening : evening + 1]
        good = whole(good, uniform(world.index, dates, "good units", world.seed)[to, 0])
    return late, good


def _orders(
    world: World, network: Network, lane: Ints, units: Floats, bought: NDArray[np.bool_]
) -> tuple[Floats, Floats]:
    """Share of an order that each line is, and of its fixed cost. An order is what one supplier
    sends to one location on one date; of suppliers with trucks each truck costs.
    """
    lanes, items, suppliers = network.lanes, network.items, network.suppliers
    share, money = np.zeros(len(lane)), np.zeros(len(lane))
    rows = np.flatnonzero(bought)
    if not len(rows):
        return share, money
    of = lane[rows]
    series = lanes.series[of]
    refs = np.stack(
        [
            lanes.source[of].astype(np.int64),
            world.index.location[series].astype(np.int64),
            lanes.available_date[of].astype(np.int64),
        ]
    )
    order = np.unique(refs, axis=1, return_inverse=True)[1].ravel()
    share[rows] = 1.0 / np.bincount(order)[order]
    loads = [
        np.bincount(order, units[rows] * size[series])[order] / room[lanes.source[of]]
        for size, room in (
            (items.volume, suppliers.truck_volume),
            (items.weight, suppliers.truck_weight),
        )
    ]
    trucks = np.maximum(np.ceil(np.maximum(*loads)), 1.0)
    paid = suppliers.fixed_cost[lanes.source[of]]
    money[rows] = share[rows] * paid * np.where(suppliers.has_trucks[lanes.source[of]], trucks, 1.0)
    return share, money
