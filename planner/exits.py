"""Run a command so that every fault ends in a message and an exit code."""

from __future__ import annotations

import signal
import sys
import traceback
from collections.abc import Callable
from types import FrameType

from pipelines.night.outcome import ExitCode, code_of, message_of
from stockwright.errors import StockwrightError


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def guarded(command: Callable[[], int]) -> int:
    """Run a command; an exception becomes a message on stderr and the exit code that it has.

    SIGTERM is taken like Ctrl-C, so that a night that is told to stop cleans up first.
    """
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        return command()
    except (Exception, KeyboardInterrupt) as error:
        code = code_of(error)
        if code is ExitCode.UNEXPECTED and not isinstance(error, OSError | StockwrightError):
            traceback.print_exc(file=sys.stderr)
        print(f"stockwright: {message_of(error)}", file=sys.stderr)
        return int(code)
    finally:
        signal.signal(signal.SIGTERM, before)
