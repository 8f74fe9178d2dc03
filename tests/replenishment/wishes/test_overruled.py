"""What an override costs, against the expected cost of the newsvendor by its own formula."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from replenishment import PlanParams, plan_night
from stockwright.overrides import Overrides

PARAMS = PlanParams(paths=512)
RATE, MARGIN, LEFT = 6.0, 5.0, 1.0


def expected_cost(units):
    """Holding and shortage of one period that starts with ``units``."""
    demand = np.arange(120)
    pmf = stats.poisson.pmf(demand, RATE)
    short, left = np.maximum(demand - units, 0), np.maximum(units - demand, 0)
    return float((pmf * (MARGIN * short + LEFT * left)).sum())


def night(shop, n=1, **said):
    index = shop.index(n)
    network = shop.network(
        index, shop.lanes(n, lead_time=0), holding_cost=LEFT, shortage_cost=MARGIN
    )
    told = replace(Overrides.none(n, 4), **{k: np.asarray(v) for k, v in said.items()})
    return plan_night(shop.forecast(index, RATE, horizon=4), network, shop.stock(n), PARAMS, told)


BEST = min(range(40), key=expected_cost)


@pytest.mark.parametrize(
    ("field", "value", "units"),
    [
        ("order_units", 3.0, 3), ("order_frozen", 3.0, 3), ("order_frozen", 0.0, 0),
        ("target", 2.0, 2), ("blocked", True, 0), ("order_units", float(BEST), BEST),
    ],
)  # fmt: skip
def test_an_override_costs_what_the_newsvendor_loses_by_it(shop, field, value, units):
    plan = night(shop, **{field: [value]})
    assert plan.orders.units.sum() == units
    wanted = expected_cost(units) - expected_cost(BEST)
    assert plan.override_cost[0] == pytest.approx(wanted, rel=0.02, abs=1e-6)
    found = [f for f in plan.findings if f.code == "OVERRIDE_COST"]
    assert [f.message for f in found] == (
        [
            {
                "asked": float(units), "own": float(BEST), "kept": float(units), "fate": "kept",
                "cut_by": "",
            }
        ]
        if wanted > 0.01
        else []
    )  # fmt: skip


@pytest.mark.parametrize(
    ("terms", "budget", "kept", "fate", "limit"),
    [
        ({}, np.inf, 40, "kept", ""), ({}, 55.0, 5, "cut", "BUDGET"),
        ({"multiple": 8.0}, 55.0, 0, "dropped", "BUDGET"), ({}, 0.0, 0, "dropped", "BUDGET"),
        ({"multiple": 24.0}, np.inf, 48, "kept", ""),
    ],
)  # fmt: skip
def test_what_became_of_an_override_is_said_with_the_limit(shop, terms, budget, kept, fate, limit):
    index = shop.index(1)
    lanes = shop.lanes(1, lead_time=0, **terms)
    network = shop.network(index, lanes, holding_cost=LEFT, shortage_cost=MARGIN)
    said = replace(Overrides.none(1, 4), order_units=np.array([40.0]))
    params = replace(PARAMS, budget=budget)
    plan = plan_night(shop.forecast(index, RATE, horizon=4), network, shop.stock(1), params, said)
    (found,) = [each.message for each in plan.findings if each.code == "OVERRIDE_COST"]
    assert plan.orders.units.sum() == kept == found["kept"]
    assert (found["fate"], found["cut_by"]) == (fate, limit)


def test_a_service_level_of_a_planner_costs_what_it_buys_beyond_the_best(shop):
    plan = night(shop, service_level=[0.995])
    units = int(plan.orders.units.sum())
    assert units > BEST
    wanted = expected_cost(units) - expected_cost(BEST)
    assert plan.override_cost[0] == pytest.approx(wanted, rel=0.02)


def test_keys_of_which_nobody_spoke_cost_nothing_and_plan_as_before(shop):
    nan = np.nan
    plan, free = night(shop, n=3, order_frozen=[nan, 1.0, nan]), night(shop, n=3)
    assert np.isnan(plan.override_cost).tolist() == [True, False, True]
    assert np.isnan(free.override_cost).all()
    assert plan.orders.units[[0, 2]].tolist() == free.orders.units[[0, 2]].tolist()
