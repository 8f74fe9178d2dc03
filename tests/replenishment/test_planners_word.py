"""What a planner orders is what the plan orders."""

from dataclasses import replace

import numpy as np
import pytest

from replenishment import PlanParams, plan_night
from stockwright.overrides import Overrides

PARAMS = PlanParams(paths=64)


@pytest.mark.parametrize("units", [1.0, 40.0, 77.0, 1001.0])
def test_a_quantity_of_a_planner_is_ordered_to_the_unit(shop, units):
    """Whatever the cost curve looks like, which is flat and coarse for much scatter."""
    index = shop.index(1)
    forecast = shop.forecast(index, 9.0, level_variance=0.5, linear_dispersion=3.0)
    said = replace(Overrides.none(1, 60), order_units=np.array([units]))
    plan = plan_night(forecast, shop.network(index), shop.stock(1, 4.0), PARAMS, said)
    assert plan.orders.units.tolist() == [units]


def test_where_a_planner_orders_nothing_no_minimum_is_filled(shop):
    """The other article of the supplier is raised to its minimum instead."""
    index = shop.index(2)
    said = replace(Overrides.none(2, 60), order_units=np.array([0.0, np.nan]))
    network = shop.network(index, min_order_value=300.0)
    plan = plan_night(shop.forecast(index, 9.0), network, shop.stock(2), PARAMS, said)
    assert set(plan.orders.series.tolist()) <= {1}
    free = plan_night(shop.forecast(index, 9.0), network, shop.stock(2), PARAMS)
    assert 0 in free.orders.series.tolist()
