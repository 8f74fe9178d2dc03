"""Walk through named steps, each checkpointed by the digest of all that went into it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar, cast

from pipelines.night.checkpoint import CheckpointFolder
from pipelines.night.events import Event, Observer
from pipelines.store.files import digest

Result = TypeVar("Result")


class StepRunner:
    """Runs steps one after another and writes down what each gave.

    The key of a step is the digest of the key of the step before it, its own name and whatever
    else it depends on: a change of any input changes the keys of all later steps. With
    ``resume``, a step whose checkpoint is there and whole is loaded instead of run.
    """

    def __init__(
        self, checkpoints: CheckpointFolder, key: str, observe: Observer, resume: bool = False
    ) -> None:
        self._checkpoints = checkpoints
        self._key = key
        self._observe = observe
        self._resume = resume
        self.seconds: dict[str, float] = {}
        self.resumed: list[str] = []

    def run(self, name: str, work: Callable[[], Result], *depends: str) -> Result:
        """The result of a step: from its checkpoint, or run now and checkpointed."""
        self._key = digest(self._key, name, *depends)
        began = time.perf_counter()
        self._observe(Event("started", name))
        loaded = self._resume and self._checkpoints.has(name, self._key)
        if loaded:
            result = cast(Result, self._checkpoints.load(name, self._key))
            self.resumed.append(name)
        else:
            result = work()
            self._checkpoints.save(name, self._key, result)
        self._finish(name, began, loaded)
        return result

    def uncheckpointed(self, name: str, work: Callable[[], Result]) -> Result:
        """Run a step whose result is files of its own, or that has to be done anew each time."""
        began = time.perf_counter()
        self._observe(Event("started", name))
        result = work()
        self._finish(name, began, loaded=False)
        return result

    def _finish(self, name: str, began: float, loaded: bool) -> None:
        spent = round(time.perf_counter() - began, 3)
        self.seconds[name] = spent
        self._observe(Event("resumed" if loaded else "finished", name, fields={"seconds": spent}))
