"""Published nights on their way into MLflow: records written while MLflow loads, and models."""

from __future__ import annotations

import multiprocessing
import tempfile
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path

from experiments.record import Record
from experiments.tracking.log import Tracked, Tracker
from experiments.tracking.night import write_night
from experiments.tracking.registry import fitted_in, register
from pipelines.night.layout import MANIFEST


class Written:
    """Records of published nights, each written in another process while this one is busy."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._nights = [folder for folder in folders if is_night(folder)]
        self._place = tempfile.TemporaryDirectory(prefix="stockwright-")
        # Forked while nothing but this is loaded; MLflow's threads come later.
        self._pool = ProcessPoolExecutor(1, multiprocessing.get_context("fork"))
        self._jobs: dict[Path, Future[Record]] = {}

    def __enter__(self) -> Written:
        self._begin()
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)
        self._place.cleanup()

    def of(self, night: Path) -> Path:
        """The folder of a night's record; the next night's is begun. Raises what went wrong."""
        if night not in self._jobs:
            self._nights.insert(0, night)
            self._begin()
        job = self._jobs.pop(night)
        self._begin()
        job.result()
        return Path(self._place.name) / night.name

    def _begin(self) -> None:
        if self._nights:
            night = self._nights.pop(0)
            record = Path(self._place.name) / night.name
            self._jobs[night] = self._pool.submit(write_night, night, record)


def is_night(folder: Path) -> bool:
    """Whether a folder is a published run, not that of an experiment."""
    return (folder / MANIFEST).is_file()


def track_one(tracker: Tracker, folder: Path, written: Written) -> Tracked:
    """Track a published night, with the model that it fitted, or the folder of an experiment."""
    if is_night(folder):
        return tracker.track(written.of(folder), lambda run: _registered(tracker, run, folder))
    return tracker.track(folder)


def _registered(tracker: Tracker, run: str, folder: Path) -> dict[str, str]:
    content = fitted_in(folder)
    if content is None:
        return {}
    name = f"{tracker.store.experiment}-demand"
    return register(tracker.client, run, content, folder, name)
