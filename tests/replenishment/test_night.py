"""Properties of a night's plan, given one forecast."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from replenishment import PlanParams, plan_night
from stockwright.errors import DataError, InfeasiblePlanError
from stockwright.overrides import Overrides

PARAMS = PlanParams(paths=128)
# Holding counts 1 + (L / (L + R))^2 times; L = 2 and R = 1 unless a test says otherwise.
CARRY = 1 + (2 / 3) ** 2


@pytest.fixture
def many(shop):
    """300 keys of all sorts: forecast, lanes and stock drawn at random."""
    rng = np.random.default_rng(7)
    n = 300
    index = shop.index(n)
    mean = np.exp(rng.normal(0, 1.5, (n, 1))) * rng.uniform(0.5, 1.5, (n, 40))
    forecast = shop.forecast(
        index, mean, linear_dispersion=1.4, step_variance=0.2, level_variance=0.15
    )
    lanes = shop.lanes(
        n,
        lead_time=rng.integers(0, 8, n),
        review=rng.integers(1, 6, n),
        lead_time_sd=rng.choice([0, 1.5], n),
        moq=rng.choice([0, 0, 12], n),
        multiple=rng.choice([1, 1, 6], n),
    )
    arrivals = [(i, int(rng.integers(1, 9)), float(rng.integers(1, 9))) for i in range(0, n, 2)]
    stock = shop.stock(n, rng.poisson(4 * mean[:, 0]), arrivals)
    network = shop.network(
        index, lanes, holding_cost=rng.uniform(0.01, 1, n), shortage_cost=rng.uniform(0.5, 9, n)
    )
    return forecast, network, stock


def units_of(plan, n):
    out = np.zeros(n)
    out[plan.orders.series] = plan.orders.units
    out[plan.transfers.series] += plan.transfers.units
    return out


def with_lanes(network, **changes):
    return replace(network, lanes=replace(network.lanes, **changes))


def test_without_stock_outs_the_order_is_the_exact_critical_quantile(shop):
    """Arrow, Harris & Marschak: order up to the p / (p + h) quantile of L + R periods."""
    index = shop.index(5)
    mean = np.array([0.4, 2.0, 5.0, 20.0, 80.0])
    held = np.ceil(stats.poisson.ppf(0.99999, 2 * mean))
    plan = plan_night(shop.forecast(index, mean), shop.network(index), shop.stock(5, held), PARAMS)
    target = stats.poisson.ppf(4 / (4 + CARRY), np.float32(3 * mean))
    np.testing.assert_array_equal(plan.policy.order_up_to, target)
    np.testing.assert_array_equal(units_of(plan, 5), np.maximum(target - held, 0))


def test_empty_shop_orders_for_the_periods_that_the_order_alone_serves(shop):
    """With nothing to sell until the arrival, demand before it is lost and not ordered for."""
    index = shop.index(3)
    mean = np.array([2.0, 10.0, 40.0])
    plan = plan_night(shop.forecast(index, mean), shop.network(index), shop.stock(3), PARAMS)
    target = stats.poisson.ppf(4 / (4 + CARRY), mean)
    assert (np.abs(units_of(plan, 3) - target) <= np.maximum(1, 0.05 * target)).all()
    assert (plan.policy.order_up_to > 2 * target).all()


def test_ten_times_the_units_gives_ten_times_the_plan(many):
    forecast, network, stock = many
    small = plan_night(forecast, network, stock, PARAMS)
    lanes, items = network.lanes, network.items
    big = replace(
        with_lanes(
            network,
            moq=lanes.moq * 10,
            multiple=lanes.multiple * 10,
            unit_cost=lanes.unit_cost / 10,
        ),
        items=replace(
            items,
            holding_cost=items.holding_cost / 10,
            shortage_cost=items.shortage_cost / 10,
            unit_cost=items.unit_cost / 10,
        ),
    )
    tenfold = replace(stock, on_hand=stock.on_hand * 10, arrival_units=stock.arrival_units * 10)
    plan = plan_night(forecast.scaled(10), big, tenfold, PARAMS)
    np.testing.assert_allclose(plan.policy.order_up_to, 10 * small.policy.order_up_to, rtol=1e-5)
    np.testing.assert_array_equal(plan.orders.series, small.orders.series)
    np.testing.assert_allclose(plan.orders.units, 10 * small.orders.units)


@pytest.mark.parametrize("share", [1.1, 2.0, 5.0])
def test_more_own_stock_never_orders_more(many, share):
    forecast, network, stock = many
    n = len(stock.on_hand)
    before = units_of(plan_night(forecast, network, stock, PARAMS), n)
    more = replace(stock, on_hand=np.round(stock.on_hand * share))
    assert (units_of(plan_night(forecast, network, more, PARAMS), n) <= before).all()


def test_a_longer_lead_time_never_lowers_order_up_to(many):
    forecast, network, stock = many
    before = plan_night(forecast, network, stock, PARAMS).policy
    longer = with_lanes(network, lead_time=2 * network.lanes.lead_time)
    after = plan_night(forecast, longer, stock, PARAMS).policy
    assert (after.order_up_to >= before.order_up_to).all()


def test_a_dearer_shortage_never_lowers_order_up_to(many):
    forecast, network, stock = many
    before = plan_night(forecast, network, stock, PARAMS).policy
    items = replace(network.items, shortage_cost=2 * network.items.shortage_cost)
    after = plan_night(forecast, replace(network, items=items), stock, PARAMS).policy
    assert (after.order_up_to >= before.order_up_to).all()


def test_blocks_and_memory_do_not_change_the_plan(many):
    forecast, network, stock = many
    whole = plan_night(forecast, network, stock, PARAMS)
    small = plan_night(forecast, network, stock, replace(PARAMS, cells=40_000))
    np.testing.assert_array_equal(whole.orders.units, small.orders.units)
    np.testing.assert_array_equal(whole.policy.money_at_risk, small.policy.money_at_risk)


def test_lines_add_up(many):
    plan = plan_night(*many, replace(PARAMS, budget=3000.0))
    lines = plan.orders
    assert len(lines.units)
    np.testing.assert_allclose(
        lines.units, lines.need + lines.yield_added + lines.rounding_added - lines.limit_cut
    )
    np.testing.assert_allclose(lines.value, lines.units * lines.unit_cost)
    assert lines.value.sum() <= 3000.0
    multiple = many[1].lanes.multiple[lines.lane]
    np.testing.assert_allclose(lines.units / multiple, np.rint(lines.units / multiple))
    assert (lines.units >= many[1].lanes.moq[lines.lane]).all()


@pytest.mark.parametrize("shortage", [4.0, 400.0])
@pytest.mark.parametrize("level", [0.6, 0.9, 0.95])
def test_a_cycle_service_level_is_the_quantile_bought(shop, level, shortage):
    """Whether money alone would buy less or more."""
    index = shop.index(3)
    mean = np.array([1.0, 6.0, 30.0])
    network = shop.network(index, service_level=level, shortage_cost=shortage)
    plan = plan_night(shop.forecast(index, mean), network, shop.stock(3, 2 * mean), PARAMS)
    np.testing.assert_array_equal(
        plan.policy.order_up_to, stats.poisson.ppf(level, np.float32(3 * mean))
    )


@pytest.mark.parametrize("shortage", [4.0, 400.0])
def test_a_fill_rate_is_the_smallest_level_that_reaches_it(shop, shortage):
    """Brute force over levels: E[(D3 - y)+] - E[(D2 - y)+] <= (1 - fill) E[D1]."""
    index = shop.index(1)
    forecast = shop.forecast(index, 6.0)
    network = shop.network(index, fill_rate=0.93, shortage_cost=shortage)
    plan = plan_night(forecast, network, shop.stock(1, 9), PARAMS)

    def short(y):
        demand = np.arange(200)
        return sum(
            sign * (np.maximum(demand - y, 0) * stats.poisson.pmf(demand, rate)).sum()
            for sign, rate in ((1, 18.0), (-1, 12.0))
        )

    wanted = next(y for y in range(100) if short(y) <= 0.07 * 6)
    assert plan.policy.order_up_to[0] == wanted


def test_goods_that_may_not_be_ordered_are_not(shop):
    index = shop.index(6)
    lanes = shop.lanes(6, open_tonight=[True, True, True, False, True, True])
    network = shop.network(
        index,
        lanes,
        stock_mode=[True, False, True, True, True, True],
        ends=[2**40, 2**40, shop.origin + 2, 2**40, shop.origin + 3, 2**40],
    )
    stock = replace(shop.stock(6), known=np.array([True, True, True, True, True, False]))
    said = Overrides.none(6, 60)
    plan = plan_night(shop.forecast(index, 9.0), network, stock, PARAMS, said)
    assert plan.orders.series.tolist() == [0, 4]
    blocked = replace(said, blocked=np.array([True] + [False] * 5))
    plan = plan_night(shop.forecast(index, 9.0), network, stock, PARAMS, blocked)
    assert plan.orders.series.tolist() == [4]


@pytest.mark.parametrize("held", [0.0, 3.0, 20.0, 50.0])
def test_a_target_of_a_planner_is_published_as_it_was_said(shop, held):
    """Also where sales will be lost before the arrival, which need no stock and raise no target;
    packs of 8 round the order, and the line says by how much.
    """
    index = shop.index(1)
    network = shop.network(index, shop.lanes(1, multiple=8.0))
    said = replace(Overrides.none(1, 60), target=np.array([30.0]))
    plan = plan_night(shop.forecast(index, 9.0), network, shop.stock(1, held), PARAMS, said)
    assert plan.policy.order_up_to.tolist() == [30.0]
    assert plan.orders.need.tolist() == [30.0 - held] * (held < 30)
    whole = 8 * np.arange(10)
    for line in range(len(plan.orders.units)):
        assert plan.orders.target[line] == plan.orders.demand_bought[line] == 30.0
        units, added = plan.orders.units[line], plan.orders.rounding_added[line]
        assert units in whole
        assert units == 30.0 - held + added


def test_the_end_of_life_caps_the_order(shop):
    """What cannot be sold any more is lost, so the last order is smaller than in mid-life."""
    index = shop.index(2)
    network = shop.network(
        index,
        shop.lanes(2, review=4),
        ends=[shop.origin + 4, 2**40],
        holding_cost=0.01,
        unit_cost=10.0,
    )
    units = units_of(plan_night(shop.forecast(index, 9.0), network, shop.stock(2), PARAMS), 2)
    assert units[0] < 0.55 * units[1]
    level = stats.poisson.ppf(4 / (4 + 10), 18.0)
    assert abs(units[0] - level) <= 2


def test_a_minimum_order_is_taken_only_when_it_pays(shop):
    """(R, nQ): with ample time to wait, order Q at need x when G(-x) > G(Q - x)."""
    index = shop.index(1)
    forecast = shop.forecast(index, 5.0)
    held = np.arange(16, 26)
    ordered = []
    for on_hand in held:
        lanes = shop.lanes(1, moq=12.0)
        plan = plan_night(
            forecast, shop.network(index, lanes), shop.stock(1, float(on_hand)), PARAMS
        )
        ordered.append(units_of(plan, 1)[0])
    demand = np.arange(200)
    pmf = stats.poisson.pmf(demand, 15.0)

    def cost(y):
        held_units = np.maximum(y - demand, 0) * CARRY
        return (pmf * (held_units + 4 * np.maximum(demand - y, 0))).sum()

    wanted = [12.0 if cost(y) > cost(y + 12) else 0.0 for y in held]
    assert ordered == wanted


def test_a_minimum_beyond_all_demand_is_a_finding_and_no_order(shop):
    index = shop.index(1)
    plan = plan_night(
        shop.forecast(index, 0.02),
        shop.network(index, shop.lanes(1, moq=500.0), shortage_cost=900.0, holding_cost=1e-6),
        shop.stock(1),
        PARAMS,
    )
    assert len(plan.orders.units) == 0
    assert [finding.code for finding in plan.findings] == ["MOQ_TOO_LARGE"]


def test_a_price_break_is_taken_when_it_pays_for_the_holding(shop):
    index = shop.index(2)
    breaks = {"break_start": [0, 1, 2], "break_units": [30, 30], "break_cost": [9.0, 9.99]}
    network = shop.network(index, shop.lanes(2, **breaks), holding_cost=0.05)
    plan = plan_night(shop.forecast(index, 10.0), network, shop.stock(2, 22.0), PARAMS)
    assert plan.orders.units[0] == 30
    assert plan.orders.unit_cost[0] == 9.0
    assert plan.orders.units[1] < 30


def test_a_minimum_in_money_is_met_at_the_price_of_the_break(shop):
    """At 10 each 101 units would do; from 100 units on they cost 9, and only 112 reach 1005."""
    index = shop.index(1)
    breaks = {"break_start": [0, 1], "break_units": [100], "break_cost": [9.0]}
    network = shop.network(
        index, shop.lanes(1, **breaks), holding_cost=0.01, min_order_value=1005.0
    )
    plan = plan_night(shop.forecast(index, 10.0), network, shop.stock(1, 5.0), PARAMS)
    assert plan.orders.unit_cost.tolist() == [9.0]
    assert plan.orders.value[0] >= 1005.0
    assert plan.orders.units[0] == 112


def test_targets_and_quantities_of_planners_replace_the_computed_ones(shop):
    index = shop.index(3)
    said = replace(
        Overrides.none(3, 60),
        target=np.array([50.0, np.nan, np.nan]),
        order_units=np.array([np.nan, 33.0, np.nan]),
        order_frozen=np.array([np.nan, np.nan, 7.0]),
    )
    plan = plan_night(
        shop.forecast(index, 5.0), shop.network(index), shop.stock(3, 9.0), PARAMS, said
    )
    assert plan.orders.units.tolist() == [41.0, 33.0, 7.0]
    assert set(plan.orders.reason) == {"PLANNER"}


def test_frozen_lines_that_break_a_limit_are_named(shop):
    index = shop.index(2)
    said = replace(Overrides.none(2, 60), order_frozen=np.array([np.nan, 7.0]))
    arguments = (shop.forecast(index, 5.0), shop.network(index), shop.stock(2))
    with pytest.raises(
        InfeasiblePlanError,
        match=r"BUDGET with frozen lines: 1 \(sku00001 at shop 7\); uses 70 of 69; raise",
    ):
        plan_night(*arguments, replace(PARAMS, budget=69.0), said)
    packs = (arguments[0], shop.network(index, shop.lanes(2, multiple=4.0)), arguments[2])
    with pytest.raises(InfeasiblePlanError, match="no whole number of lots"):
        plan_night(*packs, PARAMS, said)


def test_a_frozen_line_below_the_smallest_order_is_named(shop):
    index = shop.index(1)
    said = replace(Overrides.none(1, 60), order_frozen=np.array([7.0]))
    network = shop.network(index, shop.lanes(1, moq=8.0))
    with pytest.raises(InfeasiblePlanError, match="below the lane's smallest order"):
        plan_night(shop.forecast(index, 5.0), network, shop.stock(1), PARAMS, said)


def test_frozen_lines_wait_for_the_order_day_and_for_the_block(shop):
    """A supplier gets no line on a day on which it takes no order, a blocked key never."""
    index = shop.index(3)
    said = replace(
        Overrides.none(3, 60),
        order_frozen=np.full(3, 7.0),
        blocked=np.array([False, True, False]),
    )
    network = shop.network(index, shop.lanes(3, open_tonight=[False, True, True]))
    plan = plan_night(shop.forecast(index, 5.0), network, shop.stock(3), PARAMS, said)
    assert plan.orders.series.tolist() == [2]
    assert plan.orders.units.tolist() == [7.0]


def test_no_budget_and_no_capacity_give_an_empty_plan_with_findings(shop):
    index = shop.index(3)
    forecast, stock = shop.forecast(index, 5.0), shop.stock(3)
    plan = plan_night(forecast, shop.network(index), stock, replace(PARAMS, budget=0.0))
    assert len(plan.orders.units) == 0
    assert [f.message["limit"] for f in plan.findings] == ["BUDGET"] * 3
    plan = plan_night(forecast, shop.network(index, inbound_capacity=0.0), stock, PARAMS)
    assert len(plan.orders.units) == 0
    assert [f.message["limit"] for f in plan.findings] == ["CAPACITY"] * 3


def test_arguments_of_different_series_are_refused(shop):
    index = shop.index(3)
    with pytest.raises(DataError, match="same series"):
        plan_night(shop.forecast(index, 5.0), shop.network(index), shop.stock(2), PARAMS)


def test_a_shop_without_lanes_has_no_lines(shop):
    index = shop.index(2)
    lanes = shop.lanes(2, series=np.zeros(0, int))
    plan = plan_night(shop.forecast(index, 5.0), shop.network(index, lanes), shop.stock(2), PARAMS)
    assert len(plan.orders.units) == 0
    assert plan.policy.lane.tolist() == [-1, -1]


def test_money_buys_no_more_than_the_cap_and_a_level_asked_for_is_not_capped(shop):
    """Quantiles of a Poisson with mean 12 over L + R = 3 periods."""
    index = shop.index(2)
    levels = {"service_level": [np.nan, 0.995], "shortage_cost": 1e5, "holding_cost": 1e-3}
    network = shop.network(index, **levels)
    arguments = shop.forecast(index, 4.0), network, shop.stock(2, 30.0)
    policy = plan_night(*arguments, replace(PARAMS, level_cap=0.98)).policy
    np.testing.assert_array_equal(policy.order_up_to, stats.poisson.ppf([0.98, 0.995], 12))
    free = plan_night(*arguments, replace(PARAMS, level_cap=0.998)).policy
    assert free.order_up_to[0] == stats.poisson.ppf(0.998, 12)
    # What is left of 30 units at the arrival of tonight's order is far above the capped level.
    assert len(plan_night(*arguments, PARAMS).orders.units) == 0


@pytest.mark.parametrize("held", [0.0, 1.0, 2.0])
def test_the_cap_leaves_a_rare_seller_its_first_unit_and_no_second(shop, held):
    """Even no stock at all keeps a level of .98 here: demand is one unit in 170 periods."""
    index = shop.index(1)
    network = shop.network(index, shortage_cost=900.0, holding_cost=1e-4)
    futures = replace(PARAMS, paths=1024)
    plan = plan_night(shop.forecast(index, 0.006), network, shop.stock(1, held), futures)
    assert plan.orders.units.sum() == max(1.0 - held, 0.0)
    assert plan.policy.order_up_to[0] == 1.0
