"""SKUs with little or odd history, and names of every kind."""

import pytest
from openpyxl import load_workbook

TERMS = "5,9"


def add(shop, sku, *sales, stock=0):
    """A SKU kept at Central and East, with some sales lines of East (date and units)."""
    shop.append("products", f"{sku},{sku} name,home,{TERMS}")
    shop.append("inventory", f"{sku},Central,{stock}", f"{sku},East,{stock}")
    shop.append("lanes", f"Acme,Central,{sku},14")
    return shop.append("sales", *(f"{date},{sku},East,{units},9" for date, units in sales))


HISTORIES = {
    "no sales at all": ((), 0),
    "one sale": ((("2026-08-02", 3),), 0),
    "on sale since yesterday": ((("2026-11-21", 5),), 0),
    "a gap of a year": ((("2025-09-07", 8), ("2025-09-14", 8), ("2026-11-15", 8)), 0),
    "only a return": ((("2026-11-15", -2),), 0),
    "stock and no sales": ((), 40),
}


@pytest.mark.parametrize("case", HISTORIES)
def test_a_sku_with_little_history_is_forecast_and_fails_no_night(shop, case):
    sales, stock = HISTORIES[case]
    night = add(shop, "odd", *sales, stock=stock).night()
    assert night.code == 0
    policy = night.table("policy")
    east = policy[(policy["sku"] == "odd") & (policy["location"] == "East")]
    assert float(east["demand_mean"].iloc[0]) >= 0
    said = shop.call("explain", "--run", str(night.folder), "--sku", "odd", "--location", "East")
    assert said.code == 0
    assert "odd" in said.said
    assert "nan" not in said.said.lower()


def test_one_sale_half_a_year_ago_asks_for_far_less_than_one_a_week(shop):
    add(shop, "rare", ("2026-06-07", 1))
    add(shop, "steady", *((f"2026-{m:02d}-{d:02d}", 3) for m in (9, 10) for d in (6, 13, 20, 27)))
    policy = shop.night().table("policy").set_index(["sku", "location"])
    mean = policy["demand_mean"].astype(float)
    assert mean["rare", "East"] < 0.3 * mean["steady", "East"]


def test_a_sku_that_nobody_ever_sold_is_not_bought_unasked(shop):
    night = add(shop, "unsold").night()
    assert "unsold" not in {sku for sku, _ in night.units()}


def test_a_launch_date_within_reach_of_the_order_is_bought_for_and_a_far_one_is_not(shop):
    """An order of tonight arrives on 2026-12-07 and has to last to the end of the year."""
    for sku, date in (("soon", "2026-12-07"), ("later", "2027-05-03")):
        add(shop, sku)
        shop.change("products", f"{sku} name,home,{TERMS}", f"{sku} name,home,{TERMS},{date}")
    rows = shop.text("products").splitlines()
    width = rows[0].count(",") + 1
    rows = [f"{rows[0]},launch_date", *(r + "," * (width - r.count(",")) for r in rows[1:])]
    shop.write("products.csv", "\n".join(rows) + "\n")
    bought = {sku for sku, _ in shop.night().units()}
    assert "soon" in bought
    assert "later" not in bought


def test_a_sku_that_stood_still_in_stock_is_not_bought(shop):
    night = add(shop, "still", stock=40).night()
    assert "still" not in {sku for sku, _ in night.units()}


def test_a_new_sku_changes_the_lines_of_a_steady_one_by_little(shop):
    before = shop.night().units()
    add(shop, "odd", ("2026-11-21", 5))
    after = shop.night("2026-11-22", "--force").units()
    for key, units in before.items():
        assert after[key] == pytest.approx(units, rel=0.25)


def test_leading_zeros_make_two_skus_in_every_file(shop):
    shop.change("inventory", "00123,Central,30", "00123,Central,0")
    shop.change("inventory", "123,Central,30", "123,Central,60")
    night = shop.night()
    orders = night.units()
    assert orders["00123", "Central"] > orders.get(("123", "Central"), 0)
    for table in ("orders", "policy", "exceptions"):
        assert {"00123"} <= set(night.table(table)["sku"])
    book = load_workbook(night.folder / "plan.xlsx")
    columns = [[cell.value for cell in column] for column in book["orders"].iter_cols()]
    codes = next(column for column in columns if "SKU" in column)
    assert "00123" in codes
    assert 123 not in codes


AWKWARD = {
    "mug": "杯子🍵",
    "lamp": "台灯 – 28 cm",
    "kettle": '壺, 1"2 L',
    "fan": "=cmd()|'/C calc'!A0",
}


def renamed(shop, names):
    for table in ("sales", "inventory", "products", "lanes"):
        rows = [line.split(",") for line in shop.text(table).splitlines()]
        quoted = {sku: '"' + name.replace('"', '""') + '"' for sku, name in names.items()}
        text = "\n".join(",".join(quoted.get(cell, cell) for cell in row) for row in rows)
        shop.write(f"{table}.csv", text + "\n")
    return shop


def test_chinese_emoji_and_formula_names_plan_like_plain_ones(shop):
    plain = shop.night().units()
    night = renamed(shop, AWKWARD).night("2026-11-22", "--force")
    assert night.code == 0
    guarded = {old: f"'{new}" if new[0] == "=" else new for old, new in AWKWARD.items()}
    after = night.units()
    assert set(after) == {(guarded.get(sku, sku), place) for sku, place in plain}
    for (sku, place), units in plain.items():
        # Futures are drawn by the name of the SKU, so that a renamed one sees others.
        renamed_by = 0.15 if sku in AWKWARD else 0
        assert after[guarded.get(sku, sku), place] == pytest.approx(units, rel=renamed_by)
    said = shop.call("explain", "--run", str(night.folder), "--sku", AWKWARD["mug"])
    assert said.code == 0
    assert AWKWARD["mug"] in said.said


def test_no_published_cell_starts_a_formula(shop):
    shop.change("products", "lamp name", "=cmd()")
    shop.change("products", "mug name", "+1+cmd()")
    shop.write("lanes.csv", shop.text("lanes").replace("Acme", "@Acme"))
    shop.write("suppliers.csv", shop.text("suppliers").replace("Acme", "@Acme"))
    night = renamed(shop, AWKWARD).night()
    assert night.code == 0
    for table in ("orders", "transfers", "policy", "exceptions"):
        frame = night.table(table).select_dtypes("str")
        for column in frame:
            texts = frame[column][frame[column].str.match(r"[=+@\t\r-]")]
            assert texts.str.fullmatch(r"-?[\d.]+(e-?\d+)?").all(), (table, column, list(texts))
    book = load_workbook(night.folder / "plan.xlsx")
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert "f" not in kinds


def test_the_plan_of_awkward_names_is_ready_for_the_next_night(shop):
    """Line names of the first night come back through plan_status."""
    renamed(shop, AWKWARD)
    first = shop.night("2026-11-15").table("orders")
    rows = "".join(f"{line},accepted\n" for line in first["line_id"])
    shop.write("plan_status.csv", "line_id,status\n" + rows)
    night = shop.night()
    assert night.code == 0
    inbound = night.table("policy").set_index(["sku", "location"])["inbound_units"].astype(float)
    for sku, units in zip(first["sku"], first["units"].astype(float), strict=True):
        assert inbound[sku, "Central"] == units
