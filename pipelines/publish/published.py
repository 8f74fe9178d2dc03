"""Read the lines of published plans back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from pipelines.publish.cells import numbers_of, read_csv
from pipelines.publish.lines import ORDERS, SOURCE_COLUMN, TRANSFERS

_KINDS = {ORDERS: "order", TRANSFERS: "transfer"}


def published_lines(folders: Sequence[Path]) -> pd.DataFrame:
    """The lines of published plans, in the order of ``folders``; names without their guards.

    Columns line_id, sku, destination, source, kind ("order", "transfer") as text, units and
    available_date (datetime64). A folder without the files has no lines.
    """
    parts = [
        _lines_of(folder / file, kind)
        for folder in folders
        for file, kind in _KINDS.items()
        if (folder / file).is_file()
    ]
    return pd.concat([_frame({}), *parts], ignore_index=True)


def _lines_of(file: Path, kind: str) -> pd.DataFrame:
    table = read_csv(file)
    names = ("line_id", "sku", "destination")
    columns: dict[str, list[str]] = {name: table[name] for name in names}
    columns["source"] = table[SOURCE_COLUMN[file.name]]
    columns["kind"] = [kind] * len(table["sku"])
    frame = _frame(columns)
    frame["units"] = numbers_of(table["units"])
    frame["available_date"] = pd.to_datetime(pd.Series(table["available_date"], dtype="str"))
    return frame


def _frame(columns: dict[str, list[str]]) -> pd.DataFrame:
    """Text columns, and units and available_date still empty."""
    names = ("line_id", "sku", "destination", "source", "kind")
    frame = pd.DataFrame({name: pd.Series(columns.get(name, []), dtype=object) for name in names})
    frame["units"] = pd.Series(dtype="float64")
    frame["available_date"] = pd.Series(dtype="datetime64[us]")
    return frame
