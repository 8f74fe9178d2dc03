"""Which lanes may even out stock between locations of one kind tonight, and until when it helps."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replenishment.network.echelon import usable
from replenishment.network.lanes import LATERAL, LaneChoice, lane_ranks
from replenishment.wishes.find import Wishes
from stockwright.forecast import Forecast
from stockwright.network import Network
from stockwright.overrides import Overrides
from stockwright.stock import StockPosition

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


def lateral_lanes(
    wishes: Wishes, forecast: Forecast, network: Network, stock: StockPosition,
    choice: LaneChoice, said: Overrides,
) -> Lateral:  # fmt: skip
    """Lateral lanes that are no key's own supply and whose ends may give and take tonight.

    Keys that feed others, that a planner has spoken about, or whose stock is unknown or does not
    count stand aside. A key that got stock sideways lately gives none, and one that gave gets
    none, so that no unit goes back and forth.
    """
    lanes, n = network.lanes, forecast.index.n_series
    lane = np.flatnonzero((lane_ranks(network, forecast.index) == LATERAL) & lanes.open_tonight)
    target = lanes.series[lane].astype(np.int64)
    places = lanes.source[lane].astype(np.int64)
    source = forecast.index.find(forecast.index.sku[target].astype(np.int64), places)
    row = np.full(n, -1, np.int64)
    row[wishes.series] = np.arange(len(wishes.series))
    quiet = _quiet(wishes, forecast, network, stock, said)
    gives = quiet & (usable(stock, network, forecast) > 0) & ~stock.moved_in
    lives = network.items.ends[target] - forecast.origin > lanes.lead_time[lane]
    takes = quiet & ~stock.moved_out & ~said.blocked
    ok = (source >= 0) & gives[source] & takes[target] & lives & (choice.lane[target] != lane)
    return Lateral(lane[ok], row[source[ok]], row[target[ok]])


def _quiet(
    wishes: Wishes, forecast: Forecast, network: Network, stock: StockPosition, said: Overrides
) -> NDArray[np.bool_]:
    """Stocked keys with a lane that feed nobody and that no planner has spoken about, (series,)."""
    plain = np.zeros(forecast.index.n_series, np.bool_)
    plain[wishes.series] = ~wishes.feeds & ~wishes.said
    frozen = np.isfinite(said.order_frozen) | np.isfinite(said.transfer_frozen)
    counts = network.locations.counts_stock[forecast.index.location]
    return plain & ~frozen & counts & stock.known & network.items.stock_mode


@dataclass(frozen=True)
class Waiting:
    """When the next ordered supply of each key could arrive, all (keys,).

    until: last step that it cannot serve. share: units that its short source may send it tonight.
    """

    until: Ints
    share: Floats


def waiting(
    wishes: Wishes, forecast: Forecast, network: Network, stock: StockPosition, choice: LaneChoice
) -> Waiting:
    """The wait for an order of tonight, or of the next review where none goes out tonight.

    A key that is supplied from a location whose stock does not cover tonight's wishes gets its
    share of it, and waits for what that location itself gets next.
    """
    lanes, n = network.lanes, forecast.index.n_series
    lead = lanes.lead_time[wishes.lane].astype(np.int64)
    until = lead + np.where(lanes.open_tonight[wishes.lane], 0, lanes.review[wishes.lane])
    parent = np.where(wishes.transfer, choice.parent[wishes.series], -1)
    fed = parent >= 0
    asked = np.bincount(parent[fed], wishes.quantity[fed], n)
    part = np.divide(usable(stock, network, forecast), asked, out=np.ones(n), where=asked > 0)
    short = fed & (part[parent] < 1)
    supply = _next_supply(network, stock, choice, n)
    until[short] = (supply[parent] + lead)[short]
    share = np.where(short, part[parent] * wishes.quantity, 0.0)
    ends = np.maximum(network.items.ends[wishes.series] - forecast.origin, 0)
    return Waiting(np.minimum(until, np.minimum(ends, forecast.horizon)), share)


def _next_supply(network: Network, stock: StockPosition, choice: LaneChoice, n: int) -> Ints:
    """Step at whose close each series can next send on what it gets, (series,)."""
    lead = np.where(choice.lane >= 0, network.lanes.lead_time[choice.lane], 1 << 30)
    step = 1 + lead.astype(np.int64)
    firm = ~stock.is_expected()
    np.minimum.at(step, stock.arrival_series[firm], stock.arrival_step[firm].astype(np.int64))
    return step
