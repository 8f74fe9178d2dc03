"""Whole backtests of a small shop: what stands in the folder, and that a kill changes nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments.backtest.asked import opened
from experiments.backtest.request import PLAIN, BacktestRequest
from experiments.backtest.run import run_backtest
from experiments.claim import claimed
from experiments.record import read_record
from pipelines.config.variant import Variant
from pipelines.night.events import Event
from stockwright.errors import ConfigError, LockedError

ROOT = Path(__file__).resolve().parents[3]
SAME = Variant("same", {"model": {"leaves": 31}})


@pytest.fixture(scope="module")
def request_of(small_shop: Path, tmp_path_factory) -> BacktestRequest:
    runs = tmp_path_factory.mktemp("runs")
    return BacktestRequest(str(small_shop), runs, variants=(PLAIN, SAME), origins=2)


@pytest.fixture(scope="module")
def folder(request_of: BacktestRequest) -> Path:
    return run_backtest(request_of, _quiet)


def _quiet(event: Event) -> None:
    pass


def test_the_folder_tells_all_of_it(folder: Path) -> None:
    record = read_record(folder)
    assert record.kind == "backtest"
    assert record.params["origins"] == 2
    assert {"wape", "sum_pinball", "coverage_90", "same.wape"} <= set(record.metrics)
    assert {"abc A", "horizon 1-7"} <= {segment.name for segment in record.segments}
    assert (folder / "report.md").read_text().startswith("# Backtest: plain, same")
    plots = {path.name for path in (folder / "plots").iterdir()}
    assert plots == {"fans.png", "calibration.png", "staircase.png", "origins.png"}
    assert not (folder / "work").exists()


def test_tables_have_the_columns_that_others_read(folder: Path) -> None:
    metrics = pd.read_parquet(folder / "metrics.parquet")
    names = ["variant", "segment_kind", "segment", "metric", "value", "low", "high", "rows"]
    assert list(metrics.columns) == names
    kinds = {"all", "category", "location", "abc", "life_stage", "horizon"}
    assert set(metrics["segment_kind"]) == kinds
    told = metrics.dropna(subset=["low", "value"])
    assert (told["low"] <= told["value"] + 1e-9).mean() > 0.95
    paired = pd.read_parquet(folder / "paired.parquet")
    assert list(paired.columns) == [
        *("variant", "against", "segment_kind", "segment", "metric"),
        *("base", "value", "difference", "low", "high"),
    ]
    series = pd.read_parquet(folder / "series.parquet")
    assert not series.duplicated(["variant", "sku", "location"]).any()


def test_the_shop_s_figure_is_that_of_its_series(folder: Path) -> None:
    metrics = pd.read_parquet(folder / "metrics.parquet").query("variant == 'plain'")
    series = pd.read_parquet(folder / "series.parquet").query("variant == 'plain'")
    whole = metrics[(metrics["segment_kind"] == "all") & (metrics["metric"] == "wape")]
    sold = series["units"] > 0
    mean = np.average(series["wape"][sold], weights=series["units"][sold])
    never = series["wape"].isna() & sold
    assert not never.any()
    assert whole["value"].iloc[0] == pytest.approx(mean, rel=0.05)


def test_a_variant_that_changes_nothing_differs_in_nothing(folder: Path) -> None:
    """Its settings are the defaults: every difference and its interval are 0."""
    paired = pd.read_parquet(folder / "paired.parquet").dropna(subset=["base"])
    assert len(paired) > 50
    assert (paired[["difference", "low", "high"]] == 0).all().all()


def test_the_same_call_finds_what_is_there(request_of: BacktestRequest, folder: Path) -> None:
    said: list[Event] = []
    before = (folder / "run.json").stat().st_mtime_ns
    assert run_backtest(replace(request_of, workers=2), said.append) == folder
    assert [event.message for event in said] == ["unchanged"]
    assert (folder / "run.json").stat().st_mtime_ns == before


@pytest.mark.slow
def test_a_sample_scores_fewer_keys_by_the_same_model(request_of, folder: Path) -> None:
    few = run_backtest(replace(request_of, series=6, variants=(PLAIN,)), _quiet)
    some = pd.read_parquet(few / "series.parquet")
    whole = pd.read_parquet(folder / "series.parquet").query("variant == 'plain'")
    both = some.merge(whole, on=["sku", "location"], suffixes=("", "_whole"))
    assert len(some) == len(both) == 6
    np.testing.assert_allclose(both["wape"], both["wape_whole"])


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.slow
def test_a_backtest_killed_half_way_ends_with_the_same_bytes(small_shop: Path, tmp_path) -> None:
    """SIGKILL after the first origin, and the same command again with other workers."""
    command = [
        *(sys.executable, "-m", "planner", "backtest", "--data", str(small_shop)),
        *("--origins", "3", "--workers"),
    ]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    runs = tmp_path / "killed"
    first = subprocess.Popen(
        [*command, "2", "--out", str(runs)],
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    while not list(runs.rglob("plain-*.checkpoint")):
        assert first.poll() is None
        time.sleep(0.05)
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert not list(runs.rglob("run.json"))
    for place, workers in ((runs, "1"), (tmp_path / "whole", "1")):
        subprocess.run(
            [*command, workers, "--out", str(place)], env=environment, check=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    (killed,), (whole,) = (
        (r / "experiments").glob("backtest-*") for r in (runs, tmp_path / "whole")
    )
    assert killed.name == whole.name
    assert contents(killed) == contents(whole)


def test_a_request_that_does_not_fit_is_told_before_anything_is_done(request_of) -> None:
    with pytest.raises(ConfigError, match="fewer"):
        run_backtest(replace(request_of, origins=60), _quiet)


@pytest.mark.parametrize("settings", [{"horizon": 15}, {"period": "week", "horizon": 14}])
def test_a_variant_of_other_periods_is_refused(request_of, settings) -> None:
    """Its whole horizon would be held against a longer or a shorter one."""
    other = Variant("other", settings)
    with pytest.raises(ConfigError, match=r"other \(1[45] periods of a"):
        run_backtest(replace(request_of, variants=(PLAIN, other)), _quiet)


def test_variants_that_all_have_another_horizon_are_compared(request_of) -> None:
    two = tuple(Variant(name, {"horizon": 15}) for name in ("one", "two"))
    assert opened(replace(request_of, variants=two)).names == ("one", "two")


def test_a_backtest_that_another_process_works_at_is_left_alone(request_of, folder: Path) -> None:
    before = contents(folder)
    with claimed(folder), pytest.raises(LockedError, match="another process works"):
        run_backtest(replace(request_of, force=True), _quiet)
    assert contents(folder) == before


def test_the_record_is_plain_numbers(folder: Path) -> None:
    content = json.loads((folder / "run.json").read_text())
    assert all(isinstance(value, float | int) for value in content["metrics"].values())
