"""The folder of runs: where plans, links, checkpoints, models and snapshots stand.

RUNS/<date>          link to the run folder that is published for the date
RUNS/latest          link to the run folder that was published last
RUNS/.runs/<run id>  a published run: the files of the plan
RUNS/pulse           link to the last pulse of the day, in RUNS/.pulses/
RUNS/.work/          checkpoints of runs that have not ended
RUNS/.models/        fitted models; RUNS/.snapshots/ stock at the close of each night
RUNS/.champions/     versions of the configuration, and which of them decide
RUNS/.history.jsonl  one line for each attempt; RUNS/.lock is held while a night runs
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipelines.store.files import point_link
from stockwright.errors import ConfigError

MANIFEST = "manifest.json"
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_STAGING = ".staging-"
_JUDGED = np.timedelta64(56, "D")


@dataclass(frozen=True)
class RunsFolder:
    """Paths below one folder of runs."""

    root: Path

    @property
    def lock(self) -> Path:
        """Held while a night runs."""
        return self.root / ".lock"

    @property
    def runs(self) -> Path:
        """Home of the run folders."""
        return self.root / ".runs"

    @property
    def latest(self) -> Path:
        """Link to the run folder published last."""
        return self.root / "latest"

    @property
    def models(self) -> Path:
        """Home of the fitted models."""
        return self.root / ".models"

    @property
    def snapshots(self) -> Path:
        """Home of the stock snapshots."""
        return self.root / ".snapshots"

    @property
    def champions(self) -> Path:
        """Home of the versions of the configuration, and of who decides."""
        return self.root / ".champions"

    @property
    def history(self) -> Path:
        """One JSON line for each attempt."""
        return self.root / ".history.jsonl"

    @property
    def pulses(self) -> Path:
        """Home of the pulses; ``pulse`` is the link to the last one."""
        return self.root / ".pulses"

    @property
    def pulse(self) -> Path:
        """Link to the pulse published last."""
        return self.root / "pulse"

    def dated(self, date: np.datetime64) -> Path:
        """Link to the run folder published for a date."""
        return self.root / str(date)

    def work(self, date: np.datetime64, key: str) -> Path:
        """Home of the checkpoints of a run with inputs of digest ``key``."""
        return self.root / ".work" / f"{date}-{key[:16]}"

    def run(self, run_id: str) -> Path:
        """The folder of a published run."""
        return self.runs / run_id

    def staging(self, run_id: str) -> Path:
        """Where a run's files are written before they are published."""
        return self.runs / f"{_STAGING}{run_id}"

    def prepare(self) -> None:
        """Make the folder. Raises ConfigError where it cannot be made or written."""
        try:
            self.runs.mkdir(parents=True, exist_ok=True)
            self.lock.touch()
        except OSError as error:
            raise ConfigError(
                f"the folder of runs {self.root} cannot be written ({error.strerror}); "
                "give another one with --out"
            ) from error

    def check_links(self, date: np.datetime64) -> None:
        """Raise ConfigError where something that is no link stands in a link's place."""
        taken = [
            path.name
            for path in (self.dated(date), self.latest)
            if path.exists() and not path.is_symlink()
        ]
        if taken:
            raise ConfigError(
                f"{' and '.join(taken)} in {self.root} is a plain folder or file and not a link "
                "to a published run; move it away and run the night again"
            )

    def published(self, date: np.datetime64) -> Path | None:
        """The run folder published for a date, None where there is none."""
        folder = self.dated(date)
        whole = folder.is_symlink() and (folder / MANIFEST).is_file()
        return folder.resolve() if whole else None

    def dates(self) -> list[np.datetime64]:
        """Dates with a published plan, ascending."""
        names = sorted(p.name for p in self.root.glob("*") if _DATE.fullmatch(p.name))
        dates = [np.datetime64(name, "D") for name in names]
        return [date for date in dates if self.published(date) is not None]

    def dates_before(self, date: np.datetime64) -> list[np.datetime64]:
        """Dates strictly before ``date`` with a published plan, ascending."""
        return [other for other in self.dates() if other < date]

    def judged(self, date: np.datetime64) -> list[Path]:
        """Folders of the nights of eight weeks before ``date``, whose forecasts are held against
        what was sold since; the last one of any age where there is none.
        """
        earlier = self.dates_before(date)
        recent = [one for one in earlier if one >= date - _JUDGED]
        return [self.dated(one).resolve() for one in recent or earlier[-1:]]

    def clear_staging(self) -> None:
        """Remove what killed runs left half written. Only under the lock."""
        for left in self.runs.glob(f"{_STAGING}*"):
            shutil.rmtree(left, ignore_errors=True)

    def clear_work(self, date: np.datetime64) -> None:
        """Remove the checkpoints of all runs up to a date that is published now."""
        for folder in (self.root / ".work").glob("*"):
            if folder.name[:10] <= str(date):
                shutil.rmtree(folder, ignore_errors=True)


def link_target(link: Path) -> str | None:
    """What a link points to, None where there is no link."""
    return str(link.readlink()) if link.is_symlink() else None


def restore_link(link: Path, target: str | None) -> None:
    """Point a link back to what it pointed to, or take it away."""
    if target is None:
        link.unlink(missing_ok=True)
    elif link_target(link) != target:
        point_link(link, target)
