"""The plots of a backtest."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.backtest.asked import Backtest
from experiments.backtest.fans import FAN, Fan
from experiments.backtest.rows import CURVES, NAIVES, SEEN, Rows
from experiments.figure import blank, save
from experiments.metrics.calibration import kaplan_meier_curve, pit_share

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]
_LEVELS = np.linspace(0.01, 0.99, 99)
_SHOWN = (0.8, 0.9, 0.95, 0.99)
_COLORS = ("#1f5f8b", "#c8553d", "#3a7d44", "#8a5a9e", "#b8860b", "#555555")
_CURVE_NAMES = {
    SEEN: "periods in stock",
    "whole": "whole intervals, stock-outs as lower bounds",
    "first": "first period, stock-outs as lower bounds",
}
_STYLES = {SEEN: "-", "whole": ":", "first": "--"}


def write_plots(asked: Backtest, rows: dict[str, Rows], tables: dict[str, pd.DataFrame]) -> None:
    """Write the plots into the folder. Raises OSError."""
    first = next(iter(rows))
    drawn: dict[str, Callable[[], Figure]] = {
        "fans": lambda: _fans(first, rows[first], asked.shops[0].config.period),
        "calibration": lambda: _calibration(rows),
        "staircase": lambda: _staircase(rows, tables["metrics"]),
        "origins": lambda: _by_origin(tables["origins"]),
    }
    for name, draw in drawn.items():
        save(draw(), asked.folder, name)


def _figure(width: float, height: float, rows: int, columns: int) -> tuple[Figure, Any]:
    figure = blank(width, height)
    return figure, figure.subplots(rows, columns, squeeze=False)


def _fans(name: str, rows: Rows, period: str) -> Figure:
    """Forecasts of a few series at the last origin after which every period is known."""
    whole = [
        k
        for k, fans in enumerate(rows.fans)
        if fans and all(np.isfinite(fan.after[-1]) or np.isnan(fan.after).all() for fan in fans)
    ]
    place = whole[-1] if whole else len(rows.fans) - 1
    fans = rows.fans[place]
    figure, axes = _figure(12, 3.1 * max((len(fans) + 1) // 2, 1), max((len(fans) + 1) // 2, 1), 2)
    for axis, fan in zip(axes.flat, fans, strict=False):
        _fan(axis, fan, period)
    for axis in axes.flat[len(fans) :]:
        axis.set_visible(False)
    if fans:
        handles, labels = axes.flat[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
    figure.suptitle(f"Forecasts of {rows.origins[place]}, {name}: high, medium and low sellers")
    return figure


def _fan(axis: Axes, fan: Fan, period: str) -> None:
    past = len(fan.before)
    dates = fan.dates.astype("datetime64[ms]").astype(object)
    ahead = dates[past:]
    for low, high, shade in ((0, 4, 0.18), (1, 3, 0.35)):
        label = f"{FAN[low]:g} to {FAN[high]:g}"
        axis.fill_between(
            ahead, fan.quantiles[:, low], fan.quantiles[:, high],
            color=_COLORS[0], alpha=shade, linewidth=0, label=label, step="mid",
        )  # fmt: skip
    axis.step(ahead, fan.quantiles[:, 2], where="mid", color=_COLORS[0], label="median")
    units = np.concatenate([fan.before, fan.after])
    short = np.concatenate([fan.short, fan.short_after])
    axis.plot(dates, units, color="#222222", linewidth=0.9, marker=".", ms=3, label="sold")
    axis.plot(np.array(dates)[short], units[short], "x", color=_COLORS[1], ms=6, label="stock-out")
    axis.axvline(dates[past - 1], color="#999999", linewidth=0.8)
    axis.set_title(f"{fan.name} ({fan.seller} seller)", fontsize=10)
    axis.set_ylabel(f"units per {period}")
    axis.set_ylim(bottom=0)
    axis.tick_params(axis="x", labelsize=8, rotation=20)


def _calibration(rows: dict[str, Rows]) -> Figure:
    """Share of outcomes at or below each level, in stock and with lower bounds."""
    figure, axes = _figure(12, 5.2, 1, 2)
    whole, zoomed = axes[0]
    for color, (name, each) in zip(_COLORS, rows.items(), strict=False):
        for of, said in _CURVE_NAMES.items():
            found = _curve(each, of)
            label = f"{name}: {said}"
            for axis in (whole, zoomed):
                axis.plot(_LEVELS, found, _STYLES[of], color=color, linewidth=1.6, label=label)
    for axis, (low, title) in zip(
        axes[0], ((0.0, "all levels"), (0.75, "upper levels")), strict=True
    ):
        axis.plot([0, 1], [0, 1], color="#999999", linewidth=0.8, zorder=0)
        axis.set_xlim(low, 1)
        axis.set_ylim(low if low == 0 else min(low, 0.6), 1)
        axis.set_title(title, fontsize=10)
        axis.set_xlabel("level of the forecast")
        axis.set_ylabel("share of outcomes at or below it")
    zoomed.set_xticks([0.75, *_SHOWN[:3], 1.0])
    handles, labels = whole.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=1, frameon=False, fontsize=9)
    figure.suptitle("Calibration of demand over protection intervals; the diagonal is perfect")
    return figure


def _curve(rows: Rows, of: str) -> Floats:
    judged = np.flatnonzero(rows.calibration[f"{of}_judged"])
    below, above, cut = (
        rows.calibration[f"{of}_{what}"][judged] for what in ("below", "above", "at_least")
    )
    if of in CURVES:
        return kaplan_meier_curve(below, above, cut.astype(np.bool_), _LEVELS)
    if not len(judged):
        return np.full(len(_LEVELS), np.nan)
    return np.array([pit_share(below, above, level).mean() for level in _LEVELS.tolist()])


def _staircase(rows: dict[str, Rows], metrics: pd.DataFrame) -> Figure:
    """Losses of naive forecasts and of the model; and of the model's rungs on held-out totals."""
    figure, axes = _figure(12, 4.6, 1, 2)
    whole = metrics[metrics["segment_kind"] == "all"].set_index(["variant", "metric"])["value"]
    bars: list[tuple[str, float, float]] = []
    first = next(iter(rows))
    for name in NAIVES:
        losses = (whole[(first, f"{metric}_{name}")] for metric in ("wape", "pinball"))
        bars.append((name.replace("_", " "), *losses))
    bars += [(name, whole[(name, "wape")], whole[(name, "pinball")]) for name in rows]
    _bars(axes[0][0], bars, ("WAPE", "pinball loss"))
    axes[0][0].set_title("Backtest: single periods in stock", fontsize=10)
    stairs = pd.DataFrame(
        [vars(stair) for each in rows.values() for stair in each.stairs if stair.segment == "shop"]
    )
    if len(stairs):
        mean = stairs.groupby("rung", sort=False)[["wape", "pinball"]].mean()
        steps = [(str(row.Index), row.wape, row.pinball) for row in mean.itertuples()]
        _bars(axes[0][1], steps, ("WAPE", "pinball loss"))
        axes[0][1].set_title("Rungs of the model: held-out totals, mean of the fits", fontsize=10)
    else:
        axes[0][1].set_visible(False)
    figure.suptitle("Value added from one forecast to the next: loss over units sold")
    return figure


def _bars(axis: Axes, bars: list[tuple[str, float, float]], names: tuple[str, str]) -> None:
    """Two bars for each name with their values on top."""
    place = np.arange(len(bars))
    for k, (label, color) in enumerate(zip(names, _COLORS, strict=False)):
        values = [bar[k + 1] for bar in bars]
        drawn = axis.bar(place + 0.38 * (k - 0.5), values, 0.36, color=color, label=label)
        axis.bar_label(drawn, fmt="%.3f", fontsize=8, padding=2)
    axis.set_xticks(place, [bar[0] for bar in bars], fontsize=9)
    axis.set_ylabel("loss over units")
    axis.margins(y=0.18)
    axis.legend(frameon=False, fontsize=9, loc="upper right")


def _by_origin(origins: pd.DataFrame) -> Figure:
    """Headline metrics at each origin, a line for each variant."""
    shown = {
        "wape": "WAPE of single periods",
        "bias": "bias of single periods",
        "sum_pinball": "pinball loss of protection intervals",
        "coverage_90": "coverage of the .9 quantile",
    }
    figure, axes = _figure(12, 6.4, 2, 2)
    variants = list(origins["variant"].unique())
    for axis, (metric, title) in zip(axes.flat, shown.items(), strict=True):
        for color, name in zip(_COLORS, variants, strict=False):
            mine = origins[(origins["variant"] == name) & (origins["metric"] == metric)]
            dates = pd.to_datetime(mine["origin"]).to_numpy()
            axis.plot(dates, mine["value"], marker="o", ms=4, color=color, label=name)
        if metric in ("bias", "coverage_90"):
            level = 0.0 if metric == "bias" else 0.9
            axis.axhline(level, color="#999999", linewidth=0.8, zorder=0)
        else:
            axis.set_ylim(0.0, 1.08 * axis.get_ylim()[1])
        axis.set_title(title, fontsize=10)
        axis.set_xticks(np.unique(pd.to_datetime(origins["origin"]).to_numpy()))
        axis.tick_params(axis="x", labelsize=8, rotation=35)
        axis.set_ylabel("share" if metric == "coverage_90" else "share of units")
    handles, labels = axes.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
    figure.suptitle("Metrics by origin")
    return figure
