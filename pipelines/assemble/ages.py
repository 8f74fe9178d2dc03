"""How long the stock on hand has lain there."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.assemble.demand import days_of
from pipelines.assemble.keys import Ints, Keys
from stockwright.calendar import Dates

Floats = NDArray[np.float64]


def ages_of(
    told: Floats,
    on_hand: Floats,
    receipts: pd.DataFrame,
    first_sale: Dates,
    keys: Keys,
    as_of: np.datetime64,
) -> Floats:
    """Mean age of the stock of each series in days, (series,); NaN where nothing tells.

    told: (series,) ages of what ``inventory.received_date`` dates. Elsewhere goods leave in the
    order in which they came, so that the stock is what came last: of the key, or where nothing was
    received there, of its SKU over all locations, as of goods that came by transfer. What is older
    than the first receipt counts as old as that. Without receipts it is as old as the first sale.
    """
    series = keys.series(receipts, "destination")
    good = (receipts["units_received"] - receipts["units_rejected"]).to_numpy(np.float64)
    came = (series >= 0) & (good > 0)
    days = (as_of - days_of(receipts["received_on"])[came]).astype(np.float64)
    series, good = series[came], good[came]
    sku = keys.index.sku.astype(np.int64)
    of_key = newest_ages(series, days, good, on_hand)
    whole = np.bincount(sku, on_hand, len(keys.index.skus)).astype(np.float64)
    of_sku = newest_ages(sku[series], days, good, whole)[sku]
    sold_for = (as_of - first_sale).astype(np.float64)
    sold_for = np.where(np.isnat(first_sale), np.nan, sold_for)
    age = told
    for other in (of_key, of_sku, sold_for):
        age = np.where(np.isnan(age), other, age)
    return np.asarray(np.where(on_hand > 0, np.maximum(age, 0.0), np.nan), np.float64)


def newest_ages(group: Ints, days: Floats, units: Floats, stock: Floats) -> Floats:
    """Mean age of the ``stock``, (groups,), that the newest of what came make up.

    group, days, units: (receipts,) what came, so many days ago. NaN for a group without any.
    """
    order = np.lexsort((days, group))
    group, days, units = group[order], days[order], units[order]
    running = np.cumsum(units)
    before = running - units
    first = np.searchsorted(group, group)
    before = before - before[first]
    there = np.clip(stock[group] - before, 0.0, units)
    n = len(stock)
    oldest = np.full(n, np.nan)
    oldest[group] = days
    dated = np.bincount(group, there, n)
    total = np.bincount(group, there * days, n) + np.nan_to_num(oldest) * (stock - dated)
    none = np.isnan(oldest) | (stock <= 0)
    age: Floats = np.divide(total, stock, out=np.full(n, np.nan), where=~none)
    return age
