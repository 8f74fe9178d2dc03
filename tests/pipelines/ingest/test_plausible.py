"""Figures that no shop has are named and counted as they stand."""

from __future__ import annotations

import pytest

PRODUCTS = "sku,price,unit_cost\n00123,10,6\n123,{price},7\nX1,12,8\nX2,14,9\n"
LANES = "source,destination,sku,lead_time_days,review_days,moq\nS,East,,{days},7,{moq}\n"


def strange(ingested):
    found = ingested.findings
    found = found[found["code"] == "IMPLAUSIBLE"]
    return list(zip(found["where"], found["value"], found["most"], strict=True))


@pytest.mark.parametrize(
    ("table", "content", "where", "value", "most"),
    [
        (
            "inventory",
            "sku,location,on_hand\n00123,East,1000000000000\n123,East,7\n",
            "inventory.on_hand of 00123 at East",
            1e12,
            1e7,
        ),
        ("lanes", LANES.format(days=9999, moq=0), "lanes.lead_time_days from S to East", 9999, 365),
        ("lanes", LANES.format(days=3, moq=2e7), "lanes.moq from S to East", 2e7, 1e7),
        # The median of 10, 12 and 14 and the price itself lies between 12 and 14.
        ("products", PRODUCTS.format(price=12e9), "products.price of 123", 12e9, 13e4),
        (
            "inbound",
            "order_id,sku,destination,units,available_date\nP,123,East,1e9,2026-12-01\n",
            "inbound.units of 123 to East",
            1e9,
            1e7,
        ),
    ],
)
def test_it_is_named_with_table_key_and_value_and_not_dropped(
    shop, table, content, where, value, most
):
    shop.write(f"{table}.csv", content)
    ingested = shop.read()
    assert strange(ingested) == [(where, value, most)]
    column = where.split(" ")[0].partition(".")[2]
    assert value in ingested.tables[table][column].tolist()
    assert not len(ingested.rejected)


CHANNELS = "channel,share,location\n"


@pytest.mark.parametrize(
    ("table", "content", "where", "value", "most"),
    [
        (
            "products",
            "sku,volume\n00123,0.5\n123,1e12\n5,0.5\n6,0.25\n",
            "products.volume of 123",
            1e12,
            5e3,
        ),
        ("kits", "kit,component,quantity\nK,123,1e9\n", "kits.quantity", 1e9, 1e7),
        (
            "overrides",
            "table,sku,location,field,value,by\nforecast,123,East,factor,1e6,li\n",
            "overrides.value of 123 at East",
            1e6,
            1e4,
        ),
        (
            "overrides",
            "table,sku,location,field,value,by\npolicy,123,East,target,1e8,li\n",
            "overrides.value of 123 at East",
            1e8,
            1e7,
        ),
        ("channels", CHANNELS + "a,0.7,\nb,0.5,\n", "channels.share", 1.2, 1.0),
        # West has its own row of a, and the general one of b.
        ("channels", CHANNELS + "a,0.4,\nb,0.6,\na,0.7,West\n", "channels.share at West", 1.3, 1),
    ],
)
def test_volumes_factors_and_shares_are_named_as_well(shop, table, content, where, value, most):
    shop.write(f"{table}.csv", content)
    assert strange(shop.read()) == [(where, value, most)]


def test_shares_of_one_and_factors_of_a_planner_are_plausible(shop):
    shop.write("channels.csv", CHANNELS + "a,0.1,\nb,0.2,\nc,0.7,\nd,,\na,0.05,West\n")
    rows = "forecast,123,East,factor,3,li\norder,123,East,units,500,li\n"
    shop.write("overrides.csv", "table,sku,location,field,value,by\n" + rows)
    assert strange(shop.read()) == []


def test_the_limits_are_the_configurations(shop):
    shop.write("lanes.csv", LANES.format(days=50, moq=300))
    shop.write("products.csv", PRODUCTS.format(price=400))
    assert strange(shop.read()) == []
    strict = {"plausible_days": 49, "plausible_units": 299, "plausible_ratio": 30}
    places = [where for where, _, _ in strange(shop.read(gates=strict))]
    assert places == [
        "lanes.moq from S to East",
        "products.price of 123",
        "lanes.lead_time_days from S to East",
    ]


def test_of_many_the_largest_are_named_and_the_rest_counted(shop):
    rows = "".join(f"K{place},East,{10**8 + place}\n" for place in range(50))
    shop.write("inventory.csv", "sku,location,on_hand\n00123,East,5\n123,East,7\n" + rows)
    ingested = shop.read()
    assert [value for _, value, _ in strange(ingested)] == [10**8 + k for k in range(49, 29, -1)]
    note = "inventory: 50 values of on_hand beyond 1e+07; the 20 largest are among the exceptions"
    assert note in ingested.notes


def test_two_prices_are_not_held_against_each_other(shop):
    shop.write("products.csv", "sku,price,unit_cost\n00123,1,1\n123,1000000,1\n")
    assert strange(shop.read()) == []
