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
    ("kits", "quantity", "units"),
    *(("products", column, "ratio") for column in ("price", "unit_cost", "volume", "weight")),
    *(("products", column, "ratio") for column in ("holding_cost", "shortage_cost")),
    ("prices", "price", "ratio"),
    ("lanes", "unit_cost", "ratio"),
    *(("lanes", column, "days") for column in ("lead_time_days", "review_days")),
)
#: What is plausible of the value of an override, by its field.
_FIELDS = {"mean": "units", "units": "units", "target": "units", "factor": "factor"}
# Values of a column that are named one by one, the largest, and numbers that a median is taken of.
_NAMED, _SAMPLE = 20, 1_000_000
# Decimals of a sum of shares that count: sums of written numbers are not exact.
_EXACT = 6
# With fewer numbers than this none is far from the others.
_FEWEST = 3


def implausible(
    frames: Mapping[str, pd.DataFrame], gates: GatesConfig
) -> tuple[pd.DataFrame, list[str]]:
    """IMPLAUSIBLE findings, columns FINDING_COLUMNS, and notes on those that are not named.

    Nothing is changed: a figure may be right, and one that is dropped in silence is worse than one
    that is wrong.
    """
    parts: list[pd.DataFrame] = []
    notes: list[str] = []
    for table, column, kind in _CHECKED:
        found = frames[table]
        most = _most(np.abs(found[column].to_numpy(np.float64)), kind, gates)
        parts.append(_beyond(found, table, column, most, notes))
    overrides = frames["overrides"]
    for field, kind in _FIELDS.items():
        own = overrides[(overrides["field"] == field).to_numpy()]
        most = _most(own["value"].to_numpy(np.float64), kind, gates)
        parts.append(_beyond(own, "overrides", "value", most, notes))
    parts.append(_beyond(_shared(frames["channels"]), "channels", "share", 1.0, notes))
    found = [part for part in parts if len(part)]
    empty = pd.DataFrame(columns=list(FINDING_COLUMNS))
    return (pd.concat(found, ignore_index=True) if found else empty), notes


def _beyond(
    frame: pd.DataFrame, table: str, column: str, most: float, notes: list[str]
) -> pd.DataFrame:
    """Findings on the rows beyond ``most``; a note goes to ``notes`` where not all are named."""
    values = np.abs(frame[column].to_numpy(np.float64))
    rows = np.flatnonzero(values > most)
    largest = rows[np.lexsort((rows, -values[rows]))][:_NAMED]
    if len(rows) > len(largest):
        what = counted(len(rows), "value")
        notes.append(
            f"{table}: {what} of {column} beyond {most:g}; the {len(largest)} largest are "
            "among the exceptions"
        )
    if not len(rows):
        return pd.DataFrame(columns=list(FINDING_COLUMNS))
    return _findings(frame.iloc[largest], table, column, most)


def _shared(channels: pd.DataFrame) -> pd.DataFrame:
    """Shares of the channels of each location, summed: location and share.

    A channel without a row for the location has its general one; those without a share take what
    the others leave.
    """
    general = channels[channels["location"] == ""].set_index("channel")["share"].fillna(0.0)
    sums = {"": general.sum()}
    for place, rows in channels[channels["location"] != ""].groupby("location"):
        own = rows.set_index("channel")["share"].fillna(0.0)
        sums[str(place)] = own.sum() + general.drop(own.index, errors="ignore").sum()
    shares = np.round([*sums.values()], _EXACT)
    return pd.DataFrame({"location": pd.array([*sums], "str"), "share": shares})


def _most(values: NDArray[np.float64], kind: str, gates: GatesConfig) -> float:
    """The largest plausible value of a column."""
    flat = {
        "units": gates.plausible_units,
        "days": gates.plausible_days,
        "factor": gates.plausible_ratio,
    }
    if kind in flat:
        return float(flat[kind])
    stated = values[values > 0]
    if len(stated) < _FEWEST:
        return np.inf
    return float(np.median(stated[:: max(len(stated) // _SAMPLE, 1)]) * gates.plausible_ratio)


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
