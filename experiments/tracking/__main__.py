"""The process that tracks: RUNS as its argument, the store as JSON on stdin.

Exit code 1 and a sentence on stderr where the store could not be used at all; a fault of one
folder is noted with it, and the others go on.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from pathlib import Path

from filelock import FileLock, Timeout

from experiments.tracking.attempt import wait_on
from experiments.tracking.log import Tracker
from experiments.tracking.store import Store, TrackingError, check_writable
from experiments.tracking.waiting import WaitingList
from experiments.tracking.written import Written, track_one

_PATIENCE = 5.0


def main(runs: Path, order: str) -> int:
    """Track all that waits below ``runs``, newest first, while there is time."""
    # A process of seconds that loads much and drops little: to look for garbage is a fifth of it.
    gc.disable()
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
                track_one(tracker, waiting.path(one), written)
            except Exception as error:
                # One folder that cannot be tracked must not keep the others from it.
                wait_on(waiting, one, _one_line(store, error))
            else:
                waiting.done(one)


def _one_line(store: Store, error: BaseException) -> str:
    text = str(error) if isinstance(error, TrackingError) else f"{type(error).__name__}: {error}"
    return store.hidden(" ".join(text.split()))[:500]


def _said(text: str) -> int:
    print(text, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.stdin.read()))
