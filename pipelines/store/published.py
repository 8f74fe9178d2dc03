"""The lines that earlier nights published, looked up by their names."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import pandas as pd

from pipelines.assemble.clearing_answers import CLEARED_COLUMNS
from pipelines.publish.cells import unguard
from pipelines.publish.clearance import FILE
from pipelines.publish.night import CLEARANCE

COLUMNS = ("line_id", "sku", "destination", "source", "units", "available_date", "kind")
_FILES = (("orders.csv", "supplier", "order"), ("transfers.csv", "source", "transfer"))


def published_lines(nights: Sequence[Path], wanted: Collection[str]) -> pd.DataFrame:
    """The lines named ``wanted``, with COLUMNS; those that no night published are left out.

    nights: run folders by date, ascending; read from the newest back until all lines are found.
    """
    missing = {name for name in wanted if not name.startswith(CLEARANCE)}
    found: list[pd.DataFrame] = []
    for night in reversed(nights):
        if not missing:
            break
        for name, source, kind in _FILES:
            lines = _read(night / name, source)
            lines = lines[lines["line_id"].isin(missing)].assign(kind=kind)
            missing -= set(lines["line_id"])
            found.append(lines)
    if not found:
        return pd.DataFrame(columns=COLUMNS)
    return pd.concat(found[::-1], ignore_index=True)[list(COLUMNS)]


def published_clearance(nights: Sequence[Path], wanted: Collection[str]) -> pd.DataFrame:
    """The lines of clearance named ``wanted``, with CLEARED_COLUMNS; see ``published_lines``."""
    missing = {name for name in wanted if name.startswith(CLEARANCE)}
    found: list[pd.DataFrame] = []
    for night in reversed(nights):
        if not missing or not (night / FILE).is_file():
            break
        lines = _read_clearance(night / FILE)
        found.append(lines[lines["line_id"].isin(missing)])
        missing -= set(found[-1]["line_id"])
    if not found:
        return pd.DataFrame(columns=list(CLEARED_COLUMNS))
    return pd.concat(found[::-1], ignore_index=True)


def _read_clearance(path: Path) -> pd.DataFrame:
    text = dict.fromkeys(CLEARED_COLUMNS, "str")
    lines = pd.read_csv(
        path, usecols=list(text), dtype=text, encoding="utf-8-sig", keep_default_na=False
    )
    for column in ("sku", "location", "channel"):
        lines[column] = lines[column].map(unguard)
    numbers = {"step": pd.to_numeric(lines["step"]), "new_price": pd.to_numeric(lines["new_price"])}
    return lines.assign(**numbers)[list(CLEARED_COLUMNS)]


def _read(path: Path, source: str) -> pd.DataFrame:
    names = ["line_id", "sku", "destination", source, "units", "available_date"]
    text = dict.fromkeys(names, "str") | {"units": "float64"}
    lines = pd.read_csv(
        path, usecols=names, dtype=text, encoding="utf-8-sig", keep_default_na=False
    )
    for column in ("sku", "destination", source):
        lines[column] = lines[column].map(unguard)
    return lines.rename(columns={source: "source"})
