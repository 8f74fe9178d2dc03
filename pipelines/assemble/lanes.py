"""The lanes that can supply each key: rows of the table resolved, timed and priced."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.assemble.demand import days_of
from pipelines.assemble.keys import Ints, Keys
from pipelines.assemble.parties import DEFAULT_SUPPLIER
from pipelines.assemble.receipts import Learnt
from pipelines.assemble.timing import Timing
from pipelines.config import Config
from stockwright.calendar import DAYS_PER_PERIOD
from stockwright.network import LaneKind, Lanes, LocationKind

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
# Transfers from one location to another of its kind are followed this far.
_LATERAL_HOPS = 2
# Multiples are reckoned in thousandths of a unit, so that weighed goods have them too.
_GRAIN = 1000
#: A lane slower than this is an error of entry: it would stretch the forecast of every key.
SLOWEST_DAYS = 1100.0


@dataclass(frozen=True)
class Terms:
    """Item terms that lanes fall back on, all (series,): money per unit, and the order unit."""

    unit_cost: Floats
    order_unit: Floats


def default_lanes(lanes: pd.DataFrame, keys: Keys, config: Config) -> pd.DataFrame:
    """One lane from the supplier ``default`` to every location, in the columns of ``lanes``."""
    names = list(keys.index.locations)
    frame = pd.DataFrame({name: lanes[name].reindex(range(len(names))) for name in lanes})
    frame["source"], frame["destination"] = DEFAULT_SUPPLIER, names
    frame["lead_time_days"] = config.defaults.lead_time_days
    texts = ("sku", "kind", "price_breaks", "supplier_sku")
    zeros = ("lead_time_sd_days", "moq", "unit_freight")
    return frame.assign(**dict.fromkeys(texts, ""), **dict.fromkeys(zeros, 0.0))


def resolved(lanes: pd.DataFrame, keys: Keys, order_date: np.datetime64) -> pd.DataFrame:
    """One row for each series and lane: columns series, row (of ``lanes``), kind, place.

    kind: LaneKind, by default TRANSFER from a known location and REGULAR from anybody else.
    place: location code of the source of a transfer. Rows outside their start and end are left
    out, and so are rows from a location to itself and rows that are too slow. Of the rows of
    one source and kind an SKU's own goes before the general one, then the later start, then the
    later row.
    """
    start, end = days_of(lanes["start"]), days_of(lanes["end"])
    valid = (np.isnat(start) | (start <= order_date)) & (np.isnat(end) | (end >= order_date))
    source, destination = keys.locations(lanes["source"]), keys.locations(lanes["destination"])
    kind = lane_kinds(lanes, source)
    transfer = kind == LaneKind.TRANSFER
    valid &= (destination >= 0) & (source != destination) & (~transfer | (source >= 0))
    valid &= ~too_slow(lanes)
    item = keys.skus(lanes["sku"])
    general = (lanes["sku"] == "").to_numpy(dtype=bool)
    frame = pd.DataFrame(
        {
            "row": np.arange(len(lanes)),
            "kind": kind,
            "place": np.where(transfer, source, -1),
            "source": pd.factorize(lanes["source"])[0],
            "sku": item,
            "location": destination,
            "start": np.where(np.isnat(start), np.datetime64("0001-01-01"), start).astype(np.int64),
            "own": ~general,
        }
    )
    own_keys = pd.DataFrame(
        {
            "sku": keys.index.sku,
            "location": keys.index.location,
            "series": np.arange(keys.n_series),
        }
    )
    special = frame[valid & ~general].merge(own_keys, on=["sku", "location"])
    broad = frame[valid & general].drop(columns="sku").merge(own_keys, on="location")
    both = pd.concat([broad, special], ignore_index=True)
    both = both.sort_values(["series", "source", "kind", "own", "start", "row"])
    kept = both.drop_duplicates(["series", "source", "kind"], keep="last")
    return kept.sort_values(["series", "row"])[["series", "row", "kind", "place"]]


def too_slow(lanes: pd.DataFrame) -> NDArray[np.bool_]:
    """Rows whose lead time and review exceed SLOWEST_DAYS."""
    days: Floats = _or(lanes["lead_time_days"], 0.0) + _or(lanes["review_days"], 0.0)
    return days > SLOWEST_DAYS


def lane_kinds(lanes: pd.DataFrame, source: NDArray[np.int32]) -> NDArray[np.int64]:
    """LaneKind of each row; ``source`` is its location code, -1 when no location."""
    given = lanes["kind"].astype(object).map({"regular": 0, "transfer": 1, "expedited": 2})
    default = np.where(source >= 0, LaneKind.TRANSFER, LaneKind.REGULAR)
    kinds = given.to_numpy(np.float64)
    return np.where(np.isnan(kinds), default, np.nan_to_num(kinds)).astype(np.int64)


def lanes_of(
    lanes: pd.DataFrame,
    links: pd.DataFrame,
    supplier_names: pd.Index,
    terms: Terms,
    timing: Timing,
    learnt: Learnt,
    config: Config,
) -> Lanes:
    """Every lane of every key (``links``, see ``resolved``) with its times, terms and costs."""
    table = lanes.iloc[links["row"].to_numpy()]
    series = links["series"].to_numpy(np.int64)
    kind, place = links["kind"].to_numpy(np.int64), links["place"].to_numpy(np.int64)
    supplier = supplier_names.get_indexer(table["source"].astype(object))
    cost, start, units, breaks = _costs(table, kind, series, terms)
    return Lanes(
        series=series.astype(np.int32),
        kind=kind.astype(np.uint8),
        source=np.where(kind == LaneKind.TRANSFER, place, supplier).astype(np.int32),
        lead_time=timing.lead_time.astype(np.int32),
        lead_time_sd=timing.lead_time_sd,
        review=timing.review.astype(np.int32),
        open_tonight=timing.open_tonight,
        available_date=timing.available_date,
        moq=_or(table["moq"], 0.0),
        multiple=multiples(terms.order_unit[series], _or(table["order_multiple"], 1.0)),
        unit_cost=cost,
        unit_freight=_or(table["unit_freight"], 0.0),
        max_units=_or(table["max_units_per_day"], np.inf) * DAYS_PER_PERIOD[config.period],
        priority=_or(table["priority"], np.inf),
        break_start=start,
        break_units=units,
        break_cost=breaks,
        supplier_sku=tuple(table["supplier_sku"].astype(object)),
        order_days=timing.order_days,
        good_share=learnt.share,
    )


def multiples(order_unit: Floats, order_multiple: Floats) -> Floats:
    """Least common multiple of both, in sales units, to a thousandth of a unit."""
    a, b = (
        np.maximum(np.rint(x * _GRAIN), 1).astype(np.int64) for x in (order_unit, order_multiple)
    )
    return np.lcm(a, b) / _GRAIN


def _costs(
    table: pd.DataFrame, kind: Ints, series: Ints, terms: Terms
) -> tuple[Floats, Ints, Floats, Floats]:
    """Unit cost of each lane and its price breaks; stock that is moved is already owned."""
    owned = kind == LaneKind.TRANSFER
    cost = _or(table["unit_cost"], np.nan)
    cost = np.where(owned, 0.0, np.where(np.isnan(cost), terms.unit_cost[series], cost))
    start, units, breaks = price_breaks(table["price_breaks"].where(~owned, ""))
    return cost, start, units, breaks


def price_breaks(column: pd.Series) -> tuple[Ints, Floats, Floats]:
    """Texts such as "100:9.5;500:9.0" to offsets (rows + 1,), thresholds and costs, rising.

    A part that is not two numbers parted by a colon is left out.
    """
    codes, texts = pd.factorize(column.astype(object))
    parts = pd.Series(texts, dtype=object).str.split("[;；]", regex=True).explode().dropna()
    fields = parts.astype(object).str.extract(r"^\s*([\d.]+)\s*[:：]\s*([\d.]+)\s*$")
    numbers = pd.DataFrame(
        {
            "text": parts.index.to_numpy(np.int64),
            "units": pd.to_numeric(fields[0], errors="coerce").to_numpy(np.float64),
            "cost": pd.to_numeric(fields[1], errors="coerce").to_numpy(np.float64),
        }
    )
    good = numbers.dropna().sort_values(["text", "units"])
    first = np.searchsorted(good["text"], np.arange(len(texts) + 1))
    length = np.diff(first)[codes]
    start = np.concatenate([[0], np.cumsum(length)]).astype(np.int64)
    pick = np.arange(start[-1]) - np.repeat(start[:-1] - first[:-1][codes], length)
    return start, good["units"].to_numpy()[pick], good["cost"].to_numpy()[pick]


def longest_protection(lanes: Lanes, upstream: Ints, downward: Bools) -> int:
    """Longest protection interval in periods, at least 1, through all levels of the network.

    L + R of a lane; where the lane moves stock of another series (``upstream``, (lanes,) int64,
    -1 for none), the longest of what supplies that series on top. downward: (lanes,) not a
    transfer between two locations of one kind or up; other transfers count for a series that
    has no downward lane, and one after the other at most twice.
    """
    if not len(lanes):
        return 1
    own = lanes.lead_time.astype(np.int64) + lanes.review
    reach = np.zeros(int(max(lanes.series.max(), upstream.max())) + 2, np.int64)
    _extend(reach, lanes.series[downward], own[downward], upstream[downward], len(LocationKind))
    aside = np.flatnonzero(~downward & (reach[lanes.series] == 0))
    _extend(reach, lanes.series[aside], own[aside], upstream[aside], _LATERAL_HOPS)
    return int(reach.max())


def _extend(reach: Ints, series: NDArray[Any], own: Ints, upstream: Ints, hops: int) -> None:
    """Raise ``reach`` by what each lane adds to the reach of the series it draws on, in place."""
    for _ in range(hops):
        above = np.where(upstream >= 0, reach[upstream], 0)
        np.maximum.at(reach, series, own + above)


def _or(column: pd.Series, default: float) -> Floats:
    values: Floats = column.to_numpy(np.float64)
    return np.where(np.isnan(values), default, values)
