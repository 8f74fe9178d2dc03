"""What a night is asked to do."""

from __future__ import annotations

import datetime
import os
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from stockwright.errors import ConfigError


def usable_cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True)
class NightRequest:
    """One call of the night.

    data: folder of tables or the URL of a database. date: the night runs after its close.
    out: folder of runs. config: configuration file, None for the one beside the tables.
    resume: take up the checkpoints of a run that did not end. force: publish again although the
    date is published. workers: blocks of series worked on at a time, >= 1.
    """

    data: str
    date: np.datetime64
    out: Path
    config: Path | None = None
    resume: bool = False
    force: bool = False
    workers: int = field(default_factory=usable_cores)

    def __post_init__(self) -> None:
        if self.resume and self.force:
            raise ConfigError("--resume and --force exclude each other; give one of them")
        if self.workers < 1:
            raise ConfigError(f"--workers must be at least 1, got {self.workers}")
        if self.folder is not None and not self.folder.is_dir():
            raise ConfigError(f"the data folder {self.data} is not there; check --data")

    @property
    def folder(self) -> Path | None:
        """The data folder, None for a database."""
        return None if "://" in self.data else Path(self.data)


def parse_date(text: str) -> np.datetime64:
    """A date written as 2026-11-21. Raises ConfigError for anything else."""
    try:
        date = datetime.date.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{text!r} is no date; write it as 2026-11-21") from None
    parsed: np.datetime64 = np.array([date], "datetime64[D]")[0]
    return parsed
