"""Figures that no shop has: kept as they stand, and named for a person to look at."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.config.model import GatesConfig
from pipelines.ingest.ingested import FINDING_COLUMNS
from stockwright.errors import counted

#: Columns that are looked at, each by what is plausible of its kind.
_CHECKED = (
    *(("inventory", column, "units") for column in ("on_hand", "reserved")),
    *((table, "units", "units") for table in ("inbound", "commitments", "sales")),
    ("lanes", "moq", "units"),
    *(("products", column, "money") for column in ("price", "unit_cost")),
    ("prices", "price", "money"),
    ("lanes", "unit_cost", "money"),
    *(("lanes", column, "days") for column in ("lead_time_days", "review_days")),
)
# Values of a column that are named one by one, the largest, and numbers that a median is taken of.
_NAMED, _SAMPLE = 20, 1_000_000
# With fewer prices than this none is far from the others.
_FEWEST = 3


def implausible(
    frames: Mapping[str, pd.DataFrame], gates: GatesConfig
) -> tuple[pd.DataFrame, list[str]]:
    """IMPLAUSIBLE findings, columns FINDING_COLUMNS, and notes on those that are not named.

    Nothing is changed: a figure may be right, and one that is dropped in silence is worse than one
    that is wrong.
    """
    parts, notes = [], []
    for table, column, kind in _CHECKED:
        values = np.abs(frames[table][column].to_numpy(np.float64))
        most = _most(values, kind, gates)
        rows = np.flatnonzero(values > most)
        if not len(rows):
            continue
        largest = rows[np.lexsort((rows, -values[rows]))][:_NAMED]
        parts.append(_findings(frames[table].iloc[largest], table, column, most))
        if len(rows) > len(largest):
            what = counted(len(rows), "value")
            notes.append(
                f"{table}: {what} of {column} beyond {most:g}; the {len(largest)} largest are "
                "among the exceptions"
            )
    empty = pd.DataFrame(columns=list(FINDING_COLUMNS))
    return (pd.concat(parts, ignore_index=True) if parts else empty), notes


def _most(values: NDArray[np.float64], kind: str, gates: GatesConfig) -> float:
    """The largest plausible value of a column."""
    if kind != "money":
        return float(gates.plausible_units if kind == "units" else gates.plausible_days)
    paid = values[values > 0]
    if len(paid) < _FEWEST:
        return np.inf
    return float(np.median(paid[:: max(len(paid) // _SAMPLE, 1)]) * gates.plausible_ratio)


def _findings(rows: pd.DataFrame, table: str, column: str, most: float) -> pd.DataFrame:
    sku = rows["sku"].astype("str") if "sku" in rows else pd.Series("", rows.index)
    place = "location" if "location" in rows else "destination"
    location = rows[place].astype("str") if place in rows else pd.Series("", rows.index)
    where = f"{table}.{column}" + _labeled(" of ", sku)
    if "source" in rows:
        where = where + _labeled(" from ", rows["source"].astype("str"))
    where = where + _labeled(" at " if place == "location" else " to ", location)
    content = ("IMPLAUSIBLE", "high", sku, location, rows[column], where, most)
    return pd.DataFrame(dict(zip(FINDING_COLUMNS, content, strict=True)), index=rows.index)


def _labeled(word: str, names: pd.Series) -> pd.Series:
    return (word + names).where(names != "", "")
