"""Targets under random demand, and demand in whole units, against stockpyl and by hand."""

import numpy as np
import pytest
from scipy import stats
from stockpyl.newsvendor import newsvendor_normal, newsvendor_poisson

from replenishment.policies.counts import CountDemand
from replenishment.policies.newsvendor import (
    NormalDemand,
    StockCosts,
    cheapest_target,
    cost_of_target,
    target_for_cycle_service,
    target_for_fill_rate,
)
from stockwright.errors import DataError


def test_targets_equal_those_of_stockpyl():
    rng = np.random.default_rng(1)
    n = 30
    costs = StockCosts(rng.uniform(0.1, 3, n), rng.uniform(1, 40, n))
    mean, sd = rng.uniform(20, 90, n), rng.uniform(1, 15, n)
    normal = cheapest_target(NormalDemand(mean, sd), costs)
    counts = cheapest_target(CountDemand.poisson(mean), costs)
    for i in range(n):
        h, p = costs.holding[i], costs.shortage[i]
        assert (normal.target[i], normal.cost[i]) == pytest.approx(
            newsvendor_normal(h, p, mean[i], sd[i])
        )
        assert (counts.target[i], counts.cost[i]) == pytest.approx(
            newsvendor_poisson(h, p, mean[i])
        )


def test_no_other_whole_target_is_cheaper():
    demand = CountDemand([[0.1, 0.0, 0.4, 0.2, 0.3], [0.6, 0.1, 0.1, 0.1, 0.1]])
    costs = StockCosts([1.0, 2.0], [3.0, 9.0])
    best = cheapest_target(demand, costs)
    for target in range(-2, 8):
        assert (cost_of_target(demand, costs, [target] * 2) >= best.cost - 1e-12).all()


def test_distributions_equal_those_of_scipy():
    counts = CountDemand.negative_binomial([4.0, 9.0], [10.0, 9.5])
    np.testing.assert_allclose(counts.mean(), [4, 9])
    np.testing.assert_allclose(counts.variance(), [10, 9.5], rtol=1e-6)
    five = CountDemand.poisson([2.0]).total(5)
    assert five.at_most([7])[0] == pytest.approx(stats.poisson.cdf(7, 10))
    assert CountDemand.geometric(5.0).pmf[0, :3] == pytest.approx(stats.geom.pmf([1, 2, 3], 1 / 6))
    assert CountDemand.uniform(2, 4).pmf[0].tolist() == pytest.approx([0, 0, 1 / 3, 1 / 3, 1 / 3])


def test_expected_shortage_and_rest_are_sums_over_demand():
    demand = CountDemand.geometric(3.0)
    units = np.arange(demand.pmf.shape[1])
    for stock in (-3, 0, 2, 9, 500):
        short, left = demand.shortage([stock])[0], demand.left([stock])[0]
        assert short == pytest.approx(demand.pmf[0] @ np.maximum(units - stock, 0), abs=1e-9)
        assert left == pytest.approx(demand.pmf[0] @ np.maximum(stock - units, 0), abs=1e-9)


@pytest.mark.parametrize("fill_rate", [0.8, 0.95, 0.999])
def test_a_fill_rate_is_reached_in_simulation_and_not_one_unit_lower(fill_rate):
    one, lead, review = CountDemand.poisson([2.0, 5.0]), 3, 2
    target = target_for_fill_rate(one.total(lead + review), one.total(lead), fill_rate)
    rng = np.random.default_rng(2)
    before = rng.poisson([[2.0 * lead], [5.0 * lead]], (2, 400_000))
    whole = before + rng.poisson([[2.0 * review], [5.0 * review]], (2, 400_000))
    for y, met in ((target, True), (target - 1, False)):
        short = np.maximum(whole - y[:, None], 0) - np.maximum(before - y[:, None], 0)
        served = 1 - short.mean(axis=1) / (whole - before).mean(axis=1)
        assert ((served >= fill_rate - 1e-3) if met else (served < fill_rate + 1e-3)).all()


def test_the_fill_rate_of_normal_demand_is_solved():
    one = NormalDemand([50.0, 20.0], [8.0, 9.0])
    whole, before = one.total(5), one.total(4)
    target = target_for_fill_rate(whole, before, 0.97)
    short = whole.shortage(target) - before.shortage(target)
    np.testing.assert_allclose(1 - short / one.mean(), 0.97, atol=1e-7)


def test_higher_service_never_lowers_a_target():
    one = NormalDemand([50.0], [8.0])
    levels = [0.5, 0.8, 0.9, 0.99]
    cycle = [target_for_cycle_service(one, level)[0] for level in levels]
    filled = [target_for_fill_rate(one.total(3), one.total(2), level)[0] for level in levels]
    assert cycle == sorted(cycle)
    assert filled == sorted(filled)


def test_a_random_lead_time_widens_demand_as_the_textbook_says():
    """Silver, Pyke & Thomas 2017, section 6.10: variance L sd^2 + mean^2 sd(L)^2."""
    over = NormalDemand(100.0, 20.0).over(4.0, 0.5)
    assert over.sd[0] == pytest.approx(np.sqrt(4 * 400 + 100**2 * 0.25))


def test_probabilities_that_are_none_are_refused():
    for pmf in ([[0.5, 0.4]], [[1.5, -0.5]]):
        with pytest.raises(DataError):
            CountDemand(pmf)
    with pytest.raises(DataError, match="service"):
        target_for_cycle_service(NormalDemand(1.0, 1.0), 1.0)
