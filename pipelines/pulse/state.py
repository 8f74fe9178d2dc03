"""What a night leaves for the pulses of the next day, and how they read it.

A run holds four tables ``pulse_*.parquet`` for it: ``keys``, one row per key in the order of
the night; ``ways``, lanes that still help within the day; ``locks``, units only one channel may
sell; ``channels``, the channels as the shop told them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from stockwright.errors import ConfigError

#: Days that a pulse looks ahead, its own the first.
DAYS = 14
Floats = NDArray[np.float64]
NAMES = pa.dictionary(pa.int32(), pa.string())
_DAILY = pa.list_(pa.float32(), DAYS)
_PER_DAY = ("mean", "committed", "arrivals")
NUMBERS = (
    *("on_hand", "reserved", "leaving", "overdue"),
    *("linear_dispersion", "level_variance", "step_variance"),
    *("shortage_cost", "holding_cost", "unit_cost", "reorder_point", "order_up_to"),
)
KEYS = pa.schema(
    [
        ("sku", NAMES),
        ("location", NAMES),
        ("stocked", pa.bool_()),
        ("sells", pa.bool_()),
        *((name, pa.float64()) for name in NUMBERS),
        ("resupply_days", pa.int32()),
        ("planner", NAMES),
        *((name, _DAILY) for name in _PER_DAY),
    ]
)
WAYS = pa.schema(
    [
        ("key", pa.int32()),
        ("source", NAMES),
        ("source_key", pa.int32()),
        ("kind", NAMES),
        ("lead_days", pa.int32()),
        *((name, pa.float64()) for name in ("unit_cost", "unit_freight", "premium")),
        *((name, pa.float64()) for name in ("moq", "multiple", "max_units")),
    ]
)
LOCKS = pa.schema([("key", pa.int32()), ("channel", pa.string()), ("units", pa.float64())])
CHANNELS = pa.schema(
    [
        *((name, pa.string()) for name in ("channel", "platform", "location")),
        *((name, pa.float64()) for name in ("buffer_units", "share")),
    ]
)


@dataclass(frozen=True)
class NamedKeys:
    """Names of the keys: sku and location codes (keys,), and the sorted name tables."""

    skus: NDArray[np.object_]
    locations: NDArray[np.object_]
    sku: NDArray[np.int32]
    location: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.sku)

    def find(self, skus: pd.Series, locations: pd.Series) -> NDArray[np.int64]:
        """Row of each (sku, location), categories of text; -1 where the pair is no key."""
        sku = _codes(skus, self.skus)
        location = _codes(locations, self.locations)
        width = max(len(self.locations), 1)
        own = self.sku.astype(np.int64) * width + self.location
        wanted = sku * width + location
        place = np.minimum(np.searchsorted(own, wanted), max(len(own) - 1, 0))
        if not len(own):
            return np.full(len(wanted), -1, np.int64)
        found = (own[place] == wanted) & (sku >= 0) & (location >= 0)
        return np.where(found, place, -1)


def _codes(names: pd.Series, table: NDArray[np.object_]) -> NDArray[np.int64]:
    """Places of categories in a name table, -1 for none; (rows,)."""
    column = names.astype("category")
    place = pd.Index(table, dtype=object).get_indexer(column.cat.categories.astype(object))
    return np.asarray(np.append(place, -1)[column.cat.codes.to_numpy()], np.int64)


@dataclass(frozen=True)
class PulseState:
    """The tables of one night. names: the keys; the arrays of ``columns`` are (keys,).

    columns: see docs/outputs.md. daily: mean, committed, arrivals, (keys, DAYS) float64, of the
    day after the night on. ways, locks, channels: columns of the tables.
    """

    names: NamedKeys
    columns: dict[str, NDArray[Any]]
    daily: dict[str, Floats]
    ways: dict[str, NDArray[Any]]
    locks: pd.DataFrame
    channels: pd.DataFrame

    def __len__(self) -> int:
        return len(self.names)


def read_state(run: Path) -> PulseState:
    """The state that the night published in ``run`` left. Raises ConfigError without one."""
    if not (run / "pulse_keys.parquet").is_file():
        raise ConfigError(
            f"{run} was published without a state for the day; run its night again with --force"
        )
    table = pq.read_table(run / "pulse_keys.parquet")
    sku, skus = _dictionary(table["sku"])
    location, locations = _dictionary(table["location"])
    columns = {
        name: table[name].to_numpy() for name in ("stocked", "sells", *NUMBERS, "resupply_days")
    }
    planner, planners = _dictionary(table["planner"])
    columns["planner"] = planners[planner]
    daily = {name: _daily(table[name]) for name in _PER_DAY}
    ways = pq.read_table(run / "pulse_ways.parquet")
    return PulseState(
        NamedKeys(skus, locations, sku, location),
        columns,
        daily,
        {name: _plain(ways[name]) for name in ways.column_names},
        _texts(pq.read_table(run / "pulse_locks.parquet")),
        _texts(pq.read_table(run / "pulse_channels.parquet")),
    )


def _texts(table: pa.Table) -> pd.DataFrame:
    return table.to_pandas().astype({f.name: "str" for f in table.schema if f.type == "string"})


def _dictionary(column: pa.ChunkedArray) -> tuple[NDArray[np.int32], NDArray[np.object_]]:
    whole = column.unify_dictionaries().combine_chunks()
    chunks = whole.chunks if isinstance(whole, pa.ChunkedArray) else [whole]
    if not chunks:
        return np.empty(0, np.int32), np.empty(0, object)
    names = np.array(chunks[0].dictionary.to_pylist(), dtype=object)
    codes = np.concatenate([chunk.indices.to_numpy() for chunk in chunks])
    # Names of a state are written sorted, and whole tables of them.
    return codes.astype(np.int32), names


def _plain(column: pa.ChunkedArray) -> NDArray[Any]:
    if pa.types.is_dictionary(column.type):
        codes, names = _dictionary(column)
        return np.asarray(names[codes])
    return np.asarray(column.to_numpy())


def _daily(column: pa.ChunkedArray) -> Floats:
    flat = [chunk.flatten().to_numpy() for chunk in column.chunks]
    values = np.concatenate(flat) if flat else np.empty(0)
    return values.astype(np.float64).reshape(-1, DAYS)


def write_table(path: Path, columns: dict[str, Any], schema: pa.Schema) -> Path:
    """Write columns as a table of the state; the same columns give the same bytes."""
    arrays = [_array(columns[field.name], field.type) for field in schema]
    table = pa.Table.from_arrays(arrays, schema=schema)
    pq.write_table(table, path, compression="zstd", store_schema=True)
    return path


def _array(values: Any, kind: pa.DataType) -> pa.Array:
    if isinstance(values, pa.Array):
        return values
    if pa.types.is_fixed_size_list(kind):
        flat = pa.array(np.ascontiguousarray(values, np.float32).ravel())
        return pa.FixedSizeListArray.from_arrays(flat, DAYS)
    if pa.types.is_dictionary(kind):
        codes, names = values
        texts = pa.array(list(names), pa.string())
        return pa.DictionaryArray.from_arrays(np.asarray(codes, np.int32), texts)
    return pa.array(values, kind, from_pandas=True)
