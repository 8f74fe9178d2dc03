"""Shops at the edge: as little as can be given, and nothing to be done."""

import pandas as pd
import pytest

from pipelines.ingest import TABLES

OPTIONAL = ("products", "locations", "suppliers", "lanes")


@pytest.fixture
def two_tables(shop):
    """Nothing but sales and inventory."""
    for name in OPTIONAL:
        (shop.data / f"{name}.csv").unlink()
    return shop


def keep(shop, table, word):
    header, *rows = shop.text(table).splitlines()
    return shop.write(f"{table}.csv", "\n".join([header, *(r for r in rows if word in r)]) + "\n")


def test_sales_and_inventory_alone_give_orders_and_say_what_is_assumed(two_tables):
    night = two_tables.night()
    assert night.code == 0
    assert len(night.units()) == 12
    orders = night.table("orders")
    assert set(orders["supplier"]) == {"default"}
    assert set(orders["available_date"]) == {"2026-11-30"}
    said = " ".join(night.summary["notes"])
    assert "no lanes table" in said
    assert "no unit cost" in said
    assert said.split(";")[0][:12] in night.said


def test_what_is_assumed_is_what_the_same_values_in_tables_give(two_tables):
    """The documented defaults, written out: the same lines."""
    assumed = two_tables.night().units()
    two_tables.write(
        "lanes.csv",
        "source,destination,lead_time_days,review_days,moq,order_multiple\n"
        "default,East,7,7,0,1\ndefault,West,7,7,0,1\ndefault,Central,7,7,0,1\n",
    )
    rows = [f"{sku},{(10 + i) * 0.6},{10 + i}" for i, sku in enumerate(sorted(_skus(two_tables)))]
    two_tables.write("products.csv", "\n".join(["sku,unit_cost,price", *rows]) + "\n")
    assert two_tables.night("2026-11-22", "--force").units() == assumed


def _skus(shop):
    return {line.split(",")[1] for line in shop.text("sales").splitlines()[1:]}


def test_a_shop_of_one_sku_is_planned(two_tables):
    keep(two_tables, "sales", ",fan,East")
    two_tables.write("inventory.csv", "sku,location,on_hand\nfan,East,3\n")
    night = two_tables.night()
    assert night.code == 0
    assert set(night.units()) == {("fan", "East")}
    assert len(night.table("policy")) == 1


def test_a_single_sale_in_the_whole_shop_is_planned(two_tables):
    two_tables.write("sales.csv", "date,sku,location,units\n2026-11-22,fan,East,1\n")
    two_tables.write("inventory.csv", "sku,location,on_hand\nfan,East,0\n")
    assert two_tables.night().code == 0


@pytest.mark.parametrize("stock", ["sku,location,on_hand\n", "sku,location,on_hand\nfan,North,3\n"])
def test_where_no_stock_is_known_nothing_is_ordered_and_every_key_says_so(two_tables, stock):
    two_tables.write("inventory.csv", stock)
    night = two_tables.night()
    assert night.code == 0
    assert night.units() == {}
    unknown = night.table("exceptions")
    unknown = unknown[unknown["code"] == "STOCK_UNKNOWN"]
    assert len(unknown) == 12
    policy = night.table("policy")
    sold = policy[policy["location"] != "North"]
    assert set(sold["decision"]) == {"STOCK_UNKNOWN"}
    assert (sold["demand_mean"].astype(float) > 0).all()


def test_where_no_stock_is_known_no_figure_pretends_that_there_is_none(two_tables):
    two_tables.write("inventory.csv", "sku,location,on_hand\n")
    kpis = two_tables.night().summary["kpis"]
    for name in ("stock_value", "fill_rate", "turnover_days", "sell_through"):
        assert kpis[name]["value"] is None, name


def test_without_any_demand_nothing_is_ordered_and_no_figure_is_made_up(two_tables):
    rows = [f"2026-11-{day},fan,East,0" for day in range(10, 23)]
    two_tables.write("sales.csv", "\n".join(["date,sku,location,units", *rows]) + "\n")
    night = two_tables.night()
    assert night.code == 0
    assert night.units() == {}
    forecasts = pd.read_parquet(night.folder / "forecasts.parquet")
    assert (forecasts["mean"] == 0).all()
    assert night.summary["kpis"]["fill_rate"]["value"] is None


def test_weighed_goods_are_planned_like_whole_ones_of_a_finer_unit(two_tables):
    """Sales and stock in kilograms against the same in units of 100 g, packs of 1 kg."""

    def scaled(factor, pack):
        for table, column in (("sales", 3), ("inventory", 2)):
            header, *rows = two_tables.text(table).splitlines()
            cells = [row.split(",") for row in rows]
            for row in cells:
                row[column] = str(float(row[column]) * factor)
            lines = [header, *(",".join(row) for row in cells)]
            two_tables.write(f"{table}.csv", "\n".join(lines) + "\n")
        products = [f"{sku},{pack}" for sku in sorted(_skus(two_tables))]
        two_tables.write("products.csv", "\n".join(["sku,order_unit", *products]) + "\n")

    scaled(0.1, 1)
    kilograms = two_tables.night()
    assert kilograms.code == 0
    assert kilograms.units()
    assert all(units == round(units) for units in kilograms.units().values())
    mean = kilograms.table("policy")["demand_mean"].astype(float)
    scaled(10, 10)
    whole = two_tables.night("2026-11-22", "--force")
    assert whole.table("policy")["demand_mean"].astype(float).to_numpy() == pytest.approx(
        10 * mean.to_numpy(), rel=0.02, abs=0.05
    )
    for key, units in kilograms.units().items():
        assert whole.units().get(key, 0) == pytest.approx(10 * units, abs=10)


def test_days_and_weeks_of_the_same_shop_ask_for_similar_stock(shop):
    """A weekly shop whose sales are told on their days gives each period its own demand."""
    weekly = shop.night().table("policy").set_index(["sku", "location"])
    header, *rows = shop.text("sales").splitlines()
    spread = [header]
    for row in rows:
        date, sku, place, units, price = row.split(",")
        for back, part in enumerate(_parts(int(units), 7)):
            day = pd.Timestamp(date) - pd.Timedelta(days=back)
            spread.append(f"{day.date()},{sku},{place},{part},{price}")
    shop.write("sales.csv", "\n".join(spread) + "\n")
    shop.write("stockwright.toml", 'period = "day"\n[defaults]\nreview_days = 7\n')
    night = shop.night("2026-11-22", "--force")
    assert night.code == 0
    daily = night.table("policy").set_index(["sku", "location"])
    east = [key for key in weekly.index if key[1] == "East"]
    per_day = {
        name: (table["demand_mean"].astype(float) / table["protection_days"].astype(float))[east]
        for name, table in (("daily", daily), ("weekly", weekly))
    }
    assert per_day["daily"].to_numpy() == pytest.approx(per_day["weekly"].to_numpy(), rel=0.15)


def _parts(units, count):
    return [units // count + (i < units % count) for i in range(count)]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_table_may_be_empty_but_for_its_header(shop, language):
    for name, table in TABLES.items():
        if not (shop.data / f"{name}.csv").exists():
            shop.write(f"{name}.csv", ",".join(table.column_names()) + "\n")
    shop.configure(output__language=f'"{language}"')
    night = shop.night()
    assert night.code == 0
    assert night.units()
