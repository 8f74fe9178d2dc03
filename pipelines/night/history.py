"""The attempts of a folder of runs, one JSON line each: what ``status`` shows."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Attempt:
    """One call of the night.

    started: UTC, ISO 8601. seconds: how long it took. outcome: "published", "unchanged" or what
    went wrong in a word; exit_code as the command line gave it.
    """

    run: str
    date: str
    started: str
    seconds: float
    exit_code: int
    outcome: str
    message: str = ""


def record(history: Path, attempt: Attempt) -> None:
    """Append an attempt. Only under the lock. Raises OSError."""
    line = json.dumps(asdict(attempt), ensure_ascii=False) + "\n"
    handle = os.open(history, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        os.write(handle, line.encode())
    finally:
        os.close(handle)


def attempts(history: Path, last: int = 20) -> list[Attempt]:
    """The last attempts, newest first; a line that a crash cut off is left out."""
    if not history.is_file():
        return []
    lines = history.read_text("utf-8").splitlines()
    return [found for line in reversed(lines) if (found := _parsed(line)) is not None][:last]


def _parsed(line: str) -> Attempt | None:
    try:
        return Attempt(**json.loads(line))
    except (json.JSONDecodeError, TypeError):
        return None
