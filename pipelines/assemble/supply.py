"""How every key is supplied and what its stock is worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.assemble.cash import payment_dates
from pipelines.assemble.demand import Sold
from pipelines.assemble.items import (
    Costs,
    by_series,
    cheapest_lane_cost,
    costs_of,
)
from pipelines.assemble.keys import Keys
from pipelines.assemble.lanes import (
    SLOWEST_DAYS,
    Terms,
    default_lanes,
    lane_kinds,
    lanes_of,
    longest_protection,
    resolved,
    too_slow,
)
from pipelines.assemble.notices import listed
from pipelines.assemble.parties import DEFAULT_SUPPLIER, suppliers_of
from pipelines.assemble.prices import list_prices
from pipelines.assemble.receipts import Learnt, delays_of, learnt_of, order_lines, record_of
from pipelines.assemble.timing import timing_of
from pipelines.config import Config
from stockwright.calendar import DAYS_PER_PERIOD
from stockwright.errors import counted
from stockwright.network import LaneKind, Lanes, LocationKind, Locations, Suppliers


@dataclass(frozen=True)
class Supply:
    """list_price: (series,) NaN where unknown. sources: columns series, source (name), by lane.

    protection: periods of the longest protection interval. record, delays: see ``receipts``; no
        delays where nothing is to be learnt.
    """

    lanes: Lanes
    suppliers: Suppliers
    costs: Costs
    list_price: NDArray[np.float64]
    sources: pd.DataFrame
    protection: int
    notes: tuple[str, ...]
    record: pd.DataFrame
    delays: pd.DataFrame


def supply_of(
    tables: Mapping[str, pd.DataFrame],
    lanes_given: bool,
    sales: Sold,
    places: Locations,
    keys: Keys,
    config: Config,
    order_date: np.datetime64,
) -> Supply:
    """Lanes, suppliers and costs of every key."""
    table = tables["lanes"] if lanes_given else default_lanes(tables["lanes"], keys, config)
    links = resolved(table, keys, order_date)
    list_price = list_prices(tables["products"], sales.price, keys)
    lane_cost = cheapest_lane_cost(table, links, keys.n_series)
    costs = costs_of(tables["products"], list_price, lane_cost, keys, config)
    order_unit = by_series(tables["products"], "order_unit", keys)
    terms = Terms(costs.unit_cost, np.where(np.isnan(order_unit), 1.0, order_unit))
    names = _supplier_names(table, keys)
    receipts = order_lines(tables, table, links, keys)
    as_of = order_date - np.timedelta64(1, "D")
    learnt = learnt_of(receipts, table, links, keys, config, as_of)
    timing = timing_of(tables, table, links, names, learnt, keys, config, order_date)
    lanes = lanes_of(table, links, names, terms, timing, learnt, config)
    sources = links[["series"]].assign(source=table["source"].to_numpy(object)[links["row"]])
    paid = payment_dates(
        tables["suppliers"], sources["source"].to_numpy(object),
        np.full(len(lanes), order_date), lanes.available_date,
    )  # fmt: skip
    bought = lanes.kind != LaneKind.TRANSFER
    lanes = replace(lanes, payment_date=np.where(bought, paid, np.datetime64("NaT")))
    upstream = _upstream(lanes, keys)
    notes = _lane_notes(table, lanes_given, keys, config) + _cost_notes(costs)
    notes += _weekday_notes(tables["suppliers"], config)
    notes += _learnt_notes(learnt, table, links)
    told = receipts if config.supply.learn else receipts[:0]
    parties = suppliers_of(tables["suppliers"], names, DAYS_PER_PERIOD[config.period])
    return Supply(
        lanes, parties, costs, list_price, sources,
        longest_protection(lanes, upstream, _downward(lanes, places, keys)), tuple(notes),
        record_of(receipts, table, links), delays_of(told, table, links),
    )  # fmt: skip


def _supplier_names(lanes: pd.DataFrame, keys: Keys) -> pd.Index:
    kind = lane_kinds(lanes, keys.locations(lanes["source"]))
    from_supplier = lanes["source"].to_numpy(object)[kind != LaneKind.TRANSFER]
    return pd.Index(sorted(set(map(str, from_supplier))), dtype=object)


def _upstream(lanes: Lanes, keys: Keys) -> NDArray[np.int64]:
    """(lanes,) series whose stock the lane moves, -1 for lanes from suppliers."""
    transfer = lanes.kind == LaneKind.TRANSFER
    sku = keys.index.sku[lanes.series].astype(np.int64)
    return keys.index.find(sku, np.where(transfer, lanes.source, -1).astype(np.int64))


def _downward(lanes: Lanes, places: Locations, keys: Keys) -> NDArray[np.bool_]:
    """(lanes,) lanes from a supplier, or from a location to one of a kind further down."""
    transfer, kinds = lanes.kind == LaneKind.TRANSFER, places.kind
    source = kinds[np.where(transfer, lanes.source, 0)]
    return np.asarray(~transfer | (source < kinds[keys.index.location[lanes.series]]))


def _lane_notes(table: pd.DataFrame, given: bool, keys: Keys, config: Config) -> list[str]:
    if not given:
        return [
            f"no lanes table: every location is supplied by {DEFAULT_SUPPLIER!r} in "
            f"{config.defaults.lead_time_days:g} "
            f"{'day' if config.defaults.lead_time_days == 1 else 'days'}"
        ]
    source, destination = keys.locations(table["source"]), keys.locations(table["destination"])
    kind = lane_kinds(table, source)
    nowhere = (destination < 0) | ((kind == LaneKind.TRANSFER) & (source < 0))
    ends = table["source"].astype(object) + " to " + table["destination"].astype(object)
    cases = (
        (nowhere, ("starts or ends", "start or end"), "where nothing is kept or sold"),
        (
            too_slow(table),
            ("is not used, for it takes", "are not used, for they take"),
            f"more than {SLOWEST_DAYS:g} days",
        ),
    )
    named = [(list(ends[which].unique()), verb, what) for which, verb, what in cases]
    return [
        f"lanes: {counted(len(lost), *verb)} {what} ({listed(lost)})"
        for lost, verb, what in named
        if lost
    ]


def unused_notes(lanes: Lanes, places: Locations, keys: Keys) -> list[str]:
    """What is said of lanes that a nightly plan leaves aside."""
    kinds = places.kind
    transfer = lanes.kind == LaneKind.TRANSFER
    source = kinds[np.where(transfer, lanes.source, 0)] if len(kinds) else kinds
    same = source == kinds[keys.index.location[lanes.series]]
    lateral = int((transfer & same & (source != LocationKind.CENTRAL)).sum())
    fast = lanes.kind == LaneKind.EXPEDITED
    others = np.unique(lanes.series[~fast])
    alone = int((~np.isin(lanes.series[fast], others)).sum())
    cases = (
        (
            alone,
            "expedited lane of a key without another lane is not used",
            "expedited lanes of keys without another lane are not used",
        ),
        (
            lateral,
            "lateral lane moves stock that is worth more elsewhere, and supplies a key without one",
            "lateral lanes move stock that is worth more elsewhere, and supply keys without others",
        ),
    )
    return [f"lanes: {counted(n, one, many)}" for n, one, many in cases if n]


def _weekday_notes(suppliers: pd.DataFrame, config: Config) -> list[str]:
    told = int((suppliers["order_weekdays"] != "").sum())
    if config.period == "day" or not told:
        return []
    return [f"suppliers: order_weekdays of {told} are not looked at when the period is a week"]


def _learnt_notes(learnt: Learnt, table: pd.DataFrame, links: pd.DataFrame) -> list[str]:
    told = np.isfinite(learnt.days)
    if not told.any():
        return []
    stated = table["lead_time_days"].to_numpy(np.float64)[links["row"]]
    other = int((told & (np.abs(learnt.days - stated) >= 1)).sum())
    lanes = counted(int(told.sum()), "lane of a key is", "lanes of keys are")
    differ = "differs" if other == 1 else "differ"
    return [
        f"receipts: lead times of {lanes} learnt; {other} of them {differ} by a day or more from"
        " what the lane states"
    ]


def _cost_notes(costs: Costs) -> list[str]:
    cases = (
        (costs.assumed_cost, "has", "have", "no unit cost; a share of the price stands in"),
        (costs.assumed_price, "has", "have", "no price; it is reckoned from the unit cost"),
        (costs.below_cost, "sells", "sell", "at or below cost; a shortage of them costs nothing"),
    )
    return [
        f"costs: {counted(int(which.sum()), f'key {one}', f'keys {many}')} {what}"
        for which, one, many, what in cases
        if which.any()
    ]
