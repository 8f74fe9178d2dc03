"""The example of a model of one's own: the class, and the commands of its README as written."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stockwright.calendar import Calendar
from stockwright.panel import Covariates, DemandPanel, SeriesIndex, Status

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "examples" / "own_model"
RUN = [sys.executable, "-c", "from planner.main import run; run()"]


def panel_of(demand: np.ndarray, status: np.ndarray | None = None, ahead: int = 9) -> DemandPanel:
    n, periods = demand.shape
    wide = (1, periods + ahead)
    return DemandPanel(
        index=SeriesIndex(
            tuple(f"s{i:03}" for i in range(n)), ("shop",), np.arange(n), np.zeros(n)
        ),
        calendar=Calendar("day", np.datetime64("2026-01-01")),
        demand=demand,
        status=np.zeros(demand.shape) if status is None else status,
        in_stock=np.ones(demand.shape),
        covariates=Covariates(*(np.zeros(wide, kind) for kind in ("f4", "f4", "i2", "i2"))),
        launch=np.zeros(n),
    )


@pytest.fixture(scope="module")
def seasonal_mean(example):
    return example("own_model", "seasonal_mean").SeasonalMean


def test_a_week_that_repeats_is_forecast_again(seasonal_mean) -> None:
    week = np.array([[1, 2, 3, 4, 5, 6, 14], [0, 0, 0, 0, 0, 0, 7]], float)
    panel = panel_of(np.tile(week, 30))
    model = seasonal_mean(weight=1e-9)
    forecast = model.predict(model.fit(panel), panel, 9)
    assert forecast.mean == pytest.approx(np.tile(week, 2)[:, :9], abs=1e-5)


def test_days_out_of_stock_do_not_count(seasonal_mean) -> None:
    demand = np.full((1, 70), 5.0)
    status = np.zeros((1, 70))
    demand[0, 40:50], status[0, 40:50] = 0.0, Status.CENSORED
    model = seasonal_mean()
    panel = panel_of(demand, status)
    assert model.predict(model.fit(panel), panel, 7).mean == pytest.approx(5.0)


def test_a_history_shorter_than_a_week_is_no_error(seasonal_mean) -> None:
    panel = panel_of(np.ones((1, 3)))
    model = seasonal_mean()
    assert model.predict(model.fit(panel), panel, 9).mean.shape == (1, 9)


def run_block(number: int, folder: Path) -> str:
    """Run a block of the README's commands in a folder that holds the example, with this Python
    for the installed command; what the last of them printed."""
    if not (folder / "examples").exists():
        (folder / "examples").symlink_to(ROOT / "examples")
    blocks = re.findall(r"```sh\n(.*?)```", (FOLDER / "README.md").read_text("utf-8"), re.S)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(["examples/own_model", str(ROOT)])}
    for line in blocks[number].splitlines():
        words = shlex.split(line)
        if words[0] == "export":
            assert words[1] == "PYTHONPATH=examples/own_model"
            continue
        assert words.pop(0) == ".venv/bin/stockwright"
        done = subprocess.run(
            [*RUN, *words], cwd=folder, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("own_model")


@pytest.mark.slow
def test_the_night_of_the_readme_runs_as_written(folder: Path) -> None:
    assert run_block(0, folder).startswith("SKU P000001")
    found = pd.read_parquet(folder / "build/own_model/runs/2025-10-26/forecasts.parquet")
    assert set(found["model"]) == {"seasonal mean"}


@pytest.mark.slow
def test_the_backtest_of_the_readme_runs_as_written(folder: Path) -> None:
    if not (folder / "build").exists():
        run_block(0, folder)
    assert "seasonal-mean" in run_block(1, folder)
