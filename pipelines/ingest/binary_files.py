"""Read Parquet files, folders of Parquet parts, and Excel workbooks."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.ingest.raw import (
    Broken,
    HeldPart,
    Ints,
    UnreadableError,
    Wanted,
    array_of,
    check_once,
    text_of,
)
from pipelines.store.files import sha256_of


@dataclass(frozen=True)
class ParquetPart:
    """A Parquet file; a column is read when it is asked for."""

    path: Path
    file: str
    columns: tuple[str, ...]
    rows: int
    sha256: str
    broken: Sequence[Broken] = ()
    notes: Sequence[str] = ()

    def read(self, column: str) -> pa.ChunkedArray:
        """The values of ``column``; texts come dictionary-encoded."""
        return _parquet(self.path, self.file, lambda: self._read(column))

    def _read(self, column: str) -> pa.ChunkedArray:
        schema = pq.read_schema(self.path)
        kind = schema.field(column).type
        texts = [column] if pa.types.is_string(kind) or pa.types.is_large_string(kind) else None
        with pq.ParquetFile(self.path, read_dictionary=texts, pre_buffer=False) as source:
            return source.read(columns=[column]).column(0)

    def row_numbers(self, positions: Ints) -> Ints:
        """Numbers of the rows at ``positions``; the first row is 1, as there is no header."""
        return positions + 1


def _parquet(path: Path, file: str, read: Callable[[], Any]) -> Any:
    try:
        return read()
    except OSError as error:
        raise UnreadableError(f"{file} cannot be read: {error.strerror or error}") from error
    except (pa.ArrowInvalid, pa.ArrowException) as error:
        raise UnreadableError(f"{file} is not a Parquet file that can be read: {error}") from error


def read_parquet(path: Path, file: str, wanted: Wanted) -> ParquetPart:
    """A Parquet file. Raises UnreadableError."""
    metadata = _parquet(path, file, lambda: pq.read_metadata(path))
    names = tuple(str(name) for name in metadata.schema.to_arrow_schema().names)
    wanted(names)
    return ParquetPart(path, file, names, int(metadata.num_rows), file_sha256(path, file))


def file_sha256(path: Path, file: str) -> str:
    """SHA-256 of a file's bytes, hexadecimal. Raises UnreadableError."""
    try:
        return sha256_of(path)
    except OSError as error:
        raise UnreadableError(f"{file} cannot be read: {error.strerror}") from error


def read_xlsx(path: Path, file: str, wanted: Wanted) -> HeldPart:
    """The sheet named like the file, else the first. Raises UnreadableError."""
    sha256 = file_sha256(path, file)
    sheet, others, rows = _sheet(path, file)
    if not rows or not any(cell is not None for cell in rows[0]):
        raise UnreadableError(f"{file} is empty; it needs a header row")
    names = tuple((text_of(cell) or "").strip() for cell in rows[0])
    check_once(file, names)
    picked = wanted(names)
    cells = list(zip(*rows[1:], strict=True)) if len(rows) > 1 else [()] * len(names)
    held = {name: pa.chunked_array([array_of(cells[names.index(name)])]) for name in picked}
    notes = [f"{file}: sheet {sheet} is read, {', '.join(others)} not"] if others else []
    return HeldPart(file, names, len(rows) - 1, sha256, held, notes=notes)


def _sheet(path: Path, file: str) -> tuple[str, list[str], list[tuple[Any, ...]]]:
    import openpyxl

    try:
        with warnings.catch_warnings():
            # Styles and validations that openpyxl does not know carry no data.
            warnings.filterwarnings("ignore", module="openpyxl")
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
            names = [str(name) for name in book.sheetnames]
            name = path.stem if path.stem in names else names[0]
            book[name].reset_dimensions()
            rows = list(book[name].iter_rows(values_only=True))
            book.close()
    except OSError as error:
        raise UnreadableError(f"{file} cannot be read: {error.strerror or error}") from error
    except (zipfile.BadZipFile, KeyError, ValueError, IndexError) as error:
        raise UnreadableError(
            f"{file} is not an Excel workbook that can be read: {error}"
        ) from error
    width = max((len(row) for row in rows), default=0)
    full = [(*row, *(None,) * (width - len(row))) for row in rows]
    return name, [other for other in names if other != name], full
