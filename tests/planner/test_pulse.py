"""The pulse through the command line, on a small demo shop."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest
from typer.testing import CliRunner

from pipelines.demo import DEMO_LAST_DATE
from pipelines.pulse.request import PulseRequest
from pipelines.pulse.run import run_pulse
from planner.main import app

DATE = str(DEMO_LAST_DATE)
DAY = str(DEMO_LAST_DATE + 1)


def call(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pulse")
    call("demo", folder / "shop", "--skus", 20, "--days", 120)
    (folder / "shop" / "stockwright.toml").write_text("[model]\ntrees = 5\n")
    (folder / "shop" / "channels.csv").write_text("channel,share\ntmall,0.6\njd,0.4\n")
    answer = call("nightly", "--data", folder / "shop", "--date", DATE, "--out", folder / "runs")
    assert answer.exit_code == 0, answer.output
    return folder / "runs"


@pytest.fixture
def runs(night, tmp_path):
    shutil.copytree(night, tmp_path / "runs", symlinks=True)
    return tmp_path / "runs"


def keys(runs):
    table = pd.read_parquet(runs / "latest" / "pulse_keys.parquet")
    return table[table["stocked"] & table["sells"]].astype({"sku": str, "location": str})


def sales(path, rows):
    lines = ["time,sku,location,units,channel", *rows]
    path.write_text("\n".join(lines) + "\n")
    return path


def richest(runs):
    row = keys(runs).sort_values("on_hand").iloc[-1]
    return row["sku"], row["location"], int(row["on_hand"] - row["leaving"])


def told(runs, sku, location):
    table = pd.read_csv(runs / "pulse" / "channel_quota.csv", dtype=str, encoding="utf-8-sig")
    table = table[(table["sku"] == sku) & (table["location"] == location)]
    return table.set_index("channel")["may_sell"].astype(int)


def test_what_is_sold_is_no_longer_promised(runs, tmp_path):
    """Quotas and units sold together are at most the stock of last night."""
    sku, place, stock = richest(runs)
    file = sales(tmp_path / "today.csv", [f"{DAY} 10:00:00,{sku},{place},3,tmall"])
    answer = call("pulse", "--sales-today", file, "--out", runs)
    assert answer.exit_code == 0, answer.output
    assert 0 < told(runs, sku, place).sum() <= stock - 3
    again = call("pulse", "--sales-today", file, "--out", runs)
    assert "Unchanged" in again.stdout


def test_a_sold_out_key_is_an_alert_and_gets_no_quota(runs, tmp_path):
    row = keys(runs).assign(m=lambda t: [float(x[0]) for x in t["mean"]]).sort_values("m").iloc[-1]
    units = int(row["on_hand"]) + 40
    text = f"{DAY} 10:00,{row['sku']},{row['location']},{units},jd"
    file = sales(tmp_path / "today.csv", [text])
    assert call("pulse", "--sales-today", file, "--out", runs).exit_code == 0
    alerts = pd.read_csv(runs / "pulse" / "alerts.csv", dtype=str, encoding="utf-8-sig")
    assert "SOLD_OUT" in set(alerts[alerts["sku"] == row["sku"]]["code"])
    assert told(runs, row["sku"], row["location"]).sum() == 0


def test_bad_files_and_times_are_refused_with_their_code(runs, tmp_path):
    sku, place, _ = richest(runs)
    wrong_day = sales(tmp_path / "old.csv", [f"{DATE} 10:00,{sku},{place},3,tmall"])
    assert call("pulse", "--sales-today", wrong_day, "--out", runs).exit_code == 3
    no_time = sales(tmp_path / "date.csv", [f"{DAY},{sku},{place},3,tmall"])
    assert call("pulse", "--sales-today", no_time, "--out", runs).exit_code == 2
    late = sales(tmp_path / "late.csv", [f"{DAY} 12:00,{sku},{place},3,tmall"])
    assert call("pulse", "--sales-today", late, "--out", runs).exit_code == 0
    early = sales(tmp_path / "early.csv", [f"{DAY} 11:00,{sku},{place},1,tmall"])
    assert call("pulse", "--sales-today", early, "--out", runs).exit_code == 2
    assert call("pulse", "--sales-today", tmp_path / "none.csv", "--out", runs).exit_code == 2


def test_pulses_at_once_keep_the_promises_of_one_another(runs, tmp_path):
    """Eight at once: each waits its turn, and no two lines or quotas share a unit."""
    sku, place, stock = richest(runs)
    files = [
        sales(tmp_path / f"{n}.csv", [f"{DAY} 10:00:00,{sku},{place},{n},tmall"]) for n in range(8)
    ]
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda f: run_pulse(PulseRequest(f, runs, wait=60.0)), files))
    assert sorted(each.summary["sequence"] for each in done) == list(range(1, 9))
    booked = pd.read_parquet(runs / "pulse" / "booked.parquet")
    assert booked["line_id"].is_unique
    moved = booked[booked["kind"] == "transfer"].groupby(["source", "sku"])["units"].sum()
    held = keys(runs).set_index(["location", "sku"])["on_hand"]
    assert (moved <= held.reindex(moved.index).fillna(float("inf"))).all()
    last = json.loads((runs / "pulse" / "summary.json").read_text())
    assert last["sequence"] == 8
    assert told(runs, sku, place).sum() <= stock
