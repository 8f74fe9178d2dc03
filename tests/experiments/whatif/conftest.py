"""A small demo shop, its published night, and the same night under scenarios."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from experiments.whatif.night import Night
from pipelines.demo import DEMO_LAST_DATE, write_demo
from pipelines.night.layout import RunsFolder
from pipelines.night.night import run_night
from pipelines.night.request import NightRequest

SKUS, DAYS = 20, 400
CONFIG = '\n[model]\ntrees = 10\nmethods = ["smoothing"]\n'


def quiet(event: object) -> None:
    return None


@pytest.fixture(scope="package")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of tables of a demo shop."""
    folder = tmp_path_factory.mktemp("whatif") / "shop"
    write_demo(folder, skus=SKUS, days=DAYS, seed=2)
    with (folder / "stockwright.toml").open("a", encoding="utf-8") as file:
        file.write(CONFIG)
    return folder


@pytest.fixture(scope="package")
def runs(shop: Path) -> RunsFolder:
    """The folder of runs with the night of its last date."""
    out = shop.with_name("runs")
    run_night(NightRequest(str(shop), np.datetime64(DEMO_LAST_DATE), out, workers=1), quiet)
    return RunsFolder(out)


@pytest.fixture(scope="package")
def night(shop: Path, runs: RunsFolder) -> Night:
    """The night, ready to be varied."""
    return Night.open(str(shop), np.datetime64(DEMO_LAST_DATE), runs, None, 1, quiet)
