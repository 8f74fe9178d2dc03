"""``stockwright replay``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from planner.options import ConfigFile, Runs, Source
from planner.tracking import track_and_show

_First = Annotated[str, typer.Option("--from", help="First evening, as 2026-05-31.")]
_Nights = Annotated[int, typer.Option(min=1, help="Evenings, one a period.")]
_Variants = Annotated[
    list[Path] | None,
    typer.Option("--variant", help="A TOML file of changed settings; may be repeated."),
]
_WarmUp = Annotated[
    int | None,
    typer.Option(
        min=0, help="First evenings that no figure counts; default: a quarter, at most four weeks."
    ),
]
_Refit = Annotated[int, typer.Option(min=1, help="Days from one fit to the next.")]
_Skus = Annotated[
    int | None, typer.Option(min=1, help="Replay so many SKUs, always the same; default: all.")
]
_Workers = Annotated[
    int | None, typer.Option(min=1, help="Processes at a time; default: the cores.")
]


def replay(
    data: Source,
    first: _First,
    nights: _Nights,
    out: Runs = Path("runs"),
    config: ConfigFile = None,
    variant: _Variants = None,
    warm_up: _WarmUp = None,
    refit: _Refit = 7,
    skus: _Skus = None,
    workers: _Workers = None,
    force: Annotated[bool, typer.Option("--force", help="Do it again.")] = False,
) -> None:
    """Play the nightly plan, and variants of it, through the past: service, stock, money."""
    from planner.exits import guarded

    def command() -> int:
        how = {"nights": nights, "warm_up": warm_up, "refit": refit, "skus": skus}
        asked = how | {"workers": workers, "force": force}
        return _run_and_show(data, first, out, config, variant or [], asked)

    raise typer.Exit(guarded(command))


def _run_and_show(
    data: str,
    first: str,
    out: Path,
    config: Path | None,
    variants: list[Path],
    asked: dict[str, Any],
) -> int:
    # LightGBM reads this when it is loaded: waiting threads shall sleep, not spin.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from experiments.replay.request import ReplayRequest
    from experiments.replay.run import run_replay
    from experiments.shop import Shop
    from pipelines.config.variant import read_variant
    from pipelines.night.request import parse_date, usable_cores
    from planner.progress import watched
    from planner.replay_screen import show_replay

    asked["workers"] = asked["workers"] or usable_cores()
    request = ReplayRequest(
        shop=Shop.open(data, config),
        first=parse_date(first),
        variants=tuple(read_variant(path) for path in variants),
        runs=out,
        **asked,
    )
    with watched() as observe:
        folder = run_replay(request, observe)
    show_replay(folder)
    return track_and_show(folder, out, data, config)
