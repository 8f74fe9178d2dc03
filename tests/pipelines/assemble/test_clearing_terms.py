"""Terms of clearance: figures that cannot be right are named and counted up to what can be."""

from __future__ import annotations

import numpy as np

from tests.pipelines.assemble.one_key import SALES, TONIGHT, on, stock_row


def of_code(situation, code: str):
    return [one for one in situation.findings if one.code == code]


def assemble_one(situate, inventory=None, sku_b=None, **product):
    sales = [*SALES, *({**row, "sku": "b"} for row in SALES)]
    products = [{"sku": "a", **product}, {"sku": "b", **(sku_b or {"unit_cost": 2, "price": 5})}]
    rows = [stock_row(), stock_row(sku="b")] if inventory is None else inventory
    return situate(TONIGHT, sales=sales, inventory=rows, products=products)


def test_terms_above_price_or_cost_count_up_to_them(situate, at) -> None:
    night = assemble_one(
        situate, unit_cost=6, price=10, salvage_value=8, floor_price=12, supplier_return_value=9
    )
    a, terms = at(night, "a"), night.clearing
    assert (terms.salvage[a], terms.floor[a], terms.return_value[a]) == (6, 10, 6)
    for code, value, most in (
        ("SALVAGE_TOO_HIGH", 8, 6), ("FLOOR_TOO_HIGH", 12, 10), ("RETURN_TOO_HIGH", 9, 6),
    ):  # fmt: skip
        (found,) = of_code(night, code)
        assert (found.message["sku"], found.message["value"]) == ("a", value)
        assert found.message["most"] == most


def test_stock_without_a_cost_is_named_where_others_have_one(situate, at) -> None:
    night = assemble_one(situate, price=10)
    (found,) = of_code(night, "COST_UNKNOWN")
    assert found.series == at(night, "a")
    assert found.money == 10 * 6.0
    nobody = assemble_one(situate, price=10, sku_b={"price": 5})
    assert not of_code(nobody, "COST_UNKNOWN")


def test_stock_that_sells_at_a_loss_is_named(situate, at) -> None:
    (found,) = of_code(assemble_one(situate, unit_cost=12, price=10), "SOLD_AT_A_LOSS")
    assert (found.message["price"], found.message["cost"]) == (10, 12)
    empty = [stock_row(on_hand=0), stock_row(sku="b")]
    assert not of_code(assemble_one(situate, empty, unit_cost=12, price=10), "SOLD_AT_A_LOSS")


def test_stock_past_its_last_date_of_sale_is_named_with_its_value(situate) -> None:
    night = assemble_one(situate, unit_cost=6, price=10, end_date=on(-4))
    (found,) = of_code(night, "STOCK_AFTER_END")
    assert (found.message["days"], found.money) == (4, 60)
    assert not of_code(assemble_one(situate, unit_cost=6, end_date=on(1)), "STOCK_AFTER_END")


def test_articles_of_one_name_are_one_price_group(situate, at) -> None:
    sales = [{**SALES[0], "sku": sku} for sku in "abcd"]
    products = [{"sku": s, "price_group": g} for s, g in zip("abc", ("x", "", "x"), strict=True)]
    night = situate(TONIGHT, sales=sales, products=products)
    group = [night.clearing.price_group[at(night, sku)] for sku in "abcd"]
    assert group == [0, -1, 0, -1]


def test_channels_that_speak_of_clearance_are_kept_with_their_terms(situate) -> None:
    channels = [
        {"channel": "live", "clearance_capacity": 200, "clearance_reach": 4},
        {"channel": "app", "share": 0.5}, {"channel": "outlet", "clearance_cost": 1.5},
    ]  # fmt: skip
    night = situate(TONIGHT, sales=SALES, channels=channels)
    rows = night.clearing.channels
    assert rows["channel"].tolist() == ["live", "outlet"]
    assert rows["clearance_cost"].tolist() == [0, 1.5]
    assert rows["clearance_reach"].tolist() == [4, 1]
    np.testing.assert_array_equal(rows["clearance_capacity"], [200, np.nan])


def test_a_floor_is_net_of_tax_like_the_prices(situate, at) -> None:
    settings = {"money": {"price_includes_vat": True, "vat": 0.25}}
    products = [{"sku": "a", "unit_cost": 4, "price": 10, "floor_price": 7.5}]
    night = situate(TONIGHT, settings, sales=SALES, inventory=[stock_row()], products=products)
    assert night.clearing.floor[at(night, "a")] == 6
