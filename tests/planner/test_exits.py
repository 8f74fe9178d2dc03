"""Each fault has the exit code that the contract gives it."""

import os
import signal
import time

import pytest

from planner.exits import guarded
from stockwright.errors import (
    ConfigError,
    DataError,
    FitError,
    InfeasiblePlanError,
    LockedError,
)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError("x"), 2),
        (DataError("x"), 3),
        (InfeasiblePlanError("x"), 5),
        (LockedError("x"), 75),
        (KeyboardInterrupt(), 130),
        (FitError("x"), 1),
        (OSError(28, "No space left on device"), 1),
        (ZeroDivisionError("x"), 1),
    ],
)
def test_a_fault_becomes_its_exit_code_and_a_message(capsys, error, code):
    def command():
        raise error

    assert guarded(command) == code
    said = capsys.readouterr().err
    assert "stockwright: " in said
    assert ("Traceback" in said) == isinstance(error, ZeroDivisionError)


def test_the_code_of_a_command_that_ends_well_is_its_own():
    assert guarded(lambda: 4) == 4


def test_sigterm_is_taken_like_an_interrupt_and_handed_back_after():
    before = signal.getsignal(signal.SIGTERM)

    def command():
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)
        return 0

    assert guarded(command) == 130
    assert signal.getsignal(signal.SIGTERM) is before
