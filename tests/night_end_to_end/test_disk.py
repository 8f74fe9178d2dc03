"""Folders that cannot be written, full disks, and places that are taken."""

import errno
import os
import stat

import pytest


@pytest.fixture
def read_only(shop):
    """The shop's data as a folder that nobody may write, not even its owner."""
    for path in shop.data.iterdir():
        path.chmod(stat.S_IRUSR)
    shop.data.chmod(stat.S_IRUSR | stat.S_IXUSR)
    yield shop
    shop.data.chmod(stat.S_IRWXU)


def test_a_read_only_data_folder_gives_the_same_plan_and_stays_as_it_was(read_only):
    def listing():
        return {p.name: (p.read_bytes(), p.stat().st_mtime_ns) for p in read_only.data.iterdir()}

    before = listing()
    assert read_only.night().code == 0
    assert listing() == before
    assert read_only.night().code == 0


@pytest.fixture
def full_disk(monkeypatch):
    """Files whose path holds a text cannot be forced to the disk: it is full."""

    def fill(text):
        real = os.fsync

        def fsync(handle):
            if text in os.readlink(f"/proc/self/fd/{handle}"):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            real(handle)

        monkeypatch.setattr(os, "fsync", fsync)

    yield fill
    monkeypatch.undo()


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="needs /proc")
@pytest.mark.parametrize(
    "place",
    [
        ".snapshots",
        "plan-",
        *(pytest.param(at, marks=pytest.mark.slow) for at in (".staging-", ".models", "forecast-")),
    ],
)
def test_a_full_disk_leaves_the_last_plan_and_the_next_try_publishes(
    shop, full_disk, monkeypatch, place
):
    assert shop.night("2026-11-15").code == 0
    before = shop.files("latest")
    full_disk(place)
    night = shop.night()
    assert night.code == 1
    assert "No space left on device" in night.message
    assert "Traceback" not in night.said
    assert shop.files("latest") == shop.files("2026-11-15") == before
    assert not night.folder.exists()
    assert len(list((shop.out / ".runs").iterdir())) == 1
    monkeypatch.undo()
    assert shop.night("2026-11-22", "--resume").code == 0
    assert shop.files("latest") == shop.files()


@pytest.mark.parametrize("name", ["2026-11-22", "latest"])
@pytest.mark.parametrize("force", [False, True])
def test_a_plain_folder_where_the_plan_should_stand_is_left_alone(shop, name, force):
    mine = shop.out / name / "mine.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    night = shop.night("2026-11-22", *(["--force"] if force else []))
    assert night.code == 2
    assert name in night.message
    assert "move it away" in night.message
    assert mine.read_text() == "mine"


def test_a_file_in_place_of_the_folder_of_runs_is_refused(shop):
    shop.out.write_text("mine")
    night = shop.night()
    assert night.code == 2
    assert "give another one with --out" in night.message
    assert shop.out.read_text() == "mine"
