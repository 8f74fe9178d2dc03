"""Long work in tasks that survive a kill: each result is kept, and the rest runs in parallel.

The same tasks asked for again are loaded where they were done and run where they were not, so
that a run that was cut off is taken up by the same command and ends with the same result.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from pipelines.night.checkpoint import CheckpointFolder
from pipelines.night.events import Event, Observer
from stockwright.errors import StockwrightError

_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
# With glibc, memory that is freed stays with the process for what comes next: giving it back to
# the system and asking for it again takes a seventh of the time that tables need.
_KEPT_MEMORY = {
    "MALLOC_TRIM_THRESHOLD_": str(1 << 32),
    "MALLOC_MMAP_THRESHOLD_": str(1 << 25),
    "MALLOC_TOP_PAD_": str(1 << 26),
}


@dataclass(frozen=True)
class Task:
    """Work whose result is kept.

    name: as it stands in a file name. key: digest of all that decides the result. work: picklable,
    as a ``functools.partial`` of a module's function is; so is what it returns. needs: earlier
    tasks of the same list; ``work`` is called with their results, in their order.
    """

    name: str
    key: str
    work: Callable[..., Any]
    needs: tuple[Task, ...] = ()

    @property
    def place(self) -> tuple[str, str]:
        """What tells a task from others."""
        return self.name, self.key


def run_tasks(
    tasks: Sequence[Task], folder: Path, workers: int, observe: Observer, step: str
) -> Iterator[Any]:
    """Results of the tasks, in their order, as soon as they are there.

    folder: where results are kept. workers: processes at a time; 1 runs everything in this one.
    Where more tasks can be begun than there are workers, the first of the list are. step: name of
    the step in events. What a task raises is raised here; the processes end, and what they had
    begun is left, as it is where the caller stops. Raises OSError where a result cannot be written.
    """
    kept = CheckpointFolder(folder)
    missing = [task for task in tasks if not kept.has(task.name, task.key)]
    done = len(tasks) - len(missing)
    if done:
        fields: dict[str, object] = {"done": done, "total": len(tasks)}
        observe(Event("resumed", step, f"{done} of {len(tasks)} were done before", fields))
    with _Pool(folder, missing, workers) as pool:
        for number, task in enumerate(tasks, start=1):
            try:
                pool.finish(task)
            except BrokenProcessPool as error:
                raise StockwrightError(
                    "a process of this run was killed from outside, or for want of memory; the "
                    "same command takes up what is done, with fewer --workers if memory is short"
                ) from error
            result = kept.load(task.name, task.key)
            fields = {"done": number, "total": len(tasks)}
            observe(Event("progress", step, task.name, fields))
            yield result


class _Pool:
    """Runs tasks in processes of their own, or in this one."""

    def __init__(self, folder: Path, tasks: Sequence[Task], workers: int) -> None:
        self._folder, self._workers = folder, min(workers, len(tasks))
        self._waiting = {task.place: task for task in tasks}
        self._running: dict[Future[None], tuple[str, str]] = {}
        self._faults: dict[tuple[str, str], BaseException] = {}
        self._pool: ProcessPoolExecutor | None = None
        if self._workers > 1:
            context = multiprocessing.get_context("spawn")
            # Not an event: setting one waits for all who wait for it, those that were killed too.
            self._lives, self._life = context.Pipe(duplex=False)
            self._pool = ProcessPoolExecutor(self._workers, context, _begin, (self._lives,))

    def __enter__(self) -> _Pool:
        if self._pool is not None:
            self._submit()
        return self

    def __exit__(self, fault: type[BaseException] | None, *_: object) -> None:
        if self._pool is None:
            return
        if fault is not None:
            # Nobody waits for what still runs, and a command cannot end before its pool does.
            self._life.close()
        self._pool.shutdown(wait=fault is None, cancel_futures=True)
        self._life.close()
        self._lives.close()

    def finish(self, task: Task) -> None:
        """Return when the result of a task is kept."""
        if self._pool is None:
            if self._waiting.pop(task.place, None):
                _kept(self._folder, task)
            return
        while task.place in self._waiting or task.place in self._running.values():
            self._submit()
            for future in wait(self._running, return_when=FIRST_COMPLETED).done:
                place = self._running.pop(future)
                if fault := future.exception():
                    self._faults[place] = fault
        self._submit()
        if task.place in self._faults:
            raise self._faults[task.place]

    def _submit(self) -> None:
        """Begin tasks that all is there for, as many as there are workers."""
        if self._pool is None:
            return
        for place, task in list(self._waiting.items()):
            if len(self._running) >= self._workers:
                return
            undone = {*self._waiting, *self._running.values(), *self._faults}
            if undone.isdisjoint(need.place for need in task.needs):
                del self._waiting[place]
                with _settings_of_workers():
                    self._running[self._pool.submit(_kept, self._folder, task)] = place


@contextmanager
def _settings_of_workers() -> Iterator[None]:
    """Processes that are started within take one thread each, and keep the memory they free."""
    settings = _ONE_THREAD | _KEPT_MEMORY
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield
    finally:
        _restore(before)


def _restore(before: dict[str, str | None]) -> None:
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def _kept(folder: Path, task: Task) -> None:
    kept = CheckpointFolder(folder)
    try:
        needed = [kept.load(need.name, need.key) for need in task.needs]
        kept.save(task.name, task.key, task.work(*needed))
    finally:
        if not gc.isenabled():
            gc.collect()


def _begin(lives: Connection) -> None:
    """Set up a process of the pool: it ends when the other end of ``lives`` is closed, be it that
    the one that asked stops, or is gone.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # Next to nothing is in cycles: to look for them within a task, not behind it, costs a
    # twentieth of its time.
    gc.disable()

    def watch() -> None:
        lives.poll(None)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
