"""Track what a command has just written, and say in one line how that went."""

from __future__ import annotations

import time
from pathlib import Path

# A command is a process.
_BEGAN = time.time()


def track_and_show(folder: Path, runs: Path, data: str, config: Path | None) -> int:
    """Track the folder of an experiment, unless it was done before this process began.

    data, config: as the command was given them; they hold the settings of tracking. Returns the
    exit code of the experiment, which stands whatever becomes of this.
    """
    from experiments.record import RECORD
    from experiments.tracking.attempt import track
    from pipelines.config import load_config
    from pipelines.night.outcome import ExitCode
    from planner.screen import show_tracking

    if (folder / RECORD).stat().st_mtime >= _BEGAN:
        settings = load_config(config, None if "://" in data else Path(data)).tracking
        show_tracking(track(runs, settings, folder), runs)
    return ExitCode.PUBLISHED
