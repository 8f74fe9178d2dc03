"""``stockwright backtest``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from planner.options import ConfigFile, Runs, Source
from planner.tracking import track_and_show

_Variants = Annotated[
    list[Path] | None,
    typer.Option("--variant", help="A TOML file of changed settings to compare; may be repeated."),
]


def backtest(
    data: Source,
    out: Runs = Path("runs"),
    config: ConfigFile = None,
    variant: _Variants = None,
    against: Annotated[
        Path | None,
        typer.Option(help="Hold variants against this one; default: the settings as they stand."),
    ] = None,
    last: Annotated[
        str | None, typer.Option(help="Date of the last origin; default: one step before the end.")
    ] = None,
    origins: Annotated[int, typer.Option(min=1, help="Number of origins.")] = 12,
    every: Annotated[int, typer.Option(min=1, help="Days from one origin to the next.")] = 7,
    horizon: Annotated[
        int | None, typer.Option(min=1, help="Periods to forecast; default: as configured.")
    ] = None,
    series: Annotated[
        int | None, typer.Option(min=1, help="Score so many keys, always the same; default: all.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Origins at a time; default: the cores.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Do it again.")] = False,
) -> None:
    """Forecast nights of the past and say how good that was."""
    from planner.exits import guarded

    def command() -> int:
        asked = {"last": last, "origins": origins, "every": every, "horizon": horizon}
        how = {"series": series, "workers": workers, "force": force}
        return _run_and_show(data, out, config, against, variant or [], asked | how)

    raise typer.Exit(guarded(command))


def _run_and_show(
    data: str,
    out: Path,
    config: Path | None,
    against: Path | None,
    variants: list[Path],
    asked: dict[str, Any],
) -> int:
    # LightGBM reads this when it is loaded: waiting threads shall sleep, not spin.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from experiments.backtest.request import PLAIN, BacktestRequest
    from experiments.backtest.run import run_backtest
    from pipelines.config.variant import read_variant
    from pipelines.night.request import parse_date, usable_cores
    from planner.backtest_screen import show_backtest
    from planner.progress import watched

    base = PLAIN if against is None else read_variant(against)
    asked["last"] = None if asked["last"] is None else parse_date(asked["last"])
    asked["workers"] = asked["workers"] or usable_cores()
    named = (base, *(read_variant(path) for path in variants))
    request = BacktestRequest(data=data, out=out, config=config, variants=named, **asked)
    with watched() as observe:
        folder = run_backtest(request, observe)
    show_backtest(folder)
    return track_and_show(folder, out, data, config)
