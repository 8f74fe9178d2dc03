"""A run is out whole or not at all, and ``latest`` is never on anything less."""

import errno

import numpy as np
import pytest

from pipelines.night import release as module
from pipelines.night.layout import MANIFEST, RunsFolder
from pipelines.night.release import release
from stockwright.errors import ConfigError

FIRST, SECOND = np.datetime64("2026-11-20", "D"), np.datetime64("2026-11-21", "D")


@pytest.fixture
def runs(tmp_path):
    folder = RunsFolder(tmp_path / "runs")
    folder.prepare()
    publish(folder, FIRST, "one")
    return folder


def stage(runs, run_id):
    staged = runs.staging(run_id)
    staged.mkdir(parents=True)
    for name in ("orders.csv", MANIFEST):
        (staged / name).write_text(run_id)


def publish(runs, date, run_id, observe=lambda event: None):
    stage(runs, run_id)
    return release(runs, date, run_id, observe)


def plan(link):
    return (link / "orders.csv").read_text()


def test_the_date_and_latest_point_at_the_run(runs):
    publish(runs, SECOND, "two")
    assert (plan(runs.dated(FIRST)), plan(runs.dated(SECOND)), plan(runs.latest)) == (
        "one",
        "two",
        "two",
    )
    assert runs.dates() == [FIRST, SECOND]
    assert runs.dates_before(SECOND) == [FIRST]


def test_publishing_a_date_again_swaps_its_link_and_keeps_the_old_files(runs):
    publish(runs, FIRST, "again")
    assert plan(runs.dated(FIRST)) == plan(runs.latest) == "again"
    assert plan(runs.run("one")) == "one"


def test_the_folder_of_runs_may_be_moved(runs):
    moved = runs.root.with_name("elsewhere")
    runs.root.rename(moved)
    assert plan(moved / "latest") == plan(moved / str(FIRST)) == "one"


@pytest.mark.parametrize("call", ["sync_tree", "sync_folder", "point_link"])
def test_a_full_disk_leaves_the_last_plan_and_cleans_up(runs, monkeypatch, call):
    def refuse(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    stage(runs, "two")
    monkeypatch.setattr(module, call, refuse)
    with pytest.raises(OSError, match="No space left"):
        release(runs, SECOND, "two", lambda event: None)
    assert plan(runs.latest) == "one"
    assert not runs.dated(SECOND).is_symlink()
    assert [p.name for p in runs.runs.iterdir()] == ["one"]


def test_an_interrupt_between_the_two_links_takes_latest_back(runs):
    def interrupt(event):
        if event.message == "latest swapped":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        publish(runs, SECOND, "two", interrupt)
    assert plan(runs.latest) == "one"
    assert not runs.dated(SECOND).is_symlink()


@pytest.mark.parametrize("name", ["2026-11-21", "latest"])
def test_a_plain_folder_in_a_links_place_is_refused(tmp_path, name):
    runs = RunsFolder(tmp_path)
    runs.prepare()
    (tmp_path / name).mkdir()
    with pytest.raises(ConfigError, match=f"{name} in .* is a plain folder"):
        runs.check_links(SECOND)


def test_a_folder_of_runs_that_cannot_be_made_is_a_wrong_call(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="give another one with --out"):
        RunsFolder(tmp_path / "file" / "runs").prepare()
