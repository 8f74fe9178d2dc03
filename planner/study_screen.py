"""The outcome of a study on the terminal."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table

from experiments.studies.report import WINNER
from experiments.studies.table import NOT_RUN, RAN

_SHOWN = 12


def show_study(folder: Path) -> None:
    """The best variants with what is certain of them, who was not run, and where all stands."""
    console = Console(highlight=False)
    found = pd.read_parquet(folder / "variants.parquet")
    ran = found[found["state"] != NOT_RUN]
    errors = [name for name in ("fill_rate", "wape") if name in ran]
    table = Table("rank", "variant", "rung", "more than base (95 % interval)", *errors)
    table.columns[1].no_wrap = table.columns[3].no_wrap = True
    for row in ran.head(_SHOWN).to_dict("records"):
        ends = f"{row['to_base_low']:,.4g} to {row['to_base_high']:,.4g}"
        state = "" if row["state"] == RAN else f", {row['state']}"
        cells = [f"{row['rank']:.0f}", row["variant"], f"{row['rung']:.0f}{state}"]
        cells += [f"{row['to_base']:+,.4g} ({ends})", *(f"{row[name]:.4f}" for name in errors)]
        table.add_row(*cells)
    console.print(table)
    if len(ran):
        console.print(f"in {ran['unit'].iloc[0]}; {len(ran)} variants were run", markup=False)
    left = found[found["state"] == NOT_RUN]["variant"].tolist()
    if left:
        console.print(f"not run, for the time was over: {', '.join(left)}", markup=False)
    if (folder / WINNER).is_file():
        console.print(f"The winner: {folder / WINNER}", markup=False, soft_wrap=True)
    console.print(f"Study: {folder}", markup=False, soft_wrap=True)
