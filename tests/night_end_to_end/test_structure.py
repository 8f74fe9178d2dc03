"""Broken structure ends the night with 3, says what to mend, and leaves the last plan."""

from collections.abc import Callable

import pytest

BREAKS: dict[str, tuple[Callable, tuple[str, ...]]] = {
    "a missing table": (
        lambda shop: (shop.data / "inventory.csv").unlink(),
        ("the table inventory is missing", "data must hold it"),
    ),
    "a missing column": (
        lambda shop: shop.change("sales", "units", "qty"),
        ("sales", "lacks the column units", "(it has date, sku, location, qty, price)", "[map.sal"),
    ),
    "an empty file": (
        lambda shop: shop.write("sales.csv", ""),
        ("sales.csv is empty", "header row"),
    ),
    "a header without rows": (
        lambda shop: shop.write("sales.csv", "date,sku,location,units\n"),
        ("sales: there are no rows", "export the sales history"),
    ),
    "the wrong delimiter": (
        lambda shop: shop.write("sales.csv", shop.text("sales").replace(",", ";")),
        ("sales.csv is separated by semicolons", "by commas"),
    ),
    "Latin-1 bytes": (
        lambda shop: shop.write(
            "products.csv", shop.text("products").replace("fan name", "Lüfter").encode("latin-1")
        ),
        ("products.csv", "line 4, byte 0xFC", "Latin-1", "save it as UTF-8"),
    ),
    "a product twice": (
        lambda shop: shop.append("products", "fan,again,home,3,4"),
        ("products: keys (sku) that are there twice: 1 (fan)", "keep one row"),
    ),
    "a lane twice": (
        lambda shop: shop.append("lanes", "Acme,Central,fan,9"),
        ("lanes", "there twice: 1 (Acme/Central/fan/regular)", "keep one row"),
    ),
    "a cycle of lanes": (
        lambda shop: shop.append("lanes", "East,Central,,3"),
        ("Central -> East -> Central", "take one of these lanes out"),
    ),
    "sales of the future only": (
        lambda shop: shop.write("sales.csv", shop.text("sales").replace("2026-", "2027-")),
        ("sales: all 360 rows are dated after 2026-11-22", "run a later date"),
    ),
}


@pytest.mark.parametrize("case", BREAKS)
def test_a_broken_structure_ends_with_3_and_publishes_nothing(shop, case):
    spoil, words = BREAKS[case]
    spoil(shop)
    night = shop.night()
    assert night.code == 3
    assert not (shop.out / "latest").exists()
    assert not night.folder.exists()
    for word in words:
        assert word in night.message
    assert "Traceback" not in night.said


def test_the_last_plan_stays_to_the_byte_when_the_next_night_fails(shop):
    assert shop.night("2026-11-15").code == 0
    before = shop.files("2026-11-15")
    shop.change("sales", "units", "qty")
    assert shop.night().code == 3
    assert shop.files("latest") == shop.files("2026-11-15") == before


def test_every_problem_of_every_table_is_said_at_once(shop):
    for case in ("an empty file", "a product twice", "a missing table"):
        BREAKS[case][0](shop)
    shop.change("suppliers", "supplier,", "vendor,")
    night = shop.night()
    assert night.code == 3
    assert "4 problems" in night.message
    for table in ("sales.csv", "products", "inventory", "suppliers"):
        assert table in night.message


def test_validate_says_what_the_night_would_say_and_writes_nothing(shop):
    BREAKS["a lane twice"][0](shop)
    before = sorted(shop.data.iterdir())
    checked = shop.call("validate", "--data", str(shop.data), "--date", "2026-11-22")
    assert checked.code == 3
    said = " ".join(checked.said.split())
    assert "there twice: 1 (Acme/Central/fan/regular)" in said
    assert sorted(shop.data.iterdir()) == before
    assert not shop.out.exists()


def test_a_bom_changes_no_byte_of_the_plan(shop):
    shop.night()
    plain = shop.files()
    for table in ("sales", "products", "lanes"):
        shop.write(f"{table}.csv", b"\xef\xbb\xbf" + shop.text(table).encode())
    assert shop.night("2026-11-22", "--force").code == 0
    assert shop.files() == plain
