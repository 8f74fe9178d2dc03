"""Small data folders, read and assembled the way a night does it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipelines.assemble import Situation, assemble
from pipelines.config.load import config_from
from pipelines.ingest import read_tables

Rows = list[dict[str, Any]]
Assembler = Callable[..., Situation]


@pytest.fixture
def situate(tmp_path: Path) -> Assembler:
    """``situate(as_of, settings, earlier, snapshots, cleared, **tables)``: tables as rows."""
    calls = iter(range(1000))

    def run(
        as_of: str,
        settings: dict[str, Any] | None = None,
        earlier: pd.DataFrame | None = None,
        snapshots: pd.DataFrame | None = None,
        cleared: pd.DataFrame | None = None,
        **tables: Rows,
    ) -> Situation:
        folder = tmp_path / f"data{next(calls)}"
        folder.mkdir()
        tables.setdefault("inventory", [{"sku": "a", "location": "X", "on_hand": 0}])
        for name, rows in tables.items():
            pd.DataFrame(rows).to_csv(folder / f"{name}.csv", index=False)
        settings = {"gates": {"bad_row_share": 0.9}, **(settings or {})}
        config = config_from(settings)
        date = np.datetime64(as_of, "D")
        ingested = read_tables(str(folder), config, date)
        return assemble(ingested, config, date, earlier, snapshots, cleared)

    return run


def series_at(situation: Situation, sku: str, location: str = "X") -> int:
    index = situation.panel.index
    here = (index.sku_names() == sku) & (index.location_names() == location)
    (found,) = np.flatnonzero(here)
    return int(found)


@pytest.fixture
def at() -> Callable[..., int]:
    """``at(situation, sku, location="X")``: the series of a key."""
    return series_at


@pytest.fixture
def codes() -> Callable[[Situation], list[str]]:
    """The codes of a situation's findings, in order."""
    return lambda situation: [one.code for one in situation.findings]
