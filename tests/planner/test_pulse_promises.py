"""No unit is promised twice: channels that sell all they were told, on hundreds of units."""

import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from pipelines.demo import DEMO_LAST_DATE
from pipelines.pulse.request import PulseRequest
from pipelines.pulse.run import run_pulse
from planner.main import app

DATE, DAY = str(DEMO_LAST_DATE), str(DEMO_LAST_DATE + 1)
CHANNELS = ("jd", "tmall", "天猫")
NAMES = ["sku", "location"]


def call(*words):
    answer = CliRunner().invoke(app, [str(word) for word in words])
    assert answer.exit_code == 0, answer.output


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    """No buffers, and of articles next to each other one has few and one has many units."""
    folder = tmp_path_factory.mktemp("promises")
    shop = folder / "shop"
    call("demo", shop, "--skus", 12, "--days", 120)
    (shop / "stockwright.toml").write_text("[model]\ntrees = 5\n")
    (shop / "channels.csv").write_text("channel,share\ntmall,0.5\njd,0.4\n天猫,0.1\n", "utf-8")
    stock = pd.read_csv(shop / "inventory.csv", dtype=str).drop_duplicates(["date", *NAMES])
    odd = stock["sku"].str[-1].astype(int) % 2 == 1
    units = np.where(odd, 1200, 110) + np.arange(len(stock))
    stock = stock.assign(on_hand=units.astype(str), reserved="0")
    stock.to_csv(shop / "inventory.csv", index=False)
    call("nightly", "--data", shop, "--date", DATE, "--out", folder / "runs")
    return folder


@pytest.fixture
def runs(night, tmp_path):
    return shutil.copytree(night / "runs", tmp_path / "runs", symlinks=True)


class Trade:
    """Channels that sell up to all of what they were told, by the newest quotas or those before."""

    def __init__(self, runs, folder):
        self.runs, self.folder, self.rng = runs, folder, np.random.default_rng(7)
        keys = pd.read_parquet(runs / "latest" / "pulse_keys.parquet")
        self.keys = keys.astype(dict.fromkeys(NAMES, str))
        self.stock = (keys["on_hand"] - keys["leaving"]).clip(lower=0).to_numpy()
        self.minute, self.rows, self.waited = 480, [], 0
        self.sold = np.zeros((len(keys), len(CHANNELS)))
        few = np.floor(self.stock * keys["sells"].to_numpy() / 12)
        self.sell(np.repeat(few[:, None], 3, axis=1)[None])

    def told(self):
        """What is left of each of the last two pulses' quotas, (pulses, keys, channels)."""
        left = []
        for pulse in sorted((self.runs / ".pulses").iterdir())[-2:]:
            table = pd.read_parquet(pulse / "quotas.parquet")
            told = np.column_stack([table[f"may_sell:{name}"] for name in CHANNELS])
            then = np.column_stack([table[f"sold:{name}"] for name in CHANNELS])
            left.append(np.maximum(told - (self.sold - then), 0.0))
        return np.array(left)

    def sell(self, left):
        """Each channel sells nothing, half or all of what is left of the quota it goes by."""
        which = self.rng.integers(0, len(left), self.sold.shape)
        part = self.rng.choice([0.0, 0.5, 1.0], self.sold.shape, p=[0.6, 0.2, 0.2])
        self.record(np.floor(np.take_along_axis(left, which[None], 0)[0] * part))

    def record(self, units):
        self.minute += 40
        at = f"{DAY} {self.minute // 60:02d}:{self.minute % 60:02d}:00"
        for key, channel in zip(*np.nonzero(units), strict=True):
            sku, place = self.keys.loc[key, NAMES]
            self.rows.append(f"{at},{sku},{place},{units[key, channel]:.0f},{CHANNELS[channel]}")
        self.sold += units

    def export(self):
        path = self.folder / f"{self.minute}.csv"
        path.write_text("\n".join(["time,sku,location,units,channel", *self.rows]) + "\n")
        return path

    def moved(self):
        """Units that emergency transfers of the day take from each key."""
        booked = pd.read_parquet(self.runs / "pulse" / "booked.parquet")
        moved = booked[booked["kind"] == "transfer"].groupby(["sku", "source"])["units"].sum()
        return moved.reindex(pd.MultiIndex.from_frame(self.keys[NAMES]), fill_value=0.0).to_numpy()

    def check(self):
        """Key by key, the larger of two quotas fits in what is neither sold nor moved."""
        told, gone = self.told(), self.sold.sum(axis=1) + self.moved()
        either = told.max(axis=0).sum(axis=1)
        assert (either <= np.maximum(self.stock - gone, 0.0)).all()
        self.waited += int((either > told[-1].sum(axis=1)).sum())


def test_no_unit_is_promised_or_sold_twice_from_pulse_to_pulse(runs, tmp_path):
    """Whichever of its last two quotas a channel sells up, key by key the units are there."""
    trade = Trade(runs, tmp_path)
    for _ in range(7):
        run_pulse(PulseRequest(trade.export(), runs))
        trade.check()
        trade.sell(trade.told())
        assert (trade.sold.sum(axis=1) + trade.moved() <= trade.stock).all()
    assert trade.waited > len(trade.keys), "quotas hardly moved between channels"


def start(runs, file, wait=200):
    words = ["pulse", "--sales-today", file, "--out", runs, "--wait", wait]
    command = [sys.executable, "-m", "planner", *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.mark.slow
def test_no_unit_is_promised_or_sold_twice_while_processes_pulse_at_once(runs, tmp_path):
    """Each round exports twice, sells in between, and starts a process for either export and one
    that does not wait. The older export is refused where the newer one was first.
    """
    trade = Trade(runs, tmp_path)
    for _ in range(4):
        files = [trade.export()]
        if (runs / "pulse").exists():
            trade.sell(trade.told()[-1:])
            files.append(trade.export())
        started = [start(runs, file) for file in files] + [start(runs, files[-1], wait=0)]
        codes = [process.wait() for process in started]
        assert 0 in codes[: len(files)]
        assert set(codes) <= {0, 2, 75}
        trade.check()
        trade.sell(trade.told())
        assert (trade.sold.sum(axis=1) + trade.moved() <= trade.stock).all()
    assert trade.waited > 0


def test_quotas_keep_their_keys_when_the_night_is_run_again(night, runs, tmp_path):
    """A new article that sorts first moves every key; what each key was told still binds it."""
    trade = Trade(runs, tmp_path)
    run_pulse(PulseRequest(trade.export(), runs))
    told, lines = trade.told()[-1], pd.read_parquet(runs / "pulse" / "booked.parquet")["line_id"]
    shop = shutil.copytree(night / "shop", tmp_path / "shop")
    for name in ("products", "inventory"):
        table = pd.read_csv(shop / f"{name}.csv", dtype=str)
        extra = table[table["sku"] == "P000001"].assign(sku="A000000")
        pd.concat([table, extra]).to_csv(shop / f"{name}.csv", index=False)
    call("nightly", "--data", shop, "--date", DATE, "--out", runs, "--force")
    trade.minute = 1200
    trade.record(told * [1, 0, 0])
    run_pulse(PulseRequest(trade.export(), runs))
    names = ["may_sell:" + name for name in CHANNELS]
    new = pd.read_parquet(runs / "pulse" / "quotas.parquet").astype(dict.fromkeys(NAMES, str))
    assert new["sku"].iloc[0] == "A000000"
    same = pd.MultiIndex.from_frame(trade.keys[NAMES])
    new = new.set_index(NAMES)[names].loc[same].to_numpy()
    now = Trade(runs, tmp_path)
    # The night run again may set other units aside for its lines.
    stock = pd.Series(now.stock, pd.MultiIndex.from_frame(now.keys[NAMES]))[same].to_numpy()
    held = told * [0, 1, 1]
    left = np.maximum(stock - trade.sold.sum(axis=1), held.sum(axis=1))
    assert (np.maximum(held, new).sum(axis=1) <= left).all()
    assert new[:, 1:].sum() < held.sum()
    assert set(lines) <= set(pd.read_parquet(runs / "pulse" / "booked.parquet")["line_id"])
