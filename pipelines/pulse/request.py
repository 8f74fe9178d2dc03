"""What a pulse is asked to do, and how it ends."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stockwright.errors import ConfigError

_CLOCK = re.compile(r"(\d{1,2}):(\d{2})")


@dataclass(frozen=True)
class PulseRequest:
    """One call of the pulse.

    sales_today: file of the sales so far. out: folder of runs. at: second of the day as of which
    it looks; None: the newest time in the file. reservations, received: further files. config:
    None for the configuration of the night. wait: seconds to wait for another pulse to end.
    """

    sales_today: Path
    out: Path
    at: int | None = None
    reservations: Path | None = None
    received: Path | None = None
    config: Path | None = None
    wait: float = 5.0

    def files(self) -> dict[str, Path]:
        """The files to read, by the table that they hold."""
        named = {
            "sales_today": self.sales_today,
            "reservations": self.reservations,
            "received": self.received,
        }
        return {name: path for name, path in named.items() if path is not None}


@dataclass(frozen=True)
class PulseOutcome:
    """folder: of the pulse. unchanged: the same files were answered before. summary: its own."""

    folder: Path
    unchanged: bool
    summary: dict[str, Any]


def parse_clock(text: str) -> int:
    """Second of the day of a time written as 14:30. Raises ConfigError for anything else."""
    found = _CLOCK.fullmatch(text.strip())
    hour, minute = (int(part) for part in found.groups()) if found else (99, 99)
    if not (hour < 24 and minute < 60) and (hour, minute) != (24, 0):
        raise ConfigError(f"{text!r} is no time of day; write it as 14:30")
    return hour * 3600 + minute * 60
