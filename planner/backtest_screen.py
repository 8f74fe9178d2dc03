"""What ``stockwright backtest`` shows when it is done."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table

from experiments.backtest.report import calibration, differences, gains, headline, worst

_INTERVAL = "95 % interval"


def show_backtest(folder: Path) -> None:
    """Headline figures, gains, calibration and the worst segments, from the folder's tables."""
    console = Console(highlight=False)
    metrics = pd.read_parquet(folder / "metrics.parquet")
    for name in metrics["variant"].unique():
        found = [row[:3] for row in headline(metrics, name)]
        _show(console, f"{name}: metrics", ("metric", "value", _INTERVAL), found)
        over = gains(metrics, name)
        _show(console, f"{name}: over naive forecasts", ("gain", "value", _INTERVAL), over)
        levels = ("level", "in stock", _INTERVAL, "lower bounds", "first period")
        _show(console, f"{name}: calibration of sums", levels, calibration(metrics, name))
        parts = ("segment", "rows", "WAPE", "bias", "pinball")
        _show(console, f"{name}: worst segments", parts, worst(metrics, name))
    paired = folder / "paired.parquet"
    if paired.is_file():
        heads = ("variants", "metric", "base", "value", f"difference ({_INTERVAL})")
        _show(console, "differences", heads, differences(pd.read_parquet(paired)))
    console.print(str(folder), markup=False, soft_wrap=True)


def _show(
    console: Console, title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]
) -> None:
    table = Table(*heads, title=title)
    for column in table.columns[1:]:
        column.justify = "right"
    for row in rows:
        table.add_row(*row)
    console.print(table)
