"""Service targets as prices, and what is scarce."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from replenishment.night import plan_night
from replenishment.params import PlanParams

PARAMS = PlanParams(paths=64)


def test_a_service_level_does_not_make_lost_units_cheaper_than_they_are(shop):
    """Two keys alike, one with a level below what its money asks for, share a scarce budget."""
    index = shop.index(2)
    levels = {"service_level": [0.9, np.nan], "shortage_cost": [60.0, 50.0], "holding_cost": 0.1}
    arguments = shop.forecast(index, 6.0), shop.network(index, **levels), shop.stock(2, 0.0)
    free = plan_night(*arguments, PARAMS).orders.units
    assert free[0] < free[1]
    few = plan_night(*arguments, replace(PARAMS, budget=10.0 * 14)).orders
    units = np.zeros(2)
    units[few.series] = few.units
    assert units.sum() == 14
    assert units[0] >= units[1]
