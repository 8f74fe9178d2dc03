"""The tables of the contract, by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from pipelines.ingest import master_tables, movement_tables, outside_tables, promise_tables
from pipelines.ingest.declare import Column, Kind, Table

__all__ = ["TABLES", "Column", "Kind", "Table"]

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
