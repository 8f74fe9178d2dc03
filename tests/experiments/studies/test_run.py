"""A study's folder: what it ranks, who won, what was not run, and that it goes on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from experiments.claim import claimed
from experiments.record import read_record
from experiments.shop import Shop
from experiments.studies import evaluate
from experiments.studies import run as running
from experiments.studies.evaluate import Asked, measure
from experiments.studies.plan import BASE, BacktestPart, Rung, Study, read_study
from experiments.studies.run import StudyRequest, run_study
from experiments.studies.scores import Scores
from pipelines.config.variant import Variant, read_variant
from pipelines.demo import write_demo
from pipelines.night.events import Event
from planner.main import app
from stockwright.errors import ConfigError, DataError, LockedError

FILE = """
why = "what does service bring?"
[replay]
from = "2025-08-31"
nights = [7, 28]
[grid]
"service.cap" = [0.6, 0.8, 0.9, 0.95, 0.99]
"""
SKUS = tuple(f"P{number:03d}" for number in range(60))


class Known:
    """Profit rises with the cap up to .95; the error is the same."""

    asked: ClassVar[list[tuple[str, int]]] = []

    def __init__(self, study: Study, *_: object) -> None:
        self.caps = {one.name: one.config["service"]["cap"] for one in study.variants}

    def __call__(self, names: Sequence[str], rung: Rung) -> list[Scores]:
        type(self).asked += [(name, rung.number) for name in names]
        return [self.scores(name) for name in names]

    def scores(self, name: str) -> Scores:
        gain = -40.0 * abs(self.caps.get(name, 0.7) - 0.95)
        noise = np.random.default_rng(len(name)).normal(0.0, 0.5, len(SKUS))
        metrics = {"fill_rate": 0.9, "wape": 0.5, "sum_pinball": 0.2}
        return Scores(SKUS, 50.0 + gain + noise, "money", metrics)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "sales.csv").write_text("date,sku,location,units\n2025-10-26,a,East,1\n")
    return folder


@pytest.fixture
def request_of(shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StudyRequest:
    monkeypatch.setattr(running, "Evaluator", Known)
    monkeypatch.setattr(Known, "asked", [])
    path = tmp_path / "caps.toml"
    path.write_text(FILE)
    return StudyRequest(read_study(path), str(shop), tmp_path / "runs")


def unseen(event: Event) -> None:
    """Nobody looks."""


def test_variants_are_ranked_by_money_with_error_beside_it_and_the_winner_is_a_variant(
    request_of: StudyRequest,
) -> None:
    folder = run_study(request_of, unseen)
    table = pd.read_parquet(folder / "variants.parquet")
    assert table["variant"].tolist()[:2] == ["cap-0.95", "cap-0.99"]
    assert table["to_best"].iloc[0] == 0.0
    assert (table["to_base_low"] <= table["to_base"]).all()
    assert set(table["variant"]) == {BASE, *(f"cap-{cap}" for cap in (0.6, 0.8, 0.9, 0.95, 0.99))}
    assert table.set_index("variant").loc["cap-0.6", "state"] == "dropped"
    assert table["wape"].eq(0.5).all()
    assert read_variant(folder / "winner.toml").config == {"service": {"cap": 0.95}}
    record = read_record(folder)
    assert (record.kind, record.params["winner"]) == ("study", "cap-0.95")
    assert {part.name for part in record.segments} == set(table["variant"])
    for name in ("ranks", "money_error"):
        assert (folder / "plots" / f"{name}.png").stat().st_size > 5000
    assert "ahead of the base beyond noise" in (folder / "report.md").read_text()


def test_the_same_study_again_runs_nothing_and_leaves_its_bytes(request_of: StudyRequest) -> None:
    folder = run_study(request_of, unseen)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    Known.asked.clear()
    assert run_study(request_of, unseen) == folder
    assert Known.asked == []
    assert before == {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_study_whose_time_was_over_says_so_and_is_gone_on_with(
    request_of: StudyRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run_study(request_of, unseen)
    full = pd.read_parquet(whole / "variants.parquet")
    left = iter([True] * 4)
    monkeypatch.setattr(running, "_clock", lambda minutes: lambda: next(left, False))
    again = StudyRequest(
        request_of.study, request_of.data, request_of.runs, request_of.config, 1, force=True
    )
    folder = run_study(again, unseen)
    table = pd.read_parquet(folder / "variants.parquet")
    assert table[table["state"] == "not run"]["variant"].tolist() == ["cap-0.95", "cap-0.99"]
    report = (folder / "report.md").read_text()
    assert "Not run, for the time was over: cap-0.95, cap-0.99." in report
    ran = table[table["state"] != "not run"]["variant"].tolist()
    assert ran == [name for name in full["variant"] if name in ran]
    monkeypatch.undo()
    monkeypatch.setattr(running, "Evaluator", Known)
    run_study(request_of, unseen)
    pd.testing.assert_frame_equal(pd.read_parquet(folder / "variants.parquet"), full)


@pytest.mark.slow
def test_a_study_of_a_demo_shop_by_one_command_is_the_same_however_it_is_run(
    tmp_path: Path,
) -> None:
    write_demo(tmp_path / "shop", skus=8, days=200, seed=3)
    (tmp_path / "shop" / "stockwright.toml").write_text("[model]\ntrees = 5\n")
    path = tmp_path / "caps.toml"
    path.write_text(
        '[replay]\nfrom = "2025-09-28"\nnights = [7]\n[backtest]\norigins = [1]\n'
        '[grid]\n"service.cap" = [0.6, 0.99]\n'
    )
    found = []
    for workers in (1, 2):
        out = tmp_path / f"runs{workers}"
        words = ["study", str(path), "--data", str(tmp_path / "shop"), "--out", str(out)]
        answer = CliRunner().invoke(app, [*words, "--workers", str(workers)])
        assert answer.exit_code == 0, answer.output
        (folder,) = (out / "experiments").glob("study-*")
        found.append(folder)
        assert not (folder / "work").exists()
    one, two = (pd.read_parquet(folder / "variants.parquet") for folder in found)
    pd.testing.assert_frame_equal(one, two)
    assert set(one["variant"]) == {BASE, "cap-0.6", "cap-0.99"}
    assert one["sum_pinball"].notna().all()
    assert json.loads((found[0] / "run.json").read_text())["kind"] == "study"


def test_a_study_that_another_process_works_at_is_left_alone(request_of: StudyRequest) -> None:
    folder = run_study(request_of, unseen)
    with claimed(folder), pytest.raises(LockedError, match="another process works"):
        run_study(replace(request_of, force=True), unseen)
    assert read_record(folder).params["complete"]


def test_a_variant_that_was_measured_on_other_tables_is_refused(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variants before it were measured on the tables as they were."""
    scores = Scores(("a",), np.ones(1), "money", {})
    monkeypatch.setattr(evaluate, "_backtested", lambda *_: scores)
    part, rung = BacktestPart(origins=[2]), Rung(0, 0, 2)
    asked = Asked(Shop.open(str(shop)), None, rung, None, part, tmp_path / "work")
    assert measure(asked, 1) == scores
    (shop / "sales.csv").write_text("date,sku,location,units\n2025-10-26,a,East,2\n")
    with pytest.raises(DataError, match="changed while"):
        measure(asked, 1)


def test_a_variant_of_another_horizon_is_refused_before_anything_is_run(
    request_of: StudyRequest,
) -> None:
    """Its loss would be one of more or fewer periods than that of the base."""
    longer = Variant("longer", {"horizon": 35})
    part = BacktestPart(origins=[2])
    study = replace(request_of.study, variants=(longer,), backtest=part)
    with pytest.raises(ConfigError, match="longer"):
        run_study(replace(request_of, study=study), unseen)
    assert Known.asked == []
