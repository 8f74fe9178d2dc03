"""The contract as files: a Table Schema for each table, and for drift.csv, a JSON Schema for the
configuration.

``python -m pipelines.ingest.published docs/schema`` writes them.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from pipelines.config.model import Config
from pipelines.ingest.declare import Column, Table
from pipelines.ingest.schema import ALL_TABLES
from pipelines.publish.drift_schema import DRIFT

_TYPES = {"number": "number", "integer": "integer", "flag": "boolean"}
_TYPES |= {"date": "date", "moment": "datetime"}


def schema_files() -> dict[str, str]:
    """Text of each file by its name."""
    tables = {**ALL_TABLES, DRIFT.name: DRIFT}
    files = {f"{name}.json": table_schema(table) for name, table in tables.items()}
    files["config.json"] = Config.model_json_schema()
    return {
        name: json.dumps(content, indent=2, ensure_ascii=False) + "\n"
        for name, content in files.items()
    }


def table_schema(table: Table) -> dict[str, Any]:
    """A table as a Table Schema (Frictionless Data, version 1)."""
    schema: dict[str, Any] = {
        "name": table.name,
        "description": table.about,
        "fields": [_field(column) for column in table.columns],
        "missingValues": [""],
    }
    if table.key:
        schema["primaryKey"] = list(table.key)
    return schema


def _field(column: Column) -> dict[str, Any]:
    field: dict[str, Any] = {
        "name": column.name,
        "type": _TYPES.get(column.kind, "string"),
        "description": column.about,
    }
    if column.default is not None:
        field["default"] = column.default
    constraints: dict[str, Any] = {"required": column.required}
    if column.low is not None:
        constraints["minimum"] = column.low
    if column.above is not None:
        constraints["exclusiveMinimum"] = column.above
    if column.high is not None:
        constraints["maximum"] = column.high
    if column.choices:
        constraints["enum"] = list(column.choices)
    if column.pattern:
        constraints["pattern"] = column.pattern
    return {**field, "constraints": constraints}


def write_schemas(folder: Path) -> None:
    """Write the files into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in schema_files().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_schemas(Path(sys.argv[1]))
