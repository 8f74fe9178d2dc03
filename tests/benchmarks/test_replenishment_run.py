"""The one command that runs the studies of replenishment."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RUN = ROOT / "benchmarks" / "replenishment" / "run.py"


@pytest.fixture
def command(tmp_path):
    """run.py in a folder of small studies; returns a call of it."""
    folder = tmp_path / "benchmarks" / "replenishment"
    folder.mkdir(parents=True)
    (folder / "run.py").write_text(RUN.read_text())
    (folder / "lost_sales.py").write_text("print('costs')")
    (folder / "sim_speed.py").write_text("raise SystemExit(3)")

    def call(*arguments):
        whole = [sys.executable, str(folder / "run.py"), *arguments]
        return subprocess.run(whole, capture_output=True, text=True, check=False)

    return call


def test_every_study_runs_and_one_that_fails_decides_the_exit_code(command):
    done = command()
    assert done.returncode == 1
    assert "costs" in done.stdout
    assert "sim_speed: " in done.stdout
    assert "failed with exit code 3" in done.stdout
    assert done.stdout.index("costs") < done.stdout.index("== sim_speed")
    assert "allocation" not in done.stdout


def test_one_study_alone(command):
    done = command("--only", "lost_sales")
    assert done.returncode == 0
    assert "sim_speed" not in done.stdout


def test_a_study_that_is_not_there_is_refused(command):
    done = command("--only", "allocation")
    assert done.returncode == 2
    assert "allocation" in done.stderr
