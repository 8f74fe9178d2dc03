"""Orders raised for what will not come or will not be good."""

import numpy as np
import pytest

from replenishment import PlanParams, plan_night
from replenishment.needs.curves import CostCurves


def planned(shop, share, rate=20.0, **lanes):
    index = shop.index(1)
    network = shop.network(index, shop.lanes(1, good_share=share, **lanes))
    return plan_night(shop.forecast(index, [rate]), network, shop.stock(1), PlanParams())


def test_an_order_is_the_need_over_the_share_that_comes_good(shop):
    whole, half = planned(shop, 1.0), planned(shop, 0.5)
    assert half.orders.need[0] == whole.orders.need[0]
    assert half.orders.units[0] == 2 * whole.orders.units[0]
    assert half.orders.yield_added[0] == whole.orders.need[0]


@pytest.mark.parametrize("share", [0.35, 0.8, 0.93])
def test_the_plan_is_that_of_a_shop_that_counts_units_ordered(shop, share):
    """Scaling units by 1 / share, and money per unit by share, is the same shop."""
    line = planned(shop, share, multiple=6.0, moq=24.0).orders
    parts = line.need + line.yield_added + line.rounding_added - line.limit_cut
    np.testing.assert_allclose(parts, line.units)
    assert line.units[0] % 6 == 0
    wanted = line.need[0] / share
    assert abs(line.units[0] - wanted) < 6 + 1e-9


def test_steering_counts_good_units_whatever_share_comes(shop):
    whole, half = planned(shop, 1.0).policy, planned(shop, 0.5).policy
    for name in ("order_up_to", "safety_stock", "demand_mean", "position", "money_at_risk"):
        np.testing.assert_allclose(getattr(half, name), getattr(whole, name), err_msg=name)
    np.testing.assert_allclose(half.reorder_point, whole.reorder_point, atol=1.0)


def test_cover_and_money_at_risk_count_the_units_that_come_good(shop):
    whole, half = planned(shop, 1.0).orders, planned(shop, 0.5).orders
    np.testing.assert_allclose(half.cover_after, whole.cover_after)
    np.testing.assert_allclose(half.money_at_risk, whole.money_at_risk)


def test_needs_come_back_from_units_ordered_unchanged(shop):
    """Counting in units ordered and back again is nothing done."""
    needs = CostCurves.from_thresholds(
        np.array([[[1.0, 4.0, 9.0]]]), np.ones((1, 1)), np.array([3.0])
    )
    share = np.array([0.4])
    back = needs.in_orders(share).in_orders(1 / share)
    units = np.array([5.0])
    np.testing.assert_allclose(back.cost(units), needs.cost(units))
    np.testing.assert_allclose(needs.in_orders(share).cost(units / share), needs.cost(units))
