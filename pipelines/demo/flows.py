"""The demo shop's large tables, written to Parquet a stretch of days at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipelines.demo.catalog import Items
from pipelines.demo.params import REGIONAL
from pipelines.demo.stock import StockRecord
from pipelines.demo.streams import Floats, mixed, stream_key, uniform, whole_keys

Ints = NDArray[np.int64]

CHANNELS = ("douyin", "jd", "tmall")
_CHANNEL_SHARE = np.array([0.20, 0.30, 0.50])
ORDER_TYPES = ("return", "sale")
_DAYS_AT_ONCE = 96
_DATE = pa.timestamp("us")


def _named(names: tuple[str, ...], codes: NDArray[Any]) -> Any:
    width = pa.int16() if len(names) < 2**15 else pa.int32()
    return pa.DictionaryArray.from_arrays(pa.array(codes, width), pa.array(names, pa.string()))


def _dates(days: Ints) -> Any:
    return pa.array(days.astype("datetime64[D]").astype("datetime64[us]"), _DATE)


def _cell_level(items: Items, days: Ints, cells: tuple[Ints, ...], stream: str,
                seed: int) -> Floats:  # fmt: skip
    """One uniform number for each (day, SKU, location) of ``cells``."""
    day, sku, site = cells
    key = mixed(items.key[sku] + site.astype(np.uint64), whole_keys(days[day]))
    return uniform(mixed(key, stream_key(seed, stream)))


def _by_channel(units: Ints, level: Floats) -> Ints:
    """Whole units of each channel, (rows, channels): each row sums to its units."""
    edges = np.floor(units[:, None] * np.cumsum(_CHANNEL_SHARE) + level[:, None])
    edges[:, -1] = units
    return np.asarray(np.diff(edges, axis=1, prepend=0.0), np.int64)


def sale_table(items: Items, record: StockRecord, price: NDArray[np.float32], lag: Ints,
               part: slice, seed: int) -> Any:  # fmt: skip
    """Sales and returns of the days ``part`` of the record, a row for each channel.

    price: (days, skus) from the end of the list's own days: its last days are the record's.
    """
    span = np.arange(len(record.sold))[part] + record.first_day
    before = len(price) - len(record.sold)
    cells = np.nonzero(record.sold[part])
    level = _cell_level(items, span, cells, "channel", seed)
    split = _by_channel(record.sold[part][cells].astype(np.int64), level)
    row, channel = np.nonzero(split)
    back = np.nonzero(record.returned[part])
    pick = np.searchsorted(np.cumsum(_CHANNEL_SHARE)[:-1], _cell_level(
        items, span, back, "return channel", seed))  # fmt: skip
    bought = back[0] + part.start + before - lag[back[1], back[2]]
    day, sku, site = (np.concatenate([c[row], b]) for c, b in zip(cells, back, strict=True))
    paid = np.concatenate([price[cells[0][row] + part.start + before, cells[1][row]],
                           price[bought, back[1]]])  # fmt: skip
    units = np.concatenate([split[row, channel], -record.returned[part][back].astype(np.int64)])
    kind = np.repeat([1, 0], [len(row), len(bought)])
    order = np.lexsort((-kind, site, sku, day))
    columns = {
        "date": _dates(span[day[order]]),
        "sku": _named(items.sku, sku[order]),
        "location": _named(tuple(s.location for s in REGIONAL), site[order]),
        "units": pa.array(units[order].astype(np.int32)),
        "price": pa.array(np.round(paid[order].astype(np.float64), 2)),
        "channel": _named(CHANNELS, np.concatenate([channel, pick])[order]),
        "region": _named(tuple(s.region for s in REGIONAL), site[order]),
        "order_type": _named(ORDER_TYPES, kind[order]),
    }
    return pa.table(columns)


def availability_table(items: Items, record: StockRecord, part: slice) -> Any:
    """The share of each day in stock, for the days on which a SKU is on sale."""
    span = np.arange(len(record.sold))[part] + record.first_day
    listed = (span[:, None] >= items.launch) & (span[:, None] <= items.end)
    day, sku, site = np.nonzero(np.broadcast_to(listed[:, :, None], record.sold[part].shape))
    share = record.in_stock[part][day, sku, site]
    columns = {
        "date": _dates(span[day]),
        "sku": _named(items.sku, sku),
        "location": _named(tuple(s.location for s in REGIONAL), site),
        "in_stock": pa.array(np.round(share.astype(np.float64), 2)),
    }
    return pa.table(columns)


def write_parts(path: Path, days: int, table_of: Any) -> None:
    """Write ``table_of(days)`` for one stretch of days after another into one Parquet file."""
    writer: Any = None
    for first in range(0, days, _DAYS_AT_ONCE):
        table = table_of(slice(first, min(first + _DAYS_AT_ONCE, days)))
        if writer is None:
            writer = pq.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(table)
    writer.close()
