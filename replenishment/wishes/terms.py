"""Who may order tonight, in which lots, and what planners said about it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from replenishment.needs.keys import Keys
from replenishment.network.evening import Evening
from replenishment.network.lanes import LATERAL, lane_ranks
from replenishment.wishes.lots import LotTerms
from stockwright.network import LaneKind, Network
from stockwright.overrides import Overrides

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def may_order(series: Ints, lane: Ints, evening: Evening) -> Bools:
    """Keys that may have a line tonight, (keys,).

    Not without known and counted stock, for goods that are not stocked, where a planner blocks,
    where the source takes no order tonight, and when the item ends before the order arrives.
    """
    network, forecast = evening.network, evening.forecast
    sells_on = network.items.ends[series] - forecast.origin > network.lanes.lead_time[lane]
    free = ~evening.said.blocked[series] & network.lanes.open_tonight[lane]
    return np.asarray(_stocked(series, evening) & free & sells_on)


def _stocked(series: Ints, evening: Evening) -> Bools:
    """Keys that are stocked, and whose stock is known and counts, (keys,)."""
    network = evening.network
    counts = network.locations.counts_stock[evening.forecast.index.location[series]]
    return np.asarray(network.items.stock_mode[series] & evening.stock.known[series] & counts)


def is_idle(series: Ints, lane: Ints, evening: Evening) -> Bools:
    """Keys whose needs no line rests on if only lines are asked for, (keys,).

    Those that may not order tonight and that no lateral transfer can leave or reach, where no
    storage has to hold what they will order later.
    """
    network, index = evening.network, evening.forecast.index
    if not evening.params.lines_only:
        return np.zeros(len(series), np.bool_)
    sideways = (lane_ranks(network, index) == LATERAL) & network.lanes.open_tonight
    moved = np.isin(index.sku[series], index.sku[network.lanes.series[sideways]])
    moved &= _stocked(series, evening) & ~evening.echelons.feeds[series]
    ample = np.isinf(network.locations.storage_volume[index.location[series]])
    return np.asarray(~may_order(series, lane, evening) & ~moved & ample)


def lot_terms(lane: Ints, network: Network, allowed: Bools) -> LotTerms:
    """Lots of the chosen lanes; the largest order is 0 where none is allowed."""
    lanes = network.lanes
    most = np.where(allowed, np.minimum(lanes.max_units[lane], 1e12), 0.0)
    return LotTerms.of(
        moq=lanes.moq[lane],
        multiple=lanes.multiple[lane],
        most=most,
        unit_cost=lanes.unit_cost[lane],
        review=lanes.review[lane].astype(np.float64),
        share=lanes.good_share[lane],
    )


def said_level(keys: Keys, series: Ints, said: Overrides) -> Keys:
    """Keys with the service levels that planners gave."""
    given = said.service_level[series]
    level = np.where(np.isfinite(given), given, keys.service_level)
    return replace(keys, service_level=level)


def said_target(series: Ints, lane: Ints, evening: Evening) -> Floats:
    """Targets of planners that no quantity of theirs overrides, (keys,), NaN for none."""
    return np.where(
        np.isfinite(_said_units(series, lane, evening)), np.nan, evening.said.target[series]
    )


def _said_units(series: Ints, lane: Ints, evening: Evening) -> Floats:
    said = evening.said
    moved = evening.network.lanes.kind[lane] == LaneKind.TRANSFER
    return np.where(moved, said.transfer_units[series], said.order_units[series])


def said_need(series: Ints, lane: Ints, position: Floats, evening: Evening) -> Floats:
    """Units that planners ask to order, (keys,): a quantity, else what raises the position to a
    target, or NaN.
    """
    quantity = _said_units(series, lane, evening)
    open_units = (evening.said.target[series] - position) / evening.network.lanes.good_share[lane]
    return np.where(np.isfinite(quantity), quantity, open_units)


def said_frozen(series: Ints, lane: Ints, evening: Evening) -> Floats:
    """Units that planners froze, (keys,), NaN where none.

    A frozen quantity waits while the source takes no order or a block holds the key.
    """
    lanes, said = evening.network.lanes, evening.said
    moved = lanes.kind[lane] == LaneKind.TRANSFER
    quantity = np.where(moved, said.transfer_frozen[series], said.order_frozen[series])
    held = lanes.open_tonight[lane] & ~said.blocked[series]
    return np.where(held, quantity, np.nan)


def lifetime_demand(evening: Evening) -> Floats:
    """Mean demand until the item's end or for ``params.lifetime`` periods, (series,).

    Beyond the horizon the forecast's mean goes on; what is committed comes once. Feeding
    series have all they feed.
    """
    forecast, echelons = evening.forecast, evening.echelons
    once = forecast.committed.sum(axis=1, dtype=np.float64)
    mean = forecast.mean.sum(axis=1, dtype=np.float64)
    left = np.minimum(evening.network.items.ends - forecast.origin, evening.params.lifetime)
    beyond = np.maximum(left - forecast.horizon, 0)
    own = mean + mean / forecast.horizon * beyond + once
    below = np.bincount(echelons.node, own[echelons.member], len(own))
    return np.where(echelons.feeds, below, own)
