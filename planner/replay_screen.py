"""What ``stockwright replay`` shows when it is done."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table

from experiments.record import read_record
from experiments.replay.report import headline_rows, paired_rows


def show_replay(folder: Path) -> None:
    """Figures of all arms, and differences to the base, from the folder's tables."""
    console = Console(highlight=False)
    params = read_record(folder).params
    title = f"{params['nights']} nights from {params['first']}, {params['warm_up']} of warm-up"
    _show(console, title, headline_rows(pd.read_parquet(folder / "metrics.parquet")))
    paired = folder / "paired.parquet"
    if paired.is_file():
        _show(console, "against the base", paired_rows(pd.read_parquet(paired)))
    console.print(str(folder), markup=False, soft_wrap=True)


def _show(console: Console, title: str, rows: Sequence[Sequence[str]]) -> None:
    table = Table(*rows[0], title=title)
    for column in table.columns[1:]:
        column.justify = "right"
    for row in rows[1:]:
        table.add_row(*row)
    console.print(table)
