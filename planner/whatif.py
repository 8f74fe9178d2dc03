"""``stockwright whatif``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from planner.options import ConfigFile, Runs, Source, Workers
from planner.tracking import track_and_show

_Files = Annotated[
    list[Path] | None, typer.Argument(help="Scenarios: TOML files, see docs/experiments.md.")
]


def whatif(
    data: Source,
    date: Annotated[str, typer.Option(help="The night whose plan is varied, as 2026-11-21.")],
    scenarios: _Files = None,
    out: Runs = Path("runs"),
    config: ConfigFile = None,
    rehearse: Annotated[
        bool, typer.Option("--rehearse", help="Extremes before a peak, and what breaks first.")
    ] = False,
    curve: Annotated[
        bool, typer.Option("--curve", help="Service against stock for the whole shop.")
    ] = False,
    workers: Workers = None,
    force: Annotated[bool, typer.Option("--force", help="Work it out anew.")] = False,
) -> None:
    """Plan the night as it would be if something were different."""
    from planner.exits import guarded

    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

    def command() -> int:
        from experiments.record import REPORT
        from experiments.whatif.run import WhatIfRequest, run_whatif
        from experiments.whatif.scenario import read_scenario
        from pipelines.night.request import parse_date, usable_cores
        from planner.progress import watched

        request = WhatIfRequest(
            source=data,
            date=parse_date(date),
            runs=out,
            scenarios=tuple(read_scenario(path) for path in scenarios or ()),
            config=config,
            rehearsal=rehearse,
            curve=curve,
            workers=workers or usable_cores(),
            force=force,
        )
        with watched() as observe:
            folder = run_whatif(request, observe)
        print((folder / REPORT).read_text("utf-8"), f"Written: {folder}", sep="\n")
        return track_and_show(folder, out, data, config)

    raise typer.Exit(guarded(command))
