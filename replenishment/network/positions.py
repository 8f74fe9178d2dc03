"""What each key is steered on: its own stock and demand, or those of all that it feeds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from replenishment.needs.keys import Keys, arrival_table
from replenishment.network.evening import Evening
from stockwright.errors import DataError, describe
from stockwright.forecast import Forecast
from stockwright.stock import StockPosition

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# Periods beyond every horizon.
_FOREVER = 2**40


def leaf_keys(series: Ints, evening: Evening) -> Keys:
    """Keys that feed nobody, steered on their own stock and demand."""
    steps, units = evening.arrivals()
    none = np.zeros(len(series), np.int64)
    own = (steps[series], units[series])
    keys = _keys(series, evening, none, evening.usable[series], own)
    return replace(keys, shortage=evening.network.items.price_short()[series])


def node_keys(series: Ints, evening: Evening) -> tuple[Forecast, Keys]:
    """Forecast of the summed demand, and keys on echelon stock, of feeding series.

    What is below and of unknown stock is left out: taken for empty it would be bought for anew.
    """
    forecast, stock, echelons = evening.forecast, evening.stock, evening.echelons
    place = np.full(len(echelons.feeds), -1, np.int64)
    place[series] = np.arange(len(series))
    wanted = (place[echelons.node] >= 0) & (
        stock.known[echelons.member] | (echelons.member == echelons.node)
    )
    node, member = place[echelons.node[wanted]], echelons.member[wanted]
    pooled = _pooled(forecast, series[node], member, echelons.depth).take(series)
    on_hand, down = evening.usable[member], echelons.way_down[member]
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
    keys = _keys(series, evening, way, held, table)
    weight = np.maximum(forecast.expected[member].sum(axis=1, dtype=np.float64), 1e-9)
    price = np.bincount(node, weight * evening.network.items.shortage_cost[member], len(series))
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


def expected_inbound(series: Ints, protection: Floats, evening: Evening) -> Floats:
    """Units of the position that customers are expected to send back, (keys,).

    The part of ``Keys.inbound`` of each series, with all that it feeds, that is not on order.
    """
    stock, echelons = evening.stock, evening.echelons
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
    evening: Evening,
    way_down: Ints,
    on_hand: Floats,
    arrivals: tuple[Ints, Floats],
) -> Keys:
    """Keys from the network. Raises DataError where the forecast ends before the interval."""
    forecast, lane = evening.forecast, evening.choice.lane[series]
    lanes, items = evening.network.lanes, evening.network.items
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
