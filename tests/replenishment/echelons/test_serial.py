"""Serial systems against the book, stockpyl, and a simulation."""

import numpy as np
import pytest
from stockpyl import ssm_serial
from stockpyl.demand_source import DemandSource
from stockpyl.instances import load_instance

from replenishment.echelons.serial import (
    CountDemand,
    NormalDemand,
    SerialPlan,
    SerialSystem,
    cost_of_levels,
    newsvendor_bounds,
    optimal_levels,
)
from stockwright.errors import ConfigError, DataError

BOOK = ["example_6_1", "problem_6_1", "problem_6_2a", "problem_6_16", "shang_song_1"]


@pytest.fixture
def oracle(monkeypatch):
    """stockpyl's exact solver; its look-up of the nearest value asks numpy 2 for the impossible."""

    def nearest(array, values, is_sorted=False, index=None):
        wanted = np.asarray(values, float)
        return np.abs(np.asarray(array) - wanted[..., None]).argmin(axis=-1)

    monkeypatch.setattr(ssm_serial, "find_nearest", nearest)
    return ssm_serial.optimize_base_stock_levels


def book(name):
    """A serial instance of the book or the paper: system, demand, and the oracle's form of it."""
    theirs = load_instance(name)
    nodes = {node.index: node for node in theirs.nodes}
    stages = [nodes[index] for index in sorted(nodes)]
    system = SerialSystem(
        holding=np.array([node.echelon_holding_cost for node in stages]),
        lead_time=np.array([node.shipment_lead_time for node in stages], float),
        shortage=stages[0].stockout_cost,
    )
    source = stages[0].demand_source
    if source.type == "P":
        return system, CountDemand(source.mean), theirs
    return system, NormalDemand(source.mean, source.standard_deviation), theirs


def test_example_6_1_has_the_levels_and_the_cost_of_the_book():
    """Snyder & Shen (2019), example 6.1: S* = (6.49, 12.02, 22.71), cost 47.65."""
    system, demand, _ = book("example_6_1")
    plan = optimal_levels(system, demand)
    np.testing.assert_allclose(plan.levels, [6.49, 12.02, 22.71], atol=0.03)
    assert plan.cost == pytest.approx(47.65, abs=0.03)


@pytest.mark.parametrize("name", BOOK)
def test_the_heuristic_is_that_of_stockpyl(name):
    system, demand, theirs = book(name)
    found = ssm_serial.newsvendor_heuristic(network=theirs)
    ours = newsvendor_bounds(system, demand).heuristic
    np.testing.assert_allclose(ours, [found[index] for index in sorted(found)], rtol=1e-6)


def test_poisson_levels_are_those_of_stockpyl(oracle):
    """A system of Shang & Song (2003): four stages, h = 0.25, L = 0.25, p = 9, 16 per period."""
    system, demand, theirs = book("shang_song_1")
    levels, cost = oracle(network=theirs)
    plan = optimal_levels(system, demand)
    np.testing.assert_array_equal(plan.levels, [levels[index] for index in sorted(levels)])
    assert plan.cost == pytest.approx(cost, rel=1e-4)


@pytest.mark.parametrize("name", BOOK)
def test_optimal_levels_lie_between_the_bounds_and_cost_no_more_than_the_heuristic(name):
    system, demand, _ = book(name)
    plan, bounds = optimal_levels(system, demand), newsvendor_bounds(system, demand)
    slack = 0.01 * demand.moments(float(system.lead_time.sum()))[1] if demand.step == 0 else 0
    assert (plan.levels >= bounds.lower - slack).all()
    assert (plan.levels <= bounds.upper + slack).all()
    # Their numerical study: the heuristic is within 1.5 % of the optimum.
    middle = cost_of_levels(system, demand, np.rint(bounds.heuristic) if demand.step else
                            bounds.heuristic)  # fmt: skip
    assert plan.cost <= middle + 1e-9
    assert middle <= 1.015 * plan.cost


def test_other_costs_and_times_agree_with_stockpyl(oracle):
    args = {"echelon_holding_cost": [1, 0.5, 2.5], "lead_time": [1, 2, 1], "stockout_cost": 20}
    theirs, cost = oracle(
        num_nodes=3,
        demand_source=DemandSource(type="P", mean=3),
        **args,
    )
    system = SerialSystem(np.array([2.5, 0.5, 1.0]), np.array([1.0, 2.0, 1.0]), 20.0)
    plan = optimal_levels(system, CountDemand(3.0))
    np.testing.assert_array_equal(plan.levels, [theirs[1], theirs[2], theirs[3]])
    assert plan.cost == pytest.approx(cost, rel=1e-4)


def test_one_stage_is_a_newsvendor():
    system = SerialSystem(np.array([1.0]), np.array([1.0]), 4.0)
    bounds, plan = (f(system, CountDemand(6.0)) for f in (newsvendor_bounds, optimal_levels))
    assert bounds.lower == bounds.upper == plan.levels == 8
    # Snyder & Shen (2019), example 4.7 without a fixed cost.
    assert plan.cost == pytest.approx(3.570107, rel=1e-6)


def test_the_cost_is_that_of_a_simulation():
    """Two stages, each shipping at every close what is asked of it: L + 1 periods per stage."""
    rng = np.random.default_rng(5)
    system = SerialSystem(np.array([1.0, 0.5]), np.array([2.0, 3.0]), 9.0)
    demand = CountDemand(4.0, 2.5)
    plan = optimal_levels(system, demand)
    low, high = plan.levels
    runs, periods = 4000, 220
    draw = rng.negative_binomial(4 / 1.5, 1 / 2.5, (runs, periods))
    upper = np.full(runs, high - low)
    lower, owed_up = np.full(runs, low), np.zeros(runs)
    to_upper, to_lower = np.zeros((runs, 3)), np.zeros((runs, 2))
    costs = []
    for period in range(periods):
        # The order of the close before comes in L + 1 = 3 (upper) and 2 (lower) periods later.
        upper, lower = upper + to_upper[:, 0], lower + to_lower[:, 0]
        to_upper = np.column_stack([to_upper[:, 1:], np.zeros(runs)])
        to_lower = np.column_stack([to_lower[:, 1:], np.zeros(runs)])
        lower = lower - draw[:, period]
        to_upper[:, -1] += draw[:, period]
        owed_up += draw[:, period]
        shipped = np.minimum(owed_up, upper)
        held = upper + to_lower.sum(axis=1) + np.maximum(lower, 0)
        upper, owed_up = upper - shipped, owed_up - shipped
        to_lower[:, -1] += shipped
        if period >= 40:
            costs.append(0.5 * held + 1.0 * np.maximum(lower, 0) + 9.0 * np.maximum(-lower, 0))
    # What is on its way down is in the upper echelon only.
    assert np.mean(costs) == pytest.approx(plan.cost, rel=0.01)


def test_local_costs_and_levels_are_differences_of_echelon_ones():
    system = SerialSystem.local([7.0, 4.0, 2.0], [1, 1, 2], 10.0)
    np.testing.assert_allclose(system.holding, [3.0, 2.0, 2.0])
    np.testing.assert_allclose(SerialPlan(np.array([5.0, 9.0, 8.0]), 0.0).local_levels(), [5, 3, 0])


def test_impossible_systems_are_refused():
    with pytest.raises(DataError, match="holding"):
        SerialSystem(np.array([0.0]), np.array([1.0]), 1.0)
    with pytest.raises(ConfigError, match="shortage"):
        SerialSystem(np.array([1.0]), np.array([1.0]), 0.0)
    with pytest.raises(ConfigError, match="dispersion"):
        CountDemand(1.0, 0.5)
