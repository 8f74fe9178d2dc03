"""Deposits that the demo shop's customers pay before a burst, and what became of them.

Who paid a deposit and then pays the rest buys on the burst's first day: these units are a part of
the true demand of that day, not on top of it. Some deposits lapse; which share differs by the
event's year and by category. A deposit is paid in the first days of the pre-sale or later in it.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from pipelines.demo.catalog import Items
from pipelines.demo.events import DayTable, EventRow
from pipelines.demo.masters import dates, frame, presale_share
from pipelines.demo.params import CATEGORIES
from pipelines.demo.stock import StockRecord
from pipelines.demo.streams import Floats, mixed, normal, stream_key, uniform, whole_keys
from pipelines.demo.truth import Truth

Ints = NDArray[np.int64]

#: Columns of the table, in order.
COLUMNS = (
    *("sku", "location", "date", "units", "kind", "stage"),
    *("ship_by", "fulfilled", "known_since"),
)
_EARLY = 0.6
_EARLY_DAYS = 2
_SHIP_DAYS = 3
_MOST = 0.5


def bursts(table: DayTable, first_day: int, last_day: int) -> Iterator[tuple[EventRow, EventRow]]:
    """Pre-sale and burst of the bursts from ``first_day`` on whose pre-sale begins by the last."""
    for presale in table.rows:
        if presale.phase.name != "presale" or presale.first > last_day:
            continue
        for row in table.rows:
            near = 0 < row.first - presale.first < 60 and row.first >= first_day
            if row.event == presale.event and "burst" in row.phase.name and near:
                yield presale, row


def conversion(row: EventRow, seed: int) -> Floats:
    """Share of the deposits for a burst that are paid, (categories,)."""
    keys = mixed(whole_keys(range(len(CATEGORIES))), whole_keys(range(row.first, row.first + 1)))
    drawn = 0.84 + 0.05 * normal(mixed(keys, stream_key(seed, "conversion")))
    return np.asarray(np.clip(drawn, 0.6, 0.97), np.float64)


def commitments(
    items: Items, table: DayTable, truth: Truth, record: StockRecord, seed: int
) -> pd.DataFrame:
    """Rows of the table known on the last date, and beside them the units that are paid.

    Columns COLUMNS, and ``paid``: what is true of the row and the tables do not tell before its
    date.
    """
    first, last = record.first_day, record.first_day + len(record.sold) - 1
    parts = [
        part
        for presale, row in bursts(table, first, last)
        for part in _burst(items, truth, record, presale, row, seed)
    ]
    if not parts:
        return pd.DataFrame(columns=[*COLUMNS, "paid"])
    rows = pd.concat(parts, ignore_index=True)
    rows = rows[rows["known_since"] <= str(np.datetime64(last, "D"))]
    return rows.sort_values(["date", "sku", "location", "known_since", "stage"], kind="stable")


def _burst(
    items: Items, truth: Truth, record: StockRecord, presale: EventRow, row: EventRow, seed: int
) -> Iterator[pd.DataFrame]:
    """Early and late deposits for one burst."""
    last = record.first_day + len(record.sold) - 1
    day = np.datetime64(row.first, "D")
    length = row.last - row.first + 1
    share = np.minimum(presale_share() * length, _MOST)[items.category][:, None]
    rate = conversion(row, seed)[items.category][:, None]
    level = _Levels(items, truth, row, seed)
    paid = stats.binom.ppf(level.of("paid"), truth.demand(day, 1)[:, :, 0], share)
    mean = truth.mean(day)[:, :, 0] * share * (1 - rate) / rate
    lapsed = stats.poisson.ppf(level.of("lapsed"), mean)
    early = [stats.binom.ppf(level.of(f"early {n}"), n_, _EARLY) for n, n_ in
             (("paid", paid), ("lapsed", lapsed))]  # fmt: skip
    left = _sold_of(record, row)
    since = (presale.first + _EARLY_DAYS, presale.last)
    for known, (kept, gone) in zip(
        since, (tuple(early), (paid - early[0], lapsed - early[1])), strict=True
    ):
        shipped = np.minimum(kept, left)
        left = left - shipped
        if row.first > last:
            yield _rows(truth, row, known, "deposit", kept + gone, kept, None)
        else:
            yield _rows(truth, row, known, "paid", kept, kept, shipped)
            yield _rows(truth, row, known, "deposit", gone, 0 * gone, None)


class _Levels:
    """Uniform numbers by SKU, location and burst."""

    def __init__(self, items: Items, truth: Truth, row: EventRow, seed: int) -> None:
        sites = whole_keys(range(len(truth.locations)))
        day = whole_keys(range(row.first, row.first + 1))
        self._keys = mixed(mixed(items.key[:, None], sites), day)
        self._seed = seed

    def of(self, stream: str) -> Floats:
        """Numbers of one stream, (skus, locations)."""
        return uniform(mixed(self._keys, stream_key(self._seed, f"deposits {stream}")))


def _sold_of(record: StockRecord, row: EventRow) -> Floats:
    """Units sold from the burst's first day to the last day of shipping, (skus, locations)."""
    start = row.first - record.first_day
    days = record.sold[start : row.last + _SHIP_DAYS + 1 - record.first_day]
    return np.asarray(days.sum(axis=0, dtype=np.float64), np.float64)


def _rows(
    truth: Truth, row: EventRow, known: int, stage: str, units: Floats, paid: Floats,
    shipped: Floats | None,
) -> pd.DataFrame:  # fmt: skip
    sku, site = np.nonzero(units)
    fulfilled = pd.array([pd.NA] * len(sku), "Int64")
    if shipped is not None:
        fulfilled = pd.array(shipped[sku, site].astype(np.int64), "Int64")
    return frame(
        {
            "sku": np.array(truth.skus)[sku],
            "location": np.array(truth.locations)[site],
            "date": dates([row.first])[0],
            "units": units[sku, site].astype(np.int64),
            "kind": "presale",
            "stage": stage,
            "ship_by": dates([row.last + _SHIP_DAYS])[0],
            "fulfilled": fulfilled,
            "known_since": dates([known])[0],
            "paid": paid[sku, site].astype(np.int64),
        }
    )
