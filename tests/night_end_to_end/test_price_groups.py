"""Articles of one price group are marked down together, and what is not slow says so."""

from __future__ import annotations

import pytest

COLUMNS = "sku,name,category,unit_cost,price,price_group"


@pytest.fixture
def grouped(shop):
    """Fan, kettle and lamp share a price; fan and kettle have far too much stock."""
    rows = [line.split(",") for line in shop.text("products").splitlines()[1:]]
    together = ("fan", "kettle", "lamp")
    lines = [",".join([*row, "home" if row[0] in together else ""]) for row in rows]
    shop.write("products.csv", "\n".join([COLUMNS, *lines]) + "\n")
    for sku in ("fan", "kettle"):
        shop.change("inventory", f"{sku},East,14", f"{sku},East,4000")
    return shop


def _cut(night):
    table = night.table("clearance")
    return table[table["action"] == "mark_down"]


def test_the_articles_of_a_group_fall_by_the_same_share_and_the_fast_one_says_why(grouped):
    night = grouped.night()
    assert night.code == 0
    rows = _cut(night)
    assert set(rows["sku"]) == {"fan", "kettle", "lamp"}
    price, now = rows["new_price"].astype(float), rows["price"].astype(float)
    share = (price / now).round(2)
    assert (share.groupby(rows["step"]).nunique() == 1).all()
    assert all("home" in text for text in rows["explanation"])
    lamp = rows[rows["sku"] == "lamp"]
    assert set(lamp["slow_grade"]) == {""}
    assert set(lamp["reason"]) == {"GROUP_PRICE"}
    bought = {sku for sku, _ in night.units()}
    assert not bought & {"fan", "kettle"}


def test_an_article_that_is_promised_keeps_the_price_of_its_group(grouped):
    grouped.write(
        "commitments.csv",
        "sku,location,date,units,kind,stage,ship_by\nlamp,East,2026-12-16,5,contract,paid,\n",
    )
    night = grouped.night()
    assert night.code == 0
    assert len(_cut(night)) == 0
