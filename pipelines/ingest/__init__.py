"""Read a source's tables, hold them against the contract, and cut them at the as-of date."""

from pipelines.ingest.demand import demand_lines
from pipelines.ingest.ingested import Ingested, RowCount, Source, TablesError
from pipelines.ingest.read import OpenSource, Report, read_tables, validate
from pipelines.ingest.schema import TABLES

__all__ = [
    "TABLES",
    "Ingested",
    "OpenSource",
    "Report",
    "RowCount",
    "Source",
    "TablesError",
    "demand_lines",
    "read_tables",
    "validate",
]
