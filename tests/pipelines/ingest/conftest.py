from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.config.load import config_from
from pipelines.ingest import Ingested, Report, TablesError, read_tables, validate

AS_OF = np.datetime64("2026-11-22", "D")

SALES = """date,sku,location,units,price
2026-11-20,00123,East,3,10
2026-11-21,00123,East,2,12
2026-11-22,123,East,1,5
2026-11-22,00123,West,4,11
"""
INVENTORY = """sku,location,on_hand
00123,East,5
123,East,7
00123,West,0
"""
LOCATIONS = """location,kind,parent
Central,central,
East,regional,Central
West,regional,Central
"""


class Shop:
    """A folder with the smallest tables that can be read, to be broken one at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.write("sales.csv", SALES)
        self.write("inventory.csv", INVENTORY)

    def write(self, name: str, content: str | bytes) -> Shop:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return self

    def read(self, as_of: np.datetime64 = AS_OF, **settings: Any) -> Ingested:
        return read_tables(str(self.folder), config_from(settings), as_of)

    def validate(self, **settings: Any) -> Report:
        return validate(str(self.folder), config_from(settings), AS_OF)

    def lenient(self, **settings: Any) -> Ingested:
        """Read with a gate that lets any share of bad rows pass."""
        return self.read(gates={"bad_row_share": 1.0}, **settings)

    def lenient_at(self, as_of: np.datetime64) -> Ingested:
        """The same for another night."""
        return self.read(as_of, gates={"bad_row_share": 1.0})

    def error(self, **settings: Any) -> str:
        """The message of the DataError that reading raises."""
        with pytest.raises(TablesError) as caught:
            self.read(**settings)
        return str(caught.value)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path / "data")


@pytest.fixture
def rejected() -> Callable[[Ingested], list[tuple[str, int, str, str, str]]]:
    """The bad rows as (file, row, column, value, reason)."""

    def rows(ingested: Ingested) -> list[tuple[str, int, str, str, str]]:
        frame = ingested.rejected[["file", "row", "column", "value", "reason"]]
        return [tuple(row) for row in frame.itertuples(index=False)]

    return rows
