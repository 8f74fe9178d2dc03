"""The report of a replay that a person reads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.markdown import table
from experiments.record import PLOTS, REPORT
from experiments.replay.plots import PICTURES
from experiments.replay.request import ReplayRequest
from experiments.replay.segments import ALL
from experiments.replay.summary import headline
from experiments.replay.world import World
from pipelines.store.files import written_whole
from stockwright.errors import counted

#: Figures of the first table, with what they are called.
HEADLINE = {
    "profit": "profit",
    "fill_rate": "fill rate",
    "lost_units": "units lost",
    "lost_margin": "margin lost",
    "stock_value": "mean stock at cost",
    "turnover_days": "turnover days",
    "order_lines": "order lines",
    "orders": "orders",
    "ordered_units": "units ordered",
    "moved_units": "units moved",
    "freight": "freight",
    "holding": "holding cost",
}
_SHARES = ("fill_rate", "stockout_rate")


def write_report(
    folder: Path, request: ReplayRequest, world: World, tables: dict[str, pd.DataFrame]
) -> None:
    """Write ``report.md``."""
    parts = [*_head(request), "## Figures", *headline_lines(tables["metrics"])]
    if "paired" in tables:
        parts += ["## Against the base", _PAIRED, *_table(paired_rows(tables["paired"]))]
        parts += ["### Profit and fill rate by segment", *_segments(tables["paired"])]
    parts += ["## What was replayed", *_world(request, world), "## Plots"]
    parts += [
        f"![{title}]({PLOTS}/{name}.png)\n"
        for name, title in PICTURES.items()
        if (folder / PLOTS / f"{name}.png").is_file()
    ]
    with written_whole(folder / REPORT) as file:
        file.write(("\n".join(parts) + "\n").encode())


_PAIRED = (
    "Differences to the base on the same demand, deliveries and opening stock, with 95 % intervals "
    "of a bootstrap over SKUs and weeks.\n"
)


def _head(request: ReplayRequest) -> list[str]:
    unit = "night" if request.days == 1 else "week"
    settled = counted(request.settled, f"{unit} is", f"{unit}s are")
    lines = [
        f"# Replay of {counted(request.nights, unit)} from {request.first}\n",
        f"Of them {settled} warm-up that counts in no figure.\n",
    ]
    for variant in request.variants:
        lines.append(f"- **{variant.name}**{': ' + variant.why if variant.why else ''}")
    return [*lines, ""]


def headline_lines(metrics: pd.DataFrame) -> list[str]:
    """The headline of all arms as a table in Markdown."""
    return _table(headline_rows(metrics))


def headline_rows(metrics: pd.DataFrame) -> list[list[str]]:
    """A row for each figure, a column for each arm; names first."""
    arms = list(dict.fromkeys(metrics["variant"]))
    found = {arm: headline(metrics, arm) for arm in arms}
    rows = [["figure", *arms]]
    for metric, name in HEADLINE.items():
        rows.append([name, *(shown(metric, found[arm][metric]) for arm in arms)])
    return rows


def paired_rows(paired: pd.DataFrame) -> list[list[str]]:
    """A row for each variant and figure of the whole shop; names first."""
    rows = [["variant", "figure", "base", "variant's", "difference", "95 % interval"]]
    whole = paired[paired["segment_kind"] == ALL].set_index(["variant", "metric"])
    for variant in dict.fromkeys(paired["variant"]):
        for metric, name in HEADLINE.items():
            one = whole.loc[(variant, metric)]
            low, high = (shown(metric, one[side]) for side in ("low", "high"))
            told = [shown(metric, one[side]) for side in ("base", "value", "difference")]
            rows.append([variant, name, *told, f"{low} to {high}"])
    return rows


def _segments(paired: pd.DataFrame) -> list[str]:
    rows = [["variant", "segment", "profit", "95 % interval", "fill rate", "95 % interval"]]
    kept = paired[(paired["segment_kind"] != ALL) & paired["metric"].isin(["profit", "fill_rate"])]
    for (variant, kind, name), part in kept.groupby(
        ["variant", "segment_kind", "segment"], sort=False
    ):
        cells = [str(variant), f"{kind} {name}"]
        for metric in ("profit", "fill_rate"):
            one = part[part["metric"] == metric].iloc[0]
            cells += [
                shown(metric, one["difference"]),
                f"{shown(metric, one['low'])} to {shown(metric, one['high'])}",
            ]
        rows.append(cells)
    return _table(rows)


def _world(request: ReplayRequest, world: World) -> list[str]:
    asked = world.asked
    filled, total = asked.filled.sum(), max(asked.units.sum(), 1.0)
    days = int(asked.censored.sum())
    touched = int((asked.filled > 0).sum())
    known = int(np.isfinite(world.known_stock).sum())
    out = int((~asked.replayed).sum())
    return [
        f"- {len(set(world.index.sku))} SKUs, {int(asked.replayed.sum())} keys of SKU and location"
        + (
            f"; {out} keys that nothing supplies or that are not kept in stock are left out"
            if out
            else ""
        ),
        f"- Demand is what was sold, and what was not sold for want of stock: {filled:,.0f} of "
        f"{total:,.0f} units ({filled / total:.1%}) are such units, recovered on {touched:,} of "
        f"{days:,} days of keys on which stock ran out.",
        f"- Opening stock: recorded for {known} keys, for the others what is expected to sell "
        "until the first order comes.",
        f"- The model is fitted every {request.refit} days on the recorded sales; arms whose "
        "settings leave forecasts alone share them.",
        "- Suppliers are as late and as short as the shop's receipts, the same for every arm.",
        "- Clearance is left out: prices are those of the past in every arm.",
        "",
    ]


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    return [*table(rows[0], rows[1:]), ""]


def shown(metric: str, value: float) -> str:
    """A figure as a person reads it."""
    if not np.isfinite(value):
        return "-"
    if metric in _SHARES:
        return f"{value:.2%}"
    return f"{value:,.1f}" if metric == "turnover_days" else f"{value:,.0f}"
