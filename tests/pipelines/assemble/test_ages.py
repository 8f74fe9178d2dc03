"""How old the stock on hand is, from what tells it best."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.assemble.ages import newest_ages
from tests.pipelines.assemble.one_key import SALES, TONIGHT, on, stock_row


def receipt(days: int, units: float, sku: str = "a", place: str = "X", rejected: float = 0.0):
    return {
        "order_id": f"P{days}", "sku": sku, "destination": place, "ordered_on": on(-days - 5),
        "received_on": on(-days), "units_received": units, "units_rejected": rejected,
    }  # fmt: skip


def test_goods_leave_in_the_order_in_which_they_came() -> None:
    """Unit by unit: the stock is the youngest; what is older than all counts as the oldest."""
    rng = np.random.default_rng(2)
    group, units = rng.integers(0, 5, 40), rng.integers(1, 9, 40).astype(float)
    days, stock = rng.integers(0, 300, 40).astype(float), rng.integers(0, 90, 6).astype(float)
    ages = newest_ages(group, days, units, stock)
    for i in range(5):
        mine = group == i
        each = np.sort(np.repeat(days[mine], units[mine].astype(int)))
        there = each[: int(stock[i])]
        there = np.append(there, np.full(int(stock[i]) - len(there), each[-1]))
        assert ages[i] == pytest.approx(there.mean())
    assert np.isnan(ages[5])


def test_the_receipt_date_of_the_stock_goes_before_receipts_and_those_before_the_first_sale(
    situate, at
) -> None:
    inventory = [
        stock_row(on_hand=4, received_date=on(-10)), stock_row(on_hand=4, received_date=on(-30)),
        stock_row(sku="b", on_hand=6), stock_row(sku="c"), stock_row(sku="d"),
        stock_row(sku="e", on_hand=0),
    ]  # fmt: skip
    sales = [{**row, "sku": sku} for sku in "abce" for row in SALES]
    receipts = [
        receipt(50, 9),
        receipt(8, 3, "b"),
        receipt(40, 10, "b"),
        receipt(2, 5, "b", "X", 5),
    ]
    night = situate(TONIGHT, sales=sales, inventory=inventory, receipts=receipts)
    age = {sku: night.stock.age_days[at(night, sku)] for sku in "abcde"}
    assert age["a"] == 20
    assert age["b"] == (3 * 8 + 3 * 40) / 6
    assert age["c"] == 19
    assert np.isnan(age["d"])
    assert np.isnan(age["e"])


def test_what_came_by_transfer_is_as_old_as_the_stock_of_its_sku(situate, at) -> None:
    sales = [*SALES, *({**row, "location": "Y"} for row in SALES)]
    inventory = [stock_row(on_hand=2), stock_row(location="Y", on_hand=6)]
    receipts = [receipt(10, 4), receipt(70, 40)]
    night = situate(TONIGHT, sales=sales, inventory=inventory, receipts=receipts)
    assert night.stock.age_days[at(night, "a")] == 10
    assert night.stock.age_days[at(night, "a", "Y")] == (4 * 10 + 4 * 70) / 8
