"""One table on its way from raw parts to a canonical frame, with the rows it lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.ingest.declare import Column, Table
from pipelines.ingest.ingested import REJECTED_COLUMNS, RowCount, Source
from pipelines.ingest.raw import Ints, Part
from pipelines.ingest.values import Coded

Mask = NDArray[np.bool_]


@dataclass
class TableInHand:
    """A frame and where its rows came from.

    positions: (rows of the frame,) position of each row over all parts, or None while none is
    gone. first: (parts + 1,) first position of each part. blank, cut, not_known: rows left out.
    bad: rows set aside, each counted once; ungated: those of them that stop no night. emptied:
    positions of rows that lost a cell, once for each cell.
    replaced: rows of which a later one holds.
    """

    table: Table
    frame: pd.DataFrame
    parts: Sequence[Part] = ()
    first: Ints = field(default_factory=lambda: np.zeros(1, np.int64))
    positions: Ints | None = None
    blank: int = 0
    cut: int = 0
    not_known: int = 0
    bad: int = 0
    ungated: int = 0
    replaced: int = 0
    emptied: list[Ints] = field(default_factory=list)
    bad_keys: list[pd.DataFrame] = field(default_factory=list)
    rejected: list[pd.DataFrame] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)

    def reject(self, rows: Ints, column: str, values: Any, reason: str) -> None:
        """List rows of the frame as bad; they stay until ``keep`` takes them out."""
        places = rows if self.positions is None else self.positions[rows]
        self.list_bad(places, column, values, reason)

    def set_aside(
        self, bad: Mask, column: str, values: Any, reason: str, gated: bool = True
    ) -> None:
        """List the ``bad`` rows of the frame, (rows,), and take them out, or only their cell.

        values: what stands in ``column``, one for each bad row. gated: they count for the share
        of bad rows that a night allows.
        """
        rows = np.flatnonzero(bad)
        if not len(rows):
            return
        self.reject(rows, column, values, reason)
        if self.table.loses_cell(column):
            self.empty(rows, column)
            return
        self.bad += len(rows)
        self.ungated += 0 if gated else len(rows)
        self.keep(~bad)

    def empty(self, rows: Ints, column: str) -> None:
        """Leave the cells of a column empty, as those of a source that does not have it."""
        (declared,) = (each for each in self.table.columns if each.name == column)
        values = self.frame[column].copy()
        values.iloc[rows] = constant(declared, len(rows), self.table.big)
        self.frame[column] = values
        self.emptied.append(rows if self.positions is None else self.positions[rows])

    def list_bad(self, places: Ints, column: str, values: Any, reason: str) -> None:
        """List rows as bad by their position over all parts."""
        part = np.searchsorted(self.first, places, "right") - 1
        for index in np.unique(part):
            chosen = part == index
            source = self.parts[index]
            rows = source.row_numbers(places[chosen] - self.first[index])
            texts = np.asarray(values, dtype=object)[chosen]
            self._add(source.file, rows, column, texts, reason)

    def list_broken(self) -> None:
        """List the rows that could not be taken apart into fields."""
        for part in self.parts:
            if not part.broken:
                continue
            rows = np.array([one.row for one in part.broken], np.int64)
            texts = np.array([one.text for one in part.broken], dtype=object)
            reasons = np.array([one.reason for one in part.broken], dtype=object)
            self._add(part.file, rows, "", texts, reasons)
            self.bad += len(part.broken)

    def _add(self, file: str, rows: Ints, column: str, values: Any, reason: Any) -> None:
        content = (self.table.name, file, rows, column, values, reason)
        self.rejected.append(pd.DataFrame(dict(zip(REJECTED_COLUMNS, content, strict=True))))

    def remember(self, frame: pd.DataFrame, bad: Mask) -> None:
        """Note the keys of bad rows in a table where a lost row must not count as 0."""
        if self.table.name == "inventory" and bad.any():
            self.bad_keys.append(frame.loc[bad, ["sku", "location"]].astype("str"))

    def keep(self, mask: Mask) -> None:
        """Keep the rows of the frame that ``mask`` marks."""
        if mask.all():
            return
        if self.positions is None:
            self.positions = np.arange(len(self.frame), dtype=np.int64)
        self.positions = self.positions[mask]
        self.frame = self.frame[mask].reset_index(drop=True)

    def count(self) -> RowCount:
        """Where the rows went."""
        used = len(self.frame)
        left_out = (self.bad, self.cut, self.not_known, self.replaced)
        return RowCount(self.table.name, used + sum(left_out), used, *left_out)

    def mended(self) -> int:
        """Rows of the frame that lost a cell, each counted once."""
        rows = np.unique(np.concatenate([np.empty(0, np.int64), *self.emptied]))
        kept = len(rows) if self.positions is None else np.isin(rows, self.positions).sum()
        return int(kept)

    def bad_share(self) -> float:
        """Share of the rows that counted tonight and are bad, as far as the gate counts."""
        counted = self.bad - self.ungated + self.mended()
        return counted / max(self.bad + len(self.frame), 1)

    def all_rejected(self) -> pd.DataFrame:
        """The bad rows, in the order of the files."""
        return joined_rejected(self.rejected)


def joined_rejected(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Bad rows of several lists as one, columns REJECTED_COLUMNS."""
    if not frames:
        kinds = {name: "int64" if name == "row" else "str" for name in REJECTED_COLUMNS}
        return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})
    joined = pd.concat(frames, ignore_index=True)
    return joined.sort_values(["file", "row", "column"], kind="stable", ignore_index=True)


def constant(column: Column, rows: int, big: bool) -> Any:
    """The values of a column that the source does not have."""
    if column.coded:
        return np.full(rows, -1, np.int8)
    if column.kind in ("text", "choice"):
        default = str(column.default or "")
        names = np.array([default] if default else [], dtype=object)
        codes = np.full(rows, 0 if default else -1, np.int32)
        return series_of(Coded(codes, names), big)
    if column.kind in ("date", "moment"):
        return np.full(rows, np.datetime64("NaT", "s"))
    if column.kind == "flag":
        return np.full(rows, bool(column.default), np.bool_)
    return np.full(rows, np.nan if column.default is None else float(column.default))


def series_of(coded: Coded, big: bool) -> Any:
    """Texts as a category of sorted, used names, or as ``str``; empty is ""."""
    used = np.bincount(coded.codes + 1, minlength=len(coded.names) + 1) > 0
    names = np.insert(coded.names, 0, "")[used]
    places = (np.cumsum(used) - 1).astype(np.int32)
    codes = places[coded.codes + 1]
    index = pd.Index(names, dtype="str")
    if big:
        return pd.Categorical.from_codes(codes, categories=index, validate=False)
    return index.array.take(codes) if len(index) else pd.array([], dtype="str")


def used_categories(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with the categories that no row has removed."""
    for name in frame.columns:
        column = frame[name]
        if isinstance(column.dtype, pd.CategoricalDtype):
            codes = column.cat.codes.to_numpy()
            used = np.bincount(codes, minlength=len(column.cat.categories)) > 0
            if not used.all():
                frame[name] = column.cat.remove_unused_categories()
    return frame


def empty_frame(table: Table) -> pd.DataFrame:
    """The canonical frame of a table that was not given."""
    columns = {column.name: constant(column, 0, table.big) for column in table.carried()}
    return pd.DataFrame(columns)
