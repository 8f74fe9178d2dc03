"""A tracking server by URL."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from experiments.tracking.attempt import track
from pipelines.config.tracking import TrackingConfig

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.usefixtures("tracking"),
]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The URL of an MLflow server that keeps its files in a folder of its own."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    store, place = f"sqlite:///{tmp_path / 'server.db'}", tmp_path / "served"
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", store]
    command += ["--artifacts-destination", str(place), "--host", "127.0.0.1", "--workers", "1"]
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with subprocess.Popen(
        [*command, "--port", str(port)],
        env=os.environ | quiet,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            _answers(f"http://127.0.0.1:{port}/health")
            yield f"http://127.0.0.1:{port}"
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def _answers(url: str, seconds: float = 120.0) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    pytest.fail(f"{url} did not answer in {seconds:g} seconds")


def test_a_night_is_tracked_by_a_server_with_its_plots_and_its_model(
    runs: Path, server: str
) -> None:
    settings = TrackingConfig(uri=server, timeout=120.0)
    answer = track(runs, settings, runs / "latest")
    assert (answer.tracked, answer.why) == (1, "")
    from mlflow import MlflowClient

    client = MlflowClient(server)
    found = client.get_experiment_by_name("stockwright/night")
    (run,) = client.search_runs([found.experiment_id], "tags.`stockwright.id` LIKE '%'")
    assert run.data.metrics["keys"] > 0
    plots = {file.path for file in client.list_artifacts(run.info.run_id, "plots")}
    assert {"plots/fans.png", "plots/trade_off.png"} <= plots
    (version,) = client.search_model_versions("name='stockwright-demand'")
    assert version.run_id == run.info.run_id
    assert not (runs / "mlflow.db").exists()
