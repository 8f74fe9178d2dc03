"""The most days of cover that a line may raise a key to."""

from dataclasses import replace

import numpy as np
import pytest

from replenishment import PlanParams, plan_night
from stockwright.overrides import Overrides

PARAMS = PlanParams(paths=64)


def plan_of(shop, cover, moq, said=None, on_hand=4.0, **other):
    index = shop.index(1)
    network = shop.network(index, shop.lanes(1, moq=moq), holding_cost=0.002, **other)
    network = replace(network, items=replace(network.items, most_cover=np.array([cover])))
    return plan_night(shop.forecast(index, 2.0), network, shop.stock(1, on_hand), PARAMS, said)


@pytest.mark.parametrize("cover", [3.0, 5.0, 9.5, 20.0, np.inf])
def test_no_line_raises_its_key_beyond_the_most_cover(shop, cover):
    """Filling a supplier's minimum of 40 units buys ahead, as far as the grade allows."""
    lines = plan_of(shop, cover, 0.0, min_order_units=40.0).orders
    assert (lines.cover_after <= cover + 1e-9).all()
    assert len(lines.units) == (cover >= 22)


def test_what_the_cover_limit_takes_away_is_named(shop):
    free, tight = plan_of(shop, np.inf, 0.0).orders, plan_of(shop, 3.5, 0.0).orders
    assert free.cover_after[0] > 3.5 >= tight.cover_after[0]
    assert tight.binding.tolist() == ["COVER_LIMIT"]
    assert tight.limit_cut[0] == free.units[0] - tight.units[0] > 0


def test_a_minimum_above_the_cover_gives_no_line_and_says_why(shop):
    assert len(plan_of(shop, np.inf, 20.0).orders.units) == 1
    plan = plan_of(shop, 8.0, 20.0)
    assert len(plan.orders.units) == 0
    assert [f.message["limit"] for f in plan.findings] == ["COVER_LIMIT"]


def test_a_planner_is_not_held_to_the_cover_of_the_grade(shop):
    said = replace(Overrides.none(1, 60), order_units=np.array([50.0]))
    assert plan_of(shop, 5.0, 0.0, said).orders.units.tolist() == [50.0]
