"""Show a run while it walks: progress bars on a terminal, JSON lines anywhere else."""

from __future__ import annotations

import contextlib
import json
import logging
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TextIO

from pipelines.night.events import Event, Observer
from pipelines.night.outcome import code_of, message_of

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

STEPS = ("read", "panel", "drift", "fit", "forecast", "plan", "write", "audit", "publish")
_LEVELS = {"warning": "warning", "error": "error"}


@contextlib.contextmanager
def watched(stream: TextIO | None = None) -> Iterator[Observer]:
    """An observer that writes to stderr, for the length of a run.

    Where that is no terminal, a run that an exception ends has an event "error" as its last line.
    """
    stream = sys.stderr if stream is None else stream
    if stream.isatty():
        with _Terminal(stream) as observe:
            yield observe
        return
    lines = JsonLines(stream)
    with _logging_into(lines):
        try:
            yield lines
        except (Exception, KeyboardInterrupt) as error:
            fields: dict[str, object] = {"exit_code": int(code_of(error))}
            lines(Event("error", message=message_of(error), fields=fields))
            raise


class JsonLines:
    """One JSON object for each event: time (UTC), level, run, event, step, message, numbers."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._run = ""

    def __call__(self, event: Event) -> None:
        """Write one line."""
        fields = dict(event.fields)
        self._run = str(fields.pop("run", self._run))
        line: dict[str, object] = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "level": _LEVELS.get(event.kind, "info"),
            "run": self._run,
            "event": event.kind,
        }
        if event.step:
            line["step"] = event.step
        if event.message:
            line["message"] = event.message
        self._stream.write(json.dumps(line | fields, ensure_ascii=False, default=str) + "\n")
        self._stream.flush()


class _LogEvents(logging.Handler):
    """Passes what libraries log, and Python's warnings, on as events."""

    def __init__(self, observe: Observer) -> None:
        super().__init__(logging.WARNING)
        self._observe = observe

    def emit(self, record: logging.LogRecord) -> None:
        kind = "error" if record.levelno >= logging.ERROR else "warning"
        self._observe(
            Event(
                "error" if kind == "error" else "warning",
                message=record.getMessage(),
                fields={"logger": record.name},
            )
        )


@contextlib.contextmanager
def _logging_into(observe: Observer) -> Iterator[None]:
    handler = _LogEvents(observe)
    root = logging.getLogger()
    root.addHandler(handler)
    logging.captureWarnings(True)
    try:
        yield
    finally:
        logging.captureWarnings(False)
        root.removeHandler(handler)


class _Terminal:
    """A bar for the steps of the night and one for the blocks of the step at work."""

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        self._progress: Progress = Progress(
            TextColumn("{task.description:<24}"),
            BarColumn(),
            TextColumn("{task.completed:.0f}/{task.total:.0f}"),
            TimeElapsedColumn(),
            console=Console(file=stream),
            transient=True,
        )
        self._steps: TaskID = self._progress.add_task("night", total=len(STEPS))
        self._blocks: TaskID = self._progress.add_task("blocks", total=1, visible=False)
        self._logging = _logging_into(self)

    def __enter__(self) -> Observer:
        self._progress.start()
        self._logging.__enter__()
        return self

    def __exit__(self, *fault: object) -> None:
        self._logging.__exit__(None, None, None)
        self._progress.stop()

    def __call__(self, event: Event) -> None:
        if event.kind == "started":
            # Experiments have steps of their own, and no night to be part of.
            ours = event.step in STEPS
            self._progress.update(self._steps, description=event.step, visible=ours)
        elif event.kind in ("finished", "resumed") and "seconds" in event.fields:
            self._ended(event)
        elif event.kind == "progress" and "total" in event.fields:
            done, total = event.fields["done"], event.fields["total"]
            self._progress.update(
                self._blocks,
                visible=True,
                completed=float(str(done)),
                total=float(str(total)),
                description=f"  {event.step}, {event.message or 'blocks'}",
            )
        elif event.message and event.kind != "progress":
            self._progress.console.print(
                f"{event.kind}: {event.message}", markup=False, highlight=False
            )

    def _ended(self, event: Event) -> None:
        if "seconds" not in event.fields:
            told = f"{event.step:<10} {event.message}"
            self._progress.console.print(told, markup=False, highlight=False)
            return
        self._progress.update(self._steps, advance=1)
        self._progress.update(self._blocks, visible=False)
        how = "from checkpoint" if event.kind == "resumed" else ""
        line = f"{event.step:<10} {float(str(event.fields['seconds'])):8.1f} s  {how}"
        self._progress.console.print(line.rstrip(), markup=False, highlight=False)
