"""Read CSV: find out the encoding, check the header, and take the columns as texts."""

from __future__ import annotations

import codecs
import csv
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from pipelines.ingest.quotes import ends_open, lines_in, open_quote
from pipelines.ingest.raw import TEXTS, Broken, HeldPart, UnreadableError, Wanted, check_once

_CHUNK = 1 << 24
_BLOCK = 1 << 23
_SHOWN = 200
# Characters of GB18030 of four bytes, or of two.
_WIDE = re.compile(rb"(?:[\x81-\xfe][\x30-\x39]){2}|[\x81-\xfe][\x40-\x7e\x80-\xfe]")
_UTF8 = re.compile(rb"[\xe0-\xef][\x80-\xbf]{2}")
_HIGH = re.compile(rb"[\x80-\xff]")
# First bytes of GBK that stand for no letter or punctuation mark in Windows-1252.
_FOREIGN = frozenset(range(0x81, 0xA1)) - {0x85, *range(0x91, 0x98), 0x99}
_ENOUGH = 100_000
_DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "bars"}


@dataclass(frozen=True)
class _Scan:
    sha256: str
    encoding: str
    quoted: bool
    header: str


def read_csv(path: Path, file: str, wanted: Wanted) -> HeldPart:
    """The columns of ``path`` that ``wanted`` picks from its header, as texts.

    Raises UnreadableError: empty, not UTF-8 or GB18030, another delimiter than the comma, the same
    column twice, or a quoted field that does not end on its line.
    """
    scan = _scan(path, file)
    header = next(csv.reader([scan.header.lstrip("\ufeff")]), [])
    names = tuple(name.strip() for name in header)
    _check_header(file, names)
    picked = wanted(names)
    raw_names = [header[names.index(name)] for name in picked]
    table, broken = _parse(path, file, scan, raw_names)
    if scan.quoted and (lines_in(path) != table.num_rows + len(broken) + 1 or ends_open(path)):
        _check_quotes(path, file)
    columns = {name: table.column(raw) for name, raw in zip(picked, raw_names, strict=True)}
    notes = [f"{file} is encoded in GB18030"] if scan.encoding == "gb18030" else []
    skipped = np.array([b.row for b in broken], np.int64)
    return HeldPart(file, names, table.num_rows, scan.sha256, columns, 2, skipped, broken, notes)


def _scan(path: Path, file: str) -> _Scan:
    digest, quoted, utf8, wide = hashlib.sha256(), False, True, True
    decoders = [codecs.getincrementaldecoder(n)() for n in ("utf-8", "gb18030")]
    first = b""
    for chunk in _chunks(path, file):
        first = first or chunk
        digest.update(chunk)
        quoted = quoted or b'"' in chunk
        utf8 = utf8 and _decodes(decoders[0], chunk)
        wide = wide and _decodes(decoders[1], chunk)
    if not first.strip(b"\xef\xbb\xbf \r\n\t"):
        raise UnreadableError(f"{file} is empty; it needs a header row")
    if first[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        raise UnreadableError(f"{file} is encoded in UTF-16; save it as UTF-8")
    utf8 = utf8 and _decodes(decoders[0], b"", final=True)
    wide = wide and _decodes(decoders[1], b"", final=True)
    if not utf8 and not (wide and _looks_chinese(path, file)):
        raise UnreadableError(_undecodable(path, file))
    encoding = "utf8" if utf8 else "gb18030"
    head = re.split(rb"\r\n|\n|\r", first.removeprefix(codecs.BOM_UTF8), maxsplit=1)[0]
    return _Scan(digest.hexdigest(), encoding, quoted, head.decode(encoding))


def _chunks(path: Path, file: str) -> Iterator[bytes]:
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                yield chunk
    except OSError as error:
        raise UnreadableError(f"{file} cannot be read: {error.strerror}") from error


def _decodes(decoder: Any, chunk: bytes, final: bool = False) -> bool:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True


def _looks_chinese(path: Path, file: str) -> bool:
    """Whether bytes that could be GB18030 are likely to be.

    The second byte of a Chinese character is mostly no ASCII letter, or its first byte is one
    that Latin-1 and Windows-1252 do not use, while a Western letter is mostly followed by an ASCII
    letter. Damaged UTF-8 still consists of characters of UTF-8.
    """
    pairs = wide = utf8 = high = 0
    for chunk in _chunks(path, file):
        found = [two for two in _WIDE.findall(chunk) if len(two) == 2]
        pairs += len(found)
        wide += sum(pair[1] >= 0x80 or pair[0] in _FOREIGN for pair in found)
        utf8 += sum(len(three) for three in _UTF8.findall(chunk))
        high += len(_HIGH.findall(chunk))
        if pairs > _ENOUGH:
            break
    return wide >= 0.4 * pairs and utf8 < 0.8 * high


def _undecodable(path: Path, file: str) -> str:
    line = 1
    decoder = codecs.getincrementaldecoder("utf-8")()
    for chunk in _chunks(path, file):
        try:
            decoder.decode(chunk)
        except UnicodeDecodeError as error:
            line += error.object[: error.start].count(b"\n")
            byte = error.object[error.start]
            where = f"line {line}, byte 0x{byte:02X}"
            break
        line += chunk.count(b"\n")
    else:
        where = f"line {line}, its last bytes"
    return (
        f"{file} is neither UTF-8 nor GB18030 ({where}; it may be Latin-1 or Windows-1252);"
        " save it as UTF-8"
    )


def _check_header(file: str, names: Sequence[str]) -> None:
    if len(names) == 1:
        for sign, word in _DELIMITERS.items():
            if sign in names[0]:
                raise UnreadableError(
                    f"{file} is separated by {word}; separate its columns by commas"
                )
    check_once(file, names)


def _check_quotes(path: Path, file: str) -> None:
    """Raise UnreadableError where a quoted field runs on past the end of its line."""
    if found := open_quote(path):
        line, text = found
        raise UnreadableError(
            f"{file}: line {line} has a quoted field that does not end on it ({text!r}), so the"
            " lines after it would be lost; close the quote, write a quote inside a quoted field"
            " twice, and take line breaks out of fields"
        )


def _parse(
    path: Path, file: str, scan: _Scan, columns: Sequence[str]
) -> tuple[pa.Table, list[Broken]]:
    table, broken = _parse_once(path, file, scan, columns, threads=True)
    if broken:
        # Only one thread knows the numbers of the rows it could not take apart.
        table, broken = _parse_once(path, file, scan, columns, threads=False)
    return table.unify_dictionaries(), broken


def _parse_once(
    path: Path, file: str, scan: _Scan, columns: Sequence[str], threads: bool
) -> tuple[pa.Table, list[Broken]]:
    broken: list[Broken] = []

    def set_aside(row: Any) -> str:
        reason = f"{row.actual_columns} fields, the header has {row.expected_columns}"
        broken.append(Broken(row.number or 0, row.text[:_SHOWN], reason))
        return "skip"

    try:
        table = pacsv.read_csv(
            path,
            read_options=pacsv.ReadOptions(
                encoding=scan.encoding, use_threads=threads, block_size=_BLOCK
            ),
            parse_options=pacsv.ParseOptions(
                newlines_in_values=scan.quoted,
                ignore_empty_lines=False,
                invalid_row_handler=set_aside,
            ),
            convert_options=pacsv.ConvertOptions(
                column_types=dict.fromkeys(columns, TEXTS),
                include_columns=list(columns),
                strings_can_be_null=True,
                null_values=[""],
            ),
        )
    except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
        _check_quotes(path, file)
        raise UnreadableError(f"{file} cannot be taken apart as CSV: {error}") from error
    return table, broken
