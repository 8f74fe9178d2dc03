"""Customers of a key without stock whom others serve: what that does to prices and demand.

Two things follow. A unit short costs less where another key is expected to have one to spare
(``needs.helped``), so that the same safety is not bought twice. And what a key is sure to miss
before tonight's order can reach it is asked for where it helps: at another location the demand
moves there, at another article of one location it comes on top.

One step only: whom the other would ask in its turn is left out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from replenishment.needs.helped import Holding, Pairs, helped_prices
from replenishment.needs.keys import Keys, arrival_table, projected
from replenishment.needs.targets import lost_sales_carry, protection_total
from replenishment.network.echelon import Echelons, leaf_keys, usable
from replenishment.network.lanes import LaneChoice
from replenishment.params import PlanParams
from replenishment.wishes.terms import may_order, said_level
from stockwright.distribution import Distribution
from stockwright.forecast import Forecast
from stockwright.network import Fallbacks, Network
from stockwright.overrides import Overrides
from stockwright.plan import Help
from stockwright.stock import StockPosition

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Helped:
    """What a night plans with once help is counted.

    forecast: demand where it will be asked for. network: with ``items.helped_shortage``. help: to
    be told in the plan; None where nobody helps.
    """

    forecast: Forecast
    network: Network
    help: Help | None = None


def with_help(
    forecast: Forecast,
    network: Network,
    stock: StockPosition,
    choice: LaneChoice,
    echelons: Echelons,
    params: PlanParams,
    said: Overrides,
) -> Helped:
    """Prices and demand with ``network.fallbacks``; without any that pays, both are unchanged.

    Series that feed others neither help nor are helped: they are steered on all they feed.
    """
    backs, price = network.fallbacks, network.items.shortage_cost
    ends = (backs.series, backs.other)
    able = [~echelons.feeds[end] & stock.known[end] for end in ends]
    pays = price[backs.series] > backs.cost
    backs = backs.take(np.flatnonzero(able[0] & able[1] & pays))
    if not len(backs):
        return Helped(forecast, network)
    most = np.full(len(price), np.inf)
    both = (choice.lane[backs.series] >= 0) & (choice.lane[backs.other] >= 0)
    pairs = backs.take(np.flatnonzero(both))
    series = np.unique(np.concatenate([pairs.series, pairs.other])).astype(np.int64)
    most[series] = _prices(series, pairs, forecast, network, stock, choice, params, said)
    moved, given, taken = _moved(backs, forecast, network, stock, choice)
    items = replace(network.items, helped_shortage=most)
    return Helped(moved, replace(network, items=items), Help(most, given, taken))


def _prices(
    series: Ints, backs: Fallbacks, forecast: Forecast, network: Network, stock: StockPosition,
    choice: LaneChoice, params: PlanParams, said: Overrides,
) -> Floats:  # fmt: skip
    """Price of a unit short of some series, (series,); inf where it is that of the tables."""
    lane = choice.lane[series]
    keys = said_level(leaf_keys(series, forecast, network, stock, choice.lane), series, said)
    some = forecast.take(series)
    totals = protection_total(some, keys)
    allowed = may_order(series, lane, forecast, network, stock, said)
    holding = Holding(
        price=keys.shortage,
        cost=keys.holding * lost_sales_carry(keys) * keys.review,
        least=keys.on_hand + keys.inbound(),
        most=np.where(allowed, _within_reach(series, keys, forecast, network, stock, choice), 0.0),
        asked=np.fmax(keys.service_level, keys.fill_rate),
    )
    key, other = (np.searchsorted(series, end) for end in (backs.series, backs.other))
    gain = keys.shortage[key] - backs.cost
    same = forecast.index.sku[backs.series] == forecast.index.sku[backs.other]
    linked = _common_share(totals, some)
    close = forecast.location_correlation * np.sqrt(linked[key] * linked[other]) * same
    pairs = Pairs(key, other, backs.share, np.maximum(gain, 0.0), np.minimum(close, 0.999))
    price = helped_prices(totals, holding, pairs, params.level_cap)
    return np.where(price < keys.shortage * (1 - 1e-9), price, np.inf)


def _common_share(totals: Distribution, forecast: Forecast) -> Floats:
    """Share of the variance of each total that other locations may share, in [0, 1]."""
    alone = forecast.linear_dispersion * totals.mean
    left = np.maximum(totals.variance - alone, 0.0)
    return np.divide(left, totals.variance, out=np.zeros_like(left), where=totals.variance > 0)


def _within_reach(
    series: Ints, keys: Keys, forecast: Forecast, network: Network, stock: StockPosition,
    choice: LaneChoice,
) -> Floats:  # fmt: skip
    """Units that tonight's order can raise each series to, (series,).

    No more than its part, by demand, of the stock of a location that feeds it.
    """
    parent, position = choice.parent, keys.on_hand + keys.inbound()
    fed = np.flatnonzero(parent >= 0)
    demand = forecast.expected.sum(axis=1, dtype=np.float64)
    whole = np.bincount(parent[fed], demand[fed], len(demand))[parent[series]]
    share = np.divide(demand[series], whole, out=np.zeros(len(series)), where=whole > 0)
    above = position + share * usable(stock, network, forecast)[parent[series]]
    return np.where(parent[series] >= 0, above, np.inf)


def _moved(
    backs: Fallbacks, forecast: Forecast, network: Network, stock: StockPosition, choice: LaneChoice
) -> tuple[Forecast, Floats, Floats]:
    """The forecast with what is missed before an order can come where it is asked for instead."""
    n, steps = len(choice.lane), np.arange(1, forecast.horizon + 1)
    lead_time = np.append(network.lanes.lead_time, forecast.horizon)[choice.lane]
    table = arrival_table(stock.arrival_series, stock.arrival_step, stock.arrival_units, n)
    both = np.unique(np.concatenate([backs.series, backs.other])).astype(np.int64)
    states = projected(
        forecast.expected[both], usable(stock, network, forecast)[both],
        table[0][both], table[1][both],
    )  # fmt: skip
    left, lost = (np.stack(each, axis=1) for each in zip(*states, strict=True))
    key, other = (np.searchsorted(both, end) for end in (backs.series, backs.other))
    late = steps > lead_time[both][:, None]
    units = np.where(late, 0.0, lost)[key] * backs.share[:, None]
    units = np.where((left > 0) | late, 1.0, 0.0)[other] * units
    units = np.minimum(units, forecast.mean[backs.series])
    same = forecast.index.sku[backs.series] == forecast.index.sku[backs.other]
    change = np.zeros((len(both), forecast.horizon))
    np.add.at(change, other, units)
    taken = change.sum(axis=1)
    np.subtract.at(change, key[same], units[same])
    if not units.any():
        return forecast, np.zeros(n), np.zeros(n)
    mean = forecast.mean.copy()
    mean[both] = np.maximum(mean[both] + change, 0.0)
    return (
        replace(forecast, mean=mean, parts=None),
        np.bincount(backs.series, units.sum(axis=1), n),
        np.bincount(both, taken, n),
    )
