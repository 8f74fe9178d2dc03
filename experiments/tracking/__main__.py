"""The process that tracks: RUNS as its argument, the store as JSON on stdin.

Exit code 1 and a sentence on stderr where the store could not be used at all; a fault of one
folder is noted with it, and the others go on.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path

from filelock import FileLock, Timeout

from experiments.record import Record
from experiments.tracking.attempt import wait_on
from experiments.tracking.log import Tracker
from experiments.tracking.night import write_night
from experiments.tracking.registry import fitted_in, register
from experiments.tracking.store import Store, TrackingError, check_writable
from experiments.tracking.waiting import WaitingList
from pipelines.night.layout import MANIFEST

_PATIENCE = 5.0


def main(runs: Path, order: str) -> int:
    """Track all that waits below ``runs``, newest first, while there is time."""
    asked = json.loads(order)
    store, until = Store(**asked["store"]), time.monotonic() + asked["seconds"]
    try:
        with FileLock(runs / ".tracking.lock").acquire(timeout=_PATIENCE):
            _all(runs, store, until)
    except Timeout:
        return _said("another process is tracking")
    except Exception as error:
        return _said(_one_line(store, error))
    return 0


def _all(runs: Path, store: Store, until: float) -> None:
    waiting = WaitingList(runs)
    folders = {one.folder: waiting.path(one) for one in waiting.all()}
    check_writable(store)
    with Written(list(folders.values())) as written:
        # MLflow takes two seconds to load, in which the other process draws.
        tracker = Tracker(store)
        for one in waiting.all():
            if time.monotonic() > until:
                return
            try:
                _track(tracker, waiting.path(one), written)
            except Exception as error:
                # One folder that cannot be tracked must not keep the others from it.
                wait_on(waiting, one, _one_line(store, error))
            else:
                waiting.done(one)


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


def _track(tracker: Tracker, folder: Path, written: Written) -> None:
    if is_night(folder):
        tracker.track(written.of(folder), lambda run: _registered(tracker, run, folder))
    else:
        tracker.track(folder)


def _registered(tracker: Tracker, run: str, folder: Path) -> dict[str, str]:
    content = fitted_in(folder)
    if content is None:
        return {}
    name = f"{tracker.store.experiment}-demand"
    return register(tracker.client, run, content, folder, name)


def _one_line(store: Store, error: BaseException) -> str:
    text = str(error) if isinstance(error, TrackingError) else f"{type(error).__name__}: {error}"
    return store.hidden(" ".join(text.split()))[:500]


def _said(text: str) -> int:
    print(text, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.stdin.read()))
