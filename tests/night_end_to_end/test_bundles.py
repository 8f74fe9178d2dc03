"""Slow goods are offered beside what is bought with them, where the sales name their orders."""

from __future__ import annotations

import pytest

RULES = (
    'period = "week"\n[model]\ntrees = 5\n[clearance]\nrelabel_cost = 6.0\n'
    '[clearance.bundles]\ngrades = "SABC"\n'
)


@pytest.fixture
def baskets(shop):
    """Each unit is an order; two of three fans are in one with a lamp. Far too many fans."""
    lines = []
    for number, row in enumerate(shop.text("sales").splitlines()[1:]):
        date, sku, place, units, price = row.split(",")
        for unit in range(int(units)):
            together = sku in ("fan", "lamp") and unit % 3
            order = f"{date}-{place}-{unit}" if together else f"{number}-{unit}"
            lines.append(f"{date},{sku},{place},1,{price},{order}")
    shop.write("sales.csv", "date,sku,location,units,price,order_id\n" + "\n".join(lines) + "\n")
    shop.change("inventory", "fan,East,14", "fan,East,4000")
    return shop.write("stockwright.toml", RULES)


def _fan(night):
    table = night.table("clearance")
    return table[table["sku"] == "fan"]


def test_a_slow_article_is_offered_beside_its_companion(baskets):
    night = baskets.night()
    assert night.code == 0
    rows = _fan(night)
    assert set(rows["action"]) == {"bundle"}
    assert all("lamp" in text for text in rows["explanation"])
    prices = rows["new_price"].astype(float).tolist()
    assert prices == sorted(prices, reverse=True)
    assert prices[-1] < float(rows["price"].iloc[0])
    assert "fan" not in {sku for sku, _ in night.units()}


@pytest.mark.parametrize("how", ["switched off", "no order numbers", "one order for all"])
def test_without_pairs_there_are_no_bundles(baskets, how):
    if how == "switched off":
        baskets.write("stockwright.toml", RULES + "use = false\n")
    else:
        header, *lines = baskets.text("sales").splitlines()
        orders = [line.rpartition(",")[0] + ("," if how[0] == "n" else ",1") for line in lines]
        baskets.write("sales.csv", "\n".join([header, *orders]) + "\n")
    night = baskets.night()
    assert night.code == 0
    assert "bundle" not in set(night.table("clearance")["action"])
