"""What a unit sells for in each period: planned prices, else the list price less the discount."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.assemble.demand import days_of
from pipelines.assemble.keys import Ints, Keys
from pipelines.assemble.spans import Spans, day_range, painted

Floats = NDArray[np.float64]


def list_prices(products: pd.DataFrame, paid: Floats, keys: Keys) -> Floats:
    """(series,) list price, else the mean price paid of the key, else of its SKU; NaN if none."""
    listed = np.full(len(keys.index.skus) + 1, np.nan)
    listed[keys.skus(products["sku"])] = products["price"].to_numpy(np.float64)
    listed[-1] = np.nan
    of_key = np.where(np.isnan(paid), _sku_means(paid, keys), paid)
    own = listed[keys.index.sku]
    return np.where(np.isnan(own), of_key, own)


def _sku_means(paid: Floats, keys: Keys) -> Floats:
    n, known = len(keys.index.skus), ~np.isnan(paid)
    count = np.bincount(keys.index.sku[known], minlength=n)
    total = np.bincount(keys.index.sku[known], paid[known], minlength=n)
    mean: Floats = np.divide(total, count, out=np.full(n, np.nan), where=count > 0)
    return mean[keys.index.sku]


def price_spans(prices: pd.DataFrame, keys: Keys, origin: np.datetime64, days: int) -> Spans:
    """The series and days each price row speaks for.

    A row with a location goes before one without; a row without a channel before one with a
    channel (the panel does not part channels); then the later start, then the later row.
    """
    place = keys.locations(prices["location"])
    of_place = (prices["location"] != "").to_numpy(dtype=bool)
    by_channel = (prices["channel"] != "").to_numpy(dtype=bool)
    start, end = days_of(prices["start"]), days_of(prices["end"])
    order = np.lexsort((start, of_place, ~by_channel))
    rows = pd.DataFrame({"sku": keys.skus(prices["sku"]), "row": np.arange(len(prices))})
    rows = rows.iloc[order]
    own = pd.DataFrame({"sku": keys.index.sku, "series": np.arange(keys.n_series)})
    pairs = rows[rows["sku"] >= 0].merge(own, on="sku", how="left")
    row, series = pairs["row"].to_numpy(), pairs["series"].to_numpy(np.int64)
    fits = ~of_place[row] | (place[row] == keys.index.location[series])
    row, series = row[fits], series[fits]
    first, last = day_range(start[row], end[row], origin, days)
    return Spans(series, first, last, row)


def prices_by_period(
    prices: pd.DataFrame, keys: Keys, origin: np.datetime64, periods: int, days_per_period: int
) -> NDArray[np.float32] | None:
    """(series, periods) mean price of the days that a row speaks for; NaN where none does.

    None when the table says nothing about any key.
    """
    spans = price_spans(prices, keys, origin, periods * days_per_period)
    if not len(spans.row):
        return None
    value = np.append(prices["price"].to_numpy(np.float32), np.float32(np.nan))
    out = np.empty((keys.n_series, periods), np.float32)
    for start, stop, grid in painted(spans, keys.n_series, periods * days_per_period):
        out[start:stop] = period_means(value[grid], periods)
    return out


def period_means(daily: NDArray[np.float32], periods: int) -> NDArray[np.float32]:
    """Mean of the known days of each period, (rows, periods); NaN where none is known."""
    if daily.shape[1] == periods:
        return daily
    cube = daily.reshape(len(daily), periods, -1)
    known = ~np.isnan(cube)
    count = known.sum(axis=2)
    total = np.where(known, cube, np.float32(0)).sum(axis=2)
    nan = np.full(total.shape, np.nan, np.float32)
    mean: NDArray[np.float32] = np.divide(total, count, out=nan, where=count > 0)
    return mean


def category_prefixes(products: pd.DataFrame, keys: Keys) -> pd.DataFrame:
    """One row for each SKU and each level of its category: columns category, sku (code)."""
    text = products["category"].astype(object)
    known = (text != "").to_numpy(dtype=bool)
    sku = keys.skus(products["sku"])
    frames: list[pd.DataFrame] = []
    parts = text.str.split("/")
    depth = int(parts.str.len().max()) if known.any() else 0
    for level in range(1, depth + 1):
        deep = known & (parts.str.len() >= level).to_numpy(dtype=bool) & (sku >= 0)
        prefix = parts[deep].str[:level].str.join("/")
        frames.append(pd.DataFrame({"category": prefix.to_numpy(object), "sku": sku[deep]}))
    if not frames:
        return pd.DataFrame({"category": np.empty(0, object), "sku": np.empty(0, np.int64)})
    return pd.concat(frames, ignore_index=True)


def series_of_scope(rows: pd.DataFrame, prefixes: pd.DataFrame, keys: Keys) -> tuple[Ints, Ints]:
    """Rows with columns sku, category, location (empty: all) to pairs (row position, series).

    A category stands for itself and everything below it.
    """
    frame = pd.DataFrame({"row": np.arange(len(rows)), "code": keys.skus(rows["sku"])})
    sku, category = ((rows[name] != "").to_numpy(dtype=bool) for name in ("sku", "category"))
    frame["category"] = rows["category"].to_numpy(object)
    own = pd.DataFrame({"code": keys.index.sku, "series": np.arange(keys.n_series)})
    by_sku = frame[sku & ~category].merge(own, on="code")
    below = (
        frame[category]
        .merge(prefixes, on="category")
        .merge(own, left_on="sku", right_on="code", suffixes=("", "_below"))
    )
    below = below[~sku[below["row"]] | (below["code"] == below["sku"])]
    general = frame[~sku & ~category].merge(own[["series"]], how="cross")
    pairs = pd.concat([part[["row", "series"]] for part in (by_sku, below, general)])
    row, series = pairs["row"].to_numpy(np.int64), pairs["series"].to_numpy(np.int64)
    place = keys.locations(rows["location"])
    everywhere = (rows["location"] == "").to_numpy(dtype=bool)
    fits = everywhere[row] | (place[row] == keys.index.location[series])
    order = np.argsort(row[fits], kind="stable")
    return row[fits][order], series[fits][order]
