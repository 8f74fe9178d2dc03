"""Track what a command has just written, and say in one line how that went."""

from __future__ import annotations

from pathlib import Path


def track_and_show(folder: Path, runs: Path, data: str, config: Path | None, began: float) -> None:
    """Track the folder of an experiment, unless it was done before the command began.

    began: ``time.time()`` then. data, config: as the command was given them; they hold the
    settings of tracking. Never raises: the experiment stands whatever becomes of this.
    """
    from experiments.record import RECORD
    from experiments.tracking.attempt import track
    from pipelines.config import load_config
    from planner.screen import show_tracking

    if (folder / RECORD).stat().st_mtime < began:
        return
    settings = load_config(config, None if "://" in data else Path(data)).tracking
    show_tracking(track(runs, settings, folder), runs)
