"""What each location feeds: echelons of stock and demand.

A location that feeds others through their chosen transfer lanes is steered on echelon stock, its
own and that of everything below it, against the demand of all of them over its own lead time plus
the longest way down (Clark & Scarf 1960; Snyder & Shen 2019, section 6.2). Stock of the upper
location counts from when it can have reached the lower ones. Stock below is taken as if it could
be shared, which flatters the projection a little.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from replenishment.needs.keys import Keys, arrival_table
from replenishment.network.lanes import LaneChoice
from stockwright.errors import DataError, describe
from stockwright.forecast import Forecast
from stockwright.network import Network
from stockwright.stock import StockPosition

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
# Periods beyond every horizon.
_FOREVER = 2**40


@dataclass(frozen=True)
class Echelons:
    """Who feeds whom.

    feeds: (series,) it is the parent of another series.
    way_down: (series,) periods of the longest chain of transfers below.
    depth: (series,) number of transfers above.
    node, member: (pairs,) every feeding series with itself and each series below it.
    """

    feeds: Bools
    way_down: Ints
    depth: Ints
    node: Ints
    member: Ints

    def summed(self, units: Floats) -> Floats:
        """Units of each series and of all that it feeds, (series,)."""
        total = np.bincount(self.node, units[self.member], len(units))
        return np.where(self.feeds, total, units)


def build_echelons(choice: LaneChoice, network: Network) -> Echelons:
    """Walk the chosen transfer lanes from the bottom up, one level at a time."""
    parent, n = choice.parent, len(choice.parent)
    moved = np.flatnonzero(parent >= 0)
    transfer_time = np.zeros(n, np.int64)
    transfer_time[moved] = network.lanes.lead_time[choice.lane[moved]]
    depth, way_down = np.zeros(n, np.int64), np.zeros(n, np.int64)
    nodes, members = [], []
    walk, time, below = parent.copy(), transfer_time.copy(), np.arange(n)
    while len(walk):
        linked = walk >= 0
        walk, time, below = walk[linked], time[linked], below[linked]
        depth[below] += 1
        np.maximum.at(way_down, walk, time)
        nodes.append(walk)
        members.append(below)
        time, walk = time + transfer_time[walk], parent[walk]
    feeds = np.bincount(parent[parent >= 0], minlength=n) > 0
    own = np.flatnonzero(feeds)
    node = np.concatenate([own, *nodes])
    member = np.concatenate([own, *members])
    order = np.lexsort((member, node))
    return Echelons(feeds, way_down, depth, node[order], member[order])


def leaf_keys(
    series: Ints, forecast: Forecast, network: Network, stock: StockPosition, lane: Ints
) -> Keys:
    """Keys that feed nobody, steered on their own stock and demand."""
    table = arrival_table(stock.arrival_series, stock.arrival_step, stock.arrival_units, len(lane))
    held = usable(stock, network, forecast)[series]
    own = table[0][series], table[1][series]
    none = np.zeros(len(series), np.int64)
    keys = _keys(series, forecast, network, lane[series], none, held, own)
    most = network.items.helped_shortage[series]
    return replace(keys, shortage=np.minimum(keys.shortage, most))


def node_keys(
    series: Ints,
    echelons: Echelons,
    forecast: Forecast,
    network: Network,
    stock: StockPosition,
    lane: Ints,
) -> tuple[Forecast, Keys]:
    """Forecast of the summed demand, and keys on echelon stock, of feeding series.

    What is below and of unknown stock is left out: taken for empty it would be bought for anew.
    """
    place = np.full(len(lane), -1, np.int64)
    place[series] = np.arange(len(series))
    wanted = (place[echelons.node] >= 0) & (
        stock.known[echelons.member] | (echelons.member == echelons.node)
    )
    node, member = place[echelons.node[wanted]], echelons.member[wanted]
    pooled = _pooled(forecast, series[node], member, echelons.depth).take(series)
    on_hand, down = usable(stock, network, forecast)[member], echelons.way_down[member]
    pair, arrival = _arrivals_of(member, stock)
    upper = np.flatnonzero(down > 0)
    table = arrival_table(
        np.concatenate([node[pair], node[upper]]),
        np.concatenate([stock.arrival_step[arrival] + down[pair], 1 + down[upper]]),
        np.concatenate([stock.arrival_units[arrival], on_hand[upper]]),
        len(series),
    )
    lower = np.where(down > 0, 0.0, on_hand)
    held = np.bincount(node, lower, len(series)).astype(np.float64)
    way = echelons.way_down[series]
    keys = _keys(series, forecast, network, lane[series], way, held, table)
    weight = np.maximum(forecast.expected[member].sum(axis=1, dtype=np.float64), 1e-9)
    price = np.bincount(node, weight * network.items.shortage_cost[member], len(series))
    return pooled, replace(keys, shortage=price / np.bincount(node, weight, len(series)))


def _pooled(forecast: Forecast, node: Ints, member: Ints, depth: Ints) -> Forecast:
    """The forecast with the summed demand of what it feeds for each series in ``node``, (series,).

    One level at a time: of the nodes of one level no two feed the same series.
    """
    out = forecast
    for level in np.unique(depth[node]).tolist():
        here = depth[node] == level
        groups = np.full(forecast.index.n_series, -1, np.int64)
        groups[member[here]] = node[here]
        out = out.with_rows(np.unique(node[here]), forecast.pooled(groups, forecast.index))
    return out


def expected_inbound(
    series: Ints, protection: Floats, echelons: Echelons, stock: StockPosition
) -> Floats:
    """Units of the position that customers are expected to send back, (keys,).

    The part of ``Keys.inbound`` of each series, with all that it feeds, that is not on order.
    """
    until = np.zeros(len(echelons.feeds))
    until[series] = protection
    leaf = np.flatnonzero(~echelons.feeds)
    node = np.concatenate([leaf, echelons.node])
    member = np.concatenate([leaf, echelons.member])
    counts = stock.known[member] | (member == node)
    node, member = node[counts], member[counts]
    pair, arrival = _arrivals_of(member, stock)
    step = stock.arrival_step[arrival] + echelons.way_down[member[pair]]
    inside = stock.is_expected()[arrival] & (step <= until[node[pair]])
    units = np.where(inside, stock.arrival_units[arrival], 0.0)
    total = np.bincount(node[pair], units, len(until))[series]
    return np.asarray(total, np.float64)


def usable(stock: StockPosition, network: Network, forecast: Forecast) -> Floats:
    """Units on hand that may serve demand, (series,): none where the location does not count."""
    counts = network.locations.counts_stock[forecast.index.location] & stock.known
    return np.where(counts, stock.on_hand, 0.0)


def _arrivals_of(member: Ints, stock: StockPosition) -> tuple[Ints, Ints]:
    """Every arrival of every member: its place in ``member`` and its place in the stock."""
    order = np.argsort(stock.arrival_series, kind="stable")
    sorted_series = stock.arrival_series[order]
    first = np.searchsorted(sorted_series, member, side="left")
    count = np.searchsorted(sorted_series, member, side="right") - first
    pair = np.repeat(np.arange(len(member)), count)
    place = np.arange(len(pair)) - np.repeat(np.cumsum(count) - count, count)
    return pair, order[first[pair] + place]


def _keys(
    series: Ints,
    forecast: Forecast,
    network: Network,
    lane: Ints,
    way_down: Ints,
    on_hand: Floats,
    arrivals: tuple[Ints, Floats],
) -> Keys:
    """Keys from the network. Raises DataError where the forecast ends before the interval."""
    lanes, items = network.lanes, network.items
    lead_time = lanes.lead_time[lane] + way_down
    # What arrives is sold within its shelf life, or not at all; the way down takes from it.
    keeps = np.minimum(items.shelf_life[series], _FOREVER).astype(np.int64)
    keeps = np.maximum(keeps - way_down, 1)
    review = np.minimum(np.maximum(lanes.review[lane].astype(np.int64), 1), keeps)
    ends = np.maximum(items.ends[series] - forecast.origin, 0)
    _reject_short(forecast, series, lead_time + review)
    return Keys(
        lead_time=lead_time,
        review=review,
        lead_time_sd=lanes.lead_time_sd[lane],
        on_hand=on_hand,
        arrival_steps=arrivals[0],
        arrival_units=arrivals[1],
        holding=items.holding_cost[series],
        shortage=items.shortage_cost[series],
        overage=np.maximum(items.unit_cost[series] - items.salvage[series], 0.0),
        ends=np.minimum(ends, lead_time + keeps),
        service_level=items.service_level[series],
        fill_rate=items.fill_rate[series],
    )


def _reject_short(forecast: Forecast, series: Ints, protection: Ints) -> None:
    beyond = np.flatnonzero(protection > forecast.horizon)
    if len(beyond):
        names = forecast.index.take(series[beyond])
        labels = zip(names.sku_names(), names.location_names(), protection[beyond], strict=True)
        cases = [f"{sku} at {place} ({periods} periods)" for sku, place, periods in labels]
        advice = f"forecast at least {protection.max()} periods ahead instead of {forecast.horizon}"
        raise DataError(describe("keys to protect for longer than the forecast", cases, advice))
