"""Nothing that is dated after the night, or known only later, moves a byte of its plan."""

import shutil

import numpy as np
import pandas as pd
import pytest

from pipelines.demo import DEMO_LAST_DATE

DATE = str(DEMO_LAST_DATE - 30)
MODEL = 'seed = 5\nperiod = "day"\n[model]\ntrees = 15\n'


@pytest.fixture
def past(demo, tmp_path, bare):
    """The demo shop as a night of thirty days before its end sees it."""
    shutil.rmtree(bare.data)
    shutil.copytree(demo, bare.data)
    bare.write("stockwright.toml", MODEL)
    stock = pd.read_csv(bare.data / "inventory.csv", dtype={"sku": "str"})
    stock["date"] = DATE
    later = stock.assign(date=str(DEMO_LAST_DATE), on_hand=stock["on_hand"] * 3)
    columns = ["date", "sku", "location", "on_hand", "reserved", "quality"]
    pd.concat([stock, later])[columns].to_csv(bare.data / "inventory.csv", index=False)
    history = stock.drop_duplicates(["sku", "location"])
    parts = [history.assign(date=str(DEMO_LAST_DATE - back)) for back in range(60)]
    columns = ["date", "sku", "location", "on_hand"]
    pd.concat(parts)[columns].to_csv(bare.data / "stock_history.csv", index=False)
    return bare


def falsify(table, seed):
    """Every value of the rows dated after the night replaced: numbers, keys, texts and dates."""
    rng = np.random.default_rng(seed)
    dates = pd.to_datetime(table["date"])
    later = np.flatnonzero((dates > pd.Timestamp(DATE)).to_numpy())
    assert len(later) > 100
    out = table.astype({"date": "datetime64[us]"}).copy()
    for column in table.columns:
        values = out[column].to_numpy(copy=True)
        if column == "date":
            values[later] = values[later[0]] + np.timedelta64(1, "D") * rng.integers(
                1, 90, len(later)
            )
        elif values.dtype.kind in "fiu":
            values[later] = rng.integers(0, 2, len(later))
        else:
            values = values.astype(object)
            values[later] = rng.choice(["X1", "east", "P000001", ""], len(later))
        out[column] = values
    return out


def test_no_value_of_a_later_row_moves_a_byte(past):
    night = past.night(DATE)
    assert night.code == 0
    before = past.files(DATE)
    for seed, name in enumerate(("sales", "availability")):
        path = past.data / f"{name}.parquet"
        falsify(pd.read_parquet(path), seed).to_parquet(path, index=False)
    for seed, name in enumerate(("inventory", "stock_history")):
        path = past.data / f"{name}.csv"
        table = pd.read_csv(path, dtype={"sku": "str"}, keep_default_na=False)
        falsify(table, seed).to_csv(path, index=False, date_format="%Y-%m-%d")
    again = past.night(DATE, "--force")
    assert again.code == 0
    after = past.files(DATE)
    assert [name for name in before if before[name] != after[name]] == []


def test_rows_known_only_later_do_not_exist_for_an_earlier_night(past):
    """An event, price cuts and arrivals that were settled the day after: no figure moves."""
    past.night(DATE)
    before = past.files(DATE)
    soon, late = str(DEMO_LAST_DATE - 25), str(DEMO_LAST_DATE - 20)
    known = str(DEMO_LAST_DATE - 29)
    products = pd.read_csv(past.data / "products.csv", dtype={"sku": "str"})
    rows = {
        "events": [{"event": "flash", "start": soon, "end": late, "discount_off": 0.5}],
        "prices": [{"sku": sku, "start": soon, "end": late, "price": 1} for sku in products["sku"]],
        "inbound": [
            {
                "order_id": f"N{i}",
                "sku": sku,
                "destination": "central",
                "units": 500,
                "available_date": soon,
            }
            for i, sku in enumerate(products["sku"])
        ],
    }
    for name, added in rows.items():
        path = past.data / f"{name}.csv"
        table = pd.read_csv(path, dtype="str", keep_default_na=False)
        new = pd.DataFrame(added).assign(known_since=known).astype("str")
        pd.concat([table, new]).fillna("").to_csv(path, index=False)
    assert past.night(DATE, "--force").code == 0
    after = past.files(DATE)
    for name in ("orders.csv", "transfers.csv", "clearance.csv", "policy.csv", "forecasts.parquet"):
        assert before[name] == after[name], name


def test_without_the_later_rows_the_plan_is_the_same(past):
    """Cutting the tables by hand is what the night does itself."""
    past.night(DATE)
    before = past.files(DATE)
    for name in ("sales", "availability"):
        path = past.data / f"{name}.parquet"
        table = pd.read_parquet(path)
        table[pd.to_datetime(table["date"]) <= pd.Timestamp(DATE)].to_parquet(path, index=False)
    for name in ("inventory", "stock_history"):
        path = past.data / f"{name}.csv"
        table = pd.read_csv(path, dtype="str", keep_default_na=False)
        table[table["date"] <= DATE].to_csv(path, index=False)
    assert past.night(DATE, "--force").code == 0
    after = past.files(DATE)
    for name in ("orders.csv", "transfers.csv", "clearance.csv", "policy.csv", "forecasts.parquet"):
        assert before[name] == after[name], name


def test_a_known_event_ahead_does_move_the_plan(past):
    """The counterpart: were it not so, the tests above could not fail."""
    past.night(DATE)
    before = past.files(DATE)
    path = past.data / "events.csv"
    table = pd.read_csv(path, dtype="str", keep_default_na=False)
    path.unlink()
    table.iloc[:0].to_csv(path, index=False)
    past.night(DATE, "--force")
    assert past.files(DATE)["forecasts.parquet"] != before["forecasts.parquet"]
