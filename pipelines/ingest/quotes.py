"""Find the line of a CSV on which a quoted field begins and does not end."""

from __future__ import annotations

import re
from pathlib import Path

_CHUNK = 1 << 24
_SHOWN = 60
_BREAK = re.compile(rb"\r\n|\n|\r")
_FIELD = rb'(?:"(?:[^"]+|"")*+"[^,]*+|[^",][^,]*+|)'
_CLOSED = re.compile(_FIELD + rb"(?:," + _FIELD + rb")*+")
_BOM = b"\xef\xbb\xbf"


def lines_in(path: Path) -> int:
    """Lines of the file as an editor counts them; lines end in LF, CR LF or CR."""
    count, last = 0, b""
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            count += chunk.count(b"\n") + chunk.count(b"\r") - chunk.count(b"\r\n")
            count -= last == b"\r" and chunk[:1] == b"\n"
            last = chunk[-1:]
    return count + (last not in (b"\r", b"\n", b""))


def ends_open(path: Path) -> bool:
    """Whether the last line that is not blank has a quoted field without an end."""
    with path.open("rb") as stream:
        size = stream.seek(0, 2)
        reach = 1 << 16
        while True:
            stream.seek(max(size - reach, 0))
            tail = stream.read().rstrip(b"\r\n")
            if reach >= size or _BREAK.search(tail):
                return not _closed(_BREAK.split(tail)[-1])
            reach *= 4


def open_quote(path: Path) -> tuple[int, str] | None:
    """The first line, from 1, with a quoted field that does not end on it, and its beginning."""
    number, rest = 1, b""
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            if chunk.endswith(b"\r"):
                chunk += stream.read(1)
            *lines, rest = _BREAK.split(rest + chunk)
            for line in lines:
                if not _closed(line):
                    return number, _shown(line)
                number += 1
    return None if _closed(rest) else (number, _shown(rest))


def _closed(line: bytes) -> bool:
    return b'"' not in line or _CLOSED.fullmatch(line.removeprefix(_BOM)) is not None


def _shown(line: bytes) -> str:
    text = line.removeprefix(_BOM).decode("utf-8", "replace")
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
