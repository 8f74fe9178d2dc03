"""Which lanes may even out stock between locations of one kind tonight, and until when it helps."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replenishment.network.evening import Evening
from replenishment.network.lanes import LATERAL, lane_ranks
from replenishment.wishes.find import Wishes

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Lateral:
    """Lanes between two keys of one SKU, all (lanes,), sorted by target.

    lane: row of ``Network.lanes``. source, target: rows of the wishes.
    """

    lane: Ints
    source: Ints
    target: Ints

    def __len__(self) -> int:
        return len(self.lane)

    def take(self, rows: NDArray[Any]) -> Lateral:
        """Some of the lanes."""
        return Lateral(*(getattr(self, each.name)[rows] for each in fields(self)))


def lateral_lanes(wishes: Wishes, evening: Evening) -> Lateral:
    """Lateral lanes that are no key's own supply and whose ends may give and take tonight.

    Keys that feed others, that a planner has spoken about, or whose stock is unknown or does not
    count stand aside. A key that got stock sideways lately gives none, and one that gave gets
    none, so that no unit goes back and forth.
    """
    network, stock, index = evening.network, evening.stock, evening.forecast.index
    lanes = network.lanes
    lane = np.flatnonzero((lane_ranks(network, index) == LATERAL) & lanes.open_tonight)
    target = lanes.series[lane].astype(np.int64)
    places = lanes.source[lane].astype(np.int64)
    source = index.find(index.sku[target].astype(np.int64), places)
    row = np.full(index.n_series, -1, np.int64)
    row[wishes.series] = np.arange(len(wishes.series))
    quiet = _quiet(wishes, evening)
    gives = quiet & (evening.usable > 0) & ~stock.moved_in
    lives = network.items.ends[target] - evening.forecast.origin > lanes.lead_time[lane]
    takes = quiet & ~stock.moved_out & ~evening.said.blocked
    other = evening.choice.lane[target] != lane
    ok = (source >= 0) & gives[source] & takes[target] & lives & other
    return Lateral(lane[ok], row[source[ok]], row[target[ok]])


def _quiet(wishes: Wishes, evening: Evening) -> NDArray[np.bool_]:
    """Stocked keys with a lane that feed nobody and that no planner has spoken about, (series,)."""
    network, index, said = evening.network, evening.forecast.index, evening.said
    plain = np.zeros(index.n_series, np.bool_)
    plain[wishes.series] = ~wishes.feeds & ~wishes.said
    frozen = np.isfinite(said.order_frozen) | np.isfinite(said.transfer_frozen)
    counts = network.locations.counts_stock[index.location]
    return plain & ~frozen & counts & evening.stock.known & network.items.stock_mode


@dataclass(frozen=True)
class Waiting:
    """When the next ordered supply of each key could arrive, all (keys,).

    until: last step that it cannot serve. share: units that its short source may send it tonight.
    """

    until: Ints
    share: Floats


def waiting(wishes: Wishes, evening: Evening) -> Waiting:
    """The wait for an order of tonight, or of the next review where none goes out tonight.

    A key that is supplied from a location whose stock does not cover tonight's wishes gets its
    share of it, and waits for what that location itself gets next.
    """
    lanes, n = evening.network.lanes, evening.forecast.index.n_series
    lead = lanes.lead_time[wishes.lane].astype(np.int64)
    until = lead + np.where(lanes.open_tonight[wishes.lane], 0, lanes.review[wishes.lane])
    parent = np.where(wishes.transfer, evening.choice.parent[wishes.series], -1)
    fed = parent >= 0
    asked = np.bincount(parent[fed], wishes.quantity[fed], n)
    part = np.divide(evening.usable, asked, out=np.ones(n), where=asked > 0)
    short = fed & (part[parent] < 1)
    supply = _next_supply(evening)
    until[short] = (supply[parent] + lead)[short]
    share = np.where(short, part[parent] * wishes.quantity, 0.0)
    forecast = evening.forecast
    ends = np.maximum(evening.network.items.ends[wishes.series] - forecast.origin, 0)
    return Waiting(np.minimum(until, np.minimum(ends, forecast.horizon)), share)


def _next_supply(evening: Evening) -> Ints:
    """Step at whose close each series can next send on what it gets, (series,)."""
    stock, lane = evening.stock, evening.choice.lane
    lead = np.where(lane >= 0, evening.network.lanes.lead_time[lane], 1 << 30)
    step = 1 + lead.astype(np.int64)
    firm = ~stock.is_expected()
    np.minimum.at(step, stock.arrival_series[firm], stock.arrival_step[firm].astype(np.int64))
    return step
