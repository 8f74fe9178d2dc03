"""Known demand over time: against stockpyl, brute force, and the textbook's example."""

import itertools

import numpy as np
import pytest
from stockpyl.wagner_whitin import wagner_whitin as oracle

from replenishment.policies.known_demand import (
    KnownDemand,
    latest_build_up,
    plan_cost,
    silver_meal,
    wagner_whitin,
)
from replenishment.policies.lots import PriceSteps
from replenishment.policies.price_breaks import lots_with_price_breaks
from stockwright.errors import DataError


def random_instance(n, periods, seed):
    rng = np.random.default_rng(seed)
    demand = rng.integers(0, 120, (n, periods)) * (rng.random((n, periods)) < 0.8)
    return KnownDemand(demand, rng.uniform(5, 400, (n, 1)), rng.uniform(0.1, 3, (n, 1)))


def test_the_optimal_cost_is_that_of_stockpyl_and_of_its_own_orders():
    given = random_instance(40, 9, 1)
    plan = wagner_whitin(given)
    np.testing.assert_allclose(plan_cost(given, plan.orders), plan.cost)
    for i in range(40):
        if (given.demand[i] > 0).all():
            _, cost, _, _ = oracle(
                9, given.holding_cost[i, 0], given.fixed_cost[i, 0], given.demand[i].tolist()
            )
            assert plan.cost[i] == pytest.approx(cost)


@pytest.mark.parametrize("seed", range(5))
def test_no_choice_of_order_periods_is_cheaper_with_costs_that_change_over_time(seed):
    rng = np.random.default_rng(seed)
    demand = rng.integers(0, 9, (1, 6)) * 1.0
    given = KnownDemand(
        demand, rng.uniform(1, 20, (1, 6)), rng.uniform(0.1, 2, (1, 6)), rng.uniform(0, 3, (1, 6))
    )
    best = np.inf
    for chosen in itertools.product([False, True], repeat=6):
        orders, last = np.zeros((1, 6)), -1
        for period in range(6):
            last = period if chosen[period] else last
            if last >= 0:
                orders[0, last] += demand[0, period]
        best = min(best, plan_cost(given, orders)[0])
    assert wagner_whitin(given).cost[0] == pytest.approx(best)


def test_silver_meal_is_never_below_the_optimum_and_close_to_it():
    given = random_instance(300, 20, 2)
    rule, best = silver_meal(given), wagner_whitin(given)
    assert (rule.cost >= best.cost * (1 - 1e-12)).all()
    assert rule.cost.sum() < 1.1 * best.cost.sum()
    np.testing.assert_allclose(rule.orders.sum(axis=1), given.demand.sum(axis=1))


def test_silver_meal_finds_the_optimum_of_the_textbook_example():
    """Silver, Pyke & Thomas 2017, section 5.4: 501.20 with orders 84, 130, 283, 140, 124, ..."""
    demand = [[10, 62, 12, 130, 154, 129, 88, 52, 124, 160, 238, 41]]
    given = KnownDemand(demand, 54, 0.4)
    for plan in (silver_meal(given), wagner_whitin(given)):
        assert plan.cost[0] == pytest.approx(501.20)
        orders = plan.orders[0]
        assert orders[orders > 0].tolist() == [84, 130, 283, 140, 124, 160, 279]


@pytest.mark.parametrize("incremental", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_lots_with_price_breaks_are_the_best_of_all_orders(seed, incremental):
    rng = np.random.default_rng(seed)
    demand = rng.integers(0, 5, (3, 4)) * 1.0
    breaks = np.array([[0, 4, 9], [0, 3, np.inf], [0, 6, 8]])
    costs = np.array([[3, 2.5, 1.2], [2.0, 1.0, 1.0], [2, 1.9, 1.1]])
    given = KnownDemand(demand, rng.uniform(0, 6, (3, 1)), rng.uniform(0.05, 1, (3, 1)))
    steps = PriceSteps(breaks, costs)
    plan = lots_with_price_breaks(given, steps, incremental)
    for i in range(3):
        price = order_price(breaks[i], costs[i], incremental, 40)
        cost = brute_force(demand[i], given.fixed_cost[i, 0], given.holding_cost[i, 0], price)
        assert plan.cost[i] == pytest.approx(cost)
        orders = plan.orders[i].astype(int)
        left = np.cumsum(orders - demand[i])
        own = given.fixed_cost[i, 0] * (orders > 0).sum() + price[orders].sum()
        assert own + given.holding_cost[i, 0] * left.sum() == pytest.approx(plan.cost[i])


def order_price(breaks, costs, incremental, top):
    """Price of an order of 0 ... top units, unit by unit."""
    units = np.arange(1, top + 1)
    if incremental:
        own = np.array([costs[np.flatnonzero(breaks < u)[-1]] for u in units])
        return np.concatenate([[0], np.cumsum(own)])
    return np.concatenate([[0], [costs[np.flatnonzero(breaks <= u)[-1]] * u for u in units]])


def brute_force(demand, fixed, holding, price):
    def best(period, stock):
        if period == len(demand):
            return 0.0
        need = max(int(demand[period] - stock), 0)
        options = []
        for order in range(need, int(demand.sum()) + 10):
            left = stock + order - demand[period]
            if left <= demand.sum() + 9:
                now = fixed * (order > 0) + price[order] + holding * left
                options.append(now + cached(period + 1, int(left)))
        return min(options)

    memory = {}

    def cached(period, stock):
        if (period, stock) not in memory:
            memory[period, stock] = best(period, stock)
        return memory[period, stock]

    return cached(0, 0)


def test_without_breaks_price_steps_are_wagner_whitin():
    given = random_instance(20, 8, 3)
    plan = lots_with_price_breaks(given, PriceSteps([0], [2.0]))
    extra = 2.0 * given.demand.sum(axis=1)
    np.testing.assert_allclose(plan.cost, wagner_whitin(given).cost + extra)


def test_demand_that_is_not_whole_is_refused_by_price_breaks():
    with pytest.raises(DataError, match="whole"):
        lots_with_price_breaks(KnownDemand([[0.5]], 1, 1), PriceSteps([0], [1.0]))


def test_a_build_up_holds_the_least_stock_of_all_feasible_plans():
    rng = np.random.default_rng(4)
    for _ in range(20):
        demand, capacity = rng.integers(0, 5, 4), rng.integers(1, 5, 4)
        plans = itertools.product(*(range(c + 1) for c in capacity))
        held = [
            np.cumsum(np.array(p) - demand).sum()
            for p in plans
            if sum(p) == demand.sum() and (np.cumsum(np.array(p) - demand) >= 0).all()
        ]
        built = latest_build_up(demand, capacity)
        assert (built.short[0] == 0) == bool(held)
        if held:
            assert np.cumsum(built.production[0] - demand).sum() == min(held)


def test_terms_that_do_not_fit_are_refused():
    with pytest.raises(DataError, match="shape"):
        KnownDemand([[1, 2]], [1, 2, 3], 1)
    with pytest.raises(DataError, match="holding_cost"):
        KnownDemand([[1, 2]], 1, 0)
