"""The command: what it says and leaves behind, and that the same question is not answered twice."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from experiments.claim import claimed
from experiments.record import read_record
from pipelines.demo import DEMO_LAST_DATE
from pipelines.night.layout import RunsFolder
from planner.main import app


def asked(shop: Path, out: Path, *words: str) -> tuple[int, str]:
    first = ("whatif", "--data", str(shop), "--date", str(DEMO_LAST_DATE), "--out", str(out))
    answer = CliRunner().invoke(app, [*first, "--workers", "1", *words])
    return answer.exit_code, answer.output


@pytest.fixture(scope="module")
def copied(runs: RunsFolder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("asked") / "runs"
    shutil.copytree(runs.root, out, symlinks=True)
    return out


@pytest.fixture(scope="module")
def answered(shop: Path, copied: Path) -> tuple[str, Path]:
    (copied.parent / "twice.toml").write_text("[[demand]]\nfactor = 2.0\n")
    code, said = asked(shop, copied, str(copied.parent / "twice.toml"), "--curve")
    assert code == 0, said
    (folder,) = (copied / "experiments").glob("whatif-*")
    return said, folder


def test_the_scenario_stands_beside_the_plan_as_it_is(answered: tuple[str, Path]):
    said, folder = answered
    figures = pd.read_parquet(folder / "figures.parquet").pivot(
        index="figure", columns="scenario", values="value"
    )
    assert figures.loc["order_value", "twice"] > figures.loc["order_value", "base"]
    assert f"{figures.loc['order_value', 'twice']:,.0f}" in said
    orders = pd.read_csv(folder / "twice" / "orders.csv")
    assert orders["units"].sum() == pytest.approx(figures.loc["order_units", "twice"])
    lines = pd.read_csv(folder / "twice-lines.csv")
    ordered = lines.loc[lines["kind"] == "order", "change"].sum()
    more = figures.loc["order_units", "twice"] - figures.loc["order_units", "base"]
    assert ordered == pytest.approx(more)
    assert (folder / "plots" / "trade-off.png").stat().st_size > 10_000
    assert read_record(folder).segments[1].name == "twice"


def test_a_question_that_another_process_answers_is_refused_and_its_folder_left_alone(
    shop: Path, copied: Path, answered: tuple[str, Path]
):
    _, folder = answered
    with claimed(folder):
        code, said = asked(shop, copied, str(copied.parent / "twice.toml"), "--curve", "--force")
    assert code == 75, said
    assert "another process works" in said
    assert read_record(folder).segments[1].name == "twice"


def test_the_same_question_is_answered_from_what_was_found(
    shop: Path, copied: Path, answered: tuple[str, Path]
):
    said, folder = answered
    before = (folder / "run.json").stat().st_mtime_ns
    code, again = asked(shop, copied, str(copied.parent / "twice.toml"), "--curve")
    assert code == 0
    assert (folder / "run.json").stat().st_mtime_ns == before
    assert said.partition("# What if")[2] == again.partition("# What if")[2]


def test_nothing_asked_and_a_name_twice_end_with_2(shop: Path, copied: Path, tmp_path: Path):
    code, said = asked(shop, copied)
    assert (code, "nothing is asked" in said) == (2, True)
    for name in ("a", "b"):
        (tmp_path / f"{name}.toml").write_text("name = 'one'\n[[demand]]\nfactor = 2.0\n")
    code, said = asked(shop, copied, str(tmp_path / "a.toml"), str(tmp_path / "b.toml"))
    assert (code, "names of their own" in said) == (2, True)


def test_a_refused_scenario_leaves_nothing_behind(shop: Path, copied: Path, tmp_path: Path):
    (tmp_path / "odd.toml").write_text("[[outage]]\nparty = 'nobody'\n")
    before = _left(copied)
    code, said = asked(shop, copied, str(tmp_path / "odd.toml"))
    assert (code, "no supplier or location is called" in said) == (2, True)
    assert _left(copied) == before


def _left(runs: Path) -> list[Path]:
    """All files but locks, which stay as the night's does."""
    return sorted(path for path in runs.rglob("*") if path.suffix != ".lock")
