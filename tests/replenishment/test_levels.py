"""A chain of three levels: a supplier feeds central, central a region, the region two stores."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from replenishment import PlanParams, plan_night
from replenishment.network.evening import Evening
from replenishment.wishes.find import sides_of
from stockwright.errors import DataError

PARAMS = PlanParams(paths=256)
#: central, region, store, stove: lead times, and the periods to protect (L + way down + R, R = 1).
LEAD_TIME, PROTECTION = [5, 2, 1, 3], [5 + (2 + 3) + 1, 2 + 3 + 1, 2, 4]
MEAN = np.array([0.0, 0.0, 4.0, 2.0])


def chain(shop, on_hand, arrivals=(), horizon=60):
    index = shop.index(1, ("central", "region", "store", "stove"))
    lanes = shop.lanes(
        4, kind=[0, 1, 1, 1], source=[0, 0, 1, 1], lead_time=LEAD_TIME, unit_cost=[10, 0, 0, 0]
    )
    network = shop.network(
        index, lanes, kind=[0, 1, 2, 2], sells=[False, False, True, True],
        shortage_cost=50.0, holding_cost=0.5,
    )  # fmt: skip
    return shop.forecast(index, MEAN, horizon), network, shop.stock(4, on_hand, arrivals)


def test_every_level_protects_its_own_way_and_the_longest_way_down(shop):
    policy = plan_night(*chain(shop, [900.0, 900, 900, 900]), PARAMS).policy
    assert policy.protection.tolist() == PROTECTION
    below = np.array([6.0, 6.0, 4.0, 2.0])
    np.testing.assert_allclose(policy.demand_mean, below * PROTECTION, rtol=1e-6)
    shared = replace(PARAMS, pooling=False)
    plain = plan_night(*chain(shop, [900.0, 900, 900, 900]), shared).policy
    level = plain.service_level
    np.testing.assert_array_equal(
        plain.order_up_to, stats.poisson.ppf(level - 1e-9, below * PROTECTION)
    )


def test_stock_of_all_levels_counts_and_what_is_under_way_to_them(shop):
    """position = on hand below and above, and arrivals that reach the end in the interval."""
    arrivals = [(0, 3, 7.0), (1, 2, 5.0), (2, 1, 1.0), (3, 9, 4.0)]
    policy = plan_night(*chain(shop, [10.0, 20, 30, 40], arrivals), PARAMS).policy
    assert policy.position.tolist() == [100 + 17, 90 + 6, 31, 40]


def test_needs_are_met_level_by_level(shop):
    """Stores draw on the region, the region on central, central on its supplier."""
    plan = plan_night(*chain(shop, [300.0, 10, 0, 0]), PARAMS)
    units = np.zeros(4)
    units[plan.transfers.series] = plan.transfers.units
    assert units[2] + units[3] <= 10
    assert units[2] > 0
    assert units[3] > 0
    region = plan.policy.order_up_to[1] - 10
    assert 0 < units[1] <= region
    assert len(plan.orders.units) == 0
    poor = plan_night(*chain(shop, [0.0, 30, 0, 0]), PARAMS)
    assert poor.orders.series.tolist() == [0]
    assert poor.orders.reason.tolist() == ["NETWORK_BELOW_TARGET"]


def test_an_interval_beyond_the_forecast_is_said_and_not_cut(shop):
    assert plan_night(*chain(shop, 0.0, horizon=11), PARAMS).policy.protection[0] == 11
    with pytest.raises(DataError, match=r"sku00000 at central \(11 periods\).*at least 11 periods"):
        plan_night(*chain(shop, 0.0, horizon=10), PARAMS)


def test_every_level_buys_for_what_its_orders_leave_apart(shop):
    """Poisson means of what lies apart at central: 4 and 2 a period over 1 + 1 and 3 + 1 steps."""
    arguments = chain(shop, [0.0, 0, 0, 0])
    evening = Evening.of(*arguments, PARAMS)
    apart = sides_of(np.arange(4), evening).upper.pool.apart
    variance = np.array([4.0 * 2, 2.0 * 4])
    expected = np.sqrt(variance).sum() ** 2 - variance.sum()
    assert apart == pytest.approx([expected, expected])
