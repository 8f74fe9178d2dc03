"""What every reader hands over: parts of a table whose columns are read one at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from stockwright.errors import DataError

Ints = NDArray[np.int64]
TEXTS = pa.dictionary(pa.int32(), pa.string())


class UnreadableError(DataError):
    """A file or a table that cannot be read; the message names it and what to do."""


@dataclass(frozen=True)
class Broken:
    """A row that has another number of fields than the header."""

    row: int
    text: str
    reason: str


class Part(Protocol):
    """One file, or one table of a database."""

    @property
    def file(self) -> str:
        """Name in messages."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Names in the header."""

    @property
    def rows(self) -> int:
        """Data rows."""

    @property
    def sha256(self) -> str:
        """Hash of the content."""

    @property
    def broken(self) -> Sequence[Broken]:
        """Rows that could not be taken apart."""

    @property
    def notes(self) -> Sequence[str]:
        """What a person should know."""

    def read(self, column: str) -> pa.ChunkedArray:
        """The values of a column."""

    def row_numbers(self, positions: Ints) -> Ints:
        """Rows as a person counts them in the file, from positions 0 ... rows - 1."""


#: Opens a part for the columns wanted, given the columns that its header has.
Wanted = Callable[[Sequence[str]], Sequence[str]]


@dataclass
class HeldPart:
    """A part whose columns are in memory.

    first_row: number that a person gives the first data row. skipped: numbers of the rows
    between that are not in the columns, rising.
    """

    file: str
    columns: tuple[str, ...]
    rows: int
    sha256: str
    held: dict[str, pa.ChunkedArray]
    first_row: int = 2
    skipped: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    broken: Sequence[Broken] = ()
    notes: Sequence[str] = ()

    def read(self, column: str) -> pa.ChunkedArray:
        """The values of ``column``."""
        return self.held[column]

    def row_numbers(self, positions: Ints) -> Ints:
        """Numbers of the rows at ``positions``."""
        wanted = positions + self.first_row
        before = self.skipped - np.arange(len(self.skipped))
        return np.asarray(wanted + np.searchsorted(before, wanted, "right"), np.int64)


def text_of(value: Any) -> str | None:
    """A cell as text: 5.0 is "5", a date is ISO, empty is None."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def array_of(values: Sequence[Any]) -> pa.Array:
    """Python values of a column as an arrow array: typed where they agree, else text."""
    try:
        array = pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        array = pa.array([text_of(value) for value in values], pa.string())
    if pa.types.is_decimal(array.type):
        return array.cast(pa.float64())
    return array.dictionary_encode() if pa.types.is_string(array.type) else array


def check_once(file: str, names: Sequence[str]) -> None:
    """Raise UnreadableError where a header has a name twice."""
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise UnreadableError(f"{file} has columns twice: {', '.join(twice)}; keep one of each")


def chunked(chunks: Sequence[pa.Array | pa.ChunkedArray]) -> pa.ChunkedArray:
    """Chunks of any types as one column: of their type where they agree, else as texts."""
    flat = [c for chunk in chunks for c in getattr(chunk, "chunks", [chunk])]
    typed = [chunk for chunk in flat if not pa.types.is_null(chunk.type)]
    kinds = {chunk.type for chunk in typed}
    if len(kinds) == 1:
        kind = kinds.pop()
        return pa.chunked_array([_cast(chunk, kind) for chunk in flat], kind)
    if kinds and all(pa.types.is_integer(k) or pa.types.is_floating(k) for k in kinds):
        return pa.chunked_array([chunk.cast(pa.float64()) for chunk in flat], pa.float64())
    return pa.chunked_array([as_texts(chunk) for chunk in flat], TEXTS)


def _cast(chunk: pa.Array, kind: pa.DataType) -> pa.Array:
    return chunk if chunk.type == kind else pa.nulls(len(chunk), kind)


def as_texts(array: pa.Array) -> pa.Array:
    """Any array as dictionary-encoded texts; whole floats lose their ".0", dates are ISO."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        values = array.dictionary
        if kind == TEXTS:
            return array
        indices = array.indices.cast(pa.int32())
    elif pa.types.is_null(kind):
        return pa.nulls(len(array), TEXTS)
    else:
        encoded = array.dictionary_encode()
        indices, values = encoded.indices, encoded.dictionary
    return pa.DictionaryArray.from_arrays(indices, _value_texts(values))


def _value_texts(values: pa.Array) -> pa.Array:
    kind = values.type
    if pa.types.is_boolean(kind):
        return pc.if_else(values, "yes", "no")
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return pa.array([text_of(float(v)) for v in values.to_pylist()], pa.string())
    if pa.types.is_timestamp(kind):
        return pc.strftime(pc.cast(wall_time(values), pa.timestamp("s"), safe=False), "%Y-%m-%d")
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        values = values.cast(pa.binary())
    try:
        return values.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise UnreadableError(f"a column of type {kind} cannot be read as text: {error}") from error


def wall_time(values: Any) -> Any:
    """Timestamps as the clock on the wall showed them, without a zone."""
    if values.type.tz is None:
        return values
    return pc.local_timestamp(values)
