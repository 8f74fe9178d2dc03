"""Two suppliers: the dual-index policy against simulation, and the optimum against bounds."""

import numpy as np
import pytest

from replenishment.policies.counts import CountDemand
from replenishment.policies.dual_sourcing import DualSourcing, dual_index, dual_optimum
from replenishment.policies.newsvendor import StockCosts, cheapest_target
from stockwright.errors import ConfigError


def item(expedited_cost, regular=3, expedited=0, demand=None):
    units = CountDemand.uniform(0, 4) if demand is None else demand
    return DualSourcing(units, 100.0, expedited_cost, 5.0, 495.0, regular, expedited)


def simulated(given, express_target, regular_target, periods=200_000):
    """Cost per period of a dual-index policy, unit by unit as the timing says."""
    pmf = given.demand.pmf[0]
    demand = np.random.default_rng(7).choice(len(pmf), periods, p=pmf).tolist()
    slow, fast = given.regular_lead_time, given.expedited_lead_time
    arriving, stock, cost = [0] * (slow + 1), express_target, 0.0
    for sold in demand:
        express = max(express_target - stock - sum(arriving[: fast + 1]), 0)
        arriving[fast] += express
        regular = max(regular_target - stock - sum(arriving), 0)
        arriving[slow] += regular
        stock += arriving.pop(0) - sold
        arriving.append(0)
        cost += given.holding * max(stock, 0) + given.backorder * max(-stock, 0)
        cost += given.expedited_cost * express + given.regular_cost * regular
    return cost / periods


@pytest.mark.parametrize(("regular", "expedited"), [(2, 0), (3, 0), (3, 1)])
def test_the_cost_of_a_dual_index_is_what_it_costs_in_simulation(regular, expedited):
    given = item(110.0, regular, expedited)
    best = dual_index(given)
    run = simulated(given, best.express_target, best.regular_target)
    assert best.cost == pytest.approx(run, rel=0.005)
    for shift in (-1, 1):
        assert simulated(given, best.express_target, best.regular_target + shift) > 0.997 * run


@pytest.mark.parametrize("regular", [1, 2, 3])
@pytest.mark.parametrize("expedited_cost", [102.0, 110.0, 200.0])
def test_the_optimum_is_below_every_dual_index_and_both_single_suppliers(expedited_cost, regular):
    given = item(expedited_cost, regular)
    optimum, index = dual_optimum(given), dual_index(given)
    alone = [
        cheapest_target(given.demand.total(lead + 1), StockCosts(5.0, 495.0)).cost[0] + 2.0 * price
        for lead, price in ((regular, 100.0), (0, expedited_cost))
    ]
    assert optimum.cost <= index.cost + 1e-6
    assert index.cost <= min(alone) + 1e-6
    assert index.cost <= 1.01 * optimum.cost


def test_with_one_period_between_them_the_dual_index_is_optimal():
    """Fukuda (1964)."""
    for cost in (101.0, 105.0, 150.0):
        given = item(cost, 2, 1, CountDemand.poisson(1.5))
        assert dual_index(given).cost == pytest.approx(dual_optimum(given).cost, rel=1e-6)


@pytest.mark.parametrize("demand", [CountDemand.uniform(0, 4), CountDemand([[0.6, 0, 0.1, 0.3]])])
def test_wider_bounds_do_not_change_the_optimum(demand):
    given = item(112.0, 2, 0, demand)
    assert dual_optimum(given, slack=4).cost == pytest.approx(dual_optimum(given).cost, rel=1e-7)


def test_suppliers_that_are_the_wrong_way_round_are_refused():
    with pytest.raises(ConfigError, match="lead times"):
        item(110.0, 1, 1)
