"""Bad rows are set aside with their place in the file and a reason, up to the gate's share."""

import pytest

HEADER = "date,sku,location,units,price\n"
GOOD = "2026-11-20,1,East,3,10\n"


@pytest.mark.parametrize(
    ("row", "column", "value", "reason"),
    [
        ("2026-11-20,1,East,abc,10", "units", "abc", "not a number"),
        ("2026-11-20,1,East,nan,10", "units", "nan", "not a number"),
        ("2026-11-20,1,East,inf,10", "units", "inf", "not a number"),
        ("2026-11-20,1,East,1e999,10", "units", "1e999", "infinite"),
        ("2026-11-20,1,East,1e39,10", "units", "1e39", "beyond 1e+15"),
        ("2026-11-20,1,East,-2e15,10", "units", "-2e15", "beyond 1e+15"),
        ("2026-11-20,1,East,1,1e16", "price", "1e16", "beyond 1e+15"),
        ("2026-11-20,1,East,,10", "units", "", "empty"),
        ('2026-11-20,1,East,"1,000",10', "units", "1,000", "not a number"),
        ("2026-11-20,,East,1,10", "sku", "", "empty"),
        ("2026-02-30,1,East,1,10", "date", "2026-02-30", "there is no such date"),
        ("2026-13-01,1,East,1,10", "date", "2026-13-01", "there is no such date"),
        ("20.11.2026,1,East,1,10", "date", "20.11.2026", "not a date"),
        ("2026/11/20,1,East,1,10", "date", "2026/11/20", "another date form than 2026-11-21"),
        ("2026-11-20,1,East,1,-4", "price", "-4", "less than 0"),
        ("2026-11-20,1,East,1", "", "2026-11-20,1,East,1", "4 fields, the header has 5"),
    ],
)
def test_a_bad_row_is_set_aside_with_file_row_column_and_reason(
    shop, rejected, row, column, value, reason
):
    shop.write("sales.csv", HEADER + GOOD * 2 + row + "\n" + GOOD)
    ingested = shop.lenient()
    (found,) = rejected(ingested)
    assert found[:4] == ("sales.csv", 4, column, value)
    assert found[4].startswith(reason)
    assert len(ingested.tables["sales"]) == 3


def test_rows_in_are_rows_used_plus_rows_set_aside_and_cut(shop):
    rows = ["2026-11-20,1,East,x,1", "2026-12-20,1,East,x,1", "2026-11-20,1,East", "", "bad"]
    shop.write("sales.csv", HEADER + GOOD * 3 + "\n".join(rows) + "\n")
    (count,) = (c for c in shop.lenient().rows if c.table == "sales")
    # The empty line is no row; of the other four, three are bad and one is cut.
    assert (count.read, count.used, count.set_aside, count.cut) == (7, 3, 3, 1)


def test_a_row_with_two_faults_is_one_bad_row(shop, rejected):
    shop.write("sales.csv", HEADER + GOOD + "2026-02-30,1,East,x,1\n")
    ingested = shop.lenient()
    assert [row[2] for row in rejected(ingested)] == ["date", "units"]
    assert ingested.rows[0].set_aside == 1


def test_rows_are_counted_past_quoted_commas_and_broken_rows(shop, rejected):
    shop.write("sales.csv", HEADER + '2026-11-20,"1,2",East,1,1\n' + "broken\n" + "x,1,East,1,1\n")
    assert [row[1] for row in rejected(shop.lenient())] == [3, 4]


def test_more_bad_rows_than_the_gate_allows_stop_the_night(shop):
    shop.write("sales.csv", HEADER + GOOD * 98 + "2026-11-20,1,East,x,1\n" * 2)
    text = shop.error()
    assert "sales: 2 of 100 rows are bad (2.0%), more than the 1.0% of gates.bad_row_share" in text
    assert "sales.csv row 100, units: 'x' not a number" in text


def test_as_many_bad_rows_as_the_gate_allows_pass(shop):
    shop.write("sales.csv", HEADER + GOOD * 99 + "2026-11-20,1,East,x,1\n")
    ingested = shop.read()
    assert len(ingested.tables["sales"]) == 99
    assert "sales: 1 bad row is set aside" in ingested.notes


def test_the_error_carries_the_bad_rows(shop):
    from pipelines.ingest import TablesError

    shop.write("sales.csv", HEADER + GOOD + "2026-11-20,1,East,x,1\n")
    with pytest.raises(TablesError) as caught:
        shop.read()
    assert caught.value.rejected["value"].tolist() == ["x"]


@pytest.mark.parametrize(
    ("table", "content", "column", "reason"),
    [
        ("availability", "date,sku,location,in_stock\n2026-11-20,1,East,1.5\n", "in_stock", "more"),
        (
            "availability",
            "date,sku,location,in_stock,listed\n2026-11-20,1,East,1,maybe\n",
            "listed",
            "neither yes nor no",
        ),
        ("lanes", "source,destination,lead_time_days\nS,East,-1\n", "lead_time_days", "less than"),
        ("lanes", "source,destination,lead_time_days\nS,East,\n", "lead_time_days", "empty"),
        ("lanes", "source,destination,lead_time_days\nS,Moon,1\n", "destination", "a lane to now"),
        ("lanes", "source,destination,lead_time_days\nEast,East,1\n", "source", "its own destina"),
        (
            "lanes",
            "source,destination,kind,lead_time_days\nMoon,East,transfer,1\n",
            "source",
            "a transfer from nowhere",
        ),
        (
            "lanes",
            "source,destination,lead_time_days,price_breaks\nS,East,1,100=9\n",
            "price_breaks",
            "not of the form",
        ),
        (
            "closures",
            "party,start,end\nNobody,2026-02-01,2026-02-20\n",
            "party",
            "unknown supplier",
        ),
        ("products", "sku,substitute\n00123,77\n", "substitute", "unknown substitute"),
        ("products", "sku,substitute\n00123,00123\n", "substitute", "an article is no substitute"),
        ("products", "sku,substitute_share\n00123,1.2\n", "substitute_share", "more than 1"),
        ("coverage", "region,location\nEast,Moon\n", "location", "covers a region from nowhere"),
        ("coverage", "region,location,hours\nNorth,East,-1\n", "hours", "less than 0"),
        ("products", "sku,order_unit\n1,2.5\n", "order_unit", "not a whole number"),
        ("products", "sku,order_unit\n1,0\n", "order_unit", "less than 1"),
        ("products", "sku,units_per_case\n1,0\n", "units_per_case", "not more than 0"),
        ("products", "sku,stock_mode\n1,rented\n", "stock_mode", "not one of stock, presale"),
        (
            "products",
            "sku,launch_date,end_date\n1,2026-02-01,2026-01-01\n",
            "end_date",
            "before launch_date",
        ),
        ("suppliers", "supplier,order_weekdays\nS,8\n", "order_weekdays", "not of the form"),
        ("events", "event,start,end\nx,2026-11-11,2026-11-01\n", "end", "before start"),
        ("locations", "location,parent\nEast,Moon\nWest,\n", "parent", "unknown location"),
        (
            "inbound",
            "order_id,sku,destination,units,available_date\nP,1,East,-5,2026-12-01\n",
            "units",
            "less than 0",
        ),
    ],
)
def test_a_value_outside_the_contract_is_set_aside(shop, table, content, column, reason):
    found = shop.write(f"{table}.csv", content).lenient().rejected
    found = found[found["table"] == table]
    assert found["column"].tolist() == [column]
    assert found["reason"].iloc[0].startswith(reason)


@pytest.mark.parametrize(
    ("table", "key", "column", "bad", "left"),
    [
        ("products", "sku", "substitute", "P-404", ""),
        ("products", "sku", "substitute", "00123", ""),
        ("products", "sku", "price", "-4", None),
        ("products", "sku", "price", "dear", None),
        ("products", "sku", "volume", "1e16", None),
        ("products", "sku", "order_unit", "2.5", 1.0),
        ("products", "sku", "launch_date", "2026-02-30", None),
        ("products", "sku", "stock_mode", "rented", "stock"),
        ("locations", "location", "parent", "Moon", ""),
        ("locations", "location", "sells", "maybe", True),
        ("suppliers", "supplier", "order_weekdays", "8", ""),
        ("suppliers", "supplier", "min_order_units", "many", 0.0),
        ("channels", "channel", "share", "1.2", None),
    ],
)
def test_a_bad_optional_cell_of_a_master_table_is_left_empty_and_named(
    shop, rejected, table, key, column, bad, left
):
    """The row stays, with what the column holds where the source does not have it."""
    names = ["00123", "123"] if key == "sku" else ["East", "West"]
    shop.write(f"{table}.csv", f"{key},{column}\n{names[0]},{bad}\n{names[1]},\n")
    ingested = shop.lenient()
    (found,) = rejected(ingested)
    assert found[:3] == (f"{table}.csv", 2, column)
    frame = ingested.tables[table]
    assert frame[key].tolist() == names
    values = frame[column]
    assert (values.isna().all() and left is None) or values.tolist() == [left, left]
    assert f"{table}: 1 row lost a bad cell" in ingested.notes
    (count,) = (c for c in ingested.rows if c.table == table)
    assert (count.read, count.used, count.set_aside) == (2, 2, 0)


def test_a_bad_required_cell_or_key_of_a_master_table_loses_the_row(shop, rejected):
    shop.write("locations.csv", "location\nEast\nWest\n")
    shop.write("channels.csv", "channel,location,share\njd,Moon,0.5\njd,East,0.5\n,West,0.5\n")
    ingested = shop.lenient()
    assert [row[1:3] for row in rejected(ingested)] == [(2, "location"), (4, "channel")]
    assert ingested.tables["channels"]["location"].tolist() == ["East"]


def test_rows_with_bad_cells_count_for_the_gate_once(shop):
    rows = "".join(f"{n},1,1\n" for n in range(98)) + "00123,-1,-1\n123,1,x\n"
    shop.write("products.csv", "sku,price,unit_cost\n" + rows)
    text = shop.error()
    assert "products: 2 of 100 rows are bad (2.0%)" in text


def test_a_source_that_suppliers_does_not_have_is_set_aside(shop, rejected):
    shop.write("suppliers.csv", "supplier\nS\n")
    shop.write("lanes.csv", "source,destination,lead_time_days\nT,East,1\nS,East,1\n")
    (found,) = rejected(shop.lenient())
    assert found == ("lanes.csv", 2, "source", "T", "unknown supplier or location")


def test_stock_at_a_location_that_locations_does_not_have_is_set_aside(shop, rejected):
    shop.write("locations.csv", "location\nEast\nWest\n")
    shop.write("inventory.csv", "sku,location,on_hand\n1,East,3\n1,Moon,3\n")
    (found,) = rejected(shop.lenient())
    assert found[:4] == ("inventory.csv", 3, "location", "Moon")


OVERRIDES = "table,sku,location,source,field,value,by\n"


@pytest.mark.parametrize(
    ("row", "column", "value", "reason"),
    [
        ("order,123,East,,mean,5,li", "field", "mean", "no field of order, which takes units"),
        ("policy,123,East,,units,5,li", "field", "units", "no field of policy, which takes serv"),
        ("order,123,East,,units,-5,li", "value", "-5.0", "less than 0"),
        ("order,123,East,,units,many,li", "value", "many", "not a number"),
        ("policy,123,East,,service_level,95,li", "value", "95.0", "a service level lies above 0"),
        ("policy,P-404,East,,target,5,li", "sku", "P-404", "unknown article"),
        ("policy,123,Moon,,target,5,li", "location", "Moon", "unknown location"),
        ("order,123,East,T,units,5,li", "source", "T", "unknown supplier or location"),
    ],
)
def test_an_override_that_cannot_hold_is_named_with_row_column_and_reason(
    shop, rejected, row, column, value, reason
):
    shop.write("lanes.csv", "source,destination,lead_time_days\nS,East,1\n")
    shop.write("overrides.csv", OVERRIDES + "policy,123,East,,target,5,li\n" + row + "\n")
    ingested = shop.lenient()
    (found,) = rejected(ingested)
    assert found[:4] == ("overrides.csv", 3, column, value)
    assert found[4].startswith(reason)
    assert len(ingested.tables["overrides"]) == 1


def test_an_override_of_nothing_stops_no_night(shop):
    """Half of the overrides name an unknown article; that is no broken export."""
    rows = "policy,123,East,,target,5,li\npolicy,P-404,East,,target,5,li\n"
    shop.write("overrides.csv", OVERRIDES + rows)
    ingested = shop.read()
    assert "overrides: 1 bad row is set aside" in ingested.notes
    (count,) = (c for c in ingested.rows if c.table == "overrides")
    assert (count.read, count.used, count.set_aside) == (2, 1, 1)


def test_the_date_form_of_most_rows_is_the_columns(shop, rejected):
    rows = "20261120,1,East,1,1\n" * 2 + "2026-11-20,1,East,1,1\n"
    shop.write("sales.csv", HEADER + rows)
    (found,) = rejected(shop.lenient())
    assert found[1:3] == (4, "date")
    assert "another date form than 20261121" in found[4]


def test_an_unknown_sku_in_inventory_is_a_key_and_is_named(shop):
    shop.write("products.csv", "sku\n00123\n123\n")
    shop.write("inventory.csv", "sku,location,on_hand\n00123,East,3\nX,East,3\n")
    ingested = shop.read()
    assert ingested.tables["inventory"]["sku"].tolist() == ["00123", "X"]
    findings = ingested.findings
    assert findings[["code", "sku"]].to_numpy().tolist() == [["UNKNOWN_SKU", "X"]]
