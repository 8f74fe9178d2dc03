"""Customers of a key without stock whom others serve: what that does to prices and demand.

Two things follow. A unit short costs less where another key is expected to have one to spare
(``needs.helped``), so that the same safety is not bought twice. And what a key is sure to miss
before tonight's order can reach it is asked for where it helps: at another location the demand
moves there, at another article of one location it comes on top.

One step only: whom the other would ask in its turn is left out.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from replenishment.needs.helped import Holding, Pairs, helped_prices
from replenishment.needs.keys import Keys, projected
from replenishment.needs.targets import lost_sales_carry, protection_total
from replenishment.network.evening import Evening
from replenishment.network.positions import leaf_keys
from replenishment.wishes.terms import may_order, said_level
from stockwright.distribution import Distribution
from stockwright.forecast import Forecast
from stockwright.network import Fallbacks
from stockwright.plan import Help

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def with_help(evening: Evening) -> tuple[Evening, Help | None]:
    """The evening with the prices and the demand that follow from ``network.fallbacks``.

    Without any that pays it is the same, and there is nothing to tell. Series that feed others
    neither help nor are helped: they are steered on all they feed.
    """
    network, lane = evening.network, evening.choice.lane
    backs, price = network.fallbacks, network.items.shortage_cost
    able = ~evening.echelons.feeds & evening.stock.known
    pays = price[backs.series] > backs.cost
    backs = backs.take(np.flatnonzero(able[backs.series] & able[backs.other] & pays))
    if not len(backs):
        return evening, None
    most = np.full(len(price), np.inf)
    pairs = backs.take(np.flatnonzero((lane[backs.series] >= 0) & (lane[backs.other] >= 0)))
    series = np.unique(np.concatenate([pairs.series, pairs.other])).astype(np.int64)
    most[series] = _prices(series, pairs, evening)
    forecast, given, taken = _moved(backs, evening)
    network = replace(network, items=replace(network.items, helped_shortage=most))
    return replace(evening, network=network, forecast=forecast), Help(most, given, taken)


def _prices(series: Ints, backs: Fallbacks, evening: Evening) -> Floats:
    """Price of a unit short of some series, (series,); inf where it is that of the tables."""
    lane, forecast = evening.choice.lane[series], evening.forecast
    keys = said_level(leaf_keys(series, evening), series, evening.said)
    some = forecast.take(series)
    totals = protection_total(some, keys)
    allowed = may_order(series, lane, evening)
    holding = Holding(
        price=keys.shortage,
        cost=keys.holding * lost_sales_carry(keys) * keys.review,
        least=keys.on_hand + keys.inbound(),
        most=np.where(allowed, _within_reach(series, keys, evening), 0.0),
        asked=np.fmax(keys.service_level, keys.fill_rate),
    )
    key, other = (np.searchsorted(series, end) for end in (backs.series, backs.other))
    same = forecast.index.sku[backs.series] == forecast.index.sku[backs.other]
    linked = _common_share(totals, some)
    close = forecast.location_correlation * np.sqrt(linked[key] * linked[other]) * same
    gain = np.maximum(keys.shortage[key] - backs.cost, 0.0)
    pairs = Pairs(key, other, backs.share, gain, np.minimum(close, 0.999))
    price = helped_prices(totals, holding, pairs, evening.params.level_cap)
    return np.where(price < keys.shortage * (1 - 1e-9), price, np.inf)


def _common_share(totals: Distribution, forecast: Forecast) -> Floats:
    """Share of the variance of each total that other locations may share, in [0, 1]."""
    alone = forecast.linear_dispersion * totals.mean
    left = np.maximum(totals.variance - alone, 0.0)
    return np.divide(left, totals.variance, out=np.zeros_like(left), where=totals.variance > 0)


def _within_reach(series: Ints, keys: Keys, evening: Evening) -> Floats:
    """Units that tonight's order can raise each series to, (series,).

    No more than its part, by demand, of the stock of a location that feeds it.
    """
    parent, position = evening.choice.parent, keys.on_hand + keys.inbound()
    fed = np.flatnonzero(parent >= 0)
    demand = evening.forecast.expected.sum(axis=1, dtype=np.float64)
    whole = np.bincount(parent[fed], demand[fed], len(demand))[parent[series]]
    share = np.divide(demand[series], whole, out=np.zeros(len(series)), where=whole > 0)
    above = position + share * evening.usable[parent[series]]
    return np.where(parent[series] >= 0, above, np.inf)


def _moved(backs: Fallbacks, evening: Evening) -> tuple[Forecast, Floats, Floats]:
    """The forecast with what is missed before an order can come where it is asked for instead.

    With it the units that others serve for each series, and that it serves for them.
    """
    forecast, lane, n = evening.forecast, evening.choice.lane, len(evening.choice.lane)
    both = np.unique(np.concatenate([backs.series, backs.other])).astype(np.int64)
    at, coming = evening.arrivals()
    states = projected(forecast.expected[both], evening.usable[both], at[both], coming[both])
    left, lost = (np.stack(each, axis=1) for each in zip(*states, strict=True))
    lead_time = np.append(evening.network.lanes.lead_time, forecast.horizon)[lane[both]]
    ordered = np.arange(1, forecast.horizon + 1) > lead_time[:, None]
    key, other = (np.searchsorted(both, end) for end in (backs.series, backs.other))
    missed = np.where(ordered, 0.0, lost)[key] * backs.share[:, None]
    units = np.minimum(missed, forecast.mean[backs.series]) * ((left > 0) | ordered)[other]
    same = forecast.index.sku[backs.series] == forecast.index.sku[backs.other]
    change = np.zeros(left.shape)
    np.add.at(change, other, units)
    np.subtract.at(change, key[same], units[same])
    mean = forecast.mean.copy()
    mean[both] = np.maximum(mean[both] + change, 0.0)
    sums = units.sum(axis=1)
    given, taken = (
        np.asarray(np.bincount(end, sums, n), np.float64) for end in (backs.series, backs.other)
    )
    return replace(forecast, mean=mean, parts=None), given, taken
