"""The night of the real rooms on a shop of 25 SKUs."""

import json
import shutil
import signal

import pandas as pd
import pytest

from pipelines.demo import DEMO_LAST_DATE, write_demo
from pipelines.night.outcome import ExitCode
from pipelines.publish import explain
from stockwright.decomposition import PARTS

DATE = str(DEMO_LAST_DATE)
# The same weekday: suppliers take orders on some days only.
WEEK_BEFORE = str(DEMO_LAST_DATE - 7)
PLAN = {
    "orders.csv",
    "transfers.csv",
    "clearance.csv",
    "policy.csv",
    "policy.parquet",
    "forecasts.parquet",
    "exceptions.csv",
    "rejected_rows.csv",
    "plan.xlsx",
    "summary.json",
    "drift.csv",
    "recent.parquet",
    "suppliers.csv",
    "supplier_forecast.csv",
    "pulse_keys.parquet",
    "pulse_ways.parquet",
    "pulse_locks.parquet",
    "pulse_channels.parquet",
}
CONFIG = "seed = 5\nblock_size = {}\n[model]\ntrees = 20\n"
STEPS = ("read", "panel", "drift", "fit", "forecast", "plan", "write", "audit", "publish")
TABLES_CUT = {"sales": ("units", "price"), "availability": ("in_stock",)}


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "shop"
    write_demo(folder, skus=25, days=400, seed=3)
    return folder


@pytest.fixture
def real(demo, shop):
    """The demo shop in a copy of its own, with an empty folder of runs beside it."""
    shutil.rmtree(shop.data)
    shutil.copytree(demo, shop.data)
    configure(shop, 2000)
    return shop


def configure(shop, block_size):
    (shop.data / "stockwright.toml").write_text(CONFIG.format(block_size))


def test_a_night_publishes_every_file_of_the_contract(real):
    outcome = real.night(None, DATE)
    assert outcome.code is ExitCode.PUBLISHED
    assert set(real.files()) == PLAN
    orders = pd.read_csv(real.out / "latest" / "orders.csv", encoding="utf-8-sig")
    assert len(orders) == outcome.summary["orders"]["lines"] > 0
    manifest = json.loads((real.out / "latest" / "manifest.json").read_text())
    assert {one["name"] for one in manifest["outputs"]} == PLAN
    assert real.night(None, DATE).unchanged


def test_blocks_workers_and_a_killed_process_change_no_byte(real):
    """One worker on one block; two workers on many blocks, killed after the forecast, resumed."""
    real.night(None, DATE)
    whole = real.files()
    shutil.rmtree(real.out)
    configure(real, 9)
    code, _ = real.walk(
        "--rooms", "real", "--workers", "2", "--die", "finished forecast", date=DATE
    )
    assert code == -signal.SIGKILL
    assert not (real.out / "latest").exists()
    code, said = real.walk("--rooms", "real", "--workers", "2", "--resume", date=DATE)
    assert code == 0
    assert [line.split()[1] for line in said if line.startswith("resumed")] == list(STEPS[:5])
    assert real.files() == whole


def test_a_night_of_other_methods_differs_sums_up_and_is_explained(real):
    real.night(None, DATE)
    before = forecasts_of(real)
    path = real.data / "stockwright.toml"
    path.write_text(path.read_text() + 'methods = ["sba", "imapa"]\n')
    assert real.night(None, DATE, force=True).code is ExitCode.PUBLISHED
    after = forecasts_of(real)
    assert (after[[*PARTS, "override", "committed"]].sum(axis=1) - after["mean"]).abs().max() < 1e-4
    blended = after["model"] == "blend"
    assert (after["mean"] != before["mean"])[blended].mean() > 0.9
    assert (after["blend"] != before["blend"])[blended].mean() > 0.9
    assert 0.8 < after["mean"].sum() / before["mean"].sum() < 1.25
    policy = pd.read_csv(real.out / "latest" / "policy.csv", encoding="utf-8-sig", dtype="str")
    key = after[blended].index[0][:2]
    assert key in set(zip(policy["sku"], policy["location"], strict=True))
    assert "other methods blended in" in explain(real.out / "latest", *key)
    manifest = json.loads((real.out / "latest" / "manifest.json").read_text())
    assert manifest["config"]["model"]["methods"] == ["sba", "imapa"]


def test_a_model_that_cannot_be_fitted_is_replaced_and_the_plan_says_so(real, monkeypatch):
    import lightgbm

    def refuse(*_, **__):
        raise lightgbm.basic.LightGBMError("no split")

    monkeypatch.setattr(lightgbm, "train", refuse)
    outcome = real.night(None, DATE)
    assert outcome.code is ExitCode.SUBSTITUTE
    exceptions = pd.read_csv(real.out / "latest" / "exceptions.csv", encoding="utf-8-sig")
    said = exceptions.set_index("code")["message"]["MODEL_SUBSTITUTE"]
    assert "no split" in said
    forecasts = pd.read_parquet(real.out / "latest" / "forecasts.parquet")
    assert forecasts["mean"].sum() > 0
    assert "global" not in set(forecasts["model"])


def test_values_dated_after_the_night_change_no_byte(real):
    def falsify(name, columns):
        path = real.data / f"{name}.parquet"
        table = pd.read_parquet(path)
        later = pd.to_datetime(table["date"]) > pd.Timestamp(WEEK_BEFORE)
        assert later.any()
        for column in columns:
            values = table[column].to_numpy(copy=True)
            values[later] = 1 if column != "in_stock" else 0.5
            table[column] = values
        table.to_parquet(path)

    dated(real, WEEK_BEFORE)
    real.night(None, WEEK_BEFORE)
    before = real.files()
    for name, columns in TABLES_CUT.items():
        falsify(name, columns)
    real.night(None, WEEK_BEFORE, force=True)
    assert real.files() == before


def test_an_accepted_line_is_not_ordered_again(real):
    """A week later, with the acceptance and without it: the accepted units count as coming.

    Without receipts, which would teach that a part of what is ordered does not come.
    """
    (real.data / "receipts.csv").unlink()
    dated(real, WEEK_BEFORE)
    real.night(None, WEEK_BEFORE)
    first = orders_of(real, WEEK_BEFORE)
    dated(real, DATE)
    real.night(None, DATE)
    without = orders_of(real, DATE)
    lines = first[(first["available_date"] > DATE) & first.index.isin(without.index)]
    assert len(lines)
    status = lines[["line_id"]].assign(status="accepted")
    status.to_csv(real.data / "plan_status.csv", index=False)
    real.night(None, DATE, force=True)
    after = orders_of(real, DATE)
    # On hand and on order together, because a lateral move makes the one out of the other.
    positions = [table["available"] + table["inbound_units"] for table in (after, without)]
    coming = (positions[0] - positions[1]).dropna()
    accepted = lines["units"].astype(float).reindex(coming.index, fill_value=0.0)
    pd.testing.assert_series_equal(coming, accepted, check_names=False, check_dtype=False)
    saved = without["units"] - after["units"].reindex(without.index, fill_value=0.0)
    # The others need what they needed; one may grow to fill up the minimum of a common supplier.
    wanted = (without["need"] - after["need"]).dropna()
    assert (wanted.drop(lines.index, errors="ignore") == 0).all()
    assert (saved.drop(lines.index) <= 0).all()
    assert (saved[lines.index] >= 0).all()
    assert saved.sum() > 0


def dated(shop, date):
    """Stock as of the close of ``date``."""
    path = shop.data / "inventory.csv"
    stock = pd.read_csv(path, dtype="str", keep_default_na=False)
    stock.assign(date=date).to_csv(path, index=False)


def forecasts_of(shop):
    table = pd.read_parquet(shop.out / "latest" / "forecasts.parquet")
    return table.set_index(["sku", "location", "date"])


def orders_of(shop, date):
    path = shop.out / date / "orders.csv"
    orders = pd.read_csv(path, encoding="utf-8-sig", dtype={"sku": "str"})
    return orders.set_index(["sku", "destination"]).sort_index()


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
def test_killed_after_any_step_and_resumed_the_plan_is_the_same(real, step):
    real.night(None, DATE)
    whole = real.files()
    shutil.rmtree(real.out)
    assert real.walk("--rooms", "real", "--die", f"finished {step}", date=DATE)[0] == -9
    assert (real.out / "latest").exists() == (step == "publish")
    assert real.walk("--rooms", "real", "--resume", date=DATE)[0] == 0
    assert real.files() == real.files(DATE) == whole


@pytest.mark.slow
@pytest.mark.parametrize(
    ("block_size", "workers"), [(1, 2), (7, 1), (7, 3), (100, 2), (10_000, 1), (10_000, 2)]
)
def test_no_block_size_and_no_number_of_workers_changes_a_byte(real, block_size, workers):
    real.night(None, DATE)
    whole = real.files()
    shutil.rmtree(real.out)
    configure(real, block_size)
    real.night(None, DATE, workers=workers)
    assert real.files() == whole
