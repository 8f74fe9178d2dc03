"""Plots of a study: who is ahead and how surely, and money against error."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from experiments.figure import blank, save
from experiments.studies.plan import BASE
from experiments.studies.table import DROPPED, NOT_RUN

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Errors that money is drawn against, the first that was measured.
ERRORS = ("sum_pinball", "pinball", "sum_wape", "wape")
# Variants that are drawn at most, the best ones.
_MOST = 30
_INK, _GONE = "#1f4e79", "#b0b0b0"


def draw_study(table: pd.DataFrame, folder: Path) -> list[Path]:
    """Draw what can be drawn into ``folder/plots``."""
    ran = table[table["state"] != NOT_RUN].head(_MOST)
    return [save(figure, folder, name) for name, figure in _figures(ran)]


def _figures(ran: pd.DataFrame) -> Iterator[tuple[str, Figure]]:
    if not len(ran):
        return
    yield "ranks", ranks(ran)
    for error in ERRORS:
        if error in ran and ran[error].notna().any():
            yield "money_error", money_error(ran, error)
            return


def _figure(width: float, height: float) -> tuple[Figure, Axes]:
    figure = blank(width, height)
    return figure, figure.subplots()


def ranks(ran: pd.DataFrame) -> Figure:
    """What each variant brings more than the base, with its interval, the best on top."""
    figure, axis = _figure(9, 1.8 + 0.3 * len(ran))
    for place, row in enumerate(ran.itertuples()):
        axis.errorbar(row.to_base, -place, xerr=_reach(row), fmt="o", color=_color(row), capsize=3)
    axis.axvline(0.0, color="#888888", lw=1)
    labels = [f"{row.variant} (rung {row.rung:.0f})" for row in ran.itertuples()]
    axis.set_yticks([-place for place in range(len(ran))], labels, fontsize=8)
    axis.set_xlabel(f"more than {BASE} at the same rung, {ran['unit'].iloc[0]}; 95 % intervals")
    axis.set_title("Variants by what they bring; gray ones were dropped early")
    _plain_numbers(axis.xaxis)
    axis.grid(alpha=0.3, axis="x")
    return figure


def money_error(ran: pd.DataFrame, error: str) -> Figure:
    """What each variant brings against the error of its forecast."""
    figure, axis = _figure(9, 5.4)
    for row in ran.itertuples():
        across = getattr(row, error)
        axis.errorbar(across, row.to_base, yerr=_reach(row), fmt="o", color=_color(row), capsize=3)
    for (across, up), names in _together(ran, error):
        axis.annotate(names, (across, up), (5, 4), textcoords="offset points", fontsize=7)
    axis.axhline(0.0, color="#888888", lw=1)
    axis.set_xlabel(f"{error}, lower is better")
    axis.set_ylabel(f"more than {BASE}, {ran['unit'].iloc[0]}")
    axis.set_title("Money against error; gray variants were dropped early, on fewer nights")
    _plain_numbers(axis.yaxis)
    axis.grid(alpha=0.3)
    axis.margins(0.12)
    return figure


def _together(ran: pd.DataFrame, error: str) -> Iterator[tuple[tuple[float, float], str]]:
    """Points with the names of all that lie so near that their names would lie on one another."""
    left = ran[["variant", error, "to_base"]].dropna()
    wide = max(float(np.ptp(left[error])), 1e-12) if len(left) else 1.0
    high = max(float(np.ptp(ran[["to_base_low", "to_base_high"]].to_numpy())), 1e-12)
    while len(left):
        first = left.iloc[0]
        near = ((left[error] - first[error]).abs() < 0.06 * wide) & (
            (left["to_base"] - first["to_base"]).abs() < 0.03 * high
        )
        yield (float(first[error]), float(first["to_base"])), ", ".join(left[near]["variant"])
        left = left[~near]


def _reach(row: Any) -> list[list[float]]:
    return [
        [max(row.to_base - row.to_base_low, 0.0)],
        [max(row.to_base_high - row.to_base, 0.0)],
    ]


def _color(row: Any) -> str:
    return _GONE if row.state == DROPPED else _INK


def _plain_numbers(axis: Any) -> None:
    def text(value: float, _: object) -> str:
        return f"{value:,.4g}" if abs(value) < 10 else f"{value:,.0f}"

    axis.set_major_formatter(text)
