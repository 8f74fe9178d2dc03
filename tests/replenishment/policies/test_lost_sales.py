"""Lost sales: the exact evaluator, the optimum, and the rules with a parameter or two."""

import numpy as np
import pytest

from replenishment.policies.averages import AverageParams
from replenishment.policies.counts import CountDemand
from replenishment.policies.lost_sales import LostSales, average_cost
from replenishment.policies.lost_sales_optimum import optimal_rule
from replenishment.policies.lost_sales_rules import (
    BaseStockRule,
    CappedBaseStockRule,
    ProjectedLevelRule,
    backorder_target,
    best_base_stock,
    best_capped_base_stock,
    best_projected_level,
    best_rule,
    expected_at_arrival,
)
from replenishment.simulate import ShopState, ShopTerms, simulate
from stockwright.errors import ConfigError, DataError


def poisson(mean, lead_time, shortage, holding=1.0):
    return LostSales(CountDemand.poisson(mean), lead_time, holding, shortage)


RULES = {
    "base-stock": BaseStockRule(9),
    "capped": CappedBaseStockRule(9, 2),
    "lots of three": lambda on_hand, pipeline: 3 * (on_hand + pipeline.sum(axis=1) <= 5),
}


@pytest.mark.parametrize("lead_time", [0, 1, 2])
@pytest.mark.parametrize("name", RULES)
def test_the_exact_cost_is_what_the_simulated_shop_costs(name, lead_time):
    item, rule = poisson(2.0, lead_time, 7.0), RULES[name]
    n, periods, warm = 400, 600, 50

    def order(period, state):
        whole = state.pipeline[:, :lead_time].astype(int)
        return rule(state.on_hand.astype(int), whole).astype(float)

    demand = np.random.default_rng(1).poisson(2.0, (n, periods)).astype(float)
    terms = ShopTerms.same(n, lead_time, 1.0, 7.0)
    run = simulate(demand, order, terms, ShopState.of(np.full(n, 6.0), lead_time + 1))
    means = run.cost[:, warm:].mean(axis=1)
    exact = average_cost(item, rule)
    assert means.mean() == pytest.approx(exact.cost, abs=4 * means.std() / np.sqrt(n))
    assert exact.cost == pytest.approx(exact.left + 7.0 * exact.lost)


def test_a_base_stock_without_lead_time_costs_what_the_newsvendor_does():
    item = poisson(6.0, 0, 4.0)
    demand = np.arange(60)
    pmf = CountDemand.poisson(6.0).pmf[0][:60]
    by_hand = [
        pmf @ (np.maximum(s - demand[: len(pmf)], 0) + 4 * np.maximum(demand[: len(pmf)] - s, 0))
        for s in range(20)
    ]
    for target in (3, 8, 12):
        assert average_cost(item, BaseStockRule(target)).cost == pytest.approx(by_hand[target])
    assert best_base_stock(item).rule.target == np.argmin(by_hand)
    assert optimal_rule(item).cost == pytest.approx(min(by_hand))


@pytest.mark.parametrize("lead_time", [1, 2, 3])
def test_showing_the_next_arrival_as_stock_changes_no_cost_of_rules_that_add_the_two(lead_time):
    item = poisson(1.5, lead_time, 9.0)
    for rule in (BaseStockRule(8), ProjectedLevelRule(item.demand, 3.0)):
        merged, full = (average_cost(item, rule, merged) for merged in (True, False))
        assert full.cost == pytest.approx(merged.cost, rel=1e-8)
        assert full.states >= merged.states


def test_a_rule_that_tells_stock_from_arrivals_is_evaluated_as_it_is():
    item = poisson(1.5, 1, 9.0)

    def rule(on_hand, pipeline):
        return 2 * (on_hand <= 1)

    periods, state, cost = 400_000, (0, 0), 0.0
    demand = np.random.default_rng(3).poisson(1.5, periods)
    for sold in demand.tolist():
        order = 2 * (state[0] <= 1)
        there = state[0] + state[1]
        cost += max(there - sold, 0) + 9 * max(sold - there, 0)
        state = (max(there - sold, 0), order)
    assert average_cost(item, rule, merged=False).cost == pytest.approx(cost / periods, rel=0.01)


@pytest.mark.parametrize(("lead_time", "shortage"), [(0, 4), (1, 4), (1, 30), (2, 9), (3, 9)])
def test_the_optimal_cost_is_that_of_its_own_orders_and_of_a_wider_search(lead_time, shortage):
    item = poisson(2.5, lead_time, shortage)
    best = optimal_rule(item)
    assert average_cost(item, best).cost == pytest.approx(best.cost, rel=1e-7)
    assert optimal_rule(item, slack=3).cost == pytest.approx(best.cost, rel=1e-7)


@pytest.mark.parametrize("demand", [
    CountDemand.geometric(3.0), CountDemand.uniform(1, 4), CountDemand([[0.5, 0, 0, 0.3, 0.2]]),
])  # fmt: skip
def test_no_rule_beats_the_optimum_and_the_best_of_each_kind_beats_its_neighbors(demand):
    item = LostSales(demand, 2, 1.0, 6.0)
    optimum = optimal_rule(item).cost
    base, level = best_base_stock(item), best_projected_level(item)
    capped = best_capped_base_stock(item)
    for chosen in (base, level, capped):
        assert chosen.run.cost >= optimum - 1e-6
    assert capped.run.cost <= base.run.cost + 1e-9
    targets = range(int(demand.mean()[0]), 25)
    assert base.run.cost == pytest.approx(
        min(average_cost(item, BaseStockRule(t)).cost for t in targets)
    )
    assert best_rule(item).run.cost == min(level.run.cost, capped.run.cost)


@pytest.mark.parametrize("shortage", [4, 14, 29, 99])
@pytest.mark.parametrize(("mean", "lead_time"), [(2.0, 1), (5.0, 1), (10.0, 2), (3.0, 3)])
def test_the_better_rule_is_within_one_percent_of_the_optimum(mean, lead_time, shortage):
    item = poisson(mean, lead_time, shortage)
    assert best_rule(item).run.cost <= 1.01 * optimal_rule(item).cost


@pytest.mark.parametrize("lead_time", [2, 3])
def test_the_backorder_formula_is_further_from_the_optimum_the_longer_the_lead_time(lead_time):
    def excess(lead):
        item = poisson(5.0, lead, 9.0)
        cost = average_cost(item, BaseStockRule(backorder_target(item))).cost
        return cost / optimal_rule(item).cost - 1

    assert excess(lead_time) > max(excess(lead_time - 1), 0.01)


def test_the_projection_is_the_mean_of_simulated_futures():
    rng = np.random.default_rng(5)
    on_hand, pipeline = rng.integers(0, 8, 6), rng.integers(0, 6, (6, 3))
    demand = CountDemand.poisson(4.0)
    stock = np.repeat(on_hand[:, None], 40_000, axis=1)
    for period in range(3):
        there = stock + pipeline[:, period, None]
        stock = np.maximum(there - rng.poisson(4.0, stock.shape), 0)
    projected = expected_at_arrival(demand, on_hand, pipeline)
    np.testing.assert_allclose(projected, stock.mean(axis=1), atol=0.05)


def test_orders_that_are_no_orders_are_refused():
    item = poisson(2.0, 1, 4.0)
    for wrong in (-1, 0.5):
        with pytest.raises(DataError, match="whole"):
            average_cost(item, lambda on_hand, pipeline, w=wrong: np.full(len(on_hand), w))
    with pytest.raises(DataError, match="one per state"):
        average_cost(item, lambda on_hand, pipeline: np.zeros(7))
    with pytest.raises(DataError, match="states"):
        average_cost(item, BaseStockRule(30), params=AverageParams(states=20))


def test_terms_out_of_range_are_refused_together():
    with pytest.raises(ConfigError, match=r"lead_time.*holding.*shortage"):
        LostSales(CountDemand.poisson(1.0), -1, 0.0, 0.0)
