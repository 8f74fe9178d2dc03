"""``stockwright study``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from planner.options import ConfigFile, Runs, Source
from planner.tracking import track_and_show


def study(
    file: Annotated[Path, typer.Argument(help="TOML file of variants and what to measure on.")],
    data: Source,
    out: Runs = Path("runs"),
    config: ConfigFile = None,
    minutes: Annotated[
        float | None, typer.Option(min=0.01, help="Begin nothing more after so many minutes.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Variants at a time; default: the cores.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Do it again.")] = False,
) -> None:
    """Try many variants, drop the hopeless early, and rank the rest by money."""
    from planner.exits import guarded

    def command() -> int:
        # LightGBM reads this when it is loaded: waiting threads shall sleep, not spin.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        from dataclasses import replace

        from experiments.studies.plan import read_study
        from experiments.studies.run import StudyRequest, run_study
        from pipelines.night.request import usable_cores
        from planner.progress import watched
        from planner.study_screen import show_study

        asked = read_study(file)
        asked = asked if minutes is None else replace(asked, minutes=minutes)
        request = StudyRequest(asked, data, out, config, workers or usable_cores(), force)
        with watched() as observe:
            folder = run_study(request, observe)
        show_study(folder)
        return track_and_show(folder, out, data, config)

    raise typer.Exit(guarded(command))
