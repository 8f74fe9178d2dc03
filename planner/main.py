"""The commands. Only names and options stand here: a command's rooms load when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from planner.backtest import backtest
from planner.models import models
from planner.options import ConfigFile, Runs, Source, Workers
from planner.replay import replay
from planner.study import study
from planner.track import track
from planner.whatif import whatif

app = typer.Typer(
    name="stockwright",
    help="Demand forecasting and replenishment: restock orders that say why.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


app.add_typer(models, name="models")


@app.callback(invoke_without_command=True)
def about(
    version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False,
) -> None:
    """Forecast demand and plan replenishment, every night."""
    if version:
        from stockwright import __version__

        typer.echo(f"stockwright {__version__}")
        raise typer.Exit(0)


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(help="New folder for the tables of the demo shop.")],
    skus: Annotated[int, typer.Option(min=1, help="Number of SKUs.")] = 2000,
    days: Annotated[int, typer.Option(min=1, help="Days of history.")] = 730,
    seed: Annotated[int, typer.Option(min=0, help="Another seed is another shop.")] = 1,
) -> None:
    """Write the demo shop: synthetic tables of an online shop."""
    from planner.commands import write_demo_shop
    from planner.exits import guarded

    raise typer.Exit(guarded(lambda: write_demo_shop(folder, skus, days, seed)))


@app.command()
def validate(
    data: Source,
    date: Annotated[
        str | None, typer.Option(help="Check as of this date; default: cut no row.")
    ] = None,
    config: ConfigFile = None,
) -> None:
    """Check the tables against the contract; change nothing."""
    from planner.commands import validate_tables
    from planner.exits import guarded

    raise typer.Exit(guarded(lambda: validate_tables(data, date, config)))


@app.command()
def nightly(
    data: Source,
    date: Annotated[str, typer.Option(help="Run after the close of this date, as 2026-11-21.")],
    out: Runs = Path("runs"),
    config: ConfigFile = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Take up a run that did not end where it stopped.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Publish again although the date is published.")
    ] = False,
    workers: Workers = None,
) -> None:
    """Run the night of a date and publish its plan."""
    from planner.commands import NightOptions, run_and_show
    from planner.exits import guarded

    options = NightOptions(data, date, out, config, resume, force, workers)
    raise typer.Exit(guarded(lambda: run_and_show(options)))


@app.command()
def explain(
    run: Annotated[Path, typer.Option("--run", help="A published run: RUNS/DATE.")],
    sku: Annotated[str, typer.Option(help="SKU of the line.")],
    location: Annotated[str | None, typer.Option(help="Its location; default: all.")] = None,
) -> None:
    """Say why a line is what it is, in numbers."""
    from planner.commands import explain_line
    from planner.exits import guarded

    raise typer.Exit(guarded(lambda: explain_line(run, sku, location)))


@app.command()
def pulse(
    sales_today: Annotated[
        Path, typer.Option("--sales-today", help="All sales of the day so far: CSV, Parquet, xlsx.")
    ],
    out: Runs = Path("runs"),
    at: Annotated[
        str | None, typer.Option("--at", help="As of 14:30; default: the newest time in the file.")
    ] = None,
    reservations: Annotated[
        Path | None, typer.Option("--reservations", help="Units held in carts and unpaid orders.")
    ] = None,
    received: Annotated[
        Path | None, typer.Option("--received", help="Goods that came in today.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", help="Configuration; default: that of the night.")
    ] = None,
    wait: Annotated[
        float, typer.Option(min=0.0, help="Seconds to wait for another pulse to end.")
    ] = 5.0,
) -> None:
    """Look at the day so far: alerts, emergency lines, and what channels may still sell."""
    from planner.commands import PulseOptions, pulse_and_show
    from planner.exits import guarded

    options = PulseOptions(sales_today, out, at, reservations, received, config, wait)
    raise typer.Exit(guarded(lambda: pulse_and_show(options)))


@app.command()
def status(out: Runs = Path("runs")) -> None:
    """Show the last runs and what is published."""
    from planner.commands import show_status
    from planner.exits import guarded

    raise typer.Exit(guarded(lambda: show_status(out)))


for command in (backtest, replay, study, whatif, track):
    app.command()(command)


def run() -> None:
    """Entry point of the ``stockwright`` command."""
    app()
