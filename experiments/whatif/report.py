"""What a person reads of scenarios: tables in ``report.md``, and plots."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.figure import blank, save
from experiments.markdown import table
from experiments.record import REPORT
from experiments.whatif.curve import PLANNED, PRICED, SAME_LEVEL, Point
from experiments.whatif.figures import TIME, Figures
from experiments.whatif.rehearsal import Rehearsed

if TYPE_CHECKING:
    from experiments.whatif.run import Answer

#: Figures in the order in which they are read: what to call them, and their decimals.
SHOWN = {
    "order_lines": ("order lines", 0),
    "order_units": ("ordered units", 0),
    "order_value": ("order value", 0),
    "transfer_units": ("transferred units", 0),
    "transfer_freight": ("transfer freight", 0),
    "demanded_units": ("units demanded, by key", 0),
    "missed_units": ("of them missed", 0),
    "missed_money": ("money missed", 0),
    "fill_rate": ("fill rate of the shop", 4),
    "stock_value": ("stock value", 0),
    "safety_stock_value": ("safety stock value", 0),
    "stockouts_expected": ("keys out before the order comes", 0),
    "clearance_recovery": ("recovery of clearance", 0),
}
_BROKEN = {TIME: "time: no order comes before the stock is gone"}


def write_report(folder: Path, answer: Answer) -> None:
    """Write ``report.md`` and the plots. Raises OSError."""
    parts = [f"# What if: the night of {answer.date}", *_scenarios(answer)]
    if answer.rehearsed:
        parts += _rehearsal(answer.rehearsed)
    if answer.curve:
        parts += _curve(answer.curve)
        _plot_curve(folder, answer.curve, answer.date)
    (folder / REPORT).write_text("\n".join(parts) + "\n", "utf-8")


def _scenarios(answer: Answer) -> list[str]:
    names = list(answer.scenarios)
    rows = [
        [said, *(_cell(each, name, decimals) for each in answer.scenarios.values())]
        for name, (said, decimals) in SHOWN.items()
        if name in answer.scenarios[names[0]].values
    ]
    rows.append(["forecast", *(answer.how[name] for name in names)])
    return [*_table(["figure", *names], rows), *_limits(answer.scenarios)]


def _cell(figures: Figures, name: str, decimals: int) -> str:
    return f"{figures.values[name]:,.{decimals}f}" if name in figures.values else ""


def _limits(scenarios: dict[str, Figures]) -> list[str]:
    """What limits cost, where they cost anything."""
    held = {code for each in scenarios.values() for code, money in each.broken.items() if money > 1}
    codes = held - {""}
    if not codes:
        return []
    rows = [
        [_BROKEN.get(code, code), *(f"{f.broken.get(code, 0.0):,.0f}" for f in scenarios.values())]
        for code in sorted(codes)
    ]
    return ["## What limits cost", "", *_table(["limit", *scenarios], rows)]


def _rehearsal(rehearsed: Sequence[Rehearsed]) -> list[str]:
    rows = []
    for each in rehearsed:
        broken = _BROKEN.get(each.first, each.first) or "nothing"
        first = f"{broken} (at {each.at}: {each.money:,.0f})" if each.first else broken
        values = each.figures.values
        rows.append(
            [
                f"{each.step} ({each.place})" if each.place else each.step,
                f"{values['fill_rate']:.4f}",
                f"{values['missed_money']:,.0f}",
                first,
            ]
        )
    head = ["extreme", "fill rate", "money missed", "breaks first"]
    return ["## Rehearsal of extremes", "", *_table(head, rows)]


def _curve(points: Sequence[Point]) -> list[str]:
    rows = [
        [each.way, f"{each.at:g}", f"{each.fill_rate:.4f}", f"{each.stock_value:,.0f}"]
        for each in points
    ]
    head = ["way", "level or price", "fill rate", "mean stock at cost"]
    return ["## Service against stock in the long run", "", *_table(head, rows)]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return ["", *table(head, rows), ""]


def _plot_curve(folder: Path, points: Sequence[Point], date: str) -> None:
    figure = blank(8, 5)
    axes = figure.add_subplot()
    marks = {SAME_LEVEL: ("o", "level"), PRICED: ("s", "times the shortage cost")}
    for way, (mark, what) in marks.items():
        own = [point for point in points if point.way == way]
        stock = [point.stock_value / 1e6 for point in own]
        axes.plot(stock, [100 * p.fill_rate for p in own], marker=mark, label=f"{way} ({what})")
        for point, x in zip(own, stock, strict=True):
            axes.annotate(
                f"{point.at:g}", (x, 100 * point.fill_rate), textcoords="offset points",
                xytext=(6, -10) if way == SAME_LEVEL else (-8, 7), fontsize=7,
            )  # fmt: skip
    for point in (each for each in points if each.way == PLANNED):
        place = (point.stock_value / 1e6, 100 * point.fill_rate)
        axes.plot(*place, marker="*", markersize=14, color="black", linestyle="", label=PLANNED)
    axes.set(
        xlabel="mean stock on hand at cost, millions",
        ylabel="units served of those demanded, %",
        title=f"Service against stock in the long run, as of {date}",
    )
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right")
    save(figure, folder, "trade-off")
