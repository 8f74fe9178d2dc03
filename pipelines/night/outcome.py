"""How a night ends: its exit code, and what a fault becomes."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Any

from stockwright.errors import (
    ConfigError,
    DataError,
    InfeasiblePlanError,
    LockedError,
    StockwrightError,
)


class ExitCode(IntEnum):
    """The exit codes of the command line."""

    PUBLISHED = 0
    UNEXPECTED = 1
    USAGE = 2
    GATE = 3
    SUBSTITUTE = 4
    INFEASIBLE = 5
    LOCKED = 75
    INTERRUPTED = 130


_CODES: tuple[tuple[type[StockwrightError], ExitCode], ...] = (
    (DataError, ExitCode.GATE),
    (ConfigError, ExitCode.USAGE),
    (InfeasiblePlanError, ExitCode.INFEASIBLE),
    (LockedError, ExitCode.LOCKED),
)


@dataclass(frozen=True)
class Outcome:
    """A night that ended well.

    code: PUBLISHED, or SUBSTITUTE where a step of this call failed and a substitute ran. folder:
    the run folder. unchanged: the same inputs were published before, and nothing was done.
    summary: what the run's ``summary.json`` holds. seconds: time of each step. versions: of the
    configuration in force, "" for the shop's own.
    """

    code: ExitCode
    folder: Path
    unchanged: bool
    summary: dict[str, Any]
    seconds: dict[str, float] = field(default_factory=dict)
    versions: str = ""


def code_of(error: BaseException) -> ExitCode:
    """The exit code of an exception."""
    if isinstance(error, KeyboardInterrupt):
        return ExitCode.INTERRUPTED
    for kind, code in _CODES:
        if isinstance(error, kind):
            return code
    return ExitCode.UNEXPECTED


def message_of(error: BaseException) -> str:
    """What a person reads about an exception."""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted; this run published nothing"
    if isinstance(error, StockwrightError):
        return str(error)
    if isinstance(error, OSError):
        return f"the system refused a file: {error}; the last published plan is untouched"
    return f"unexpected {type(error).__name__}: {error}"
