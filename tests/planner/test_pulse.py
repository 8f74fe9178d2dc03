"""The pulse through the command line, on a small demo shop."""

import json
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from filelock import FileLock
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
    (folder / "shop" / "channels.csv").write_text(
        "channel,share,buffer_units\ntmall,0.5,0\njd,0.4,2\n天猫,0.1,0\n", "utf-8"
    )
    lock_units(folder / "shop")
    answer = call("nightly", "--data", folder / "shop", "--date", DATE, "--out", folder / "runs")
    assert answer.exit_code == 0, answer.output
    return folder / "runs"


SKU, PLACE = "P000001", "south"


def lock_units(shop):
    """A hundred of one article at one place, of which an event locks twenty to one channel."""
    stock = pd.read_csv(shop / "inventory.csv", dtype=str)
    own = stock[(stock["sku"] == SKU) & (stock["location"] == PLACE)].drop_duplicates("date")
    stock.loc[own.index, ["on_hand", "reserved"]] = ["100", "0"]
    stock.to_csv(shop / "inventory.csv", index=False)
    event = {"event": "live", "phase": "burst", "start": DAY, "end": DAY, "kind": "sale"}
    event |= {"sku": SKU, "location": PLACE, "channel": "jd", "locked_units": "20"}
    events = pd.read_csv(shop / "events.csv", dtype=str)
    pd.concat([events, pd.DataFrame([event])]).to_csv(shop / "events.csv", index=False)


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


def test_sales_that_fell_since_the_last_pulse_are_named_and_answered(runs, tmp_path):
    """An export that lacks orders of the morning: 5 fewer of one key, and nothing else fell."""
    table = keys(runs)
    sku, place = table.loc[table["sku"] != SKU, ["sku", "location"]].iloc[0]
    rows = [f"{DAY} 10:00,{sku},{place},7,tmall", f"{DAY} 10:05,{SKU},{PLACE},1,jd"]
    first = call("pulse", "--sales-today", sales(tmp_path / "1.csv", rows), "--out", runs)
    assert "sold less" not in first.stdout
    rows = [f"{DAY} 11:00,{sku},{place},2,tmall", f"{DAY} 11:05,{SKU},{PLACE},3,jd"]
    answer = call("pulse", "--sales-today", sales(tmp_path / "2.csv", rows), "--out", runs)
    assert answer.exit_code == 0, answer.output
    notes = json.loads((runs / "pulse" / "summary.json").read_text("utf-8"))["notes"]
    assert notes == [
        "sales_today: 1 key has sold less than the pulse as of 10:05 saw, by 5 units in all "
        f"({sku} at {place} from 7 to 2); check whether the export holds the whole day"
    ]


def test_a_suggestion_says_what_the_lines_save_and_when_they_arrive(runs, tmp_path):
    """Units, money and the first date are those of the emergency lines of the key, in a rush of
    orders of one unit each that leaves nothing anywhere."""
    rows = keys(runs)
    sold = [
        f"{DAY} 10:00,{sku},{place},1,jd"
        for sku, place, held in zip(rows["sku"], rows["location"], rows["on_hand"], strict=True)
        for _ in range(int(held) + 9)
    ]
    file = sales(tmp_path / "rush.csv", sold)
    assert call("pulse", "--sales-today", file, "--out", runs).exit_code == 0
    tables = {
        name: pd.read_csv(runs / "pulse" / f"{name}.csv", dtype={"sku": str}, encoding="utf-8-sig")
        for name in ("alerts", "emergency_orders", "emergency_transfers")
    }
    lines = pd.concat([tables["emergency_orders"], tables["emergency_transfers"]])
    assert len(lines)
    alerts = tables["alerts"].drop_duplicates(["sku", "location"]).set_index(["sku", "location"])
    for (sku, place), own in lines.groupby(["sku", "destination"]):
        text = alerts.loc[(sku, place), "suggestion"]
        saved, worth = own["units_avoided"].sum(), own["benefit"].sum()
        found = re.search(r"on sale (\S+); by \S+, .* save (\S+) units?, and (\S+) of money", text)
        assert found, text
        assert found[1] == own["available_date"].min()
        assert float(found[2]) == pytest.approx(saved, abs=0.02)
        assert float(found[3]) == pytest.approx(worth, abs=0.02)


def of_key(runs, name, sku, place):
    """The rows of a key in a file of the pulse, all cells as text."""
    table = pd.read_csv(runs / "pulse" / f"{name}.csv", dtype=str, encoding="utf-8-sig")
    column = "location" if "location" in table else "destination"
    return table[(table["sku"] == sku) & (table[column] == place)]


def quiet_key(runs):
    """The key that sells least, of those with a way to help it within the day."""
    ways = pd.read_parquet(runs / "latest" / "pulse_ways.parquet")
    table = pd.read_parquet(runs / "latest" / "pulse_keys.parquet")
    table = table.assign(today=[float(mean[0]) for mean in table["mean"]])
    table = table.loc[np.unique(ways["key"])]
    return table[table["stocked"] & table["sells"]].sort_values("today").iloc[0]


def emergency_units(runs, sku, place):
    lines = [of_key(runs, f"emergency_{name}", sku, place) for name in ("orders", "transfers")]
    return pd.concat(lines)["units"].astype(float).sum()


@pytest.mark.parametrize("split", [False, True])
def test_one_bulk_order_is_named_and_not_chased(runs, tmp_path, split):
    """Of sixty units in one order, in one row or in sixty of one number, a quiet key orders less
    than of sixty orders, and no more than the order itself."""
    key = quiet_key(runs)
    sku, place = key["sku"], key["location"]
    units, rows = (1, 60) if split else (60, 1)
    row = f"{DAY} 10:00,{sku},{place},{units},jd"
    bulk = tmp_path / "bulk.csv"
    bulk.write_text("\n".join(["time,sku,location,units,channel,order_id", *[f"{row},B1"] * rows]))
    assert call("pulse", "--sales-today", bulk, "--out", runs).exit_code == 0
    alerts = of_key(runs, "alerts", sku, place).set_index("code")
    assert "BULK_ORDER" in alerts.index
    assert "SELLING_FASTER" not in alerts.index
    assert alerts.loc["BULK_ORDER", "sold_today"] == "60"
    assert emergency_units(runs, sku, place) <= 60


def test_many_orders_are_no_bulk_order(runs, tmp_path):
    key = quiet_key(runs)
    sku, place = key["sku"], key["location"]
    rows = [f"{DAY} 10:00,{sku},{place},1,jd"] * 60
    file = sales(tmp_path / "hit.csv", rows)
    assert call("pulse", "--sales-today", file, "--out", runs).exit_code == 0
    codes = set(of_key(runs, "alerts", sku, place)["code"])
    assert "SELLING_FASTER" in codes
    assert "BULK_ORDER" not in codes
    assert emergency_units(runs, sku, place) <= 4 * 60


@pytest.mark.parametrize("table", ["sales_today", "received", "reservations"])
def test_a_figure_that_no_key_has_is_named_and_nothing_is_ordered_on_it(runs, tmp_path, table):
    """A million units, of a key that sells a few a day: no line for it, and none out of it."""
    row = keys(runs).assign(m=lambda t: [float(x[0]) for x in t["mean"]]).sort_values("m").iloc[-1]
    sku, place = row["sku"], row["location"]
    sold = [f"{DAY} 10:00,{sku},{place},{10**6 if table == 'sales_today' else 1},jd"]
    words = ["--sales-today", sales(tmp_path / "sold.csv", sold)]
    if table != "sales_today":
        file = tmp_path / f"{table}.csv"
        file.write_text(f"sku,location,units\n{sku},{place},1000000\n")
        words += [f"--{table}", file]
    answer = call("pulse", "--out", runs, *words)
    assert answer.exit_code == 0, answer.output
    (alert,) = of_key(runs, "alerts", sku, place).query("code == 'IMPLAUSIBLE'").itertuples()
    assert alert.severity == "high"
    assert f"{table} holds 1000000 units" in alert.message
    assert emergency_units(runs, sku, place) == 0
    moved = pd.read_csv(runs / "pulse" / "emergency_transfers.csv", dtype=str)
    assert not ((moved["sku"] == sku) & (moved["source"] == place)).any()
    for name in ("alerts", "channel_quota", "emergency_orders", "emergency_transfers"):
        text = (runs / "pulse" / f"{name}.csv").read_text("utf-8-sig")
        assert not re.search(r"\de[+-]\d", text), name


def test_an_article_that_the_night_did_not_know_is_an_alert_and_stops_nothing(runs, tmp_path):
    sku, place, _ = richest(runs)
    rows = [f"{DAY} 10:00,{sku},{place},1,tmall", f"{DAY} 10:00,新品,{place},2,jd"]
    answer = call("pulse", "--sales-today", sales(tmp_path / "new.csv", rows), "--out", runs)
    assert answer.exit_code == 0, answer.output
    alerts = pd.read_csv(runs / "pulse" / "alerts.csv", dtype=str, encoding="utf-8-sig")
    stray = alerts[alerts["code"] == "UNKNOWN_KEY"]
    assert stray[["sku", "location", "sold_today"]].to_numpy().tolist() == [["新品", place, "2"]]
    assert told(runs, sku, place).sum() > 0


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
    before = (runs / "pulse").resolve()
    answer = call("pulse", "--sales-today", early, "--out", runs, "--at", "13:00")
    assert answer.exit_code == 2
    assert "the newest sale is of 11:00, and the last pulse saw one of 12:00" in answer.output
    assert (runs / "pulse").resolve() == before
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


def pulse_of(runs, sku, place, *words):
    """Run a pulse; the row of a key in cover.parquet, and its rows in channel_quota.csv."""
    answer = call("pulse", "--out", runs, *words)
    assert answer.exit_code == 0, answer.output
    cover = pd.read_parquet(runs / "pulse" / "cover.parquet").astype({"sku": str, "location": str})
    quotas = pd.read_csv(runs / "pulse" / "channel_quota.csv", dtype={"sku": str})
    quotas = quotas[(quotas["sku"] == sku) & (quotas["location"] == place)].set_index("channel")
    return cover[(cover["sku"] == sku) & (cover["location"] == place)].iloc[0], quotas


def test_an_event_locks_units_to_its_channel_until_they_are_sold(runs, tmp_path):
    """Of a lock is left what its channel has not sold; buffers are promised to nobody."""
    row = f"{DAY} 10:00:00,{SKU},{PLACE}"
    few = sales(tmp_path / "few.csv", [f"{row},5,jd", f"{row},3,tmall"])
    cover, quotas = pulse_of(runs, SKU, PLACE, "--sales-today", few)
    assert quotas["locked_units"].to_dict() == {"jd": 15, "tmall": 0, "天猫": 0}
    assert quotas["buffer_units"].to_dict() == {"jd": 2, "tmall": 0, "天猫": 0}
    assert quotas.loc["jd", "may_sell"] >= 15
    assert quotas["may_sell"].sum() <= cover["free_units"] - 2
    many = sales(tmp_path / "many.csv", [f"{row},25,jd", f"{row},3,tmall"])
    _, quotas = pulse_of(runs, SKU, PLACE, "--sales-today", many)
    assert quotas["locked_units"].sum() == 0


def test_carts_take_stock_once_and_goods_received_bring_it(runs, tmp_path):
    """Free = last night's stock + received - sold - held, an order in both files counted once."""
    stock = keys(runs).set_index(["sku", "location"]).loc[(SKU, PLACE)]
    sold = tmp_path / "sold.csv"
    sold.write_text(
        f"time,sku,location,units,channel,order_id\n{DAY} 10:00:00,{SKU},{PLACE},4,jd,B\n"
    )
    held = tmp_path / "held.csv"
    held.write_text(
        f"sku,location,units,order_id\n{SKU},{PLACE},30,A\n{SKU},{PLACE},4,B\nP999999,{PLACE},1,C\n"
    )
    came = tmp_path / "came.csv"
    came.write_text(f"sku,location,units\n{SKU},{PLACE},12\n")
    words = ["--sales-today", sold, "--reservations", held, "--received", came]
    cover, _ = pulse_of(runs, SKU, PLACE, *words)
    assert cover["free_units"] == stock["on_hand"] - stock["leaving"] + 12 - 4 - 30
    assert cover["sold_today"] == 4


def test_a_file_in_gb18030_is_read_and_its_channel_known(runs, tmp_path):
    file = tmp_path / "today.csv"
    text = f"time,sku,location,units,channel\n{DAY} 10:00:00,{SKU},{PLACE},3,天猫\n"
    file.write_bytes(text.encode("gb18030"))
    _, quotas = pulse_of(runs, SKU, PLACE, "--sales-today", file)
    assert quotas["sold_today"].to_dict() == {"jd": 0, "tmall": 0, "天猫": 3}


def test_a_bad_row_is_set_aside_and_many_are_refused(runs, tmp_path):
    good = [f"{DAY} 10:00:00,{SKU},{PLACE},{n % 2},jd" for n in range(60)]
    bad = f"{DAY} 10:00:00,{SKU},{PLACE},many,jd"
    cover, _ = pulse_of(
        runs, SKU, PLACE, "--sales-today", sales(tmp_path / "one.csv", [*good * 20, bad])
    )
    assert cover["sold_today"] == 600
    rejected = pd.read_csv(runs / "pulse" / "rejected_rows.csv")
    assert len(rejected) == 1
    refused = sales(tmp_path / "many.csv", [*good, *[bad] * 60])
    assert call("pulse", "--sales-today", refused, "--out", runs).exit_code == 3
    assert len(pd.read_csv(runs / "pulse" / "rejected_rows.csv")) == 1


def test_a_pulse_that_need_not_wait_ends_with_75_while_another_works(runs, tmp_path):
    sku, place, _ = richest(runs)
    file = sales(tmp_path / "today.csv", [f"{DAY} 10:00:00,{sku},{place},3,tmall"])
    with FileLock(runs / ".pulse.lock"):
        assert start(runs, file, wait=0).wait() == 75
    assert not (runs / "pulse").exists()


def start(runs, file, wait=200):
    words = ["pulse", "--sales-today", file, "--out", runs, "--wait", wait]
    command = [sys.executable, "-m", "planner", *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
