"""Cells of the published files: how numbers, dates and texts are written and read back.

A table is a mapping from column name to a NumPy array: floats and integers are numbers,
``datetime64[D]`` are dates, objects are texts. NaN, infinity and NaT are empty cells.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Table = dict[str, NDArray[Any]]

DECIMALS = 4
MONEY_DECIMALS = 2
#: What makes a spreadsheet read a text as a formula, full-width forms included.
FORMULA = "^'*[=+\\-@\t\r\n＝＋－＠]"
_FORMULA = re.compile(FORMULA)
# Shortest float text switches to an exponent here.
_EXPONENT_FROM = 1e10


def rounded(values: Any, decimals: int = DECIMALS) -> NDArray[np.float64]:
    """``values`` as they are published: float64 rounded, no negative zero."""
    return np.asarray(np.round(np.asarray(values, np.float64), decimals) + 0.0)


def money(values: Any) -> NDArray[np.float64]:
    """``values`` rounded to the cent."""
    return rounded(values, MONEY_DECIMALS)


def guard(text: str) -> str:
    """``text`` that no spreadsheet takes for a formula: an apostrophe goes before it.

    >>> guard("=cmd()"), guard("00123")
    ("'=cmd()", '00123')
    """
    return "'" + text if _FORMULA.match(text) else text


def unguard(text: str) -> str:
    """The inverse of ``guard``, for every text."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def number_strings(values: NDArray[Any]) -> pa.StringArray:
    """Shortest decimal text of each number, without ``.0`` or an exponent; null for NaN and
    infinity."""
    if values.dtype.kind in "iub":
        return pc.cast(pa.array(values.astype(np.int64)), pa.string())
    floats = np.asarray(values, np.float64)
    finite = np.isfinite(floats)
    plain = finite & (np.abs(floats) < _EXPONENT_FROM)
    texts = pc.cast(pa.array(np.where(plain, floats + 0.0, 0.0), mask=~finite), pa.string())
    if (long := finite & ~plain).any():
        written = [f"{number:.{DECIMALS}f}".rstrip("0").rstrip(".") for number in floats[long]]
        texts = pc.replace_with_mask(texts, pa.array(long), pa.array(written, pa.string()))
    return texts


def number_texts(values: NDArray[Any]) -> list[str]:
    """The texts of ``number_strings``; empty for NaN and infinity."""
    texts: list[str] = pc.fill_null(number_strings(values), "").to_pylist()
    return texts


def cell_texts(values: NDArray[Any], guarded: bool = True) -> list[str]:
    """The CSV text of each cell of a column."""
    if values.dtype.kind == "M":
        days = np.datetime_as_string(values.astype("datetime64[D]")).tolist()
        return ["" if day == "NaT" else day for day in days]
    if values.dtype.kind in "OU":
        return [guard(text) if guarded else text for text in values.tolist()]
    return number_texts(values)


def write_csv(path: Path, table: Mapping[str, NDArray[Any]]) -> Path:
    """Write ``table`` as UTF-8 with BOM, comma separated, CRLF at the end of each line."""
    columns = [cell_texts(np.asarray(column)) for column in table.values()]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(table)
        writer.writerows(zip(*columns, strict=True))
    return path


def read_csv(path: Path) -> dict[str, list[str]]:
    """The columns of a file that ``write_csv`` wrote, as texts without guards."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        names = next(reader)
        rows = list(reader)
    columns = zip(*rows, strict=True) if rows else ([] for _ in names)
    return {
        name: [unguard(text) for text in column]
        for name, column in zip(names, columns, strict=True)
    }


def numbers_of(texts: list[str]) -> NDArray[np.float64]:
    """The numbers that ``number_texts`` wrote; NaN for an empty cell."""
    return np.array([text or "nan" for text in texts], dtype=np.float64)
