"""A store that cannot be used leaves the plan as it is, and says so."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from experiments.tracking.attempt import SWITCH, track
from experiments.tracking.waiting import WaitingList
from pipelines.config.tracking import TrackingConfig
from pipelines.demo import DEMO_LAST_DATE
from planner.main import app

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def silent_server() -> Iterator[str]:
    """The URL of a server that takes calls and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.mark.usefixtures("tracking")
def test_a_store_locked_by_another_process_is_said_and_the_run_waits(runs: Path) -> None:
    other = sqlite3.connect(runs / "mlflow.db", isolation_level=None)
    other.execute("CREATE TABLE something (x)")
    other.execute("BEGIN EXCLUSIVE")
    answer = track(runs, TrackingConfig(), runs / "latest")
    other.close()
    assert "database is locked" in answer.why
    assert (answer.tracked, answer.waiting) == (0, 1)
    assert "1 folder waits" in answer.sentence(runs)
    assert "locked" in WaitingList(runs).all()[0].why


@pytest.mark.usefixtures("tracking")
def test_a_store_that_is_no_database_is_said(runs: Path) -> None:
    (runs / "mlflow.db").write_bytes(b"torn " * 4096)
    answer = track(runs, TrackingConfig(), runs / "latest")
    assert "file is not a database" in answer.why


@pytest.mark.usefixtures("tracking")
def test_a_read_only_store_is_said(runs: Path) -> None:
    sqlite3.connect(runs / "mlflow.db").execute("CREATE TABLE something (x)")
    # By the name, since a superuser may write any file.
    uri = f"sqlite:///file:{runs / 'mlflow.db'}?mode=ro&uri=true"
    answer = track(runs, TrackingConfig(uri=uri), runs / "latest")
    assert "readonly database" in answer.why


@pytest.mark.usefixtures("tracking")
def test_a_server_that_nobody_runs_is_said_at_once_and_without_its_password(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORE", f"http://ann:opensesame@127.0.0.1:{free_port()}")
    answer = track(runs, TrackingConfig(uri="env:STORE", timeout=50.0), runs / "latest")
    noted = "".join(file.read_text() for file in (runs / ".tracking").glob("*.json"))
    assert "refused" in answer.why
    assert answer.waiting == 1
    assert "refused" in noted
    assert "opensesame" not in answer.sentence(runs) + answer.store + noted


@pytest.mark.usefixtures("tracking")
def test_a_server_that_never_answers_is_left_when_the_time_is_over(
    runs: Path, silent_server: str
) -> None:
    answer = track(runs, TrackingConfig(uri=silent_server, timeout=4.0), runs / "latest")
    assert answer.why == f"the store {silent_server} did not answer within 4 seconds"


@pytest.mark.usefixtures("tracking")
def test_an_environment_variable_that_is_not_set_is_said(runs: Path) -> None:
    answer = track(runs, TrackingConfig(uri="env:NO_SUCH_STORE"), runs / "latest")
    assert "NO_SUCH_STORE" in answer.why
    assert answer.waiting == 1


@pytest.mark.usefixtures("tracking")
def test_a_full_disk_under_the_waiting_list_is_said(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(WaitingList, "add", full)
    assert "No space left on device" in track(runs, TrackingConfig(), runs / "latest").why


def test_nothing_is_tracked_where_nobody_wants_it(runs: Path, tracking: None) -> None:
    assert track(runs, TrackingConfig(use=False), runs / "latest").sentence(runs) == ""
    assert not (runs / ".tracking").exists()


def test_the_environment_turns_tracking_off(runs: Path) -> None:
    assert track(runs, TrackingConfig(), runs / "latest").sentence(runs) == ""


def test_a_night_with_a_broken_store_is_published_with_exit_code_0(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The plan is the same as without tracking, byte for byte."""
    words = ["nightly", "--data", str(shop), "--date", str(DEMO_LAST_DATE), "--workers", "1"]
    runs, plain = tmp_path / "runs", tmp_path / "plain"
    CliRunner().invoke(app, [*words, "--out", str(plain)])
    runs.mkdir()
    (runs / "mlflow.db").write_bytes(b"torn " * 4096)
    monkeypatch.delenv(SWITCH)
    answer = CliRunner().invoke(app, [*words, "--out", str(runs)])
    again = CliRunner().invoke(app, [*words, "--out", str(runs)])
    assert answer.exit_code == again.exit_code == 0
    assert "Not tracked in MLflow: the store sqlite:///" in answer.stdout.splitlines()[-1]
    assert "Not tracked in MLflow" in again.stdout.splitlines()[-1]
    names = sorted(file.name for file in (plain / "latest").iterdir())
    assert names == sorted(file.name for file in (runs / "latest").iterdir())
    for name in set(names) - {"manifest.json"}:
        assert (plain / "latest" / name).read_bytes() == (runs / "latest" / name).read_bytes()
    status = CliRunner().invoke(app, ["status", "--out", str(runs)])
    assert "1 folder not tracked in MLflow yet" in status.stdout


@pytest.mark.slow
def test_a_full_disk_under_the_store_is_said(runs: Path, tracking: None) -> None:
    """No file of the process may grow beyond 200 kB, and the database is larger."""
    code = (
        "import resource, sys; from pathlib import Path\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n"
        "from experiments.tracking.attempt import track\n"
        "from pipelines.config.tracking import TrackingConfig\n"
        "runs = Path(sys.argv[1])\n"
        "print(track(runs, TrackingConfig(), runs / 'latest').sentence(runs))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(runs)],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert "Not tracked in MLflow" in done.stdout
    assert "disk" in done.stdout
    assert json.loads((runs / "latest" / "summary.json").read_text())["date"]
