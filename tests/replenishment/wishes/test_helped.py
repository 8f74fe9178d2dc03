"""What help between keys does to a night's plan."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from replenishment import PlanParams, plan_night
from stockwright.network import Fallbacks

PARAMS = PlanParams(paths=128, level_cap=0.995)
PLACES = ("east", "west")


def fallbacks(*rows: tuple[int, int, float, float]) -> Fallbacks:
    """Rows of series, other, share, cost."""
    table = np.array(rows, np.float64).reshape(-1, 4)
    return Fallbacks(*table.T)


def mutual(n: int, cost: float, share: float = 1.0) -> Fallbacks:
    return fallbacks(*((i, i ^ 1, share, cost) for i in range(n)))


def ordered(plan, n: int) -> np.ndarray:
    units = np.zeros(n)
    units[plan.orders.series] = plan.orders.units
    return units


@pytest.fixture
def night(shop):
    """Plan for SKUs at two places, with L = 0 and R = 1 unless a test says otherwise."""

    def run(mean, backs=None, on_hand=0.0, arrivals=(), lanes=None, **items):
        n = len(mean)
        index = shop.index(n // 2, PLACES)
        lanes = shop.lanes(n, **({"lead_time": 0} | (lanes or {})))
        network = shop.network(index, lanes, **({"holding_cost": 0.3, "shortage_cost": 10} | items))
        if backs is not None:
            network = replace(network, fallbacks=backs)
        forecast = shop.forecast(index, np.array(mean, float))
        return plan_night(forecast, network, shop.stock(n, on_hand, arrivals), PARAMS)

    return run


def test_help_that_pays_for_nothing_leaves_the_plan_as_it_is(night):
    """No row, a freight as high as the price of a unit short, and an endless one are alike."""
    mean, held = [12, 4, 30, 1, 0.2, 7], np.array([3, 9, 0, 4, 1, 0.0])
    plain = night(mean, on_hand=held)
    for backs in (fallbacks(), mutual(6, 10.0), mutual(6, np.inf)):
        plan = night(mean, backs, held)
        np.testing.assert_array_equal(ordered(plan, 6), ordered(plain, 6))
        np.testing.assert_array_equal(plan.policy.order_up_to, plain.policy.order_up_to)
        assert plan.help is None


def test_free_help_buys_the_pooled_need(night):
    """Poisson demand of both places together at the critical ratio, up to rounding."""
    mean = np.array([20.0, 20, 40, 15, 9, 9])
    bought = ordered(night(mean, mutual(6, 0.0)), 6).reshape(3, 2).sum(axis=1)
    pooled = stats.poisson.ppf(10 / 10.3, mean.reshape(3, 2).sum(axis=1))
    assert (np.abs(bought - pooled) <= 3).all()
    assert (bought < ordered(night(mean), 6).reshape(3, 2).sum(axis=1)).all()


def test_what_is_missed_before_an_order_can_come_is_asked_for_where_it_helps(night):
    """East is empty for 4 periods of 10 units a day; west, supplied at once, gets the share."""
    lanes = {"lead_time": [4, 0]}
    plain = night([10, 10], on_hand=np.array([0.0, 0.0]), lanes=lanes)
    plan = night([10, 10], mutual(2, 1.0, 0.5), np.array([0.0, 0.0]), lanes=lanes)
    np.testing.assert_allclose(plan.help.given, [20, 0])
    np.testing.assert_allclose(plan.help.taken, [0, 20])
    # One of the four periods lies within west's own protection interval.
    np.testing.assert_allclose(plan.policy.demand_mean - plain.policy.demand_mean, [-20, 5])
    assert 3 <= ordered(plan, 2)[1] - ordered(plain, 2)[1] <= 6


def test_another_article_is_asked_for_on_top(night):
    """SKU 0 at east is empty for 4 periods; its substitute, SKU 1 there, is asked for 30 %."""
    lanes = {"lead_time": [4, 4, 0, 0]}
    plan = night([10, 0, 10, 0], fallbacks((0, 2, 0.3, 2.0)), lanes=lanes)
    plain = night([10, 0, 10, 0], lanes=lanes)
    np.testing.assert_allclose(plan.policy.demand_mean - plain.policy.demand_mean, [0, 0, 3, 0])
    np.testing.assert_allclose(plan.help.taken, [0, 0, 12, 0], rtol=1e-5)


def test_a_place_that_runs_out_as_well_and_cannot_order_gets_no_more_demand(night):
    lanes = {"lead_time": 4}
    plan = night([10, 10], mutual(2, 1.0), on_hand=0.0, lanes=lanes)
    np.testing.assert_array_equal(plan.help.taken, [0, 0])


def test_a_level_that_is_asked_for_stays(night):
    mean = [12, 4, 30, 1]
    plain = night(mean, service_level=0.97)
    helped = night(mean, mutual(4, 0.5), service_level=0.97)
    np.testing.assert_array_equal(helped.policy.order_up_to, plain.policy.order_up_to)


def test_unknown_stock_helps_nobody(shop):
    index = shop.index(1, PLACES)
    network = shop.network(index, shop.lanes(2, lead_time=0), shortage_cost=10)
    stock = replace(shop.stock(2, np.array([0.0, 900.0])), known=np.array([True, False]))
    forecast = shop.forecast(index, [10.0, 10.0])
    backs = replace(network, fallbacks=mutual(2, 0.5))
    plain, helped = (plan_night(forecast, each, stock, PARAMS) for each in (network, backs))
    np.testing.assert_array_equal(ordered(helped, 2), ordered(plain, 2))


def test_more_stock_elsewhere_never_orders_more(night):
    mean, backs = [10, 10], mutual(2, 2.0)
    held = [night(mean, backs, np.array([2.0, other])) for other in (0.0, 10.0, 15.0, 25.0, 60.0)]
    bought = np.array([ordered(plan, 2)[0] for plan in held])
    assert (np.diff(bought) <= 0).all()
    assert bought[-1] < bought[0]


def test_a_location_that_feeds_others_is_steered_as_before(shop):
    """The central stock of both regions is pooled already; help between them is no second pool."""
    index = shop.index(1, ("central", "east", "west"))
    lanes = shop.lanes(
        3, series=np.arange(3), kind=[0, 1, 1], source=[0, 0, 0], lead_time=[5, 1, 1]
    )
    network = shop.network(
        index, lanes, kind=np.array([0, 1, 1]), sells=np.array([False, True, True]),
        holding_cost=0.3, shortage_cost=10.0,
    )  # fmt: skip
    forecast = shop.forecast(index, [0.0, 20.0, 20.0])
    stock = shop.stock(3, np.array([400.0, 25.0, 25.0]))
    backs = replace(network, fallbacks=fallbacks((1, 2, 1, 1.0), (2, 1, 1, 1.0)))
    plain, helped = (plan_night(forecast, each, stock, PARAMS) for each in (network, backs))
    assert helped.policy.order_up_to[0] == plain.policy.order_up_to[0]
    assert (helped.help.shortage[1:] < 10).all()
    assert np.isinf(helped.help.shortage[0])
