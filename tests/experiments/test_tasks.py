import gc
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from experiments.tasks import Task, run_tasks
from stockwright.errors import DataError

ROOT = Path(__file__).resolve().parents[2]


def noted(place: Path, value: int) -> int:
    """Square a value, and note that it was worked out."""
    with (place / "calls").open("a") as file:
        file.write(f"{value}\n")
    return value * value


def broken() -> int:
    raise DataError("this one cannot be done")


def squares(place: Path, values: range) -> list[Task]:
    return [Task(f"square{v}", f"key{v}" * 8, partial(noted, place, v)) for v in values]


def calls(place: Path) -> list[int]:
    return sorted(int(line) for line in (place / "calls").read_text().split())


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_the_order_of_the_tasks(tmp_path: Path, workers: int):
    found = list(run_tasks(squares(tmp_path, range(5)), tmp_path / "w", workers, _quiet, "work"))
    assert found == [0, 1, 4, 9, 16]


def test_what_was_done_is_not_done_again(tmp_path: Path):
    list(run_tasks(squares(tmp_path, range(2)), tmp_path / "w", 1, _quiet, "work"))
    found = list(run_tasks(squares(tmp_path, range(4)), tmp_path / "w", 1, _quiet, "work"))
    assert found == [0, 1, 4, 9]
    assert calls(tmp_path) == [0, 1, 2, 3]


def test_a_task_whose_key_changed_is_done_again(tmp_path: Path):
    first = [Task("square", "a" * 24, partial(noted, tmp_path, 2))]
    second = [Task("square", "b" * 24, partial(noted, tmp_path, 3))]
    assert list(run_tasks(first, tmp_path / "w", 1, _quiet, "work")) == [4]
    assert list(run_tasks(second, tmp_path / "w", 1, _quiet, "work")) == [9]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_fault_of_a_task_is_raised_and_earlier_results_stay(tmp_path: Path, workers: int):
    tasks = [*squares(tmp_path, range(2)), Task("broken", "k" * 24, broken)]
    with pytest.raises(DataError, match="cannot be done"):
        list(run_tasks(tasks, tmp_path / "w", workers, _quiet, "work"))
    list(run_tasks(squares(tmp_path, range(2)), tmp_path / "w", 1, _quiet, "work"))
    assert calls(tmp_path) == [0, 1]


_KILLED = """
import sys, time
from functools import partial
from pathlib import Path
from experiments.tasks import Task, run_tasks

def slow(value):
    time.sleep(0.0 if value < 2 else 60.0)
    return value

if __name__ == "__main__":
    place = Path(sys.argv[1])
    tasks = [Task(f"t{v}", f"key{v}" * 8, partial(slow, v)) for v in range(4)]
    for found in run_tasks(tasks, place, 2, lambda event: None, "work"):
        print(found, flush=True)
"""


def test_processes_of_a_killed_run_end_with_it_and_its_results_stay(tmp_path: Path):
    (tmp_path / "killed.py").write_text(_KILLED)
    process = subprocess.Popen(
        [sys.executable, tmp_path / "killed.py", tmp_path / "w"],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert [process.stdout.readline(), process.stdout.readline()] == ["0\n", "1\n"]
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    until = time.monotonic() + 20
    while any(Path(f"/proc/{pid}/stat").exists() for pid in children) and time.monotonic() < until:
        time.sleep(0.1)
    assert not [pid for pid in children if Path(f"/proc/{pid}/stat").exists()]
    tasks = [Task(f"t{v}", f"key{v}" * 8, broken) for v in range(2)]
    assert list(run_tasks(tasks, tmp_path / "w", 1, _quiet, "work")) == [0, 1]


_FAULTY = """
import sys, time
from functools import partial
from pathlib import Path
from experiments.tasks import Task, run_tasks

def broken(place):
    while not (place / "begun").exists():
        time.sleep(0.05)
    raise ValueError("this one cannot be done")

def begin(place):
    (place / "begun").touch()
    time.sleep(120.0)

if __name__ == "__main__":
    place = Path(sys.argv[1])
    works = [partial(broken, place), partial(begin, place)]
    tasks = [Task(f"t{n}", f"key{n}" * 8, work) for n, work in enumerate(works)]
    list(run_tasks(tasks, place / "w", 2, lambda event: None, "work"))
"""


def test_a_command_ends_with_its_fault_and_not_when_the_other_tasks_do(tmp_path: Path):
    """The other task, which has begun, would take two minutes more."""
    (tmp_path / "faulty.py").write_text(_FAULTY)
    ended = subprocess.run(
        [sys.executable, tmp_path / "faulty.py", tmp_path],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert "this one cannot be done" in ended.stderr


def _quiet(event: object) -> None:
    return None


def total(place: Path, *values: int) -> int:
    noted(place, 0)
    return sum(values)


KILLED = """
import os, signal, sys, time
from pathlib import Path
from experiments.tasks import Task, run_tasks

def killed():
    time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGKILL)

if __name__ == "__main__":
    tasks = [Task(name, name * 24, killed) for name in "ab"]
    list(run_tasks(tasks, Path(sys.argv[1]), 2, lambda event: None, "work"))
"""


def test_a_command_whose_processes_were_killed_ends(tmp_path: Path):
    """As they are where a whole group of processes is told to stop."""
    (tmp_path / "killed.py").write_text(KILLED)
    command = [sys.executable, str(tmp_path / "killed.py"), str(tmp_path / "w")]
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    ended = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
    assert ended.returncode != 0
    assert "the same command takes up what is done" in ended.stderr.replace("\n", " ")


@pytest.mark.parametrize("workers", [1, 2])
def test_a_task_gets_the_results_that_it_needs(tmp_path: Path, workers: int):
    first = squares(tmp_path, range(1, 4))
    both = Task("sum", "s" * 24, partial(total, tmp_path), (first[0], first[2]))
    last = Task("last", "l" * 24, partial(total, tmp_path), (both, first[1]))
    found = list(run_tasks([*first, both, last], tmp_path / "w", workers, _quiet, "work"))
    assert found == [1, 4, 9, 10, 14]


@pytest.mark.parametrize("workers", [1, 2])
def test_what_needs_a_broken_task_is_not_begun(tmp_path: Path, workers: int):
    fault = Task("broken", "k" * 24, broken)
    after = Task("after", "a" * 24, partial(total, tmp_path), (fault,))
    with pytest.raises(DataError, match="cannot be done"):
        list(run_tasks([fault, after], tmp_path / "w", workers, _quiet, "work"))
    assert not (tmp_path / "calls").exists()


def settings() -> tuple[bool, dict[str, str | None]]:
    names = ("OMP_NUM_THREADS", "MALLOC_TRIM_THRESHOLD_")
    return gc.isenabled(), {name: os.environ.get(name) for name in names}


def test_workers_look_for_garbage_between_tasks_only_and_leave_this_process_as_it_was(
    tmp_path: Path,
):
    before = settings()
    tasks = [Task(f"settings{n}", str(n) * 24, settings) for n in range(2)]
    for collects, given in run_tasks(tasks, tmp_path / "two", 2, _quiet, "work"):
        assert not collects
        assert given["OMP_NUM_THREADS"] == "1"
        assert int(given["MALLOC_TRIM_THRESHOLD_"] or 0) > 1 << 30
    assert list(run_tasks(tasks, tmp_path / "one", 1, _quiet, "work")) == [before, before]
    assert settings() == before
