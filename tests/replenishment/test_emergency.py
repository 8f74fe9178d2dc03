"""Emergency orders: only where they pay, within their limits, and never to the shop's loss."""

import dataclasses

import numpy as np
import pytest

from replenishment import PlanParams, plan_night
from replenishment.lines.emergency import EMERGENCY
from stockwright.network import LaneKind
from stockwright.overrides import Overrides

SLOW, FAST = 10, 1
PARAMS = PlanParams(paths=64)


def two_lanes(shop, n, premium, **changes):
    """Of each key a lane of ten periods and one of a single period at a premium."""
    series = np.repeat(np.arange(n), 2)
    kind = np.tile([LaneKind.REGULAR, LaneKind.EXPEDITED], n)
    fast = kind == LaneKind.EXPEDITED
    values = {
        "series": series, "kind": kind, "lead_time": np.where(fast, FAST, SLOW),
        "unit_cost": np.where(fast, 10.0 + premium, 10.0), "review": np.where(fast, SLOW - FAST, 1),
    }  # fmt: skip
    return shop.lanes(n, **(values | changes))


def planned(shop, on_hand, premium=1.0, arrivals=(), params=PARAMS, rate=5.0, n=1, **more):
    index = shop.index(n)
    changes = {k: more.pop(k) for k in tuple(more) if k in ("max_units", "multiple", "good_share")}
    more = {"holding_cost": 0.05} | more
    network = shop.network(index, two_lanes(shop, n, premium, **changes), **more)
    stock = shop.stock(n, on_hand, arrivals)
    return plan_night(shop.forecast(index, np.full(n, rate)), network, stock, params)


def split(plan):
    """Units of the emergency and of the regular lines."""
    rush = plan.orders.reason == EMERGENCY
    return plan.orders.units[rush].sum(), plan.orders.units[~rush].sum()


def test_a_sold_out_key_is_served_until_the_regular_order_comes(shop):
    rush, _ = split(planned(shop, 0.0))
    # Nine periods of five units lie between the arrivals.
    assert 35 <= rush <= 55


def test_ample_stock_gets_no_emergency_order(shop):
    rush, regular = split(planned(shop, 100.0))
    assert rush == 0
    assert regular == 0


def test_no_emergency_order_costs_more_than_the_sales_it_saves(shop):
    """The shortage cost is 4 per unit."""
    assert split(planned(shop, 0.0, premium=4.5))[0] == 0
    units = [split(planned(shop, 30.0, premium=p))[0] for p in (0.0, 0.5, 1.0, 2.0, 3.5)]
    assert (np.diff(units) <= 0).all()
    assert units[0] > units[-1]


def test_the_regular_order_counts_what_the_emergency_order_brings(shop):
    with_fast = planned(shop, 0.0)
    without = planned(shop, 0.0, premium=100.0)
    # Under lost sales nothing of the gap's demand would have been left to serve.
    assert split(with_fast)[1] <= split(without)[1] + 1e-9
    assert (with_fast.policy.position >= split(with_fast)[0]).all()


def test_what_is_on_order_before_the_regular_arrival_is_not_ordered_again(shop):
    coming = planned(shop, 0.0, arrivals=[(0, 2, 60)])
    assert split(coming)[0] == 0


def test_a_lane_carries_no_more_than_its_most(shop):
    plan = planned(shop, 0.0, max_units=np.array([np.inf, 20.0]))
    assert split(plan)[0] == 20
    assert "LANE_MAX" in plan.orders.binding


def test_a_pool_is_shared_by_worth_and_its_cuts_are_named(shop):
    index = shop.index(3)
    lanes = two_lanes(shop, 3, 1.0)
    costs = {"shortage_cost": np.array([2.0, 4.0, 9.0]), "holding_cost": 0.05}
    network = shop.network(index, lanes, **costs)
    pooled = dataclasses.replace(network.suppliers, expedited_units=np.array([50.0]))
    network = dataclasses.replace(network, suppliers=pooled)
    plan = plan_night(shop.forecast(index, np.full(3, 5.0)), network, shop.stock(3), PARAMS)
    rush = plan.orders.reason == EMERGENCY
    units = np.bincount(plan.orders.series[rush], plan.orders.units[rush], 3)
    assert units.sum() <= 50
    assert units[2] > units[1] >= units[0]
    assert {"EXPEDITED_POOL"} == {f.message["limit"] for f in plan.findings} - {"BUDGET"}


def test_the_budget_holds_for_both_kinds_together(shop):
    free = planned(shop, 0.0, n=4)
    budget = 0.6 * free.orders.value.sum()
    plan = planned(shop, 0.0, n=4, params=PlanParams(paths=64, budget=budget))
    assert plan.orders.value.sum() <= budget * (1 + 1e-9)


def test_bad_units_are_ordered_on_top(shop):
    whole, poor = planned(shop, 0.0), planned(shop, 0.0, premium=0.5, good_share=0.5)
    assert split(poor)[0] == pytest.approx(2 * split(whole)[0], abs=8)


def test_a_blocked_key_gets_none(shop):
    index = shop.index(1)
    said = dataclasses.replace(Overrides.none(1, 60), blocked=np.ones(1, np.bool_))
    network = shop.network(index, two_lanes(shop, 1, 1.0))
    plan = plan_night(shop.forecast(index, [5.0]), network, shop.stock(1), PARAMS, said)
    assert len(plan.orders.units) == 0


def test_a_region_is_served_directly_while_its_source_is_empty(shop):
    """Its transfer takes two periods, but the central warehouse has nothing for ten."""
    index = shop.index(1, ("central", "east"))
    lanes = shop.lanes(
        2, series=np.array([0, 1, 1]), kind=np.array([0, 1, 2]), source=np.array([0, 0, 0]),
        lead_time=np.array([SLOW, 2, 2]), unit_cost=np.array([10.0, 0.0, 11.0]),
        review=np.array([1, 1, 30]),
    )  # fmt: skip
    places = {"kind": np.array([0, 1]), "sells": np.array([False, True])}
    network = shop.network(index, lanes, **places, holding_cost=0.05)
    forecast = shop.forecast(index, [0.0, 5.0])
    empty = plan_night(forecast, network, shop.stock(2), PARAMS).orders
    assert 30 <= empty.units[empty.reason == EMERGENCY].sum() <= 60
    full = plan_night(forecast, network, shop.stock(2, np.array([200.0, 0.0])), PARAMS)
    assert (full.orders.reason != EMERGENCY).all()
    assert full.transfers.units.sum() > 0


def cost_of(shop, premium, demand, slow, with_fast):
    """Holding at 0.1, shortage at 4 and premium of the nightly rule over ``demand`` (series,
    period) of mean 3, after which the regular order takes ``slow`` periods.
    """
    n, periods = demand.shape
    index = shop.index(n)
    slow_lanes = shop.lanes(n, lead_time=slow)
    times = {"lead_time": np.tile([slow, FAST], n), "review": 1}
    lanes = two_lanes(shop, n, premium, **times) if with_fast else slow_lanes
    network = shop.network(index, lanes, holding_cost=0.1)
    forecast = shop.forecast(index, np.full(n, 3.0))
    held, pipeline = np.full(n, 3.0 * slow), np.zeros((n, slow + 1))
    total = 0.0
    for period in range(periods):
        held += pipeline[:, 0]
        pipeline = np.concatenate([pipeline[:, 1:], np.zeros((n, 1))], axis=1)
        total += 4.0 * np.maximum(demand[:, period] - held, 0.0).sum()
        held = np.maximum(held - demand[:, period], 0.0)
        total += held.sum() * 0.1
        series, step = np.nonzero(pipeline)
        arrivals = np.column_stack([series, step + 1, pipeline[series, step]])
        lines = plan_night(forecast, network, shop.stock(n, held, arrivals), PARAMS).orders
        fast = lines.reason == EMERGENCY
        np.add.at(pipeline, (lines.series, np.where(fast, FAST, slow)), lines.units)
        total += premium * lines.units[fast].sum()
    return total / (n * periods)


@pytest.mark.slow
@pytest.mark.parametrize("slow", [5, 14])
@pytest.mark.parametrize("premium", [0.1, 1.0, 3.0, 5.0])
def test_with_a_fast_lane_at_hand_the_shop_never_does_worse(shop, premium, slow):
    """Simulated on the same demand, in shops that no parameter was chosen on."""
    demand = np.random.default_rng(8).poisson(3.0, (60, 60)).astype(float)
    costs = [cost_of(shop, premium, demand, slow, each) for each in (False, True)]
    assert costs[1] <= costs[0] * (1 + 1e-9)
    if premium <= 1:
        assert costs[1] < 0.95 * costs[0]


def test_emergency_orders_leave_the_money_that_frozen_orders_need(shop):
    """One key is sold out, the other's forty units at 10 each are frozen; the budget holds 430."""
    index = shop.index(2)
    network = shop.network(index, two_lanes(shop, 2, 1.0), holding_cost=0.05)
    stock, forecast = shop.stock(2, np.array([0.0, 100.0])), shop.forecast(index, np.full(2, 5.0))
    said = dataclasses.replace(Overrides.none(2, 60), order_frozen=np.array([np.nan, 40.0]))
    params = dataclasses.replace(PARAMS, budget=430.0)
    orders = plan_night(forecast, network, stock, params, said).orders
    assert orders.units[orders.series == 1].tolist() == [40.0]
    assert 0 < orders.value[orders.reason == EMERGENCY].sum() <= 30.0
    alone = plan_night(forecast, network, stock, params).orders
    assert alone.value[alone.reason == EMERGENCY].sum() > 30.0
