"""What waits to be tracked: a small file for each folder, there until MLflow has it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from experiments.record import RECORD
from pipelines.night.layout import MANIFEST
from pipelines.store.files import digest, written_whole
from stockwright.errors import ConfigError

FOLDER = ".tracking"
#: Folders that wait at most: older ones are no longer tried.
MOST = 100


@dataclass(frozen=True)
class Waiting:
    """folder: what waits, below the folder of runs. since: UTC, ISO 8601. why: the last fault, ""
    where none was met.
    """

    folder: str
    since: str
    why: str = ""


class WaitingList:
    """The folders below one folder of runs that wait to be tracked."""

    def __init__(self, runs: Path) -> None:
        self._runs, self._place = runs.resolve(), runs.resolve() / FOLDER

    def add(self, folder: Path) -> None:
        """Let a folder below the folder of runs wait. Raises OSError, and ValueError for one that
        lies elsewhere.
        """
        name = str(folder.resolve().relative_to(self._runs))
        now = datetime.now(UTC).isoformat(timespec="microseconds")
        self._write(Waiting(name, now))

    def fault(self, waiting: Waiting, why: str) -> None:
        """Note why a folder waits on. Raises OSError."""
        self._write(Waiting(waiting.folder, waiting.since, why))

    def done(self, waiting: Waiting) -> None:
        """Take a folder off the list. Raises OSError."""
        self._file(waiting.folder).unlink(missing_ok=True)

    def all(self) -> list[Waiting]:
        """What waits, newest first, as far as it is still there; the rest is taken off."""
        found = [one for file in self._place.glob("*.json") if (one := _read(file)) is not None]
        found.sort(key=lambda one: one.since, reverse=True)
        kept = [one for one in found if self.path(one).is_dir()][:MOST]
        self._drop([one for one in found if one not in kept])
        return kept

    def path(self, waiting: Waiting) -> Path:
        """The folder that waits."""
        return self._runs / waiting.folder

    def _drop(self, gone: Sequence[Waiting]) -> None:
        for one in gone:
            self.done(one)

    def _file(self, folder: str) -> Path:
        return self._place / f"{digest(folder)[:24]}.json"

    def _write(self, waiting: Waiting) -> None:
        self._place.mkdir(parents=True, exist_ok=True)
        with written_whole(self._file(waiting.folder)) as file:
            file.write(json.dumps(asdict(waiting), ensure_ascii=False).encode())


def runs_of(folder: Path) -> Path:
    """The folder of runs that a published run, or the folder of an experiment, lies in.

    Raises ConfigError for any other folder.
    """
    place = folder.resolve()
    if (place / MANIFEST).is_file() or (place / RECORD).is_file():
        return place.parents[1]
    raise ConfigError(
        f"{folder} is no published run and no finished experiment; give RUNS/DATE or a folder "
        "below RUNS/experiments"
    )


def _read(file: Path) -> Waiting | None:
    try:
        return Waiting(**json.loads(file.read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None
