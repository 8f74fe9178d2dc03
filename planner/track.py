"""``stockwright track``: write into MLflow what a night or an experiment could not."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Folders = Annotated[
    list[Path] | None,
    typer.Option("--run", help="RUNS/DATE, or the folder of an experiment; default: what waits."),
]
Out = Annotated[Path, typer.Option("--out", help="Folder of runs.")]
ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="Configuration; default: that of the last night.")
]


def track(run: Folders = None, out: Out = Path("runs"), config: ConfigFile = None) -> None:
    """Track in MLflow what a night or an experiment could not."""
    from planner.exits import guarded

    raise typer.Exit(guarded(lambda: track_and_show(run or [], out, config)))


def track_and_show(folders: list[Path], out: Path, config: Path | None) -> int:
    """Track each folder, and all that waits in its folder of runs; 1 where something was not.

    Raises ConfigError for a folder that is no published run and no experiment.
    """
    from experiments.tracking.attempt import SWITCH, Attempt, in_use, settings_of
    from experiments.tracking.attempt import track as tracked
    from experiments.tracking.waiting import runs_of
    from pipelines.config import load_config
    from pipelines.night.outcome import ExitCode
    from planner.screen import show_tracking
    from stockwright.errors import ConfigError

    if not folders and not out.is_dir():
        raise ConfigError(f"the folder of runs {out} is not there; check --out")
    answers: list[tuple[Path, Attempt]] = []
    asked: list[Path | None] = [*folders] or [None]
    for folder in asked:
        runs = out if folder is None else runs_of(folder)
        settings = load_config(config, None).tracking if config else settings_of(runs)
        if not in_use(settings):
            raise ConfigError(f"tracking is not in use: see tracking.use and {SWITCH}")
        answers.append((runs, tracked(runs, settings, folder)))
    for runs, answer in answers:
        show_tracking(answer, runs)
    if not any(answer.why or answer.tracked for _, answer in answers):
        typer.echo("Nothing waits to be tracked in MLflow.")
    return ExitCode.UNEXPECTED if any(one.why for _, one in answers) else ExitCode.PUBLISHED
