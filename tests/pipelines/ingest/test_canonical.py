"""Canonical frames: every column there, keys as text, defaults filled, maps applied."""

import numpy as np
import pandas as pd
import pytest

from pipelines.ingest import TABLES, demand_lines


def test_every_table_has_every_column_whether_given_or_not(shop):
    tables = shop.read().tables
    assert list(tables) == list(TABLES)
    for name, frame in tables.items():
        assert list(frame) == [column.name for column in TABLES[name].carried()]


def test_given_and_absent_tables_have_the_same_dtypes(shop):
    bare = shop.read().tables
    shop.write("products.csv", "sku,name,price\n00123,a,1\n")
    shop.write("locations.csv", "location,sells\nEast,no\nWest,yes\n")
    full = shop.read().tables
    for name in ("products", "locations"):
        assert full[name].dtypes.to_dict() == bare[name].dtypes.to_dict()


def test_keys_stay_text(shop):
    assert sorted(shop.read().tables["sales"]["sku"].unique()) == ["00123", "123"]


def test_texts_of_big_tables_are_sorted_used_categories(shop):
    shop.write("sales.csv", "date,sku,location,units\n2026-11-20,b,E,1\n2026-11-20,a,E,1\n")
    sales = shop.read().tables["sales"]
    assert sales["sku"].cat.categories.tolist() == ["a", "b"]
    assert sales["channel"].cat.categories.tolist() == [""]


def test_spaces_around_texts_are_dropped(shop):
    shop.write("sales.csv", "date,sku,location,units\n2026-11-20, a ,E , 1 \n")
    row = shop.read().tables["sales"].iloc[0]
    assert (row["sku"], row["location"], row["units"]) == ("a", "E", 1.0)


def test_empty_values_take_the_documented_defaults(shop):
    shop.write("inventory.csv", "sku,location,on_hand,reserved,quality,date\n1,East,3,,,\n")
    row = shop.read().tables["inventory"].iloc[0]
    assert (row["reserved"], row["quality"], row["owner"]) == (0.0, "good", "own")
    assert pd.isna(row["date"])


def test_warehouse_is_an_accepted_name_of_location(shop):
    shop.write("inventory.csv", "SKU,Warehouse,on_hand\n1,East,3\n")
    assert shop.read().tables["inventory"]["location"].tolist() == ["East"]


def test_attributes_are_kept_as_text(shop):
    shop.write("products.csv", "sku,attr_color,attr_01\n1,red,007\n")
    row = shop.read().tables["products"].iloc[0]
    assert (row["attr_color"], row["attr_01"]) == ("red", "007")


def test_columns_and_values_are_renamed(shop):
    shop.write("sales.csv", "date,编码,location,units,类型\n2026-11-20,1,East,3,退\n")
    settings = {
        "map": {"sales": {"sku": "编码", "order_type": "类型"}},
        "values": {"sales": {"order_type": {"退": "return"}}},
    }
    row = shop.read(**settings).tables["sales"].iloc[0]
    assert (row["sku"], row["order_type"]) == ("1", "return")


def test_one_source_column_can_serve_two_columns(shop):
    shop.write("sales.csv", "date,sku,location,units,shop\n2026-11-20,1,East,3,T\n")
    settings = {"map": {"sales": {"channel": "shop", "region": "shop"}}}
    row = shop.read(**settings).tables["sales"].iloc[0]
    assert (row["channel"], row["region"]) == ("T", "T")


def test_prices_with_vat_are_made_net_and_costs_are_not(shop):
    shop.write("products.csv", "sku,price,unit_cost\n00123,11.3,5\n")
    money = {"price_includes_vat": True, "vat": 0.13}
    gross, net = shop.read().tables, shop.read(money=money).tables
    assert net["products"]["price"].tolist() == pytest.approx([10.0])
    assert net["products"]["unit_cost"].tolist() == [5.0]
    ratio = gross["sales"]["price"] / net["sales"]["price"]
    assert ratio.to_numpy() == pytest.approx(1.13)


def test_negative_stock_is_taken_as_0_and_named(shop):
    shop.write("inventory.csv", "sku,location,on_hand\n1,East,-3\n2,East,4\n")
    ingested = shop.read()
    assert ingested.tables["inventory"]["on_hand"].tolist() == [0.0, 4.0]
    (found,) = ingested.findings.itertuples(index=False)
    assert tuple(found)[:5] == ("NEGATIVE_STOCK", "high", "1", "East", -3.0)


def test_a_lanes_kind_follows_from_its_source(shop):
    shop.write("lanes.csv", "source,destination,lead_time_days\nS,East,7\nEast,West,2\n")
    assert shop.read().tables["lanes"]["kind"].tolist() == ["regular", "transfer"]


def test_a_lead_time_of_no_days_is_allowed(shop):
    shop.write("lanes.csv", "source,destination,lead_time_days\nS,East,0\n")
    assert shop.read().tables["lanes"]["lead_time_days"].tolist() == [0.0]


def test_flags_in_overrides_are_numbers(shop):
    shop.write("overrides.csv", "table,field,value,by\npolicy,blocked,yes,me\norder,units,7,me\n")
    assert shop.read().tables["overrides"]["value"].tolist() == [1.0, 7.0]


def test_only_sales_are_demand(shop):
    types = ["sale", "return", "refund", "exchange", "gift", "sample", "test", ""]
    rows = [f"2026-11-20,{i},East,1,{kind}" for i, kind in enumerate(types)]
    rows.append("2026-11-20,8,East,-1,sale")
    shop.write("sales.csv", "\n".join(["date,sku,location,units,order_type", *rows]))
    lines = demand_lines(shop.read().tables)
    assert lines["sku"].tolist() == ["0", "7"]


def test_demand_lines_are_the_sums_of_a_group_by(shop):
    rng = np.random.default_rng(3)
    n = 500
    frame = pd.DataFrame(
        {
            "date": np.datetime64("2026-11-01") + rng.integers(0, 20, n),
            "sku": rng.choice(["a", "b", "c"], n),
            "location": rng.choice(["E", "W"], n),
            "units": rng.integers(1, 9, n),
            "price": np.where(rng.random(n) < 0.3, np.nan, rng.integers(1, 9, n)),
        }
    )
    shop.write("sales.csv", frame.to_csv(index=False))
    lines = demand_lines(shop.read().tables)
    frame["money"] = frame["price"] * frame["units"]
    frame["priced"] = frame["units"].where(frame["price"].notna())
    sums = frame.groupby(["date", "sku", "location"], as_index=False)
    sums = sums[["units", "money", "priced"]].sum(min_count=1)
    assert lines["sku"].astype("str").tolist() == sums["sku"].tolist()
    assert lines["location"].astype("str").tolist() == sums["location"].tolist()
    assert lines["units"].tolist() == sums["units"].tolist()
    np.testing.assert_allclose(lines["price"], sums["money"] / sums["priced"])


def test_duplicate_lines_are_summed_in_a_key_space_too_wide_to_mark(shop, monkeypatch):
    import pipelines.ingest.row_keys as row_keys

    tables = shop.write(
        "sales.csv", "date,sku,location,units\n" + "2026-11-20,1,East,3\n" * 2
    ).read()
    marked = demand_lines(tables.tables)
    monkeypatch.setattr(row_keys, "_MARKED", 0)
    pd.testing.assert_frame_equal(marked, demand_lines(tables.tables))
    assert marked["units"].tolist() == [6.0]


def test_lines_already_summed_are_kept_as_they_are(shop):
    tables = shop.read().tables
    lines = demand_lines(tables)
    pd.testing.assert_frame_equal(lines, tables["sales"][list(lines)])


def test_the_last_of_equal_rows_of_availability_holds(shop):
    head = "date,sku,location,in_stock\n"
    rows = ["2026-11-20,1,East,0.5", "2026-11-20,2,East,0.1", "2026-11-20,1,East,0.8"]
    shop.write("availability.csv", head + "\n".join(rows) + "\n")
    ingested = shop.read()
    assert ingested.tables["availability"]["in_stock"].tolist() == [0.1, 0.8]
    (count,) = (c for c in ingested.rows if c.table == "availability")
    assert (count.read, count.used, count.replaced) == (3, 2, 1)


@pytest.mark.parametrize("table", [name for name in TABLES if not TABLES[name].required])
def test_a_table_with_a_header_only_is_the_same_as_none(shop, table):
    absent = shop.read().tables[table]
    # A header of locations alone would make every location unknown.
    given = shop.write(f"{table}.csv", ",".join(TABLES[table].column_names()) + "\n")
    if table == "locations":
        assert "unknown location" in given.error()
    else:
        pd.testing.assert_frame_equal(given.read().tables[table], absent)


def test_an_inventory_with_a_header_only_is_noted(shop):
    ingested = shop.write("inventory.csv", "sku,location,on_hand\n").read()
    assert "inventory: there are no rows, so no stock is known" in ingested.notes


def test_mapped_columns_that_are_not_there_are_noted(shop):
    names = {"channel": "店铺", "sku": "sku", "price": "Pricee"}
    notes = shop.read(map={"sales": names}).notes
    what = "channel = '店铺', price = 'Pricee' (did you mean 'price'?)"
    assert notes == (f"sales: [map.sales] names columns that are not there: {what}",)


def test_order_numbers_are_told_apart_over_files_and_not_kept(shop):
    (shop.folder / "sales.csv").unlink()
    (shop.folder / "sales").mkdir()
    for name, orders in (("1", ["N-7", "N-8"]), ("2", [" ", "N-7"])):
        lines = {"date": "2026-11-20", "sku": ["a", "b"], "location": "E", "units": 1.0}
        frame = pd.DataFrame(lines | {"order_id": orders})
        frame.to_parquet(shop.folder / "sales" / f"{name}.parquet", index=False)
    code = shop.read().tables["sales"]["order_id"].tolist()
    assert code[0] == code[3] >= 0
    assert code[1] not in (code[0], -1)
    assert code[2] == -1
    unread = shop.read(clearance={"bundles": {"use": False}}).tables["sales"]["order_id"]
    assert set(unread) == {-1}
