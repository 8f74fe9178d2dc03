"""Shared limits against brute force, and the known budget case."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from replenishment import PlanParams, plan_night
from stockwright.overrides import Overrides

PARAMS = PlanParams(paths=256)


def newsvendor_shop(shop, rates, margin, cost, loss, moq=0.0, **changes):
    """Keys with L = 0 and R = 1 and no stock: the single-period newsvendor."""
    n = len(rates)
    index = shop.index(n)
    lanes = shop.lanes(
        n,
        lead_time=0,
        unit_cost=cost,
        moq=moq,
        **{k: changes.pop(k) for k in ("source",) if k in changes},
    )
    network = shop.network(index, lanes, holding_cost=loss, shortage_cost=margin, **changes)
    return shop.forecast(index, rates, horizon=4), network, shop.stock(n)


def poisson_profit(rate, margin, loss, units):
    demand = np.arange(200)
    pmf = stats.poisson.pmf(demand, rate)
    sold = np.minimum(demand, units)
    return (pmf * (margin * sold - loss * (units - sold))).sum()


def units_of(plan, n):
    out = np.zeros(n, int)
    out[plan.orders.series] = plan.orders.units
    return out.tolist()


def best_by_brute_force(options, value, feasible):
    allowed = (units for units in itertools.product(*options) if feasible(units))
    return max(allowed, key=lambda units: sum(value(i, u) for i, u in enumerate(units)))


def test_the_known_budget_case(shop, known_answers):
    given, answer, tolerance = known_answers["budget-greedy"]
    cost, margin = np.array(given["cost"], float), np.array(given["margin"], float)
    loss = given["leftover_loss_share_of_cost"] * cost
    rates = np.array(given["demand_poisson"], float)
    arguments = newsvendor_shop(shop, rates, margin, cost, loss)
    assert units_of(plan_night(*arguments, PARAMS), 3) == answer["unconstrained"]
    plan = plan_night(*arguments, replace(PARAMS, budget=given["budget"]))
    units = units_of(plan, 3)
    assert units == answer["units"]
    assert plan.orders.value.sum() == answer["spend"]
    profit = sum(map(poisson_profit, rates, margin, loss, units))
    assert profit == pytest.approx(answer["profit"], rel=tolerance)
    assert plan.limits["BUDGET.shadow_price"] > 0


@pytest.mark.parametrize("budget", [0, 7, 20, 33, 47, 60, 90])
def test_a_budget_is_spent_as_brute_force_would(shop, budget):
    rates = np.array([2.0, 3.0, 1.0, 4.0])
    margin = np.array([6.0, 3.0, 14.0, 2.0])
    cost = np.array([7.0, 5.0, 11.0, 3.0])
    loss = 0.2 * cost
    arguments = newsvendor_shop(shop, rates, margin, cost, loss)
    free = units_of(plan_night(*arguments, PARAMS), 4)
    wanted = best_by_brute_force(
        [range(u + 1) for u in free],
        lambda i, u: poisson_profit(rates[i], margin[i], loss[i], u),
        lambda units: np.dot(units, cost) <= budget,
    )
    got = units_of(plan_night(*arguments, replace(PARAMS, budget=float(budget))), 4)
    worth = [sum(map(poisson_profit, rates, margin, loss, units)) for units in (got, wanted)]
    assert np.dot(got, cost) <= budget
    assert worth[0] == pytest.approx(worth[1], rel=2e-3)


def test_capacity_is_shared_by_worth_and_scheduled_arrivals_take_their_part(shop):
    rates, margin = np.array([4.0, 4.0, 4.0]), np.array([9.0, 3.0, 1.0])
    forecast, network, _ = newsvendor_shop(
        shop, rates, margin, np.ones(3), np.full(3, 0.2), inbound_capacity=10.0
    )
    stock = shop.stock(3, 0.0, [(2, 1, 2.0)])
    plan = plan_night(forecast, network, stock, PARAMS)
    assert plan.orders.units.sum() == 8
    wanted = best_by_brute_force(
        [range(10)] * 3,
        lambda i, u: poisson_profit(rates[i], margin[i], 0.2, u + (2 if i == 2 else 0)),
        lambda units: sum(units) <= 8,
    )
    assert units_of(plan, 3) == list(wanted)
    assert set(plan.orders.binding) == {"CAPACITY"}


def test_a_supplier_minimum_is_met_or_nothing_is_ordered(shop):
    rates = np.array([4.0, 2.0])
    for minimum, ordered in ((10.0, True), (400.0, False)):
        forecast, network, stock = newsvendor_shop(
            shop, rates, np.full(2, 5.0), np.ones(2), np.full(2, 0.1), min_order_units=minimum
        )
        plan = plan_night(forecast, network, stock, PARAMS)
        assert (plan.orders.units.sum() >= minimum) if ordered else len(plan.orders.units) == 0
        if not ordered:
            assert [f.message["limit"] for f in plan.findings] == ["SUPPLIER_MINIMUM"] * 2


@pytest.mark.parametrize("minimum", [6.0, 18.0])
@pytest.mark.parametrize(
    ("code", "budget", "capacity"),
    [("BUDGET", 3.0, np.inf), ("CAPACITY", np.inf, 3.0), ("SUPPLIER_MINIMUM", 3.0, 3.0)],
)
def test_the_limit_that_pushes_a_supplier_below_its_minimum_is_named(
    shop, minimum, code, budget, capacity
):
    """Without the limit the minimum, met at once or filled up, is met; 400 never is."""
    least = 400.0 if code == "SUPPLIER_MINIMUM" else minimum
    arguments = newsvendor_shop(
        shop, np.array([4.0, 2.0]), np.full(2, 5.0), np.ones(2), np.full(2, 0.1),
        min_order_units=least, inbound_capacity=capacity,
    )  # fmt: skip
    free = newsvendor_shop(
        shop, np.array([4.0, 2.0]), np.full(2, 5.0), np.ones(2), np.full(2, 0.1),
        min_order_units=least,
    )  # fmt: skip
    assert bool(plan_night(*free, PARAMS).orders.units.sum()) == (code != "SUPPLIER_MINIMUM")
    plan = plan_night(*arguments, replace(PARAMS, budget=budget))
    assert len(plan.orders.units) == 0
    assert [f.message["limit"] for f in plan.findings] == [code] * 2


def test_a_minimum_is_filled_with_even_cover(shop):
    """Buying ahead costs h e^2 / (2 rate): the fast mover takes more of what is added."""
    rates = np.array([20.0, 2.0])
    forecast, network, stock = newsvendor_shop(
        shop, rates, np.full(2, 5.0), np.ones(2), np.full(2, 0.1), min_order_value=110.0
    )
    units = units_of(plan_night(forecast, network, stock, PARAMS), 2)
    assert sum(units) == 110
    assert 0.5 < (units[0] / 20) / (units[1] / 2) < 2


def test_a_line_that_a_minimum_raises_says_so(shop):
    rates = np.array([20.0, 2.0])
    for least, named in ((0.0, {""}), (110.0, {"RAISED_TO_MINIMUM"})):
        forecast, network, stock = newsvendor_shop(
            shop, rates, np.full(2, 5.0), np.ones(2), np.full(2, 0.1), min_order_value=least
        )
        lines = plan_night(forecast, network, stock, PARAMS).orders
        assert set(lines.binding) == named
        assert (
            lines.need + lines.yield_added + lines.rounding_added - lines.limit_cut == lines.units
        ).all()


@pytest.mark.parametrize("budget", [12.0, 18.0, 25.0, 40.0])
def test_suppliers_are_chosen_under_a_budget_as_brute_force_would(shop, budget):
    rates = np.array([3.0, 2.0, 3.0, 1.0])
    margin = np.array([5.0, 6.0, 4.0, 9.0])
    cost, loss = np.array([2.0, 3.0, 2.0, 4.0]), np.full(4, 0.4)
    supplier = np.array([0, 0, 1, 1])
    minima = np.array([10.0, 9.0])
    arguments = newsvendor_shop(
        shop, rates, margin, cost, loss, source=supplier, names=("a", "b"),
        min_order_value=minima,
    )  # fmt: skip
    free = units_of(plan_night(*arguments, PARAMS), 4)

    def feasible(units):
        value = np.bincount(supplier, units * cost, 2)
        return value.sum() <= budget and ((value == 0) | (value >= minima)).all()

    wanted = best_by_brute_force(
        [range(u + 1) for u in free],
        lambda i, u: poisson_profit(rates[i], margin[i], loss[i], u),
        lambda units: feasible(np.array(units)),
    )
    got = units_of(plan_night(*arguments, replace(PARAMS, budget=budget)), 4)
    assert feasible(np.array(got))
    worth = [sum(map(poisson_profit, rates, margin, loss, units)) for units in (got, wanted)]
    assert worth[0] >= 0.995 * worth[1]


def test_a_large_budget_problem_stays_within_a_hair_of_its_bound(shop):
    """The Lagrangian bound: worth of the plan plus price times unused budget is close to it."""
    rng = np.random.default_rng(3)
    n = 2000
    rates, cost = rng.uniform(0.5, 30, n), rng.uniform(1, 40, n)
    margin, loss = cost * rng.uniform(0.2, 1.5, n), 0.1 * cost
    arguments = newsvendor_shop(shop, rates, margin, cost, loss)
    free = plan_night(*arguments, PARAMS).orders.value.sum()
    budget = round(0.6 * free, 2)
    plan = plan_night(*arguments, replace(PARAMS, budget=budget))
    spent = plan.orders.value.sum()
    assert spent <= budget
    assert spent > budget - 1.0


@pytest.mark.parametrize(("least", "found"), [(100.0, ["BELOW_MINIMUM"]), (20.0, [])])
def test_frozen_lines_below_a_suppliers_minimum_are_ordered_and_named(shop, least, found):
    """Three frozen units that nobody needs, at 10 each; what they cost is named too."""
    index = shop.index(1)
    network = shop.network(index, shop.lanes(1, max_units=3.0), min_order_value=least)
    said = replace(Overrides.none(1, 60), order_frozen=np.array([3.0]))
    plan = plan_night(shop.forecast(index, 4.0), network, shop.stock(1, 900.0), PARAMS, said)
    assert plan.orders.units.tolist() == [3.0]
    codes = [finding.code for finding in plan.findings]
    assert codes == [*found, "OVERRIDE_COST"]
