"""Long work in tasks that survive a kill: each result is kept, and the rest runs in parallel.

The same tasks asked for again are loaded where they were done and run where they were not, so
that a run that was cut off is taken up by the same command and ends with the same result.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.night.checkpoint import CheckpointFolder
from pipelines.night.events import Event, Observer

_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Task:
    """Work whose result is kept.

    name: as it stands in a file name. key: digest of all that decides the result. work: picklable,
    as a ``functools.partial`` of a module's function is; so is what it returns.
    """

    name: str
    key: str
    work: Callable[[], Any]


def run_tasks(
    tasks: Sequence[Task], folder: Path, workers: int, observe: Observer, step: str
) -> Iterator[Any]:
    """Results of the tasks, in their order, as soon as they are there.

    folder: where results are kept. workers: processes at a time; 1 runs everything in this one.
    step: name of the step in events. What a task raises is raised here, and tasks that were not
    begun are left. Raises OSError where a result cannot be written.
    """
    kept = CheckpointFolder(folder)
    missing = [task for task in tasks if not kept.has(task.name, task.key)]
    done = len(tasks) - len(missing)
    if done:
        fields: dict[str, object] = {"done": done, "total": len(tasks)}
        observe(Event("resumed", step, f"{done} of {len(tasks)} were done before", fields))
    with _Pool(folder, missing, workers) as pool:
        for number, task in enumerate(tasks, start=1):
            pool.finish(task)
            result = kept.load(task.name, task.key)
            fields = {"done": number, "total": len(tasks)}
            observe(Event("progress", step, task.name, fields))
            yield result


class _Pool:
    """Runs tasks in processes of their own, or in this one."""

    def __init__(self, folder: Path, tasks: Sequence[Task], workers: int) -> None:
        self._folder, self._tasks = folder, {(task.name, task.key): task for task in tasks}
        self._futures: dict[tuple[str, str], Future[None]] = {}
        self._pool: ProcessPoolExecutor | None = None
        if workers > 1 and len(tasks) > 1:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(
                min(workers, len(tasks)), context, _begin, (os.getpid(),)
            )

    def __enter__(self) -> _Pool:
        if self._pool is not None:
            before = {name: os.environ.get(name) for name in _ONE_THREAD}
            os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
            try:
                for place, task in self._tasks.items():
                    self._futures[place] = self._pool.submit(_kept, self._folder, task)
            finally:
                _restore(before)
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def finish(self, task: Task) -> None:
        """Return when the result of a task is kept."""
        place = (task.name, task.key)
        if place in self._futures:
            self._futures[place].result()
        elif place in self._tasks:
            _kept(self._folder, task)


def _restore(before: dict[str, str | None]) -> None:
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def _kept(folder: Path, task: Task) -> None:
    CheckpointFolder(folder).save(task.name, task.key, task.work())


def _begin(parent: int) -> None:
    """Set up a process of the pool: it ends when the one that asked for it is gone."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
