"""The walk of a night: what it publishes, what it refuses, what it leaves behind."""

import errno
import json
import os
import signal
import stat
from types import SimpleNamespace

import numpy as np
import pytest

from forecasting import own_model
from forecasting.model import plain_model
from forecasting.params import ModelParams
from pipelines.night import engine as engine_module
from pipelines.night import walk as walk_module
from pipelines.night.history import attempts
from pipelines.night.outcome import ExitCode
from stockwright.errors import ConfigError, DataError, FitError, InfeasiblePlanError, LockedError


def hidden(shop, name):
    folder = shop.out / name
    return sorted(p.name for p in folder.iterdir()) if folder.exists() else []


def test_a_night_publishes_its_files_and_removes_its_checkpoints(shop, small_rooms):
    outcome = shop.night(small_rooms())
    assert (outcome.code, outcome.unchanged) == (ExitCode.PUBLISHED, False)
    assert sorted(shop.files()) == ["orders.csv", "summary.json"]
    assert shop.files() == shop.files("2026-11-21")
    assert hidden(shop, ".work") == []
    assert hidden(shop, ".snapshots") == ["2026-11-21.parquet"]
    assert len(hidden(shop, ".runs")) == 1


def test_the_manifest_names_inputs_and_outputs_with_hashes_and_rows(shop, small_rooms):
    shop.night(small_rooms())
    manifest = json.loads((shop.out / "latest" / "manifest.json").read_text())
    assert [(one["name"], one["rows"]) for one in manifest["inputs"]] == [("sales.csv", 3)]
    assert [(one["name"], one["rows"]) for one in manifest["outputs"]] == [
        ("orders.csv", 3),
        ("summary.json", None),
    ]
    assert manifest["exit_code"] == 0
    assert set(manifest["seconds"]) >= {"read", "panel", "fit", "forecast", "plan", "write"}


def test_the_same_inputs_again_change_nothing(shop, small_rooms):
    first = shop.night(small_rooms())
    rooms = small_rooms()
    again = shop.night(rooms)
    assert again.unchanged
    assert again.folder == first.folder
    assert rooms.calls == []


def test_other_inputs_are_refused_by_name_and_published_by_force(shop, small_rooms):
    shop.night(small_rooms())
    before = shop.files()
    shop.sell("a", "b")
    with pytest.raises(ConfigError, match=r"changed: 1 \(sales.csv\); give --force"):
        shop.night(small_rooms())
    assert shop.files() == before
    shop.night(small_rooms(), force=True)
    assert shop.files() != before
    assert shop.files() == shop.files("2026-11-21")
    assert len(hidden(shop, ".runs")) == 2


def test_a_folder_that_is_no_table_is_no_input(shop, small_rooms):
    shop.night(small_rooms())
    old = shop.data / "sales.old"
    old.mkdir()
    (old / "part.parquet").write_bytes(b"kept for later")
    assert shop.night(small_rooms()).unchanged


def test_another_configuration_is_another_input_but_the_block_size_is_not(shop, small_rooms):
    shop.night(small_rooms())
    (shop.data / "stockwright.toml").write_text("block_size = 1\n")
    assert shop.night(small_rooms()).unchanged
    (shop.data / "stockwright.toml").write_text("seed = 9\n")
    with pytest.raises(ConfigError, match="the configuration"):
        shop.night(small_rooms())


@pytest.mark.parametrize(
    ("sku", "error"), [("bad", DataError), ("frozen", InfeasiblePlanError), ("wrong", DataError)]
)
def test_a_night_that_fails_leaves_the_last_plan_and_no_rest(shop, small_rooms, sku, error):
    shop.night(small_rooms(), "2026-11-20")
    before = shop.files()
    shop.sell("a", sku)
    with pytest.raises(error):
        shop.night(small_rooms())
    assert shop.files() == before
    assert len(hidden(shop, ".runs")) == 1
    assert not (shop.out / "2026-11-21").is_symlink()


@pytest.mark.parametrize("name", ["write_snapshot", "release", "describe_outputs"])
def test_a_full_disk_at_publish_leaves_the_last_plan(shop, small_rooms, monkeypatch, name):
    def refuse(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    shop.night(small_rooms(), "2026-11-20")
    before = shop.files()
    with monkeypatch.context() as patch:
        patch.setattr(walk_module, name, refuse)
        with pytest.raises(OSError, match="No space left"):
            shop.night(small_rooms())
    assert shop.files() == before
    assert len(hidden(shop, ".runs")) == 1
    rooms = small_rooms()
    shop.night(rooms, resume=True)
    assert rooms.calls == []
    assert shop.files() != before


def test_a_fit_that_fails_publishes_a_substitute_with_4_and_says_so(shop, small_rooms):
    shop.sell("a", "nofit")
    outcome = shop.night(small_rooms())
    assert outcome.code is ExitCode.SUBSTITUTE
    assert outcome.summary["substitutes"] == ["MODEL_SUBSTITUTE"]
    assert hidden(shop, ".models") == []
    again = shop.night(small_rooms())
    assert (again.code, again.unchanged) == (ExitCode.PUBLISHED, True)


def test_an_item_is_forecast_until_its_end(shop, small_rooms):
    """Sales of 2 a period over a horizon of 4, of which the item lives to see the first."""
    shop.sell("a", "ending")
    shop.night(small_rooms())
    rows = shop.files()["orders.csv"].decode("utf-8-sig").split()[1:]
    assert [row.split(",")[1:] for row in rows] == [["a", "8.0"], ["ending", "2.0"]]


def test_a_bad_series_is_a_finding_and_no_failed_night(shop, small_rooms):
    (shop.data / "stockwright.toml").write_text("[gates]\nfailed_series_share = 0.5\n")
    shop.sell("a", "b", "broken")
    outcome = shop.night(small_rooms())
    assert outcome.code is ExitCode.PUBLISHED
    assert outcome.summary["findings"] == [["SERIES_FAILED", 2]]


def test_too_many_bad_series_are_a_failed_gate(shop, small_rooms):
    shop.sell("a", "b", "broken")
    with pytest.raises(DataError, match="broken at shop: ValueError: no number"):
        shop.night(small_rooms())


def test_a_weekly_model_serves_from_monday_to_sunday(shop, small_rooms):
    """2026-11-16 is a Monday."""
    (shop.data / "stockwright.toml").write_text('[model]\nrefit = "weekly"\n')
    used = []
    for day in (15, 16, 18, 22, 23):
        rooms = small_rooms()
        shop.night(rooms, f"2026-11-{day}")
        used.append(next(call for call in rooms.calls if call.startswith("forecast")))
    assert [text[-2:] for text in used] == ["15", "16", "16", "16", "23"]


@pytest.mark.parametrize(("threshold", "fitted_on"), [(4.0, "18"), (6.0, "16"), (0.0, "16")])
def test_a_model_that_has_drifted_is_fitted_early_and_the_manifest_says_why(
    shop, small_rooms, threshold, fitted_on
):
    text = f'[model]\nrefit = "weekly"\ndrift = {threshold}\n'
    (shop.data / "stockwright.toml").write_text(text)
    shop.sell("a", "drifting")
    for day in (16, 18):
        shop.night(small_rooms(), f"2026-11-{day}")
    model = json.loads((shop.out / "latest" / "manifest.json").read_text())["model"]
    assert model["fitted_on"] == f"2026-11-{fitted_on}"
    assert model.get("drift", {}).get("score") == (5.0 if threshold else None)


def test_a_stored_model_that_cannot_be_checked_is_used_with_a_warning(shop, small_rooms):
    (shop.data / "stockwright.toml").write_text('[model]\nrefit = "weekly"\n')
    shop.sell("a", "unchecked")
    shop.night(small_rooms(), "2026-11-16")
    said = []
    outcome = shop.night(small_rooms(), "2026-11-18", said.append)
    model = json.loads((shop.out / "latest" / "manifest.json").read_text())["model"]
    assert (outcome.code, model["fitted_on"]) == (ExitCode.PUBLISHED, "2026-11-16")
    warned = [event.message for event in said if event.kind == "warning"]
    assert "the model of 2026-11-16 is used unchecked: no number" in warned


def test_a_fault_in_the_check_for_drift_is_the_check_s_alone(monkeypatch):
    """Any fault of its numbers is a FitError, which the night survives."""
    panel = SimpleNamespace(calendar=SimpleNamespace(days=1))
    situation = SimpleNamespace(as_of=np.datetime64("2026-11-21"), panel=panel)
    stored = plain_model(ModelParams.for_period("day")).to_bytes()

    def astray(*_):
        raise DataError("mean: finite and >= 0")

    monkeypatch.setattr(own_model, "drift", astray)
    with pytest.raises(FitError, match="check for drift went astray"):
        engine_module.Engine(1).drift(stored, np.datetime64("2026-11-16"), situation, None)


def test_a_night_sees_the_nights_and_snapshots_before_it_and_none_after(shop, small_rooms):
    for day in ("20", "22"):
        shop.night(small_rooms(), f"2026-11-{day}")
    rooms = small_rooms()
    outcome = shop.night(rooms, "2026-11-21")
    assert "panel after 1 nights, 1 snapshots" in rooms.calls
    assert outcome.summary["earlier"] == ["2026-11-20"]


def test_latest_is_what_was_published_last_whatever_its_date(shop, small_rooms):
    for day in ("22", "21"):
        shop.night(small_rooms(), f"2026-11-{day}")
    assert shop.files() == shop.files("2026-11-21")


def test_every_attempt_is_noted_with_its_exit_code(shop, small_rooms):
    shop.night(small_rooms())
    shop.night(small_rooms())
    shop.sell("bad")
    with pytest.raises(ConfigError):
        shop.night(small_rooms())
    with pytest.raises(DataError):
        shop.night(small_rooms(), force=True)
    noted = attempts(shop.out / ".history.jsonl")
    assert [(one.outcome, one.exit_code) for one in noted] == [
        ("gate", 3),
        ("usage", 2),
        ("unchanged", 0),
        ("published", 0),
    ]


def test_a_plain_folder_in_the_plans_place_is_left_alone_even_by_force(shop, small_rooms):
    mine = shop.out / "2026-11-21" / "mine.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    with pytest.raises(ConfigError, match="plain folder"):
        shop.night(small_rooms(), force=True)
    assert mine.read_text() == "mine"


def test_tables_that_change_while_they_are_read_are_noticed(shop, small_rooms):
    class Exported(small_rooms):
        def read(self, source, config, as_of):
            shop.sell("a", "b", "c", "d")
            return super().read(source, config, as_of)

    with pytest.raises(DataError, match=r"changed while the night read them: 1 \(sales.csv\)"):
        shop.night(Exported())


def test_a_read_only_data_folder_is_enough(shop, small_rooms):
    shop.data.chmod(stat.S_IRUSR | stat.S_IXUSR)
    (shop.data / "sales.csv").chmod(stat.S_IRUSR)
    before = sorted(os.listdir(shop.data))
    shop.night(small_rooms())
    assert sorted(os.listdir(shop.data)) == before
    shop.data.chmod(stat.S_IRWXU)


def test_two_nights_at_once_the_second_ends_with_75(shop, small_rooms):
    first = shop.process("--hold", "started plan")
    assert any(line == "started plan\n" for line in first.stdout)
    with pytest.raises(LockedError):
        shop.night(small_rooms(), "2026-11-20")
    assert shop.walk()[0] == 75
    first.send_signal(signal.SIGTERM)
    first.communicate()
    assert first.returncode == 130
    assert not (shop.out / "latest").exists()
    assert shop.night(small_rooms(), resume=True).code is ExitCode.PUBLISHED


STEPS = ("read", "panel", "drift", "fit", "forecast", "plan", "write", "audit", "publish")
POINTS = [
    *(f"{kind} {step}" for step in STEPS for kind in ("started", "finished")),
    "progress publish run folder in place",
    "progress publish latest swapped",
]


@pytest.mark.slow
@pytest.mark.parametrize("point", POINTS)
def test_a_night_killed_anywhere_and_resumed_publishes_the_same_bytes(
    shop, small_rooms, tmp_path, point
):
    yesterday, today = "2026-11-20", "2026-11-21"
    shop.night(small_rooms(), yesterday)
    before = shop.files()
    assert shop.walk("--die", point)[0] == -signal.SIGKILL
    assert shop.files() == before or (shop.out / "latest" / "manifest.json").is_file()
    code, said = shop.walk("--resume")
    assert code == 0
    (tmp_path / "undisturbed").mkdir()
    other = type(shop)(tmp_path / "undisturbed")
    other.night(small_rooms(), yesterday)
    other.night(small_rooms(), today)
    assert shop.files(today) == shop.files("latest") == other.files(today)
    done = STEPS[: STEPS.index(point.split()[1])] if point.split()[1] in STEPS[:6] else STEPS[:6]
    if point != "finished publish":
        assert [line for line in said if line.startswith("resumed")][: len(done)] == [
            f"resumed {step}" for step in done
        ]
