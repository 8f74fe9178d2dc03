"""Texts, numbers, dates, flags and choices of a column, whatever the source stored them as."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.ingest.declare import Column
from pipelines.ingest.raw import TEXTS, Ints, as_texts, wall_time

_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_TIME = r"(?:[ T]+\d{1,2}:?\d{2}(?::?\d{2}(?:[.,]\d+)?)?\s*(?:Z|[+-]\d{2}:?\d{2})?)?$"
_FORMS = {
    "2026-11-21": r"^(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})" + _TIME,
    "2026/11/21": r"^(?P<y>\d{4})/(?P<m>\d{1,2})/(?P<d>\d{1,2})" + _TIME,
    "20261121": r"^(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})" + _TIME,
}
_CLOCK = (
    r"[ T]+(?P<h>\d{1,2}):?(?P<m>\d{2})(?::?(?P<s>\d{2}))?(?:[.,]\d+)?"
    r"\s*(?:Z|[+-]\d{2}:?\d{2})?$"
)
_FLAGS = {"yes": True, "no": False, "true": True, "false": False, "y": True, "n": False}
_FLAGS |= {"1": True, "0": False, "t": True, "f": False}
NO_DATE = np.datetime64("NaT", "s")
#: Numbers of a larger magnitude are bad values: single precision must hold their sums and squares.
LARGEST = 1e15


@dataclass(frozen=True)
class Fault:
    """Bad values of one column: positions of their rows, the values as text, and why."""

    positions: Ints
    values: NDArray[np.object_]
    reason: str


@dataclass(frozen=True)
class Coded:
    """Texts as codes into sorted, distinct names; -1 where empty."""

    codes: NDArray[np.int32]
    names: NDArray[np.object_]

    def fault(self, bad: NDArray[np.bool_], reason: str) -> list[Fault]:
        """The rows whose name is bad; ``bad`` is (names,)."""
        if not bad.any():
            return []
        rows = np.flatnonzero(np.append(bad, False)[self.codes])
        return [Fault(rows, self.names[self.codes[rows]], reason)]

    def filled(self, default: object) -> Coded:
        """The texts with ``default``, unless it is None, where they are empty."""
        if default is None or not (self.codes < 0).any():
            return self
        names, place = np.unique(np.append(self.names, str(default)), return_inverse=True)
        return Coded(place.astype(np.int32)[self.codes], names)


@dataclass(frozen=True)
class Read:
    """A column that was read.

    data: Coded for texts and choices, else float64, datetime64[s], bool or int32, one per row;
    empty and bad values are NaN, NaT, -1 or the default. empty: (rows,) no value at all.
    """

    data: Coded | NDArray[Any]
    empty: NDArray[np.bool_]
    faults: list[Fault] = field(default_factory=list)
    note: str = ""


def read_values(
    column: Column, raw: pa.ChunkedArray, values: Mapping[str, str] | None = None
) -> Read:
    """The values of ``raw`` as ``column`` declares them; ``values`` renames source values."""
    renamed = dict(values or {})
    if column.kind in ("number", "integer"):
        return _numbers(column, raw, renamed)
    if column.kind == "date":
        return _dates(raw, renamed)
    if column.kind == "moment":
        return _moments(raw, renamed)
    if column.coded:
        return _numbered(raw)
    coded = _coded(raw, renamed, fold=column.kind != "text")
    if column.kind == "flag":
        return _flags(column, coded)
    note = ""
    if column.kind == "text" and _is_number(raw.type):
        note = "holds numbers, read as text: leading zeros, if there were any, are lost"
    return Read(coded.filled(column.default), coded.codes < 0, note=note)


def _numbered(raw: pa.ChunkedArray) -> Read:
    """Texts as numbers that only tell them apart, without a list of them."""
    texts = pa.chunked_array([as_texts(chunk) for chunk in raw.chunks], TEXTS)
    texts = texts.unify_dictionaries()
    parts = [pc.fill_null(c.indices, -1).to_numpy(zero_copy_only=False) for c in texts.chunks]
    codes = np.concatenate([np.empty(0, np.int32), *parts]).astype(np.int32)
    if texts.num_chunks:
        blank = pc.equal(pc.utf8_trim_whitespace(texts.chunk(0).dictionary), "")
        blank = np.append(blank.to_numpy(zero_copy_only=False).astype(np.bool_), False)
        codes[blank[codes]] = -1
    return Read(codes, codes < 0)


def _is_number(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    )


def _coded(raw: pa.ChunkedArray, renamed: Mapping[str, str], fold: bool = False) -> Coded:
    texts = pa.chunked_array([as_texts(chunk) for chunk in raw.chunks], TEXTS)
    texts = texts.unify_dictionaries()
    if texts.num_chunks == 0:
        return Coded(np.empty(0, np.int32), np.empty(0, object))
    names = pc.utf8_trim_whitespace(texts.chunk(0).dictionary)
    if renamed:
        place = pc.index_in(names, pa.array(list(renamed), pa.string()))
        names = pc.coalesce(pa.array(list(renamed.values()), pa.string()).take(place), names)
    if fold:
        names = pc.utf8_lower(names)
    distinct = pc.unique(names)
    distinct = distinct.filter(pc.fill_null(pc.not_equal(distinct, ""), False))
    distinct = distinct.take(pc.sort_indices(distinct))
    ranks = pc.fill_null(pc.index_in(names, distinct), -1).to_numpy(zero_copy_only=False)
    ranks = np.append(ranks, -1).astype(np.int32)
    codes = np.concatenate(
        [ranks[pc.fill_null(c.indices, -1).to_numpy(zero_copy_only=False)] for c in texts.chunks]
    )
    return Coded(codes, np.array(distinct.to_pylist(), dtype=object))


def _numbers(column: Column, raw: pa.ChunkedArray, renamed: Mapping[str, str]) -> Read:
    if _is_number(raw.type) and not renamed:
        data: NDArray[Any] = raw.cast(pa.float64()).to_numpy().astype(np.float64, copy=False)
        empty = np.isnan(data)
        faults = [_fault(np.flatnonzero(bad), data, why) for bad, why in _too_large(data)]
    else:
        coded = _coded(raw, renamed)
        parsed, is_number = _parsed_numbers(coded.names, column.flags)
        faults = coded.fault(~is_number, "not a number")
        for bad, why in _too_large(parsed):
            faults += coded.fault(is_number & bad, why)
        data, empty = np.append(parsed, np.nan)[coded.codes], coded.codes < 0
    if column.kind == "integer":
        with np.errstate(invalid="ignore"):
            rows = np.flatnonzero(np.isfinite(data) & (data != np.floor(data)))
        faults.append(_fault(rows, data, "not a whole number"))
    faults = [fault for fault in faults if len(fault.positions)]
    if faults:
        data = data.copy()
        data[np.concatenate([fault.positions for fault in faults])] = np.nan
    if column.default is not None and (faults or empty.any()):
        data = np.where(np.isnan(data), float(column.default), data)
    return Read(data, empty, faults)


def _too_large(data: NDArray[np.float64]) -> list[tuple[NDArray[np.bool_], str]]:
    """Which numbers are too large, by reason."""
    size = np.abs(data)
    return [
        (np.isinf(size), "infinite"),
        ((size > LARGEST) & np.isfinite(size), f"beyond {LARGEST:g}"),
    ]


def _fault(rows: Ints, data: NDArray[Any], reason: str) -> Fault:
    return Fault(rows, np.array([f"{v:g}" for v in data[rows]], dtype=object), reason)


def _parsed_numbers(
    names: NDArray[np.object_], flags: bool
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    texts = pa.array(names, pa.string())
    if flags:
        answers = {name: str(int(flag)) for name, flag in _FLAGS.items()}
        place = pc.index_in(pc.utf8_lower(texts), pa.array(list(answers), pa.string()))
        texts = pc.coalesce(pa.array(list(answers.values())).take(place), texts)
    matches = pc.match_substring_regex(texts, _NUMBER)
    numbers = pc.if_else(matches, texts, None).cast(pa.float64())
    is_number: NDArray[np.bool_] = matches.to_numpy(zero_copy_only=False).astype(np.bool_)
    return numbers.to_numpy(zero_copy_only=False).astype(np.float64), is_number


def _dates(raw: pa.ChunkedArray, renamed: Mapping[str, str]) -> Read:
    if pa.types.is_date(raw.type) or pa.types.is_timestamp(raw.type):
        local = wall_time(raw) if pa.types.is_timestamp(raw.type) else raw
        days = pc.cast(local, pa.date32(), safe=False)
        data = days.cast(pa.int32()).fill_null(0).to_numpy().astype("datetime64[D]")
        empty = days.is_null().to_numpy()
        return Read(np.where(empty, NO_DATE, data.astype("datetime64[s]")), empty)
    coded = _coded(raw, renamed)
    form, dates = _parsed_dates(coded.names)
    used = np.bincount(coded.codes[coded.codes >= 0], minlength=len(coded.names))
    rows_of_form = np.bincount(form[form >= 0], used[form >= 0], minlength=len(_FORMS))
    main = int(rows_of_form.argmax())
    forms = list(_FORMS)
    faults = coded.fault(form < 0, f"not a date; the forms are {', '.join(forms)}")
    other = (form >= 0) & (form != main)
    faults += coded.fault(other, f"another date form than {forms[main]}, the column's")
    faults += coded.fault((form == main) & np.isnat(dates), "there is no such date")
    dates[other] = NO_DATE
    return Read(np.append(dates, NO_DATE)[coded.codes], coded.codes < 0, faults)


def _moments(raw: pa.ChunkedArray, renamed: Mapping[str, str]) -> Read:
    """Dates with their time of day as the clock on the wall showed it; midnight where none."""
    if pa.types.is_timestamp(raw.type):
        seconds = pc.cast(wall_time(raw), pa.timestamp("s"), safe=False)
        empty = seconds.is_null().to_numpy()
        data = seconds.cast(pa.int64()).fill_null(0).to_numpy().astype("datetime64[s]")
        return Read(np.where(empty, NO_DATE, data), empty)
    days = _dates(raw, renamed)
    if pa.types.is_date(raw.type):
        return days
    coded = _coded(raw, renamed)
    seconds, told = _parsed_times(coded.names)
    faults = [*days.faults, *coded.fault(told & (seconds < 0), "there is no such time of day")]
    of_day = np.append(np.maximum(seconds, 0), 0)[coded.codes].astype("timedelta64[s]")
    return Read(days.data + of_day, days.empty, faults)


def _parsed_times(names: NDArray[np.object_]) -> tuple[Ints, NDArray[np.bool_]]:
    """Second of the day of each text, 0 without a time of day and -1 where there is none such."""
    parts = pc.extract_regex(pa.array(names, pa.string()), _CLOCK)
    told: NDArray[np.bool_] = parts.is_valid().to_numpy(zero_copy_only=False).astype(np.bool_)
    hour, minute, second = (
        pc.cast(pc.replace_substring_regex(pc.struct_field(parts, part), "^$", "0"), pa.int64())
        .fill_null(0)
        .to_numpy(zero_copy_only=False)
        for part in ("h", "m", "s")
    )
    exists = (hour < 24) & (minute < 60) & (second < 60)
    return np.where(exists, hour * 3600 + minute * 60 + second, -1), told


def _parsed_dates(names: NDArray[np.object_]) -> tuple[Ints, NDArray[np.datetime64]]:
    """Form of each text, -1 for none, and its date, NaT for none."""
    form = np.full(len(names), -1, np.int64)
    dates = np.full(len(names), NO_DATE)
    texts = pa.array(names, pa.string())
    for code, pattern in enumerate(_FORMS.values()):
        parts = pc.extract_regex(texts, pattern)
        found = parts.is_valid().to_numpy(zero_copy_only=False).astype(np.bool_)
        if found.any():
            year, month, day = (
                pc.struct_field(parts, part).filter(pa.array(found)).cast(pa.int64()).to_numpy()
                for part in ("y", "m", "d")
            )
            form[found] = code
            dates[found] = _date_of(year, month, day)
    return form, dates


def _date_of(year: Ints, month: Ints, day: Ints) -> NDArray[np.datetime64]:
    months = ((year - 1970) * 12 + np.clip(month, 1, 12) - 1).astype("datetime64[M]")
    first = months.astype("datetime64[D]")
    length = ((months + 1).astype("datetime64[D]") - first).astype(np.int64)
    exists = (month >= 1) & (month <= 12) & (day >= 1) & (day <= length) & (year >= 1)
    dates = (first + (day - 1).astype("timedelta64[D]")).astype("datetime64[s]")
    return np.where(exists, dates, NO_DATE)


def _flags(column: Column, coded: Coded) -> Read:
    texts = pa.array(coded.names, pa.string())
    place = pc.index_in(texts, pa.array(list(_FLAGS), pa.string()))
    known = place.is_valid().to_numpy(zero_copy_only=False).astype(np.bool_)
    default = bool(column.default)
    answers = pc.fill_null(pa.array(list(_FLAGS.values())).take(place), default)
    data = np.append(answers.to_numpy(zero_copy_only=False).astype(np.bool_), default)
    faults = coded.fault(~known, "neither yes nor no")
    return Read(data[coded.codes], coded.codes < 0, faults)
