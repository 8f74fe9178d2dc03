"""``stockwright models``: champions and challengers, and who decides."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from planner.options import ConfigFile, Runs

models = typer.Typer(
    help="Challenge the champion, promote by evidence, roll back.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

By = Annotated[str | None, typer.Option("--by", help="Who; default: the user of this system.")]
Why = Annotated[str, typer.Option("--why", help="Why, for the history.")]
Name = Annotated[str, typer.Argument(help="Name of a version, or NAME@DIGEST.")]

Nights = Annotated[
    int | None, typer.Option(min=1, help="Nights to replay; default: those of half a year.")
]
Skus = Annotated[
    int | None, typer.Option(min=1, help="Replay so many SKUs; the gate lets no sample through.")
]


def _done(command: Callable[[], int]) -> typer.Exit:
    from planner.exits import guarded

    return typer.Exit(guarded(command))


@models.command("list")
def list_models(out: Runs = Path("runs")) -> None:
    """Show the versions, who decides, and the last changes."""
    from planner.champions import show_versions

    raise _done(lambda: show_versions(out))


@models.command()
def show(name: Name, out: Runs = Path("runs")) -> None:
    """Show a version: its settings, its nights in the shadow, its history."""
    from planner.champions import show_version

    raise _done(lambda: show_version(out, name))


@models.command()
def challenge(
    variant: Annotated[Path, typer.Argument(help="The variant: a TOML file.")],
    nights: Annotated[
        int, typer.Option(min=0, help="Nights that it plans in the shadow; 0: none.")
    ] = 28,
    why: Why = "",
    config: Annotated[
        Path | None,
        typer.Option("--config", help="Configuration of the shop; default: its last night's."),
    ] = None,
    by: By = None,
    out: Runs = Path("runs"),
) -> None:
    """Register a variant as a version and let it plan beside the champion."""
    from planner.champions import challenge_and_show

    raise _done(lambda: challenge_and_show(out, variant, nights, why, by, config))


@models.command()
def promote(
    name: Name,
    why: Annotated[str, typer.Option("--why", help="Why, for the history.")],
    segment: Annotated[
        list[str] | None,
        typer.Option(help="Only for category=NAME or location=NAME; may be repeated."),
    ] = None,
    canary: Annotated[
        float | None, typer.Option(help="Only for this share of the SKUs, as 0.1.")
    ] = None,
    evidence: Annotated[
        list[Path] | None,
        typer.Option(help="Folder of a replay or backtest; default: the newest ones in --out."),
    ] = None,
    data: Annotated[
        str | None, typer.Option("--data", help="Replay and backtest now on these tables.")
    ] = None,
    first: Annotated[
        str | None, typer.Option("--from", help="Date of the first night to replay.")
    ] = None,
    nights: Nights = None,
    skus: Skus = None,
    config: ConfigFile = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Default: the cores.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Promote against the gate.")] = False,
    by: By = None,
    out: Runs = Path("runs"),
) -> None:
    """Let a version decide, where the gate lets it."""
    from planner.champions import PromoteOptions, promote_and_show

    def command() -> int:
        options = PromoteOptions(
            out, name, why, tuple(segment or ()), canary, force, by, tuple(evidence or ()),
            data, first, nights, skus, config, workers,
        )  # fmt: skip
        return promote_and_show(options)

    raise _done(command)


@models.command()
def rollback(
    why: Why = "",
    steps: Annotated[int, typer.Option(min=1, help="Promotions to undo.")] = 1,
    by: By = None,
    out: Runs = Path("runs"),
) -> None:
    """Go back to who decided before the last promotion."""
    from planner.champions import rollback_and_show

    raise _done(lambda: rollback_and_show(out, steps, why, by))
