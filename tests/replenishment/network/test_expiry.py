"""Stock that expires before it can be sold is not counted on."""

from dataclasses import replace

import numpy as np
import pytest

from replenishment.network.evening import Evening
from replenishment.network.expiry import excess_of, without_expiring
from replenishment.night import plan_night
from replenishment.params import PlanParams
from stockwright.network import LaneKind, LocationKind


def sold_unit_by_unit(steps, units, demand, until):
    """Units that expire unsold by the close of ``until``, each customer served one by one."""
    shelf = sorted(step for step, count in zip(steps, units, strict=True) for _ in range(count))
    wasted = 0
    for step, customers in enumerate(demand[:until], 1):
        for _ in range(customers):
            if shelf:
                shelf.pop(0)
        while shelf and shelf[0] == step:
            shelf.pop(0)
            wasted += 1
    return wasted


def test_what_expires_of_known_demand_is_what_unit_by_unit_sales_leave():
    rng = np.random.default_rng(7)
    for _ in range(200):
        horizon, rows = int(rng.integers(1, 9)), 3
        demand = rng.poisson(rng.uniform(0, 3), (rows, horizon))
        count = int(rng.integers(1, 12))
        row, step = rng.integers(0, rows, count), rng.integers(1, horizon + 3, count)
        units = rng.integers(0, 6, count)
        excess = excess_of(row, step, units.astype(float), demand.astype(float))
        for key in range(rows):
            mine = row == key
            for until in range(1, horizon + 1):
                counted = excess[mine & (step <= until)].max(initial=0.0)
                expected = sold_unit_by_unit(step[mine], units[mine], demand[key], until)
                assert counted == expected


def with_batches(stock, *rows):
    """rows: (series, step, units) triples."""
    table = np.array(rows, np.float64).reshape(-1, 3)
    return replace(
        stock,
        expiring_series=table[:, 0].astype(np.int32),
        expiring_step=table[:, 1].astype(np.int32),
        expiring_units=table[:, 2],
    )


def expiring(shop, stock, mean=2.0, n=1, **lanes):
    index = shop.index(n)
    network = shop.network(index, shop.lanes(n, **lanes))
    forecast = shop.forecast(index, mean, linear_dispersion=0.0)
    left, found = without_expiring(Evening.of(forecast, network, stock, PlanParams()))
    return left.stock, found


def test_what_expires_within_the_interval_is_not_counted_and_the_rest_is(shop):
    """At 2 a period, 6 of 10 that can be sold for 2 periods expire; L + R = 3."""
    stock = with_batches(shop.stock(1, 30), (0, 2, 10), (0, 3, 8))
    left, found = expiring(shop, stock)
    assert left.on_hand.tolist() == [24]
    assert found.uncounted.tolist() == [6]
    assert found.units.tolist() == [12]
    assert found.step.tolist() == [2]


def test_no_more_expires_than_is_on_hand_nor_where_stock_is_unknown(shop):
    stock = with_batches(shop.stock(2, 5), (0, 1, 50), (1, 1, 50))
    left, found = expiring(shop, replace(stock, known=np.array([True, False])), mean=0.0, n=2)
    assert left.on_hand.tolist() == [0, 5]
    assert found.units.tolist() == [5, 0]


def test_stock_of_a_location_that_feeds_others_is_sold_by_them(shop):
    """The central stock has no customers of its own; 2 shops sell 2 a period each."""
    index = shop.index(1, ("dc", "east", "west"))
    lanes = shop.lanes(
        3,
        kind=[LaneKind.REGULAR, LaneKind.TRANSFER, LaneKind.TRANSFER],
        lead_time=[4, 1, 1],
    )
    kinds = [LocationKind.CENTRAL, LocationKind.STORE, LocationKind.STORE]
    network = shop.network(index, lanes, kind=kinds, sells=[False, True, True])
    forecast = shop.forecast(index, [0.0, 2.0, 2.0])
    stock = with_batches(shop.stock(3, [20, 0, 0]), (0, 3, 20))
    _, found = without_expiring(Evening.of(forecast, network, stock, PlanParams()))
    assert found.units.tolist() == [8, 0, 0]


@pytest.mark.parametrize("lead_time", [0, 2, 5])
def test_the_order_is_raised_by_what_will_expire(shop, lead_time):
    """The plan is that of a shop without the units that will expire, and says so."""
    index = shop.index(1)
    network = shop.network(index, shop.lanes(1, lead_time=lead_time, review=4))
    forecast, params = shop.forecast(index, 2.0), PlanParams()
    stock = with_batches(shop.stock(1, 14), (0, 2, 10))
    plan = plan_night(forecast, network, stock, params)
    smaller = plan_night(forecast, network, shop.stock(1, 14 - 6), params)
    assert plan.expiring.uncounted.tolist() == [6]
    for name in ("units", "available", "target", "need", "stock_at_arrival"):
        np.testing.assert_array_equal(
            getattr(plan.orders, name), getattr(smaller.orders, name), err_msg=name
        )
    lines = plan.orders
    np.testing.assert_allclose(lines.target, lines.available + lines.inbound + lines.need)


def test_batches_that_are_sold_long_before_they_expire_change_nothing(shop):
    index = shop.index(3)
    network, forecast = shop.network(index), shop.forecast(index, 2.0)
    stock = shop.stock(3, [3, 4, 0])
    without = plan_night(forecast, network, stock, PlanParams())
    told = with_batches(stock, (0, 40, 3), (1, 55, 4))
    plan = plan_night(forecast, network, told, PlanParams())
    assert without.expiring is None
    assert plan.expiring.units.tolist() == [0, 0, 0]
    for name in ("units", "available", "target", "money_at_risk"):
        np.testing.assert_array_equal(getattr(plan.orders, name), getattr(without.orders, name))
    np.testing.assert_array_equal(plan.policy.position, without.policy.position)
