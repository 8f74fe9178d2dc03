"""One process at a time in the folder of an experiment."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from pipelines.night.lock import held


@contextlib.contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Hold an experiment's folder, by a lock that stands beside it, for the length of the block.

    Raises LockedError at once where another process works there.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    busy = (
        f"another process works at the same experiment, in {folder}; wait for it to end, or give "
        "another folder of runs with --out"
    )
    with held(folder.with_name(f".{folder.name}.lock"), busy):
        yield
