"""The command line loads little, names its commands, and refuses wrong calls with 2."""

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from planner.main import app

COMMANDS = [
    *("demo", "validate", "nightly", "explain", "pulse", "status"),
    *("backtest", "replay", "study", "whatif", "track", "models"),
]
HEAVY = (
    "pandas", "numpy", "scipy", "pyarrow", "lightgbm", "ortools", "statsmodels", "sqlalchemy",
    "pandera", "holidays", "openpyxl", "xlsxwriter", "rich",
)  # fmt: skip


@pytest.fixture
def call():
    def invoke(*words):
        return CliRunner().invoke(app, [str(word) for word in words])

    return invoke


def test_help_names_the_commands_there_are(call):
    answer = call("--help")
    assert answer.exit_code == 0
    listed = answer.output.partition("Commands:")[2].splitlines()
    assert [line.split()[0] for line in listed if line.strip()] == COMMANDS


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_loads_nothing_heavy(command):
    """What makes ``--help`` fast: of the packages that compute, none is in memory when it ends."""
    words = ["stockwright", *command.split(), "--help"]
    code = (
        "import atexit, sys\n"
        f"atexit.register(lambda: print('loaded', [m for m in {HEAVY} if m in sys.modules]))\n"
        f"sys.argv = {words}\n"
        "from planner.main import run\n"
        "run()"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    assert "Usage: stockwright" in answer.stdout
    assert answer.stdout.splitlines()[-1] == "loaded []"


@pytest.mark.parametrize(
    "words",
    [
        ["nightly"],
        ["nightly", "--data", "x", "--date", "2026-11-21", "--workers", "0"],
        ["nightly", "--data", "x", "--date", "2026-11-21", "--unknown"],
        ["unknown"],
        ["explain", "--run", "x"],
    ],
)
def test_a_wrong_call_is_refused_with_2(call, words):
    assert call(*words).exit_code == 2


@pytest.mark.parametrize("empty", ["", " "])
@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("--data", ["nightly", "--date", "2026-11-21"]),
        ("--data", ["validate"]),
        ("--out", ["nightly", "--date", "2026-11-21", "--data", "."]),
        ("--out", ["status"]),
    ],
)
def test_an_empty_folder_name_is_refused_with_2(call, option, words, empty):
    """It would otherwise stand for the current folder."""
    answer = call(*words, option, empty)
    assert answer.exit_code == 2
    assert f"'{option}': it is empty" in answer.stderr


@pytest.mark.parametrize("date", ["21.11.2026", "2026-02-30", "tomorrow", "2026-11"])
def test_a_date_that_is_none_is_refused_with_2(call, tmp_path, date):
    answer = call("nightly", "--data", tmp_path, "--date", date, "--out", tmp_path / "runs")
    assert answer.exit_code == 2
    assert "is no date" in answer.stderr


def test_resume_and_force_exclude_each_other(call, tmp_path):
    words = ("--data", tmp_path, "--date", "2026-11-21", "--out", tmp_path / "runs")
    answer = call("nightly", *words, "--resume", "--force")
    assert answer.exit_code == 2
    assert "exclude each other" in answer.stderr


def test_a_data_folder_that_is_not_there_is_refused_with_2(call, tmp_path):
    words = ("--data", tmp_path / "none", "--date", "2026-11-21", "--out", tmp_path / "runs")
    answer = call("nightly", *words)
    assert answer.exit_code == 2
    assert "check --data" in answer.stderr
    assert not (tmp_path / "runs").exists()


def test_explain_and_status_of_nothing_are_refused_with_2(call, tmp_path):
    assert call("explain", "--run", tmp_path / "none", "--sku", "1").exit_code == 2
    assert call("status", "--out", tmp_path / "none").exit_code == 2


def test_demo_does_not_write_into_a_folder_that_holds_files(call, tmp_path):
    (tmp_path / "mine.csv").write_text("mine")
    answer = call("demo", tmp_path)
    assert answer.exit_code == 2
    assert [p.name for p in tmp_path.iterdir()] == ["mine.csv"]


def test_the_version_is_the_packages(call):
    from stockwright import __version__

    assert call("--version").output == f"stockwright {__version__}\n"


def test_status_shows_the_last_attempts_newest_first(call, tmp_path):
    lines = [
        {"run": f"run-{i}", "date": f"2026-11-2{i}", "started": "2026-11-21T20:00:00+00:00"}
        | {"seconds": 1.0, "exit_code": code, "outcome": word, "message": ""}
        for i, (code, word) in enumerate([(0, "published"), (3, "gate")])
    ]
    text = "".join(f"{json.dumps(line)}\n" for line in lines)
    (tmp_path / ".history.jsonl").write_text(text + '{"run": "cut o')
    shown = call("status", "--out", tmp_path).output
    assert shown.index("run-1") < shown.index("run-0")
    assert "gate" in shown
