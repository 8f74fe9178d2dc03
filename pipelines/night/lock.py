"""One night at a time in one folder of runs, and one process at a time where else it matters."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from pipelines.night.layout import RunsFolder
from stockwright.errors import LockedError


@contextlib.contextmanager
def run_lock(runs: RunsFolder) -> Iterator[None]:
    """Hold the folder's lock for the length of the block.

    Raises LockedError at once where another process holds it.
    """
    busy = (
        f"another night runs in {runs.root} and holds its lock; wait for it to end, or give "
        "another folder with --out"
    )
    with held(runs.lock, busy):
        yield


@contextlib.contextmanager
def held(path: Path, busy: str) -> Iterator[None]:
    """Hold the lock file ``path`` for the length of the block.

    Raises LockedError that says ``busy`` at once where another process holds it. The operating
    system drops the lock of a process that dies, so a lock is never stale.
    """
    lock = FileLock(path)
    try:
        lock.acquire(blocking=False)
    except Timeout as error:
        raise LockedError(busy) from error
    try:
        yield
    finally:
        lock.release()
