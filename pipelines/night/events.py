"""What a run reports while it walks: events that a terminal or a log file shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["run", "started", "progress", "finished", "resumed", "warning", "error"]


@dataclass(frozen=True)
class Event:
    """One thing that happened.

    step: name of the step, "" outside of steps. message: plain text. fields: numbers and texts
    for machines ("seconds", "done", "total", "run").
    """

    kind: Kind
    step: str = ""
    message: str = ""
    fields: dict[str, object] = field(default_factory=dict)


Observer = Callable[[Event], None]


def quiet(event: Event) -> None:
    """An observer that shows nothing."""
