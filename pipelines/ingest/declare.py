"""How a table of the contract is declared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "date", "moment", "number", "integer", "flag", "choice"]


@dataclass(frozen=True)
class Column:
    """One column.

    kind: what its values are; a moment is a date that keeps its time of day.
    required: the table is unreadable without the column, and a row
    is bad without a value. default: taken where the column or the value is missing; None: "" for
    text, nothing for dates and numbers. low, high: range of a number, both ends included;
    above: a number must be greater than this. choices: the values a choice may have.
    aliases: other names that are understood. carried: False where the engine never reads it.
    coded: texts are only told apart: the frame has a whole number for each, -1 where empty.
    flags: a yes/no value counts as the number 1 or 0. pattern: regular expression that a text
    matches as a whole, unless it is empty.
    """

    name: str
    kind: Kind
    about: str
    required: bool = False
    default: str | float | bool | None = None
    low: float | None = None
    high: float | None = None
    above: float | None = None
    choices: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    carried: bool = True
    coded: bool = False
    flags: bool = False
    pattern: str | None = None


@dataclass(frozen=True)
class Table:
    """One table.

    key: columns whose values together are unique; () where rows may repeat.
    cut: date column; rows dated after the as-of date are cut. known_ahead: rows may carry
    ``known_since``. big: texts are categories. extra: prefix of further columns that are kept,
    extra_kind: text, or number >= 0. last_holds: of rows of one date, SKU and location only the
    last counts. spans: pairs of date columns of which the second is not before the first.
    rising: number columns of which none is below an earlier one. describes: rows say what there is,
    and a bad value of an optional column is left empty; elsewhere an empty one would say something
    else, and the whole row is bad.
    """

    name: str
    about: str
    columns: tuple[Column, ...]
    required: bool = False
    key: tuple[str, ...] = ()
    cut: str | None = None
    known_ahead: bool = False
    big: bool = False
    extra: str | None = None
    last_holds: bool = False
    spans: tuple[tuple[str, str], ...] = ()
    extra_kind: Literal["text", "number"] = "text"
    rising: tuple[str, ...] = ()
    describes: bool = False

    def column_names(self) -> tuple[str, ...]:
        """Names of the columns, in the contract's order."""
        return tuple(column.name for column in self.columns)

    def carried(self) -> tuple[Column, ...]:
        """The columns that the canonical frame has."""
        return tuple(column for column in self.columns if column.carried)

    def loses_cell(self, column: str) -> bool:
        """Whether a bad value of ``column`` is left empty, and the row kept."""
        optional = any(each.name == column and not each.required for each in self.columns)
        return self.describes and optional and column not in self.key

    def takes_extra(self, name: str) -> bool:
        """Whether ``name`` is a further column that the table keeps as text."""
        return self.extra is not None and name.startswith(self.extra)
