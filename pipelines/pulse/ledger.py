"""What earlier pulses promised: the quotas that stand, and the lines that were proposed.

The last pulse's folder is the ledger: its ``quotas.parquet`` holds what each channel was told and
had sold by then, ``booked.parquet`` every emergency line of the day. Both become valid with the
link ``RUNS/pulse``, in one step with the files that shops read.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipelines.publish.cells import number_texts, rounded
from pipelines.pulse.state import NAMES, NamedKeys
from stockwright.errors import counted

Floats = NDArray[np.float64]
QUOTAS, BOOKED, SUMMARY = "quotas.parquet", "booked.parquet", "summary.json"
# Keys that a note names.
_SHOWN = 5
_TOLD, _SOLD = "may_sell:", "sold:"
_TEXTS = ("line_id", "kind", "source", "destination", "sku", "available_date")


def no_lines() -> pd.DataFrame:
    """Booked lines, none."""
    return pd.DataFrame({**dict.fromkeys(_TEXTS, pd.array([], "str")), "units": np.empty(0)})


@dataclass(frozen=True)
class Ledger:
    """What was promised by ``day``, as of ``second`` of it, in pulse number ``sequence``.

    newest: second of the newest sale that it saw. told, sold: {channel: (keys,) units} in the order
    of the keys asked for. booked: lines of the day. digest: of the files that the last pulse read.
    """

    day: str
    second: int
    newest: int
    sequence: int
    digest: str
    told: dict[str, Floats]
    sold: dict[str, Floats]
    booked: pd.DataFrame


def read_summary(folder: Path) -> dict[str, Any] | None:
    """The summary of the pulse in ``folder``, None where there is none."""
    path = folder / SUMMARY
    if not path.is_file():
        return None
    content: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return content


def read_ledger(folder: Path, names: NamedKeys, run: str, day: str) -> Ledger:
    """The promises that bind a pulse of ``day`` on the night ``run``; of a first one, none.

    Of an earlier day its quotas may still be in use, so they count until they are replaced; its
    lines are the night's business.
    """
    summary = read_summary(folder)
    if summary is None:
        return Ledger("", 0, 0, 0, "", {}, {}, no_lines())
    table = pq.read_table(folder / QUOTAS)
    place = None if summary["run"] == run else _places(table, names)
    same_day = summary["day"] == day
    told = _columns(table, _TOLD, place, len(names))
    sold = _columns(table, _SOLD, place, len(names))
    booked = no_lines()
    if same_day:
        booked = pq.read_table(folder / BOOKED).to_pandas().astype(dict.fromkeys(_TEXTS, "str"))
    else:
        sold = {name: np.zeros(len(names)) for name in sold}
    return Ledger(
        summary["day"], summary["second"], summary.get("newest_sale", 0), summary["sequence"],
        summary["digest"], told, sold, booked,
    )  # fmt: skip


def _places(table: pa.Table, names: NamedKeys) -> NDArray[np.int64]:
    frame = table.select(["sku", "location"]).to_pandas()
    return names.find(frame["sku"], frame["location"])


def _columns(
    table: pa.Table, prefix: str, place: NDArray[np.int64] | None, n: int
) -> dict[str, Floats]:
    found = {}
    for name in table.column_names:
        if name.startswith(prefix):
            values = table[name].to_numpy().astype(np.float64)
            if place is not None:
                moved = np.zeros(n)
                moved[place[place >= 0]] = values[place >= 0]
                values = moved
            found[name.removeprefix(prefix)] = values
    return found


def fallen_notes(ledger: Ledger, names: NamedKeys, sold: Floats) -> list[str]:
    """What is said where less is sold by now than the last pulse of the day saw.

    sold: (keys, channels) units. Sales of a day only grow: a part of the export is missing, or
    orders were taken back. The quotas of the last pulse stand.
    """
    before = sum(ledger.sold.values(), np.zeros(len(sold)))
    now = sold.sum(axis=1)
    fell = np.flatnonzero(before - now > 1e-9)
    if not len(fell):
        return []
    order = fell[np.lexsort((fell, (now - before)[fell]))]
    cases = [
        f"{names.skus[names.sku[key]]} at {names.locations[names.location[key]]} "
        f"from {' to '.join(number_texts(np.array([before[key], now[key]])))}"
        for key in order[:_SHOWN].tolist()
    ]
    more = ", ..." if len(order) > len(cases) else ""
    at = f"{ledger.second // 3600:02d}:{ledger.second % 3600 // 60:02d}"
    (units,) = number_texts(rounded([(before - now)[fell].sum()]))
    return [
        f"sales_today: {counted(len(fell), 'key has', 'keys have')} sold less than the pulse as of "
        f"{at} saw, by {units} {'unit' if units == '1' else 'units'} in all "
        f"({', '.join(cases)}{more}); check whether the export holds the whole day"
    ]


def write_ledger(
    folder: Path,
    names: NamedKeys,
    channels: list[str],
    told: Floats,
    sold: Floats,
    booked: pd.DataFrame,
) -> None:
    """Write the promises; told, sold: (keys, channels) units."""
    columns: dict[str, Any] = {
        "sku": _named(names.sku, names.skus),
        "location": _named(names.location, names.locations),
    }
    for place, channel in enumerate(channels):
        columns[f"{_TOLD}{channel}"] = pa.array(told[:, place])
        columns[f"{_SOLD}{channel}"] = pa.array(sold[:, place])
    pq.write_table(pa.table(columns), folder / QUOTAS, compression="zstd", compression_level=1)
    pq.write_table(pa.Table.from_pandas(booked, preserve_index=False), folder / BOOKED)


def _named(codes: NDArray[np.int32], names: NDArray[np.object_]) -> pa.Array:
    array = pa.DictionaryArray.from_arrays(codes, pa.array(names.tolist(), pa.string()))
    return array.cast(NAMES)
