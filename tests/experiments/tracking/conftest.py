"""A folder of runs with two published nights of a small demo shop."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from experiments.tracking.attempt import SWITCH
from pipelines.demo import DEMO_LAST_DATE, write_demo
from pipelines.night.night import run_night
from pipelines.night.request import NightRequest

ROOT = Path(__file__).resolve().parents[3]
CONFIG = 'period = "day"\nseed = 2\n[model]\ntrees = 5\n[clearance]\nuse = false\n'


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tables of the shop; not to be changed."""
    folder = tmp_path_factory.mktemp("tracking") / "shop"
    write_demo(folder, skus=12, days=200, seed=3)
    (folder / "stockwright.toml").write_text(CONFIG)
    return folder


@pytest.fixture(scope="session")
def two_nights(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its folder of runs; to be copied, not to be changed."""
    runs = tmp_path_factory.mktemp("tracking") / "runs"
    for date in (DEMO_LAST_DATE - np.timedelta64(14, "D"), DEMO_LAST_DATE):
        run_night(NightRequest(str(shop), date, runs, workers=1), lambda event: None)
    return runs


@pytest.fixture
def runs(two_nights: Path, tmp_path: Path) -> Path:
    """A folder of runs with two published nights, nothing of them tracked."""
    return Path(shutil.copytree(two_nights, tmp_path / "runs", symlinks=True))


@pytest.fixture
def tracking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tracking is in use."""
    monkeypatch.delenv(SWITCH)


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with MLflow's tables, which take seconds to make; to be copied."""
    place = tmp_path_factory.mktemp("store")
    code = (
        "import sys; from pathlib import Path\n"
        "from experiments.tracking.log import Tracker\n"
        "from experiments.tracking.store import store_of\n"
        "from pipelines.config.tracking import TrackingConfig\n"
        "Tracker(store_of(TrackingConfig(), Path(sys.argv[1])))\n"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", code, str(place)], check=True, env=environment)
    return place / "mlflow.db"


@pytest.fixture
def stored(runs: Path, empty_store: Path) -> Path:
    """The folder of runs with a store that has no experiments yet."""
    shutil.copy(empty_store, runs / "mlflow.db")
    return runs
