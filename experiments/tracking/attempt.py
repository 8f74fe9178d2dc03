"""Track what waits, in a process of its own that is ended in time.

A plan is published before: nothing here can touch it. Whatever happens to the store (gone, slow,
locked, full, no database at all), the caller goes on, with a sentence that says what is not
tracked and why.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import experiments
from experiments.tracking.store import Store, store_of
from experiments.tracking.waiting import FOLDER, Waiting, WaitingList
from pipelines.config.tracking import TrackingConfig
from pipelines.night.layout import MANIFEST, RunsFolder
from pipelines.night.manifest import read_manifest
from stockwright.errors import ConfigError, StockwrightError, counted

#: Environment variable that leaves tracking out whatever a configuration says.
SWITCH, OFF = "STOCKWRIGHT_TRACKING", "off"
# Of the time that tracking may take: afterwards nothing more is begun.
_BEGUN = 0.6


@dataclass(frozen=True)
class Attempt:
    """What became of it. tracked: how many folders. waiting: how many still wait. why: the fault,
    "" where there was none. store: as a person may read it.
    """

    tracked: int = 0
    waiting: int = 0
    why: str = ""
    store: str = ""

    def sentence(self, runs: Path) -> str:
        """One line for a person; "" where there was nothing to do."""
        if self.why:
            waits = "waits" if self.waiting == 1 else "wait"
            rest = f"; {counted(self.waiting, 'folder')} {waits} in {runs / FOLDER}, the next night"
            tries = f"{rest} or 'stockwright track' tries again" if self.waiting else ""
            return f"Not tracked in MLflow: {self.why}{tries}"
        if self.tracked:
            return f"Tracked in MLflow: {counted(self.tracked, 'folder')}, {self.store}"
        return ""


def in_use(settings: TrackingConfig, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether the settings, and the environment, want anything tracked."""
    return settings.use and environment.get(SWITCH, "").strip().casefold() != OFF


def settings_of(runs: Path) -> TrackingConfig:
    """The settings of the night that was published last, or the defaults."""
    latest = RunsFolder(runs).latest
    if not (latest / MANIFEST).is_file():
        return TrackingConfig()
    return TrackingConfig.model_validate(read_manifest(latest)["config"].get("tracking", {}))


def track(runs: Path, settings: TrackingConfig, folder: Path | None = None) -> Attempt:
    """Track ``folder``, a published run or the folder of an experiment, and all that waits.

    runs: the folder of runs that it lies in. None tracks what waits, if anything does. Never
    raises: a fault is in the answer, and Ctrl-C ends the tracking alone.
    """
    if not in_use(settings):
        return Attempt()
    try:
        return _tracked(runs, settings, folder)
    except KeyboardInterrupt:
        return Attempt(why="interrupted")
    except StockwrightError as error:
        return Attempt(why=str(error))
    except Exception as error:
        return Attempt(why=f"{type(error).__name__}: {error}")


def _tracked(runs: Path, settings: TrackingConfig, folder: Path | None) -> Attempt:
    waiting = WaitingList(runs)
    if folder is not None:
        waiting.add(folder)
    before = waiting.all()
    if not before:
        return Attempt()
    store, why = None, ""
    try:
        store = store_of(settings, runs)
        why = store.hidden(_run(runs, store, settings.timeout))
    except ConfigError as error:
        why = str(error)
    left = waiting.all()
    for one in left if why else ():
        wait_on(waiting, one, why)
    if left and not why:
        why = next((one.why for one in left if one.why), "there was no time for all")
    return Attempt(len(before) - len(left), len(left), why, store.shown if store else "")


def _run(runs: Path, store: Store, timeout: float) -> str:
    """Run the process that tracks; what went wrong with it, "" for nothing."""
    # Not what happens to lie in the working folder under our names: -P leaves that out.
    command = [sys.executable, "-P", "-m", "experiments.tracking", str(runs.resolve())]
    home = str(Path(experiments.__file__).resolve().parents[1])
    path = os.pathsep.join(filter(None, [home, os.environ.get("PYTHONPATH")]))
    order = json.dumps({"store": asdict(store), "seconds": timeout * _BEGUN})
    # The store goes in by a pipe: a password in it shall stand in no list of processes.
    with (
        tempfile.TemporaryDirectory(prefix="stockwright-", ignore_cleanup_errors=True) as place,
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": path, "TMPDIR": place},
            text=True,
            errors="replace",
            start_new_session=True,
        ) as process,
    ):
        try:
            _, said = process.communicate(order, timeout)
        except (subprocess.TimeoutExpired, KeyboardInterrupt) as error:
            # With what it has started.
            os.killpg(process.pid, signal.SIGKILL)
            if isinstance(error, KeyboardInterrupt):
                return "interrupted"
            return f"the store {store.shown} did not answer within {timeout:g} seconds"
    if process.returncode == 0:
        return ""
    last = [line for line in said.splitlines() if line.strip()][-1:]
    return last[0] if last else f"the process that tracks ended with {process.returncode}"


def wait_on(waiting: WaitingList, one: Waiting, why: str) -> None:
    """Note a fault as far as the disk lets it."""
    try:
        waiting.fault(one, why)
    except OSError:
        return
