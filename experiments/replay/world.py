"""The world of a replay, the same for all arms: demand, deliveries, costs, and the opening."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.replay.deliveries import Deliveries
from experiments.replay.demand import Asked, asked_of
from experiments.replay.tables import ReplayTables
from experiments.replay.transit import Transit
from pipelines.assemble import Catalog, Situation
from pipelines.assemble.demand import days_of
from pipelines.config import Config
from pipelines.night.planning import Planning
from replenishment.simulate import Receiving, ShelfLife, ShopTerms, Substitutes
from stockwright.calendar import DAYS_PER_PERIOD, Dates
from stockwright.network import LaneKind, Network
from stockwright.panel import DemandPanel, SeriesIndex
from stockwright.stock import StockPosition

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# Periods beyond the longest lead time that a pipeline holds for deliveries that are late.
_LATE = 10


@dataclass(frozen=True)
class World:
    """What holds in every arm of a replay.

    index: the keys. evenings: the close of each. days: of a period. seed: of all chance. network:
    the shop's own at the end of the replay, whose costs value every arm. catalog: of the same
    night. life_stage: (series,) text. help_cost: (series,) money per unit served elsewhere.
    """

    index: SeriesIndex
    evenings: Dates
    days: int
    seed: int
    asked: Asked
    deliveries: Deliveries
    network: Network
    catalog: Catalog
    life_stage: NDArray[np.object_]
    terms: ShopTerms
    help_cost: Floats
    known_stock: Floats
    known_transit: Transit


def world_of(tables: ReplayTables, config: Config, evenings: Dates) -> World:
    """The world of a shop over the periods after each of ``evenings``. Raises DataError."""
    days = DAYS_PER_PERIOD[config.period]
    last = evenings[-1] + np.timedelta64(days, "D")
    found = tables.read(config, last)
    situation = tables.evening(config, last)
    receipts = found.tables["receipts"]
    asked = asked_of(situation, found.tables["sales"], config, evenings[0], len(evenings))
    deliveries = Deliveries.of(receipts, situation)
    terms, help_cost = _terms(situation, deliveries, asked.whole, days)
    stock = _known_stock(found.tables["stock_history"], situation, evenings[0])
    return World(
        index=situation.panel.index,
        evenings=evenings,
        days=days,
        seed=config.seed,
        asked=asked,
        deliveries=deliveries,
        network=situation.network,
        catalog=situation.catalog,
        life_stage=np.asarray(situation.catalog.life_stage, object),
        terms=terms,
        help_cost=help_cost,
        known_stock=stock,
        known_transit=_known_transit(receipts, situation.panel, stock, evenings[0], terms.steps),
    )


def opening_stock(world: World, evenings: tuple[Planning, ...]) -> Floats:
    """Units on hand at the first close, (series,): as recorded, else what is expected to sell.

    evenings: of the shop's own configuration, the first of all in front. Where no stock is
    recorded, a series has the demand that is expected until what is ordered on the first evening
    arrives; one that feeds others has what these do not have of the demand of all. Series that are
    not replayed have none: what lies there is no matter of the plan.
    """
    n = world.index.n_series
    nothing = StockPosition(
        np.zeros(n), np.zeros(n), np.full(n, np.nan), np.ones(n, np.bool_),
        np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0),
    )  # fmt: skip
    policy = evenings[0].plan(nothing).policy
    wanted = np.where(world.asked.replayed & (policy.lane >= 0), policy.demand_mean, 0.0)
    feeds = _feeding(world.network, world.index)
    below = np.bincount(world.index.sku, np.where(feeds, 0.0, wanted), len(world.index.skus))[
        world.index.sku
    ]
    wanted = np.where(feeds, np.maximum(wanted - below, 0.0), wanted)
    units = np.ceil(wanted) if world.asked.whole else wanted
    held = np.where(np.isnan(world.known_stock), units, world.known_stock)
    return np.where(world.asked.replayed, held, 0.0)


def _feeding(network: Network, index: SeriesIndex) -> NDArray[np.bool_]:
    """Series whose location feeds another one of its SKU from above."""
    lanes, kind = network.lanes, network.locations.kind
    moved = np.flatnonzero(lanes.kind == LaneKind.TRANSFER)
    to, place = lanes.series[moved], lanes.source[moved]
    down = kind[place] < kind[index.location[to]]
    source = index.find(index.sku[to].astype(np.int64), place.astype(np.int64))
    out = np.zeros(index.n_series, np.bool_)
    out[source[down & (source >= 0)]] = True
    return out


def _terms(
    situation: Situation, deliveries: Deliveries, whole: bool, days: int
) -> tuple[ShopTerms, Floats]:
    """Terms of the simulated shop, and money per unit of a series that another one serves."""
    network, index = situation.network, situation.panel.index
    n, lead = index.n_series, network.lanes.lead_time
    longest = int(lead.max(initial=0)) + -(-deliveries.longest // days) + _LATE
    docks = network.locations.inbound_capacity
    life = network.items.shelf_life
    keeps = ~np.isfinite(life)
    row, share, cost = _help(network, n)
    place = index.location.astype(np.int64)
    terms = ShopTerms(
        np.full(n, longest), np.zeros(n), np.zeros(n), whole=whole,
        receiving=Receiving(place, docks) if np.isfinite(docks).any() else None,
        shelf_life=None if keeps.all() else ShelfLife(np.where(keeps, 0, life).astype(np.int64)),
        substitutes=Substitutes(row, share) if (row >= 0).any() else None,
    )  # fmt: skip
    return terms, cost


def _help(network: Network, n: int) -> tuple[Ints, Floats, Floats]:
    """Who serves customers of a series that is out: the cheapest, its share, money per unit."""
    backs = network.fallbacks
    order = np.lexsort((backs.other, -backs.share, backs.cost, backs.series))
    first = order[np.diff(backs.series[order], prepend=-1) != 0]
    row, share, cost = np.full(n, -1), np.zeros(n), np.zeros(n)
    row[backs.series[first]] = backs.other[first]
    share[backs.series[first]] = backs.share[first]
    cost[backs.series[first]] = backs.cost[first]
    return row, share, cost


def _known_stock(history: pd.DataFrame, situation: Situation, date: np.datetime64) -> Floats:
    """Recorded units at the close of ``date``, (series,); NaN at locations that tell of none."""
    index, rows = situation.panel.index, history[days_of(history["date"]) == date]
    out = np.full(index.n_series, np.nan)
    place = pd.Index(index.locations).get_indexer(rows["location"].astype(object))
    sku = pd.Index(index.skus).get_indexer(rows["sku"].astype(object))
    told = np.zeros(len(index.locations) + 1, np.bool_)
    told[place] = True
    out[told[:-1][index.location]] = 0.0
    series = index.find(sku.astype(np.int64), place.astype(np.int64))
    known = series >= 0
    out[series[known]] = np.maximum(rows["on_hand"].to_numpy(np.float64)[known], 0.0)
    return out


def _known_transit(
    receipts: pd.DataFrame, panel: DemandPanel, stock: Floats, date: np.datetime64, steps: int
) -> Transit:
    """Orders of before ``date`` that came after it, for series whose stock is recorded."""
    index, calendar = panel.index, panel.calendar
    ordered, came = days_of(receipts["ordered_on"]), days_of(receipts["received_on"])
    rows = np.flatnonzero((ordered <= date) & (came > date))
    codes = [
        pd.Index(names).get_indexer(receipts[column].iloc[rows].astype(object)).astype(np.int64)
        for names, column in ((index.skus, "sku"), (index.locations, "destination"))
    ]
    series = index.find(codes[0], codes[1])
    good = receipts["units_received"] - receipts["units_rejected"].fillna(0.0)
    units = good.to_numpy(np.float64)[rows]
    told = days_of(receipts["promised_on"])[rows]
    due = np.where(np.isnat(told), came[rows], told)
    first = int(calendar.index_of(np.array([date]))[0]) + 1
    comes, due = (np.maximum(calendar.index_of(each) - first, 0) for each in (came[rows], due))
    kept = (series >= 0) & (units > 0) & (comes < steps)
    kept &= ~np.isnan(np.append(stock, np.nan)[series])
    return Transit(series[kept], units[kept], due[kept], comes[kept])
