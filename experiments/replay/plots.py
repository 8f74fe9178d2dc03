"""Plots of a replay: stock and service over time, arms against one another, money."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from experiments.figure import blank, save
from experiments.replay.money import COSTS
from experiments.replay.request import BASE
from experiments.replay.summary import headline

#: Names of the files, and their titles in the report.
PICTURES = {
    "stock_and_service": "Stock and service over time",
    "arms": "Stock and service of the arms",
    "profit": "From the base's profit to the variant's",
}
_SMOOTH_DAYS = 7
_MONEY = "{x:,.0f}"


def draw_plots(folder: Path, tables: dict[str, pd.DataFrame]) -> None:
    """Write the plots below ``folder``."""

    def made(name: str, width: float, height: float, draw: Any) -> None:
        figure = blank(width, height)
        draw(figure)
        save(figure, folder, name)

    arms = list(dict.fromkeys(tables["days"]["variant"]))
    made("stock_and_service", 10, 6.5, lambda figure: _over_time(figure, tables["days"], arms))
    others = [arm for arm in arms if arm != BASE]
    if others:
        made("arms", 7, 5, lambda figure: _arms(figure, tables["metrics"], arms))
        height = 1.2 + 2.8 * len(others)
        made("profit", 10, height, lambda figure: _waterfalls(figure, tables["metrics"], others))


def _over_time(figure: Any, days: pd.DataFrame, arms: list[str]) -> None:
    above, below = figure.subplots(2, 1, sharex=True)
    for arm in arms:
        rows = days[days["variant"] == arm]
        dates = rows["date"].to_numpy()
        above.plot(dates, rows["stock_value"], label=arm)
        window = max(_SMOOTH_DAYS * len(dates) // max(_span(dates), 1), 1)
        sums = rows[["served_units", "demand_units"]].rolling(window, min_periods=1).sum()
        below.plot(dates, 100 * sums["served_units"] / sums["demand_units"], label=arm)
    settled = days.loc[(days["variant"] == arms[0]) & ~days["counted"], "date"].to_numpy()
    for axis in (above, below):
        axis.grid(alpha=0.3)
        axis.margins(x=0.01)
        if len(settled):
            axis.axvspan(
                days["date"].min(), settled[-1], color="0.5", alpha=0.15, lw=0, label="warm-up"
            )
    above.set_ylim(bottom=0)
    above.set_title("Stock at the close, at cost")
    above.set_ylabel("money")
    above.yaxis.set_major_formatter(_MONEY)
    below.set_title("Fill rate, mean of seven days")
    below.set_ylabel("% of the units asked for")
    above.legend(loc="best", fontsize="small")
    figure.autofmt_xdate(rotation=0, ha="center")


def _span(dates: Any) -> int:
    return int((dates[-1] - dates[0]) / np.timedelta64(1, "D")) + 1


def _arms(figure: Any, metrics: pd.DataFrame, arms: list[str]) -> None:
    axis = figure.subplots()
    for arm in arms:
        found = headline(metrics, arm)
        place = (found["stock_value"], 100 * found["fill_rate"])
        axis.scatter(*place, s=60, zorder=3)
        text = f"{arm}\nprofit {found['profit']:,.0f}"
        axis.annotate(text, place, xytext=(8, 6), textcoords="offset points", fontsize="small")
    axis.margins(0.3)
    axis.grid(alpha=0.3)
    axis.set_title("Service and the stock that it takes, behind the warm-up")
    axis.set_xlabel("mean stock at cost, money")
    axis.xaxis.set_major_formatter(_MONEY)
    axis.set_ylabel("fill rate, % of the units asked for")


def _waterfalls(figure: Any, metrics: pd.DataFrame, others: list[str]) -> None:
    base = headline(metrics, BASE)
    axes = np.atleast_1d(figure.subplots(len(others), 1))
    for axis, arm in zip(axes, others, strict=True):
        found = headline(metrics, arm)
        steps = {"margin": found["margin"] - base["margin"]}
        steps |= {name: base[name] - found[name] for name in COSTS}
        steps = {name: value for name, value in steps.items() if value}
        edges = base["profit"] + np.cumsum([0.0, *steps.values()])
        names = [BASE, *(name.replace("_", " ") for name in steps), arm]
        bottoms = [0.0, *np.minimum(edges[1:], edges[:-1]), 0.0]
        heights = [base["profit"], *np.abs(np.diff(edges)), found["profit"]]
        colors = ["0.55", *("C2" if value > 0 else "C3" for value in steps.values()), "C0"]
        axis.bar(names, heights, bottom=bottoms, color=colors)
        reach = np.ptp(edges) or max(abs(base["profit"]), 1.0) * 0.01
        axis.set_ylim(edges.min() - 0.6 * reach, edges.max() + 0.6 * reach)
        told = [base["profit"], *steps.values(), found["profit"]]
        tops = np.array(bottoms) + np.array(heights)
        for place, (value, top) in enumerate(zip(told, tops, strict=True)):
            sign = "" if place in (0, len(told) - 1) else "+" if value > 0 else ""
            axis.annotate(
                f"{sign}{value:,.0f}",
                (place, top),
                xytext=(0, 3),
                ha="center",
                textcoords="offset points",
                fontsize="small",
            )
        axis.set_title(f"From the base's profit to that of {arm} (the axis does not begin at 0)")
        axis.set_ylabel("money")
        axis.yaxis.set_major_formatter(_MONEY)
        axis.grid(axis="y", alpha=0.3)
