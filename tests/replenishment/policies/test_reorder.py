"""(s, S), (R, s, S), min-max and (r, Q) against stockpyl, search and simulation."""

import numpy as np
import pytest
from stockpyl import rq, ss

from replenishment.policies.counts import CountDemand
from replenishment.policies.newsvendor import NormalDemand, StockCosts
from replenishment.policies.reorder import (
    ReorderTerms,
    best_reorder_levels,
    min_max,
    min_max_for_service,
    reorder_cost,
    service,
)
from replenishment.policies.reorder_quantity import (
    QuantityTerms,
    best_reorder_quantity_counts,
    best_reorder_quantity_normal,
    reorder_quantity_cost,
)
from replenishment.simulate import ShopState, ShopTerms, simulate
from stockwright.errors import DataError


def test_reorder_levels_equal_those_of_stockpyl():
    rng = np.random.default_rng(1)
    n = 12
    mean, holding = rng.uniform(1, 15, n), rng.uniform(0.5, 2, n)
    shortage, fixed = rng.uniform(3, 20, n), rng.uniform(1, 60, n)
    best = best_reorder_levels(ReorderTerms(CountDemand.poisson(mean), holding, shortage, fixed))
    for i in range(n):
        low, up, cost = ss.s_s_discrete_exact(holding[i], shortage[i], fixed[i], True, mean[i])
        assert (best.reorder_point[i], best.order_up_to[i]) == (low, up)
        assert best.cost[i] == pytest.approx(cost)


@pytest.mark.parametrize(("lead_time", "review"), [(0, 1), (3, 1), (2, 3)])
@pytest.mark.parametrize("fixed", [0.0, 4.0, 30.0])
def test_no_other_pair_of_levels_is_cheaper(fixed, lead_time, review):
    for demand in (
        CountDemand.geometric(1.5),
        CountDemand([[0.5, 0, 0, 0.2, 0.3]]),
        CountDemand([[0.0, 0.0, 1.0]]),
    ):
        terms = ReorderTerms(demand, 1.0, 6.0, fixed, lead_time, review)
        best = best_reorder_levels(terms)
        low, up = best.reorder_point[0], best.order_up_to[0]
        assert reorder_cost(terms, low, up)[0] == pytest.approx(best.cost[0])
        others = [
            reorder_cost(terms, s, t)[0]
            for s in range(low - 3, low + 4)
            for t in range(max(s + 1, up - 5), up + 6)
        ]
        assert best.cost[0] <= min(others) + 1e-9


@pytest.mark.parametrize(("lead_time", "review"), [(0, 1), (2, 1), (1, 3)])
def test_cost_and_service_are_those_of_the_simulated_shop(lead_time, review):
    low, up, n, periods = 9, 16, 300, 630
    terms = ReorderTerms(CountDemand.poisson(2.0), 1.0, 5.0, 12.0, lead_time, review)

    def order(period, state):
        position = state.position()
        due = (period % review == 0) & (position <= low)
        return np.where(due, up - position, 0.0)

    demand = np.random.default_rng(3).poisson(2.0, (n, periods)).astype(float)
    shop = ShopTerms.same(n, lead_time, 1.0, 5.0, lost_sales=False)
    run = simulate(demand, order, shop, ShopState.of(np.full(n, 12.0), lead_time + 1))
    first = 30
    means = (run.cost + 12.0 * (run.ordered > 0))[:, first:].mean(axis=1)
    exact = reorder_cost(terms, low, up)[0]
    assert means.mean() == pytest.approx(exact, abs=4 * means.std() / np.sqrt(n))
    owed = run.missed
    fresh = np.minimum(owed, demand)[:, first:]
    filled = 1 - fresh.sum() / demand[:, first:].sum()
    assert service(terms, low, up).fill_rate[0] == pytest.approx(filled, abs=0.004)


def test_min_max_is_the_best_minimum_for_its_gap():
    terms = ReorderTerms(CountDemand.poisson([3.0, 8.0]), 1.0, 7.0, 20.0, 2)
    found = min_max(terms, [9, 20])
    for shift in range(-5, 6):
        cost = reorder_cost(terms, found.reorder_point + shift, found.order_up_to + shift)
        assert (cost >= found.cost - 1e-9).all()


@pytest.mark.parametrize("fill_rate", [True, False])
def test_min_max_for_service_reaches_it_and_one_unit_less_does_not(fill_rate):
    terms = ReorderTerms(CountDemand.negative_binomial([3.0, 8.0], [9.0, 12.0]), 1, 7, 20, 2, 2)
    found = min_max_for_service(terms, 10, 0.95, fill_rate)
    kind = "fill_rate" if fill_rate else "no_shortage"
    at, below = (
        getattr(service(terms, found.reorder_point - k, found.order_up_to - k), kind)
        for k in (0, 1)
    )
    assert (at >= 0.95).all()
    assert (below < 0.95).all()


def test_items_do_not_depend_on_what_else_is_worked_out():
    mean = np.array([0.3, 4.0, 25.0])
    together = best_reorder_levels(ReorderTerms(CountDemand.poisson(mean), 1.0, 9.0, 20.0, 1))
    for i in range(3):
        alone = best_reorder_levels(ReorderTerms(CountDemand.poisson(mean[i]), 1.0, 9.0, 20.0, 1))
        assert alone.reorder_point[0] == together.reorder_point[i]
        assert alone.order_up_to[0] == together.order_up_to[i]


def test_continuous_reorder_quantities_are_the_least_of_stockpyls_cost():
    rng = np.random.default_rng(5)
    n = 8
    rate, spread, lead = rng.uniform(200, 2000, n), rng.uniform(20, 300, n), 0.1
    holding, shortage = rng.uniform(0.2, 3, n), rng.uniform(2, 30, n)
    fixed = rng.uniform(2, 90, n)
    normal = NormalDemand(rate * lead, spread * np.sqrt(lead))
    terms = QuantityTerms(fixed, rate, StockCosts(holding, shortage))
    best = best_reorder_quantity_normal(normal, terms)
    for i in range(n):
        r, q = best.reorder_point[i], best.quantity[i]
        given = holding[i], shortage[i], fixed[i], rate[i], spread[i], lead
        assert best.cost[i] == pytest.approx(rq.r_q_cost(r, q, *given), rel=1e-6)
        for shift, scale in ((1, 1), (-1, 1), (0, 1.02), (0, 0.98)):
            assert rq.r_q_cost(r + shift, q * scale, *given) >= best.cost[i]
    np.testing.assert_allclose(
        reorder_quantity_cost(normal, terms, best.reorder_point, best.quantity), best.cost
    )


def test_whole_reorder_quantities_equal_those_of_stockpyl():
    rng = np.random.default_rng(6)
    n = 15
    rate, lead = rng.uniform(0.5, 12, n), 1.5
    holding, shortage = rng.uniform(1, 20, n), rng.uniform(20, 150, n)
    fixed = rng.uniform(5, 150, n)
    best = best_reorder_quantity_counts(
        CountDemand.poisson(rate * lead), QuantityTerms(fixed, rate, StockCosts(holding, shortage))
    )
    for i in range(n):
        r, q, cost = rq.r_q_poisson_exact(holding[i], shortage[i], fixed[i], rate[i], lead)
        assert (best.reorder_point[i], best.quantity[i]) == (r, q)
        assert best.cost[i] == pytest.approx(cost)


def test_levels_out_of_order_and_terms_out_of_range_are_refused():
    terms = ReorderTerms(CountDemand.poisson(2.0), 1, 4, 5)
    with pytest.raises(DataError, match="reorder_point"):
        reorder_cost(terms, 5, 5)
    with pytest.raises(DataError, match="holding"):
        ReorderTerms(CountDemand.poisson(2.0), 0, 4, 5)
    with pytest.raises(DataError, match="review"):
        ReorderTerms(CountDemand.poisson(2.0), 1, 4, 5, 0, 0)
