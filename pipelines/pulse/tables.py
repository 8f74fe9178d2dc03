"""The tables that a pulse publishes, and how they are written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipelines.publish.cells import FORMULA, Table, money, number_strings, rounded
from pipelines.pulse.channels import Channels, Division
from pipelines.pulse.helping import Lines
from pipelines.pulse.position import Position, Watch
from pipelines.pulse.state import NamedKeys

Floats = NDArray[np.float64]
_BOM = b"\xef\xbb\xbf"


def write_csv(path: Path, table: Table | pa.Table) -> Path:
    """Write a table as UTF-8 with BOM, comma separated."""
    arrow = table if isinstance(table, pa.Table) else pa.table(_guarded(table))
    with path.open("wb") as file:
        file.write(_BOM)
        pacsv.write_csv(arrow, file, pacsv.WriteOptions(quoting_style="needed"))
    return path


def _guarded(table: Table) -> dict[str, Any]:
    return {name: _column(values) for name, values in table.items()}


def _column(values: NDArray[Any]) -> pa.Array:
    if values.dtype.kind == "O":
        return guarded(pa.array(values, pa.string()))
    if values.dtype.kind == "f":
        whole = (values == np.floor(values)) & (np.abs(values) < 1e15)
        if whole.all():
            # The same digits, in less time.
            return pa.array(values.astype(np.int64))
        return number_strings(values)
    if values.dtype.kind == "M":
        return pa.array(values.astype("datetime64[D]"), pa.date32(), from_pandas=True)
    return pa.array(values)


def guarded(texts: pa.Array) -> pa.Array:
    """Every text as ``pipelines.publish.cells.guard`` writes it."""
    harmful = pc.match_substring_regex(texts, FORMULA)
    if not pc.any(harmful).as_py():
        return texts
    return pc.if_else(harmful, pc.binary_join_element_wise("'", texts, ""), texts)


def coded(codes: NDArray[Any], names: NDArray[np.object_]) -> pa.Array:
    """Names by code, made harmless for spreadsheets, as a dictionary."""
    texts = guarded(pa.array(names, pa.string()))
    return pa.DictionaryArray.from_arrays(np.asarray(codes, np.int32), texts)


REASONS = np.array(["SHARE", "LOCKED", "BUFFER", "WAITING", "SOLD_OUT"], object)


def quota_table(
    names: NamedKeys, channels: Channels, found: Division, relevant: NDArray[np.bool_]
) -> pa.Table:
    """channel_quota.csv: the keys with stock, sales or quotas, by SKU, location and channel."""
    quotas = found.quotas
    offered = np.zeros_like(found.sold, np.bool_)
    offered |= channels.sells[names.location]
    offered |= (quotas.locked > 0) | (found.old > 0) | (found.sold > 0)
    key, channel = np.nonzero(offered & relevant[:, None])
    may, wanted = quotas.may_sell[key, channel], quotas.wanted[key, channel]
    locked, buffer = quotas.locked[key, channel], quotas.buffer[key, channel]
    reason = np.zeros(len(key), np.int32)
    reason[locked > 0] = 1
    reason[(may == 0) & (buffer > 0)] = 2
    reason[(may == 0) & (found.stock[key] < 1)] = 4
    reason[wanted > may] = 3
    return pa.table(
        {
            "sku": coded(names.sku[key], names.skus),
            "location": coded(names.location[key], names.locations),
            "channel": coded(channel, np.array(channels.names, object)),
            "platform": coded(channel, np.array(channels.platform, object)),
            "sold_today": _column(found.sold[key, channel]),
            "may_sell": pa.array(may.astype(np.int64)),
            "locked_units": pa.array(locked.astype(np.int64)),
            "buffer_units": pa.array(buffer.astype(np.int64)),
            "waiting_units": pa.array((wanted - may).clip(0).astype(np.int64)),
            "reason": coded(reason, REASONS),
        }
    )


def write_cover(path: Path, position: Position, seen: Watch) -> Path:
    """cover.parquet: how long the stock of every key lasts."""
    names, columns = position.state.names, position.state.columns
    table = pa.table(
        {
            "sku": pa.DictionaryArray.from_arrays(names.sku, pa.array(names.skus, pa.string())),
            "location": pa.DictionaryArray.from_arrays(
                names.location, pa.array(names.locations, pa.string())
            ),
            "stocked": pa.array(columns["stocked"]),
            "free_units": pa.array(position.free),
            "sold_today": pa.array(position.today.demanded),
            "expected_by_now": pa.array(seen.expected.astype(np.float32)),
            "rate_factor": pa.array(seen.rate.astype(np.float32)),
            "hours_of_cover": pa.array(
                seen.hours.astype(np.float32), mask=~np.isfinite(seen.hours)
            ),
            "next_arrival_days": pa.array(seen.next_day.astype(np.int16)),
            "demand_until_arrival": pa.array(seen.until_next.astype(np.float32)),
            "chance_short": pa.array(seen.chance.astype(np.float32)),
            "units_short": pa.array(seen.missed.astype(np.float32)),
        }
    )
    pq.write_table(table, path, compression="zstd", compression_level=1)
    return path


def line_tables(
    position: Position, orders: Lines, transfers: Lines, day: np.datetime64, sequence: int
) -> tuple[Table, Table]:
    """emergency_orders.csv and emergency_transfers.csv, by source, destination and SKU."""
    ways = position.state.ways
    bought = _ends(position, orders, day)
    bought |= {
        "unit_cost": rounded(ways["unit_cost"][orders.way]),
        "unit_freight": rounded(ways["unit_freight"][orders.way]),
        "value": money(orders.units * ways["unit_cost"][orders.way]),
        "premium": money(orders.units * ways["premium"][orders.way]),
        **_why(position, orders),
    }
    moved = _ends(position, transfers, day)
    moved |= {
        "freight": money(transfers.units * ways["unit_freight"][transfers.way]),
        **_why(position, transfers),
    }
    renamed = {"order_date": "date", "supplier": "source"}
    bought = {old: bought.pop(renamed.get(old, old)) for old in _order(bought, renamed)}
    moved = {
        old: moved.pop({"ship_date": "date"}.get(old, old))
        for old in _order(moved, {"ship_date": "date"})
    }
    return (
        _numbered(bought, "supplier", f"EO{_compact(day)}-{sequence:04d}"),
        _numbered(moved, "source", f"ET{_compact(day)}-{sequence:04d}"),
    )


def _order(table: Table, renamed: dict[str, str]) -> list[str]:
    back = {name: shown for shown, name in renamed.items()}
    return [back.get(name, name) for name in table]


def _numbered(table: Table, source: str, start: str) -> Table:
    """The lines by source, destination and SKU; their names are their places in that order."""
    order = ranked(table["available_date"], table["sku"], table["destination"], table[source])
    names = [f"{start}-{place:06d}" for place in range(1, len(order) + 1)]
    told = {name: column[order] for name, column in table.items()}
    return {"line_id": np.array(names, object), **told}


def _compact(day: np.datetime64) -> str:
    return str(day).replace("-", "")


def ranked(*columns: NDArray[Any]) -> NDArray[np.intp]:
    """The order of rows by ``columns``, the last one first as in numpy.lexsort; texts as texts."""
    codes = [pd.factorize(c, sort=True)[0] if c.dtype.kind == "O" else c for c in columns]
    return np.lexsort(codes)


def _ends(position: Position, lines: Lines, day: np.datetime64) -> Table:
    state = position.state
    key = state.ways["key"][lines.way]
    available = day + state.ways["lead_days"][lines.way].astype("timedelta64[D]")
    source = state.ways["source"][lines.way].astype(object)
    place = state.names.locations[state.names.location[key]]
    sku = state.names.skus[state.names.sku[key]]
    return {
        "date": np.full(len(key), day),
        "available_date": available.astype("datetime64[D]"),
        "source": source,
        "destination": place,
        "sku": sku,
        "units": rounded(lines.units),
    }


def _why(position: Position, lines: Lines) -> Table:
    key = position.state.ways["key"][lines.way]
    cost = position.state.columns["shortage_cost"][key]
    return {
        "units_avoided": rounded(lines.avoided, 2),
        "money_at_risk": money(lines.avoided * cost),
        "benefit": money(lines.benefit),
        "status": np.full(len(key), "proposed", object),
        "planner": position.state.columns["planner"][key].astype(object),
    }


def booked_rows(table: Table, kind: str) -> pd.DataFrame:
    """Lines as the ledger keeps them."""
    source = table["supplier" if kind == "order" else "source"]
    return pd.DataFrame(
        {
            "line_id": table["line_id"],
            "kind": kind,
            "source": source,
            "destination": table["destination"],
            "sku": table["sku"],
            "available_date": np.datetime_as_string(table["available_date"].astype("M8[D]")),
            "units": table["units"],
        }
    ).astype(dict.fromkeys(("line_id", "kind", "source", "destination", "sku"), "str"))
