"""The tables of the contract, by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from pipelines.ingest import (
    day_tables,
    master_tables,
    movement_tables,
    outside_tables,
    promise_tables,
)
from pipelines.ingest.declare import Column, Kind, Table

__all__ = ["ALL_TABLES", "DAY_TABLES", "TABLES", "Column", "Kind", "Table"]

#: Every table that is read, in the order in which problems and notes are listed.
TABLES: Mapping[str, Table] = MappingProxyType(
    {
        table.name: table
        for table in (
            *movement_tables.TABLES,
            *master_tables.TABLES,
            *outside_tables.TABLES,
            *promise_tables.TABLES,
        )
    }
)

#: Files that a call during the day names.
DAY_TABLES: Mapping[str, Table] = MappingProxyType({t.name: t for t in day_tables.TABLES})

#: All that a configuration may rename columns of.
ALL_TABLES: Mapping[str, Table] = MappingProxyType({**TABLES, **DAY_TABLES})
