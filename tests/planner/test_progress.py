"""A run is watched by people and by machines."""

import io
import json
import logging
import warnings

import pytest

from pipelines.night.events import Event
from planner.progress import watched
from stockwright.errors import DataError

EVENTS = [
    Event("run", message="night of 2026-11-21", fields={"run": "2026-11-21-a"}),
    Event("started", "read"),
    Event("finished", "read", fields={"seconds": 1.5}),
    Event("started", "forecast"),
    Event("progress", "forecast", fields={"done": 1, "total": 2}),
    Event("resumed", "forecast", fields={"seconds": 0.1}),
    Event("warning", "fit", "the fit failed"),
]


class Screen(io.StringIO):
    def isatty(self):
        return True


def show(stream):
    with watched(stream) as observe:
        for event in EVENTS:
            observe(event)
    return stream.getvalue()


def test_without_a_terminal_every_line_is_json_and_names_the_run():
    lines = [json.loads(line) for line in show(io.StringIO()).splitlines()]
    assert [line["event"] for line in lines] == [event.kind for event in EVENTS]
    assert {line["run"] for line in lines} == {"2026-11-21-a"}
    assert lines[2]["seconds"] == 1.5
    assert (lines[-1]["level"], lines[-1]["message"]) == ("warning", "the fit failed")


def test_on_a_terminal_steps_are_shown_with_their_seconds():
    shown = show(Screen())
    assert "1.5 s" in shown
    assert "from checkpoint" in shown
    assert "warning: the fit failed" in shown
    assert "{" not in shown


def test_tasks_of_an_experiment_are_shown_and_what_was_done_before_is_said():
    stream = Screen()
    with watched(stream) as observe:
        observe(Event("started", "backtest", "12 nights"))
        observe(Event("resumed", "backtest", "3 of 12 were done before", {"done": 3, "total": 12}))
        observe(Event("progress", "backtest", "2024-04-07", {"done": 4, "total": 12}))
    assert "3 of 12 were done before" in stream.getvalue()


@pytest.mark.parametrize(
    ("fault", "code"), [(DataError("2 problems\n  - one\n  - two"), 3), (KeyboardInterrupt(), 130)]
)
def test_a_fault_is_the_last_json_line_and_goes_on(fault, code):
    stream = io.StringIO()

    def fail():
        with watched(stream) as observe:
            observe(EVENTS[0])
            raise fault

    with pytest.raises(type(fault)):
        fail()
    last = json.loads(stream.getvalue().splitlines()[-1])
    assert (last["event"], last["level"], last["exit_code"]) == ("error", "error", code)
    assert last["run"] == "2026-11-21-a"
    assert str(fault) in last["message"]


def test_what_libraries_warn_of_is_a_json_line_too():
    stream = io.StringIO()
    with watched(stream), warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("an odd number", stacklevel=1)
        logging.getLogger("library").error("broken")
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(line["level"], line["logger"]) for line in lines] == [
        ("warning", "py.warnings"),
        ("error", "library"),
    ]


def test_a_terminal_tells_of_tasks_that_were_done_before():
    screen = Screen()
    fields: dict[str, object] = {"done": 3, "total": 9}
    with watched(screen) as observe:
        observe(Event("started", "replay", "60 nights"))
        observe(Event("resumed", "replay", "3 of 9 were done before", fields))
        observe(Event("finished", "replay", "unchanged", {"seconds": 0.0}))
    assert "3 of 9 were done before" in screen.getvalue()
