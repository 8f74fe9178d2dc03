from pathlib import Path

import pytest

from pipelines.config import Config
from pipelines.ingest.published import schema_files, write_schemas
from pipelines.ingest.schema import ALL_TABLES

DOCS = Path(__file__).parents[3] / "docs"


def test_the_published_schemas_are_those_of_the_code() -> None:
    published = {path.name: path.read_text("utf-8") for path in (DOCS / "schema").iterdir()}
    assert published == schema_files(), "run python -m pipelines.ingest.published docs/schema"


def test_schemas_are_written_as_files(tmp_path: Path) -> None:
    write_schemas(tmp_path / "new")
    assert len(list((tmp_path / "new").iterdir())) == len(ALL_TABLES) + 2


@pytest.mark.parametrize("table", ALL_TABLES.values(), ids=lambda table: table.name)
def test_the_contract_documents_every_column(table) -> None:
    text = (DOCS / "contract.md").read_text("utf-8")
    section = text.split(f"\n### {table.name}\n")[1].split("\n### ")[0].split("\n## ")[0]
    rows = [line.split("|") for line in section.splitlines() if line.startswith("| `")]
    documented = {row[1].strip().strip("`"): row[2].strip() for row in rows}
    assert list(documented) == list(table.column_names())
    for column in table.columns:
        assert documented[column.name].startswith(column.kind)


def _keys(model: type, prefix: str = "") -> list[str]:
    keys: list[str] = []
    for name, field in model.model_fields.items():
        inner = getattr(field.annotation, "model_fields", None)
        keys += _keys(field.annotation, f"{prefix}{name}.") if inner else [prefix + name]
    return keys


@pytest.mark.parametrize("key", _keys(Config))
def test_the_contract_documents_every_key_of_the_configuration(key: str) -> None:
    assert f"| `{key}` |" in (DOCS / "contract.md").read_text("utf-8")
