"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def _given(text: str) -> str:
    if not text.strip():
        raise typer.BadParameter("it is empty; name a folder")
    return text


def _folder(text: str) -> Path:
    return Path(_given(text))


Source = Annotated[
    str,
    typer.Option("--data", callback=_given, help="Folder of tables, or URL of a database."),
]
Runs = Annotated[
    Path, typer.Option("--out", parser=_folder, metavar="PATH", help="Folder of runs.")
]
ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", help="Configuration; default: stockwright.toml beside the tables."),
]
Workers = Annotated[
    int | None, typer.Option(min=1, help="Blocks of series at a time; default: the cores.")
]
