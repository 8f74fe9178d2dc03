"""One night at a time; the lock of a dead process is free."""

import signal
import subprocess
import sys
import time

import pytest

from pipelines.night.layout import RunsFolder
from pipelines.night.lock import run_lock
from stockwright.errors import LockedError

HOLDER = """
import sys, time
from pathlib import Path
from pipelines.night.layout import RunsFolder
from pipelines.night.lock import run_lock
with run_lock(RunsFolder(Path(sys.argv[1]))):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_held_lock_is_refused_at_once_and_free_after_the_holder_was_killed(tmp_path, holder):
    runs = RunsFolder(tmp_path)
    began = time.monotonic()
    with pytest.raises(LockedError, match="another night runs"), run_lock(runs):
        pass
    assert time.monotonic() - began < 1
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with run_lock(runs):
        pass
