"""Replays of a small demo shop: three arms, run once; the properties are read off the result."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiments.claim import claimed
from experiments.record import is_done, read_record
from experiments.replay.request import BASE, ReplayRequest
from experiments.replay.run import play_arms, replay_folder, run_replay
from experiments.replay.tables import ReplayTables
from experiments.replay.work import Replayed
from experiments.shop import Shop
from pipelines.config.variant import Variant
from pipelines.night.events import Event
from stockwright.errors import ConfigError, LockedError

FIRST = np.datetime64("2025-09-21")
ROOT = Path(__file__).resolve().parents[3]
NIGHTS, WARM_UP = 4, 1
SAFER = Variant("safer", {"service": {"mode": "cycle", "default": 0.999}}, "fewer stock-outs")
TWIN = Variant("twin")


def request_of(shop: Shop, runs: Path, workers: int = 1) -> ReplayRequest:
    return ReplayRequest(shop, FIRST, NIGHTS, (TWIN, SAFER), WARM_UP, 2, None, workers, runs)


def quiet(event: Event) -> None:
    return None


@dataclass(frozen=True)
class Run:
    folder: Path
    played: Replayed


@pytest.fixture(scope="module")
def run(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A replay in one process, from one end to the other."""
    found: list[Replayed] = []

    def kept(*args: Any) -> Replayed:
        found.append(play_arms(*args))
        return found[0]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("experiments.replay.run.play_arms", kept)
        folder = run_replay(request_of(shop, tmp_path_factory.mktemp("runs")), quiet)
    return Run(folder, found[0])


@pytest.fixture(scope="module")
def folder(run: Run) -> Path:
    return run.folder


@pytest.fixture(scope="module")
def played(run: Run) -> Replayed:
    return run.played


def table(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_parquet(folder / f"{name}.parquet")


def whole(folder: Path) -> pd.DataFrame:
    metrics = table(folder, "metrics")
    rows = metrics[metrics["segment_kind"] == "all"]
    return rows.pivot(index="variant", columns="metric", values="value")


def test_units_are_conserved_in_every_arm(played: Replayed):
    for log in played.logs.values():
        into = log.received + log.returned
        out = log.shipped + log.sold + log.expired
        before = log.left[:, :-1]
        assert np.abs(before + (into - out)[:, 1:] - log.left[:, 1:]).max() < 1e-9
        asked = log.sold - log.stood_in + log.elsewhere + log.missed
        assert np.array_equal(asked, played.world.asked.units)


def test_an_arm_with_the_same_settings_is_the_same(played: Replayed):
    base, twin = (played.logs[name] for name in (BASE, "twin"))
    for name in vars(base):
        assert np.array_equal(getattr(base, name), getattr(twin, name)), name


def test_arms_open_with_the_same_stock_and_the_same_demand(played: Replayed):
    first = {
        name: (log.left + log.sold + log.shipped + log.expired - log.received - log.returned)[:, 0]
        for name, log in played.logs.items()
    }
    assert all(np.array_equal(each, first[BASE]) for each in first.values())
    assert first[BASE].sum() > 0


def test_a_higher_level_orders_more(folder: Path):
    found = whole(folder)
    assert found.loc["safer", "ordered_units"] > found.loc[BASE, "ordered_units"]


@pytest.mark.slow
def test_a_higher_level_holds_more_stock_and_serves_no_less(shop: Shop, tmp_path: Path):
    request = ReplayRequest(shop, FIRST, 21, (SAFER,), 10, 21, None, 2, tmp_path)
    found = whole(run_replay(request, quiet))
    for name in ("stock_value", "turnover_days"):
        assert found.loc["safer", name] > found.loc[BASE, name]
    assert found.loc["safer", "fill_rate"] >= found.loc[BASE, "fill_rate"]


@pytest.mark.slow
def test_a_run_that_is_killed_ends_with_the_same_bytes_in_two_processes(
    shop: Shop, folder: Path, tmp_path: Path
):
    safer, twin = tmp_path / "safer.toml", tmp_path / "twin.toml"
    safer.write_text(
        'why = "fewer stock-outs"\n[config.service]\nmode = "cycle"\ndefault = 0.999\n', "utf-8"
    )
    twin.write_text("", "utf-8")
    cheap = Path(shop.source).parent / "cheap.toml"
    command = [
        *(sys.executable, "-m", "planner", "replay", "--data", shop.source, "--config", str(cheap)),
        *("--from", str(FIRST), "--nights", str(NIGHTS), "--warm-up", str(WARM_UP), "--refit", "2"),
        *("--variant", str(twin), "--variant", str(safer), "--workers", "2"),
        *("--out", str(tmp_path)),
    ]
    request = request_of(shop, tmp_path, workers=2)
    work = replay_folder(request) / "work"
    one = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while len(list(work.glob("*.checkpoint"))) < 5:
        assert one.poll() is None, "the replay ended before it could be killed"
        time.sleep(0.05)
    one.send_signal(signal.SIGKILL)
    one.wait()
    assert not is_done(replay_folder(request))
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert '"resumed"' in shown.stderr
    again = replay_folder(request)
    assert shown.stdout.strip().endswith(again.name)
    names = sorted(path.name for path in folder.glob("*.*"))
    assert names == sorted(path.name for path in again.glob("*.*"))
    for name in names:
        assert (folder / name).read_bytes() == (again / name).read_bytes(), name


def test_a_replay_that_is_done_is_found_and_not_done_again(shop: Shop, folder: Path):
    events: list[Event] = []
    assert run_replay(request_of(shop, folder.parents[1]), events.append) == folder
    assert [event.message for event in events] == ["unchanged"]
    assert not (folder / "work").exists()


def test_the_twin_differs_by_nothing_and_intervals_hold_the_difference(folder: Path):
    paired = table(folder, "paired")
    twin = paired[(paired["variant"] == "twin") & paired["difference"].notna()]
    assert (twin[["difference", "low", "high"]] == 0).all(axis=None)
    rest = paired[(paired["variant"] == "safer") & paired["difference"].notna()]
    assert np.allclose(rest["difference"], rest["value"] - rest["base"])
    stock = rest[(rest["segment_kind"] == "all") & (rest["metric"] == "stock_value")].iloc[0]
    assert stock["low"] <= stock["difference"] <= stock["high"]


def test_the_tables_agree_with_one_another(folder: Path):
    found, days, series = whole(folder), table(folder, "days"), table(folder, "series")
    counted = days[days["counted"]]
    for name in ("demand_units", "lost_units", "profit", "freight", "orders"):
        by_day = counted.groupby("variant")[name].sum()
        by_series = series.groupby("variant")[name].sum()
        assert np.allclose(by_day[found.index], found[name])
        assert np.allclose(by_series[found.index], found[name])
    assert np.allclose(counted.groupby("variant")["stock_value"].mean(), found["stock_value"])
    parts = table(folder, "metrics").query("metric == 'profit' and segment_kind == 'location'")
    assert np.allclose(parts.groupby("variant")["value"].sum()[found.index], found["profit"])


def test_it_says_how_much_demand_was_filled_and_what_is_left_out(folder: Path, played: Replayed):
    record, report = read_record(folder), (folder / "report.md").read_text("utf-8")
    filled = played.world.asked.filled.sum()
    assert filled > 0
    assert record.metrics["filled_units"] == filled
    assert f"{filled:,.0f} of {played.world.asked.units.sum():,.0f} units" in report
    assert "Clearance is left out" in report
    json.loads((folder / "run.json").read_text("utf-8"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"nights": 0},
        {"warm_up": 8, "nights": 8},
        {"variants": (Variant("base"),), "nights": 8},
        {"variants": (Variant("weekly", {"period": "week"}),), "nights": 8},
    ],
)
def test_a_request_that_makes_no_sense_is_refused(shop: Shop, wrong: dict[str, object]):
    with pytest.raises(ConfigError):
        ReplayRequest(shop, FIRST, **wrong)  # type: ignore[arg-type]


def test_a_replay_beyond_the_end_of_the_tables_is_refused(shop: Shop, tmp_path: Path):
    request = ReplayRequest(shop, FIRST, 60, runs=tmp_path)
    with pytest.raises(ConfigError, match="the tables end on 2025-10-26"):
        run_replay(request, quiet)


def test_a_sample_of_skus_is_the_same_every_time_and_keeps_their_locations(shop: Shop):
    last = FIRST + np.timedelta64(6, "D")
    whole = ReplayTables.open(shop, last, None)
    few, more = (ReplayTables.open(shop, last, count) for count in (2, 4))
    assert few == ReplayTables.open(shop, last, 2)
    assert len(set(few.sku)) == 2
    assert set(few.sku) < set(more.sku) < set(whole.sku)
    keys = set(zip(whole.sku, whole.location, strict=True))
    assert set(zip(few.sku, few.location, strict=True)) == {k for k in keys if k[0] in few.sku}
    assert few.evening(shop.config, FIRST).panel.n_series == len(few.sku)


def test_a_replay_that_another_process_works_at_is_left_alone(shop: Shop, folder: Path):
    request = replace(request_of(shop, folder.parents[1]), force=True)
    with claimed(folder), pytest.raises(LockedError, match="another process works"):
        run_replay(request, quiet)
    assert is_done(folder)
