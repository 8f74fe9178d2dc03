"""The functions for notebooks: what the docs show runs as shown, and forms of arguments."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from experiments.api import Result, challenge, promote, rollback, variants_of
from pipelines.config.variant import Variant
from pipelines.demo import DEMO_LAST_DATE, write_demo
from stockwright.errors import ConfigError, DataError

DOCS = Path(__file__).resolve().parents[2] / "docs" / "experiments.md"


def test_variants_come_as_settings_by_name_as_files_or_as_they_are(tmp_path: Path):
    settings = {"model": {"leaves": 63}}
    (tmp_path / "deeper.toml").write_text("[config.model]\nleaves = 63\n")
    wanted = (Variant("deeper", settings),)
    for given in ({"deeper": settings}, [tmp_path / "deeper.toml"], [Variant("deeper", settings)]):
        assert variants_of(given) == wanted
    with pytest.raises(ConfigError, match="no name of a variant"):
        variants_of({"Two Words": settings})


def test_a_table_that_is_not_there_is_named_with_those_that_are(tmp_path: Path):
    (tmp_path / "metrics.parquet").touch()
    with pytest.raises(DataError, match="metrics"):
        Result(tmp_path).table("metriks")


@pytest.mark.slow
def test_the_lines_of_python_in_the_docs_run_as_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """On a small demo shop in place of the whole one."""
    write_demo(tmp_path / "demo-shop", skus=20, days=400, seed=2)
    with (tmp_path / "demo-shop" / "stockwright.toml").open("a") as file:
        file.write("\n[model]\ntrees = 5\n")
    monkeypatch.chdir(tmp_path)
    text = DOCS.read_text("utf-8").partition("## In Python")[2]
    code = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert code is not None
    assert str(DEMO_LAST_DATE) in code.group(1)
    names: dict = {}
    exec(code.group(1), names)
    found = [value for value in names.values() if isinstance(value, Result)]
    assert len(found) == 3
    for result in found:
        assert result.record.metrics
        assert result._repr_markdown_().startswith("#")


def test_versions_are_challenged_promoted_and_rolled_back_as_by_the_commands(tmp_path: Path):
    variant = Variant("deeper", {"model": {"leaves": 63}})
    version = challenge(variant, out=tmp_path, by="ann")
    refused = promote("deeper", "more leaves", out=tmp_path, by="ann")
    assert refused.change is None
    assert "money" in refused.verdict.failed
    forced = promote("deeper", "more leaves", segments=["category=Shoes"], force=True, out=tmp_path)
    assert forced.change is not None
    assert forced.change.forced
    assert forced.change.after.segments[0].version == version
    assert rollback(out=tmp_path).after == forced.change.before
    assert len(list((tmp_path / "experiments").glob("promotion-*/run.json"))) == 2
