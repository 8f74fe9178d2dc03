"""Whatever carries the tables, the plan is the same."""

import hashlib

import pandas as pd
import pytest
from sqlalchemy import create_engine

TABLES = ("sales", "inventory", "products", "locations", "suppliers", "lanes")
PLAN = ("orders.csv", "transfers.csv", "policy.csv", "forecasts.parquet", "exceptions.csv")


@pytest.fixture
def plain(shop):
    """The plan of the CSV tables; their runs are then out of the way."""
    assert shop.night().code == 0
    files = {name: shop.files()[name] for name in PLAN}
    shop.out.rename(shop.out.with_name("plain-runs"))
    return files


def frames(shop):
    return {
        name: pd.read_csv(
            shop.data / f"{name}.csv",
            dtype=dict.fromkeys(("sku", "location", "source", "destination", "supplier"), "str"),
        )
        for name in TABLES
    }


def same(shop, plain):
    files = shop.files()
    return [name for name in PLAN if files[name] == plain[name]] == list(PLAN)


def test_a_database_plans_like_the_files_and_is_unchanged_the_second_time(shop, plain, tmp_path):
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    engine = create_engine(url)
    for name, frame in frames(shop).items():
        frame.to_sql(name, engine, index=False)
    engine.dispose()
    words = ("--config", str(shop.data / "stockwright.toml"))
    night = shop.night("2026-11-22", *words, data=url)
    assert night.code == 0
    assert same(shop, plain)
    assert "Unchanged" in shop.night("2026-11-22", *words, data=url).said
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE inventory SET on_hand = 99 WHERE sku = 'fan'")
    engine.dispose()
    assert shop.night("2026-11-22", *words, data=url).code == 2


def test_excel_sheets_plan_like_the_files(shop, plain):
    for name, frame in frames(shop).items():
        frame.to_excel(shop.data / f"{name}.xlsx", index=False)
        (shop.data / f"{name}.csv").unlink()
    assert shop.night().code == 0
    assert same(shop, plain)


def test_parquet_files_and_parts_plan_like_the_files(shop, plain):
    for name, frame in frames(shop).items():
        if name == "sales":
            frame["date"] = pd.to_datetime(frame["date"])
            (shop.data / name).mkdir()
            for part in range(3):
                rows = frame.iloc[part * 120 : (part + 1) * 120]
                rows.to_parquet(shop.data / name / f"part-{part}.parquet", index=False)
        else:
            frame.to_parquet(shop.data / f"{name}.parquet", index=False)
        (shop.data / f"{name}.csv").unlink()
    assert shop.night().code == 0
    assert same(shop, plain)


def test_a_chinese_export_in_gb18030_plans_like_the_files(shop, plain):
    """Column names and order types as an order-management system writes them."""
    sales = frames(shop)["sales"].rename(
        columns={
            "date": "付款时间",
            "sku": "商品编码",
            "location": "仓库",
            "units": "数量",
            "price": "实付单价",
        }
    )
    sales["付款时间"] = sales["付款时间"].str.replace("-", "/") + " 23:59:59"
    sales["订单类型"] = "销售"
    # Goods that come back are stock; money given back for goods that stay changes nothing.
    returns = sales.tail(5).assign(订单类型="仅退款")
    content = pd.concat([sales, returns]).to_csv(index=False)
    shop.write("sales.csv", content.encode("gb18030"))
    shop.configure(preset='"oms_cn"')
    night = shop.night()
    assert night.code == 0
    assert same(shop, plain)
    assert any("GB18030" in note for note in night.summary["notes"])


def test_the_order_of_rows_and_columns_changes_no_byte(shop, plain):
    for name, frame in frames(shop).items():
        turned = frame.sample(frac=1.0, random_state=3)[list(frame.columns[::-1])]
        shop.write(f"{name}.csv", turned.to_csv(index=False))
    assert shop.night().code == 0
    assert same(shop, plain)


def test_the_manifest_names_the_inputs_by_their_own_hash(shop, plain):
    night = shop.night()
    manifest = pd.read_json(night.folder / "manifest.json", typ="series")
    stated = {one["name"]: one["sha256"] for one in manifest["inputs"]}
    for name in TABLES:
        content = (shop.data / f"{name}.csv").read_bytes()
        assert stated[f"{name}.csv"] == hashlib.sha256(content).hexdigest()
