"""What a night of the past must not see: the rows of each table that it did not know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.config.model import Config
from pipelines.ingest.declare import Table
from pipelines.ingest.discover import discover
from pipelines.ingest.header import hides_future, match_columns
from pipelines.ingest.raw import Part
from pipelines.ingest.schema import TABLES
from pipelines.ingest.values import Coded, Read, read_values

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class RawPart:
    """One part of a table as the source holds it.

    columns: as they are read, by their own names. matched: own name of each contract column.
    unseen: (rows,) a night of the date did not know the row.
    """

    table: Table
    columns: Mapping[str, pa.ChunkedArray]
    matched: Mapping[str, str]
    unseen: Mask


def raw_parts(source: str, config: Config, date: np.datetime64) -> Iterator[RawPart]:
    """The parts of all tables of a source, with the rows that the night of ``date`` did not know.

    Raises ConfigError and DataError as ``read_tables`` does for a source that cannot be read.
    """
    found = discover(source)
    try:
        for name, openers in found.tables.items():
            for opener in openers:
                part = opener(lambda names: names)
                yield _raw(TABLES[name], part, config, date)
    finally:
        found.close()


def dates_of(source: str, config: Config, table: str, column: str) -> NDArray[np.datetime64]:
    """Every date in a column of a table, datetime64[D], whatever the night; unreadable ones out.

    Raises ConfigError and DataError as ``raw_parts``.
    """
    found, dates = discover(source), [np.empty(0, "datetime64[D]")]
    try:
        for opener in found.tables.get(table, ()):
            own: dict[str, str] = {}

            def wanted(names: list[str] | tuple[str, ...], own: dict[str, str] = own) -> list[str]:
                own |= match_columns(TABLES[table], table, names, config)[0]
                return [own[column]]

            part = opener(wanted)  # type: ignore[arg-type]
            values = _values(TABLES[table], part.read(own[column]), column, config).data
            dates.append(np.asarray(values).astype("datetime64[D]"))
    finally:
        found.close()
    whole: NDArray[np.datetime64] = np.concatenate(dates)
    return whole[~np.isnat(whole)]


def _raw(table: Table, part: Part, config: Config, date: np.datetime64) -> RawPart:
    columns = {name: part.read(name) for name in part.columns if name}
    matched, _ = match_columns(table, part.file, part.columns, config)
    unseen = np.zeros(part.rows, np.bool_)
    for name in (table.cut, hides_future(table)):
        if name is not None and name in matched:
            unseen |= _later(table, columns[matched[name]], name, config, date)
    if table.name == "signals":
        unseen |= _untold_signals(table, columns, matched, config, date)
    return RawPart(table, columns, matched, unseen)


def _values(table: Table, raw: pa.ChunkedArray, column: str, config: Config) -> Read:
    (declared,) = (each for each in table.columns if each.name == column)
    return read_values(declared, raw, config.values.get(table.name, {}).get(column))


def _later(
    table: Table, raw: pa.ChunkedArray, column: str, config: Config, date: np.datetime64
) -> Mask:
    found = _values(table, raw, column, config).data
    return np.asarray(np.asarray(found).astype("datetime64[D]") > date, np.bool_)


def _untold_signals(
    table: Table,
    columns: Mapping[str, pa.ChunkedArray],
    matched: Mapping[str, str],
    config: Config,
    date: np.datetime64,
) -> Mask:
    """Later values of signals of which no row says that they are known ahead."""
    late = _later(table, columns[matched["date"]], "date", config, date)
    if "known_ahead" not in matched:
        return late
    ahead = np.asarray(_values(table, columns[matched["known_ahead"]], "known_ahead", config).data)
    names = _values(table, columns[matched["name"]], "name", config).data
    codes = names.codes if isinstance(names, Coded) else np.unique(names, return_inverse=True)[1]
    told = np.isin(codes, np.unique(codes[ahead.astype(np.bool_)]))
    return np.asarray(late & ~told, np.bool_)
