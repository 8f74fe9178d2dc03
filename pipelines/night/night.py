"""One call of the night: its lock, its name, and a note of how it ended."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from pipelines.night.events import Event, Observer
from pipelines.night.history import Attempt, record
from pipelines.night.layout import RunsFolder
from pipelines.night.lock import run_lock
from pipelines.night.outcome import ExitCode, Outcome, code_of, message_of
from pipelines.night.request import NightRequest
from pipelines.night.rooms import Rooms
from pipelines.night.walk import Call, Walk


def run_night(request: NightRequest, observe: Observer, rooms: Rooms | None = None) -> Outcome:
    """Walk the night and publish its plan.

    Raises ConfigError, DataError, InfeasiblePlanError, LockedError, OSError or KeyboardInterrupt:
    then nothing was published, and the last plan is untouched.
    """
    if rooms is None:
        from pipelines.night.engine import Engine

        rooms = Engine(request.workers)
    runs = RunsFolder(request.out)
    runs.prepare()
    started = datetime.now(UTC)
    run_id = f"{request.date}-{started:%Y%m%dT%H%M%S%f}"
    observe(Event("run", message=f"night of {request.date}", fields={"run": run_id}))
    with run_lock(runs):
        return _recorded(Call(request, runs, run_id, started), rooms, observe)


def _recorded(call: Call, rooms: Rooms, observe: Observer) -> Outcome:
    """Walk the night and write down how it ended, whatever that is."""
    began = time.perf_counter()
    try:
        walk = Walk(call, rooms, observe)
        outcome = walk.walk()
    except BaseException as error:
        code, message = code_of(error), message_of(error)
        _record(call, began, observe, code, code.name.lower(), message)
        raise
    word = "unchanged" if outcome.unchanged else "published"
    said = f"champion {outcome.versions}" if outcome.versions else ""
    _record(call, began, observe, outcome.code, word, said)
    walk.shadows()
    return outcome


def _record(
    call: Call, began: float, observe: Observer, code: ExitCode, outcome: str, message: str = ""
) -> None:
    attempt = Attempt(
        run=call.run_id,
        date=str(call.request.date),
        started=call.started.isoformat(timespec="seconds"),
        seconds=round(time.perf_counter() - began, 1),
        exit_code=int(code),
        outcome=outcome,
        message=message.partition("\n")[0],
    )
    try:
        record(call.runs.history, attempt)
    except OSError as error:
        observe(Event("warning", message=f"the attempt could not be noted: {error}"))
