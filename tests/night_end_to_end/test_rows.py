"""A bad row is set aside and published; too many end the night with 3."""

from collections.abc import Callable

import pytest

WIDE = {"gates__bad_row_share": "0.3"}
FAN = "fan,East,14"

#: What spoils a shop: how, the published row (file, row, column, value, reason).
ROWS: dict[str, tuple[Callable, tuple[str, ...]]] = {
    "text in a number": (
        lambda shop: shop.change("inventory", FAN, "fan,East,14 pcs"),
        ("inventory.csv", "9", "on_hand", "14 pcs", "not a number"),
    ),
    "NaN": (
        lambda shop: shop.change("inventory", FAN, "fan,East,NaN"),
        ("inventory.csv", "9", "on_hand", "NaN", "not a number"),
    ),
    "inf": (
        lambda shop: shop.change("inventory", FAN, "fan,East,inf"),
        ("inventory.csv", "9", "on_hand", "inf", "not a number"),
    ),
    "an empty number": (
        lambda shop: shop.change("inventory", FAN, "fan,East,"),
        ("inventory.csv", "9", "on_hand", "", "empty"),
    ),
    "a lane to nowhere": (
        lambda shop: shop.append("lanes", "Acme,Mars,fan,3"),
        ("lanes.csv", "10", "destination", "Mars", "a lane to nowhere: unknown location"),
    ),
    "a negative lead time": (
        lambda shop: shop.change("lanes", "Central,fan,14", "Central,fan,-14"),
        ("lanes.csv", "4", "lead_time_days", "'-14", "less than 0"),
    ),
    "no lead time": (
        lambda shop: shop.change("lanes", "Central,fan,14", "Central,fan,"),
        ("lanes.csv", "4", "lead_time_days", "", "empty"),
    ),
    "an unknown supplier": (
        lambda shop: shop.change("lanes", "Acme,Central,fan", "Acmee,Central,fan"),
        ("lanes.csv", "4", "source", "Acmee", "unknown supplier or location"),
    ),
    "stock at an unknown location": (
        lambda shop: shop.append("inventory", "fan,North,4"),
        ("inventory.csv", "20", "location", "North", "unknown location; locations lacks it"),
    ),
}


@pytest.mark.parametrize("case", ROWS)
def test_more_bad_rows_than_the_gate_allows_end_with_3_and_name_the_row(shop, case):
    spoil, (file, row, column, value, reason) = ROWS[case]
    spoil(shop)
    night = shop.night()
    assert night.code == 3
    assert not (shop.out / "latest").exists()
    assert f"{file} row {row}, {column}: {value.lstrip(chr(39))!r} {reason}" in night.message
    assert "more than the 1.0% of gates.bad_row_share" in night.message
    assert "correct them in the source" in night.message


@pytest.mark.parametrize("case", ROWS)
def test_a_bad_row_within_the_gate_is_published_and_the_other_rows_are_planned(shop, case):
    spoil, expected = ROWS[case]
    shop.configure(**WIDE)
    spoil(shop)
    night = shop.night()
    assert night.code == 0
    assert night.rejected == [expected]
    assert any("1 bad row is set aside" in note for note in night.summary["notes"])
    others = {sku for sku, _ in night.units()} - {"fan"}
    assert others == {"00123", "123", "kettle", "lamp", "mug"}


def test_stock_that_cannot_be_read_is_unknown_and_not_0(shop):
    """Taken as 0 it would be bought again, with the shelf full."""
    shop.configure(**WIDE)
    shop.change("inventory", "fan,Central,30", "fan,Central,300O")
    shop.change("inventory", "lamp,West,14", "lamp,West,-")
    night = shop.night()
    assert ("fan", "Central") not in night.units()
    assert ("lamp", "West") not in night.units("transfers")
    for sku, place in (("fan", "Central"), ("lamp", "West")):
        assert "STOCK_UNREADABLE" in night.codes(sku, place)
    assert night.codes("fan", "Central") == {"STOCK_UNREADABLE"}


def test_an_inventory_row_out_of_range_leaves_its_stock_unknown_too(shop):
    shop.configure(**WIDE)
    rows = shop.text("inventory").splitlines()
    text = "\n".join([rows[0] + ",reserved", *(row + ",0" for row in rows[1:])]) + "\n"
    shop.write("inventory.csv", text.replace("fan,Central,30,0", "fan,Central,30,-1"))
    night = shop.night()
    assert "STOCK_UNREADABLE" in night.codes("fan", "Central")
    assert ("fan", "Central") not in night.units()


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("2026-11-22,lamp", "22/11/2026,lamp", "not a date"),
        ("2026-11-15,lamp", "20261115,lamp", "another date form than 2026-11-21, the column's"),
        ("2026-11-15,lamp", "2026-11-31,lamp", "there is no such date"),
    ],
)
def test_a_date_in_another_form_than_its_column_is_set_aside(shop, old, new, reason):
    shop.change("sales", old, new)
    night = shop.night()
    assert night.code == 0
    [(file, _, column, value, said)] = night.rejected
    assert (file, column, value) == ("sales.csv", "date", new.partition(",")[0])
    assert said.startswith(reason)


def test_the_number_of_a_set_aside_row_is_the_one_a_spreadsheet_shows(shop):
    shop.change("sales", ",fan,", ",,")
    number = next(i for i, line in enumerate(shop.text("sales").splitlines(), 1) if ",,E" in line)
    [(_, row, column, _, reason)] = shop.night().rejected
    assert (int(row), column, reason) == (number, "sku", "empty")


def test_negative_stock_plans_like_none_and_is_an_exception(shop):
    shop.change("inventory", "mug,East,14", "mug,East,0")
    shop.night()
    none = shop.files()
    shop.change("inventory", "mug,East,0", "mug,East,-5")
    night = shop.night("2026-11-22", "--force")
    assert night.code == 0
    assert "NEGATIVE_STOCK" in night.codes("mug", "East")
    for name in ("orders.csv", "transfers.csv", "policy.csv"):
        assert shop.files()[name] == none[name]


def test_duplicate_sales_lines_plan_like_their_sum(shop):
    shop.append("sales", "2026-11-22,fan,East,6,12", "2026-11-22,fan,East,6,12")
    assert shop.night().code == 0
    twice = shop.files()
    shop.write("sales.csv", shop.text("sales").replace("2026-11-22,fan,East,6,12\n", "", 1))
    shop.change("sales", "2026-11-22,fan,East,6,12", "2026-11-22,fan,East,12,12")
    assert shop.night("2026-11-22", "--force").code == 0
    assert shop.files() == twice


def test_sales_of_the_future_are_cut_counted_and_never_an_error(shop):
    shop.night()
    plain = shop.files()
    shop.append("sales", "2026-12-06,fan,East,9000,12", "2027-01-01,ghost,Mars,much,-1")
    night = shop.night("2026-11-22", "--force")
    assert night.code == 0
    assert night.rejected == []
    assert "sales: 2 rows dated after 2026-11-22 are cut" in night.summary["notes"]
    for name in ("orders.csv", "transfers.csv", "policy.csv", "exceptions.csv"):
        assert shop.files()[name] == plain[name]


def test_an_unknown_sku_in_inventory_is_named_and_gets_no_order_without_a_lane(shop):
    shop.append("inventory", "ghost,East,9")
    night = shop.night()
    assert night.code == 0
    assert {"NO_LANE", "UNKNOWN_SKU"} <= night.codes("ghost")
    assert "ghost" not in {sku for sku, _ in night.units() | night.units("transfers")}
