"""What planners said about clearance, for the items that it looks at."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.assemble.clearing_answers import leaving, turned_down
from pipelines.assemble.situation import Situation
from replenishment.clearance.holdings import Holdings
from replenishment.clearance.rules import Rules
from stockwright.clearance import Act
from stockwright.overrides import Overrides
from stockwright.panel import SeriesIndex

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def rules_of(
    situation: Situation,
    places: Holdings,
    items: Holdings,
    channels: tuple[str, ...],
    rest_days: int,
) -> Rules:
    """The rules of ``items``: ``places``, the stock of each location, or whole SKUs of them.

    channels: their names, which may repeat. An act that was rejected within ``rest_days``, or by a
    channel, is not proposed again; what is to leave by an act that was taken up in them gets no
    other.
    """
    index, whole = situation.panel.index, items is not places
    since = situation.as_of - np.timedelta64(rest_days, "D")
    most = _limits(situation.overrides, index, places, items)
    rules = Rules.of(most, len(channels))
    acts, closed = rules.acts.copy(), rules.channels.copy()
    rejected = turned_down(situation.answers, since)
    row, item = _matched(rejected, index, items, whole)
    codes = np.array([Act[word.upper()] for word in rejected["action"].tolist()], np.int64)[row]
    plain = (rejected["channel"] == "").to_numpy(dtype=bool)[row]
    acts[item[plain], codes[plain]] = True
    _, gone = _matched(leaving(situation.answers, since), index, items, whole)
    acts[gone] = True
    # A channel with terms of its own at several locations has several rows.
    named = rejected["channel"].to_numpy(object)[:, None] == np.array(channels, object)
    pair, channel = np.nonzero(named[row])
    closed[item[pair], channel] = True
    return Rules(most, acts, closed)


def _limits(said: Overrides, index: SeriesIndex, places: Holdings, items: Holdings) -> Floats:
    """Most units of each item that may be cleared, (items,).

    A SKU with one price is held where one of its locations with stock is. Of a limit without a
    location all locations of a SKU with one price take their part together.
    """
    at = places.series
    limit = np.where(np.isnan(said.clearance_units), np.inf, said.clearance_units)[at]
    frozen = said.clearance_frozen[at]
    if items is places:
        return np.where(frozen, 0.0, limit)
    sku, n = index.sku[at], len(index.skus)
    shared = said.clearance_shared[at]
    own = np.where(shared, 0.0, np.minimum(limit, places.units))
    together = np.zeros(n)
    together[sku[shared]] = limit[shared]
    part = np.bincount(sku, np.where(shared, places.units, 0.0), n)
    most = np.bincount(sku, own, n).astype(np.float64) + np.minimum(together, part)
    most[most >= np.bincount(sku, places.units, n)] = np.inf
    most[sku[frozen]] = 0.0
    return np.asarray(most[index.sku[items.series]], np.float64)


def _matched(
    answers: pd.DataFrame, index: SeriesIndex, items: Holdings, whole: bool
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Positions of answers and of the items whose lines they answer to, (pairs,) each.

    A line without a location is of the SKU, at each of its locations where these have prices of
    their own; one with a location is of no whole SKU.
    """
    sku = pd.Index(index.skus).get_indexer(answers["sku"].astype(object))
    place = pd.Index(index.locations).get_indexer(answers["location"].astype(object))
    general = (answers["location"] == "").to_numpy(dtype=bool)
    left = pd.DataFrame({"sku": sku, "row": np.arange(len(sku))})
    right = pd.DataFrame(
        {"sku": index.sku[items.series].astype(np.int64), "item": np.arange(len(items))}
    )
    pairs = left.merge(right, on="sku")
    row, item = pairs["row"].to_numpy(np.intp), pairs["item"].to_numpy(np.intp)
    same = place[row] == index.location[items.series[item]]
    fits = general[row] | (same & (not whole))
    return row[fits], item[fits]
