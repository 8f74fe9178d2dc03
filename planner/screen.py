"""Tables on the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from pipelines.night.history import Attempt
from pipelines.night.layout import RunsFolder, link_target
from pipelines.night.outcome import Outcome
from pipelines.publish.texts import Texts, load_texts
from stockwright.errors import counted

if TYPE_CHECKING:
    from pathlib import Path

    from experiments.tracking.attempt import Attempt as Tracking
    from experiments.tracking.waiting import Waiting
    from pipelines.ingest import Report
    from pipelines.pulse.request import PulseOutcome


#: Decimals of a figure by its unit.
_DECIMALS = {"days": 1, "share": 4, "money": 2, "units": 1}


def show_outcome(outcome: Outcome, where: str) -> None:
    """The closing summary of a night, from its ``summary.json``. ``where``: the plan's link."""
    console = Console(highlight=False)
    summary = outcome.summary
    texts = load_texts(summary["language"])
    console.print(_figures(summary, texts))
    if summary["exceptions"]:
        console.print(_exceptions(summary["exceptions"], texts))
    for code in summary["substitutes"]:
        console.print(f"A step failed and a substitute ran: {code}", markup=False)
    for note in summary["notes"]:
        console.print(f"- {note}", markup=False)
    word = "Unchanged since it was published" if outcome.unchanged else "Published"
    console.print(f"{word}: {where}", markup=False, soft_wrap=True)


def show_tracking(tracking: Tracking, runs: Path) -> None:
    """One line on what MLflow has, or has not and why."""
    said = tracking.sentence(runs)
    if said:
        Console(highlight=False).print(said, markup=False, soft_wrap=True)


def _figures(summary: Mapping[str, Any], texts: Texts) -> Table:
    table = Table(title=texts.fill("sections", "title", {"date": summary["date"]}))
    table.add_column(texts.heading("kpi"))
    table.add_column(texts.of("sections", "figures"), justify="right")
    table.add_column(texts.heading("unit"))
    table.add_column(texts.heading("period"))
    for name, figure in summary["kpis"].items():
        period = figure["period"]
        table.add_row(
            texts.of("kpis", name),
            number(figure["value"], figure["unit"]),
            texts.of("units", figure["unit"]),
            period["to"]
            if period["from"] == period["to"]
            else f"{period['from']} - {period['to']}",
        )
    return table


def _exceptions(counts: Mapping[str, int], texts: Texts) -> Table:
    table = Table(title=texts.of("sections", "exceptions"))
    table.add_column(texts.heading("code"))
    table.add_column(texts.of("units", "count"), justify="right")
    for code, count in counts.items():
        table.add_row(code, number(count))
    return table


def show_report(report: Report) -> None:
    """Where the rows of each table went, and everything that is wrong."""
    console = Console(highlight=False)
    table = Table("table", "rows read", "used", "set aside", "cut", "not yet known")
    for count in report.rows:
        figures = (count.read, count.used, count.set_aside, count.cut, count.not_known)
        table.add_row(count.table, *(number(figure) for figure in figures))
    console.print(table)
    for note in report.notes:
        console.print(f"- {note}", markup=False)
    for problem in report.problems:
        console.print(f"problem: {problem}", markup=False)
    if report.ok:
        console.print(f"{report.source} keeps the contract.", markup=False)
    else:
        problems = counted(len(report.problems), "problem")
        console.print(f"{report.source} breaks the contract: {problems}.", markup=False)


def show_pulse(outcome: PulseOutcome, where: str) -> None:
    """What a pulse found, in a few lines. ``where``: the link to its files."""
    console, found = Console(highlight=False), outcome.summary
    sold, expected = number(found["units_sold"], "units"), number(found["units_expected"], "units")
    console.print(f"{found['day']} as of {found['at']}: {sold} sold, {expected} expected by now")
    table = Table("code", "alerts")
    table.columns[1].justify = "right"
    for code, count in found["alerts"].items():
        table.add_row(code, number(count))
    if found["alerts"]:
        console.print(table)
    for kind in ("orders", "transfers"):
        lines, units = counted(found[kind]["lines"], "line"), _units(found[kind]["units"])
        console.print(f"emergency {kind}: {lines}, {units}")
    console.print(f"channels may sell {_units(found['quotas']['units'])}")
    for note in found["notes"]:
        console.print(f"- {note}", markup=False)
    word = "Unchanged since the last pulse" if outcome.unchanged else "Published"
    console.print(f"{word}: {where}", markup=False, soft_wrap=True)


def _units(value: float) -> str:
    return f"{number(value, 'units')} {'unit' if value == 1 else 'units'}"


def number(value: float | None, unit: str = "count") -> str:
    """A figure with thousands apart and the decimals of its unit; a dash for None.

    Counts have none, but sold units may be parts: they have one where they are not whole.
    """
    if value is None:
        return "-"
    whole = unit == "units" and float(value).is_integer()
    return f"{value:,.{0 if whole else _DECIMALS.get(unit, 0)}f}"


def show_attempts(runs: RunsFolder, attempts: Sequence[Attempt]) -> None:
    """The last attempts, newest first, and which of them is the plan of its date.

    The name of a run is its date and the time at which it started, UTC.
    """
    table = Table("run", "outcome", "exit", "seconds", "message")
    table.columns[0].no_wrap = True
    current = {link_target(runs.dated(date)) for date in runs.dates()}
    latest = link_target(runs.latest)
    for one in attempts:
        target = str(runs.run(one.run).relative_to(runs.root))
        outcome = one.outcome
        if outcome == "published" and target not in current:
            outcome = "replaced"
        if target == latest:
            outcome = f"{outcome}, latest"
        table.add_row(one.run, outcome, str(one.exit_code), f"{one.seconds:.1f}", one.message)
    Console(highlight=False).print(table)


def show_waiting(waiting: Sequence[Waiting]) -> None:
    """How much waits to be tracked, and why the newest of it does."""
    if waiting:
        said = f"{counted(len(waiting), 'folder')} not tracked in MLflow yet"
        why = f": {waiting[0].why}" if waiting[0].why else ""
        Console(highlight=False).print(f"{said}{why}", markup=False, soft_wrap=True)
