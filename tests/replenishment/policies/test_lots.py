"""Economic order quantities and joint cycles against stockpyl, search and the book's examples."""

import itertools

import numpy as np
import pytest
from stockpyl import eoq as oracle

from replenishment.policies.joint import JointTerms, goyal_cycle, silver_cycle
from replenishment.policies.lots import (
    LotTerms,
    PriceSteps,
    economic_order_quantity,
    with_all_units_discount,
    with_incremental_discount,
    with_planned_backorders,
    with_production_rate,
)
from stockwright.errors import DataError


def random_terms(n=30, seed=1):
    rng = np.random.default_rng(seed)
    return LotTerms(rng.uniform(1, 90, n), rng.uniform(0.1, 4, n), rng.uniform(5, 3000, n)), rng


def test_lot_sizes_equal_those_of_stockpyl():
    terms, rng = random_terms()
    price = rng.uniform(0.5, 20, len(terms))
    rate = terms.demand_rate * rng.uniform(1.1, 5, len(terms))
    plain, waiting = economic_order_quantity(terms), with_planned_backorders(terms, price)
    made = with_production_rate(terms, rate)
    for i in range(len(terms)):
        k, h, d = terms.fixed_cost[i], terms.holding_cost[i], terms.demand_rate[i]
        ours = plain.quantity[i], plain.cost[i]
        assert ours == pytest.approx(oracle.economic_order_quantity(k, h, d))
        ours = waiting.quantity[i], waiting.stockout_share[i], waiting.cost[i]
        theirs = oracle.economic_order_quantity_with_backorders(k, h, price[i], d)
        assert ours == pytest.approx(theirs)
        ours = made.quantity[i], made.cost[i]
        assert ours == pytest.approx(oracle.economic_production_quantity(k, h, d, rate[i]))


def random_steps(rng, n, steps):
    breaks = np.cumsum(rng.integers(20, 400, (n, steps)), axis=1)
    breaks = np.concatenate([np.zeros((n, 1)), breaks[:, :-1]], axis=1)
    costs = -np.sort(-rng.uniform(0.5, 3, (n, steps)), axis=1)
    return PriceSteps(breaks, costs)


@pytest.mark.parametrize("steps", [1, 2, 3, 5])
def test_discounted_lots_equal_those_of_stockpyl(steps):
    rng = np.random.default_rng(steps)
    n = 25
    fixed, rate, demand = rng.uniform(2, 60, n), rng.uniform(0.1, 0.4, n), rng.uniform(50, 2000, n)
    prices = random_steps(rng, n, steps)
    for ours, theirs in (
        (with_all_units_discount, oracle.economic_order_quantity_with_all_units_discounts),
        (with_incremental_discount, oracle.economic_order_quantity_with_incremental_discounts),
    ):
        found = ours(fixed, rate, demand, prices)
        for i in range(n):
            breaks, costs = prices.breakpoints[i].tolist(), prices.unit_costs[i].tolist()
            quantity, _, cost = theirs(fixed[i], rate[i], demand[i], breaks, costs)
            assert (found.quantity[i], found.cost[i]) == pytest.approx((quantity, cost))


def test_a_step_that_does_not_exist_changes_nothing():
    two = PriceSteps([0, 300], [1.0, 0.9])
    padded = PriceSteps([0, 300, np.inf], [1.0, 0.9, 0.9])
    for rule in (with_all_units_discount, with_incremental_discount):
        assert rule(9, 0.2, 700, padded).cost[0] == pytest.approx(rule(9, 0.2, 700, two).cost[0])


@pytest.mark.parametrize(("breaks", "costs"), [
    ([1, 5], [2, 1]), ([0, 5, 5], [3, 2, 1]), ([0, 5], [1, 2]), ([0, 5], [1]), ([0, 5], [1, 0]),
])  # fmt: skip
def test_price_steps_out_of_order_are_refused(breaks, costs):
    with pytest.raises(DataError):
        PriceSteps(breaks, costs)


def test_rates_and_costs_out_of_range_are_refused():
    with pytest.raises(DataError, match="demand_rate"):
        LotTerms(1, 1, [3, 0])
    with pytest.raises(DataError, match="production_rate"):
        with_production_rate(LotTerms(1, 1, 5), 5)


def test_silvers_cycle_equals_that_of_stockpyl_group_by_group():
    rng = np.random.default_rng(8)
    sizes = [2, 5, 3]
    group = np.repeat(np.arange(3), sizes)
    n = len(group)
    shared = rng.uniform(5, 50, 3)
    terms = JointTerms(group, shared, rng.uniform(1, 9, n), rng.uniform(0.1, 2, n),
                       rng.uniform(20, 900, n))  # fmt: skip
    found = silver_cycle(terms)
    for g in range(3):
        at = group == g
        _, cycle, multiples, cost = oracle.joint_replenishment_problem_silver_heuristic(
            shared[g], *(v[at].tolist() for v in (terms.fixed_cost, terms.holding_cost,
                                                  terms.demand_rate)),
        )  # fmt: skip
        assert found.cycle[g] == pytest.approx(cycle)
        assert found.multiples[at].tolist() == list(multiples)
        assert found.cost[g] == pytest.approx(cost)


def test_the_enumerated_cycle_is_the_best_of_all_multiples():
    rng = np.random.default_rng(9)
    for _ in range(10):
        fixed, holding = rng.uniform(0.5, 30, 4), rng.uniform(0.1, 2, 4)
        rate, shared = rng.uniform(5, 900, 4), rng.uniform(1, 20)
        best = min(
            np.sqrt(2 * (shared + (fixed / k).sum()) * (holding * rate * k).sum())
            for k in map(np.array, itertools.product(range(1, 13), repeat=4))
        )
        found = goyal_cycle(JointTerms.of_one_group(shared, fixed, holding, rate))
        if found.multiples.max() < 13:
            assert found.cost[0] == pytest.approx(best)
        else:
            assert found.cost[0] < best
