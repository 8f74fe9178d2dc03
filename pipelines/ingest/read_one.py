"""Read one table: match its columns, take its values, and leave out what tonight cannot know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from pipelines.config.model import Config
from pipelines.ingest.declare import Column, Table
from pipelines.ingest.discover import Opener
from pipelines.ingest.header import absent_columns, columns_of, hides_future, match_columns
from pipelines.ingest.ingested import Source
from pipelines.ingest.raw import HeldPart, Part, chunked
from pipelines.ingest.table import Mask, TableInHand, constant, series_of
from pipelines.ingest.values import Coded, Fault, Read, read_values

_KEY = ("sku", "location")


def read_one(
    table: Table, openers: Sequence[Opener], config: Config, as_of: np.datetime64
) -> TableInHand:
    """The table with the rows that tonight knows and whose values can be read.

    Raises UnreadableError when a part cannot be read or lacks a required column.
    """
    return open_table(table, openers, config).known(as_of)


@dataclass(frozen=True)
class OpenTable:
    """All rows of a table in memory, from which each night takes those that it knows.

    data: every column of the canonical frame, (rows,). reads: those that the source has.
    """

    table: Table
    parts: Sequence[Part]
    notes: Sequence[str]
    data: Mapping[str, Any]
    reads: Sequence[tuple[Column, Read]]

    def known(self, as_of: np.datetime64, again: bool = False) -> TableInHand:
        """The rows that the night of ``as_of`` knows. again: other nights will be asked for, so
        nothing of the table may be changed through them.
        """
        first = np.concatenate([[0], np.cumsum([part.rows for part in self.parts])])
        held = TableInHand(
            self.table, pd.DataFrame(), self.parts, first.astype(np.int64), notes=[*self.notes]
        )
        held.sources = [
            Source(self.table.name, part.file, part.sha256, part.rows + len(part.broken))
            for part in self.parts
        ]
        held.list_broken()
        filled, seen = np.zeros(int(first[-1]), np.bool_), np.ones(int(first[-1]), np.bool_)
        for column, read in self.reads:
            filled |= ~read.empty
            seen &= _seen(held, column, read, as_of)
        keep = _judge(held, filled, seen, self.reads)
        bad = filled & seen & ~keep
        if bad.any() and self.table.name == "inventory":
            names = {name: _series(self.data[name], held) for name in _KEY}
            held.remember(pd.DataFrame(names), bad)
        _build(held, self.data, keep, again)
        return held


def open_table(table: Table, openers: Sequence[Opener], config: Config) -> OpenTable:
    """The table with the values of all its rows, whatever night knows them.

    Raises UnreadableError when a part cannot be read or lacks a required column.
    """
    parts, matches, notes = _open(table, openers, config)
    rows = sum(part.rows for part in parts)
    every = {name: source for match in matches for name, source in match.items()}
    data: dict[str, Any] = {}
    reads: list[tuple[Column, Read]] = []
    for column in columns_of(table, every):
        if column.name not in every:
            data[column.name] = constant(column, rows, table.big)
            continue
        read = _read_column(column, parts, matches, config.values.get(table.name, {}))
        data[column.name] = read.data
        reads.append((column, _with_empty(column, read)))
        if read.note:
            notes.append(f"{table.name}: {column.name} {read.note}")
    # Of the parts only names and numbers of rows are asked from here on.
    emptied = [replace(p, held={}) if isinstance(p, HeldPart) else p for p in parts]
    return OpenTable(table, emptied, notes, data, reads)


def _series(values: Any, held: TableInHand) -> Any:
    return series_of(values, held.table.big) if isinstance(values, Coded) else values


def _open(
    table: Table, openers: Sequence[Opener], config: Config
) -> tuple[list[Part], list[dict[str, str]], list[str]]:
    parts: list[Part] = []
    matches: list[dict[str, str]] = []
    ignored: dict[str, None] = {}
    unread = {column.name for column in table.columns if not column.carried}
    if not (config.clearance.use and config.clearance.bundles.use):
        # Nothing else asks which articles were bought together.
        unread |= {column.name for column in table.columns if column.coded}

    def wanted(names: Sequence[str]) -> list[str]:
        matched, unknown = match_columns(table, table.name, names, config)
        ignored.update(dict.fromkeys(unknown))
        matches.append({name: s for name, s in matched.items() if name not in unread})
        return list(dict.fromkeys(matches[-1].values()))

    for opener in openers:
        parts.append(opener(wanted))
    notes = [note for part in parts for note in part.notes]
    if ignored:
        notes.append(f"{table.name}: columns not read: {', '.join(ignored)}")
    if absent := absent_columns(table, [part.columns for part in parts], config):
        notes.append(
            f"{table.name}: [map.{table.name}] names columns that are not there: "
            + ", ".join(absent)
        )
    return parts, matches, notes


def _read_column(
    column: Column,
    parts: Sequence[Part],
    matches: Sequence[dict[str, str]],
    values: dict[str, dict[str, str]],
) -> Read:
    raw = chunked(
        [
            part.read(match[column.name]) if column.name in match else pa.nulls(part.rows)
            for part, match in zip(parts, matches, strict=True)
        ]
    )
    return read_values(column, raw, values.get(column.name))


def _seen(held: TableInHand, column: Column, read: Read, as_of: np.datetime64) -> Mask:
    """Rows that the close of ``as_of`` knows by the dates of this column."""
    if column.name == held.table.cut or column.name == hides_future(held.table):
        late = np.asarray(read.data) > as_of.astype("datetime64[s]")
        return np.asarray(~late, np.bool_)
    return np.ones(1, np.bool_)


def _with_empty(column: Column, read: Read) -> Read:
    if column.required and read.empty.any():
        rows = np.flatnonzero(read.empty)
        read.faults.append(Fault(rows, np.full(len(rows), "", object), "empty"))
    return read


def _judge(
    held: TableInHand, filled: Mask, seen: Mask, reads: Sequence[tuple[Column, Read]]
) -> Mask:
    """Rows to keep; counts the blank, cut and unknown ones and lists the bad ones."""
    unseen = int((filled & ~seen).sum())
    held.blank = int((~filled).sum())
    if held.table.cut:
        held.cut = unseen
    else:
        held.not_known = unseen
    keep = filled & seen
    good = np.ones(len(filled), np.bool_)
    for column, read in reads:
        for fault in read.faults:
            counts = keep[fault.positions]
            if counts.any():
                rows = fault.positions[counts]
                held.list_bad(rows, column.name, fault.values[counts], fault.reason)
                if held.table.loses_cell(column.name):
                    held.emptied.append(rows)
                else:
                    good[rows] = False
    held.bad += int((keep & ~good).sum())
    return keep & good


def _build(held: TableInHand, data: Mapping[str, Any], keep: Mask, copy: bool) -> None:
    whole = bool(keep.all())

    def kept(values: Any) -> Any:
        if not whole:
            return values[keep]
        return values.copy() if copy else values

    columns: dict[str, Any] = {}
    for name, values in data.items():
        if isinstance(values, Coded):
            columns[name] = series_of(Coded(kept(values.codes), values.names), held.table.big)
        else:
            columns[name] = kept(values)
    held.frame = pd.DataFrame(columns, copy=False)
    if not whole:
        held.positions = np.flatnonzero(keep)
