"""What reading gives: canonical tables, and everything that was noticed on the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stockwright.errors import DataError, counted

if TYPE_CHECKING:
    import pandas as pd

REJECTED_COLUMNS = ("table", "file", "row", "column", "value", "reason")
FINDING_COLUMNS = ("code", "severity", "sku", "location", "value", "where", "most")


@dataclass(frozen=True)
class Source:
    """One file, or one table of a database, that was read.

    name: file name relative to the data folder, or the table's name. sha256: of its bytes (of
    its columns, for a database). rows: data rows in it.
    """

    table: str
    name: str
    sha256: str
    rows: int


@dataclass(frozen=True)
class RowCount:
    """Where the rows of one table went: read is the sum of the others.

    cut: dated after the night. not_known: known only after it. replaced: followed by a row of the
    same key in a table where the last one holds.
    """

    table: str
    read: int
    used: int
    set_aside: int
    cut: int
    not_known: int
    replaced: int = 0


@dataclass(frozen=True)
class Ingested:
    """The tables of one night, as known at the close of ``as_of``.

    tables: every table of the contract, empty where it was not given, with every canonical
        column: keys and texts as ``str`` ("" where empty), in the tables that
        ``schema.Table.big`` marks as ``category`` with sorted, used categories; dates as
        datetime64[s] at midnight (NaT where empty); numbers float64 (NaN or the default where
        empty); flags bool. Rows set aside, dated after ``as_of`` or not yet known are gone.
    given: the tables that the source holds.
    rejected: bad rows, columns REJECTED_COLUMNS.
    notes: sentences for the run's notes, in the order of the tables.
    findings: rows for the exceptions, columns FINDING_COLUMNS; "" where no sku or location. where,
        most: the place of a figure and the largest plausible one, else "" and NaN.
    """

    as_of: np.datetime64
    tables: dict[str, pd.DataFrame]
    given: frozenset[str]
    rejected: pd.DataFrame
    notes: tuple[str, ...]
    findings: pd.DataFrame
    sources: tuple[Source, ...]
    rows: tuple[RowCount, ...]


class TablesError(DataError):
    """The tables of a source break the contract: every problem of all of them.

    problems: one message each. rejected: the bad rows, columns REJECTED_COLUMNS.
    """

    def __init__(self, problems: tuple[str, ...], rejected: pd.DataFrame) -> None:
        count = counted(len(problems), "problem")
        lines = [f"the input breaks the contract: {count}", *(f"  - {p}" for p in problems)]
        super().__init__("\n".join(lines))
        self.problems = problems
        self.rejected = rejected
