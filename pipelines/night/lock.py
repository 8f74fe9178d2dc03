"""One night at a time in one folder of runs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from filelock import FileLock, Timeout

from pipelines.night.layout import RunsFolder
from stockwright.errors import LockedError


@contextlib.contextmanager
def run_lock(runs: RunsFolder) -> Iterator[None]:
    """Hold the folder's lock for the length of the block.

    Raises LockedError at once where another process holds it. The operating system drops the
    lock of a process that dies, so a lock is never stale.
    """
    lock = FileLock(runs.lock)
    try:
        lock.acquire(blocking=False)
    except Timeout as error:
        raise LockedError(
            f"another night runs in {runs.root} and holds its lock; wait for it to end, or give "
            "another folder with --out"
        ) from error
    try:
        yield
    finally:
        lock.release()
