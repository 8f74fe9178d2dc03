"""Build-up plans against the programme as it is written down, brute force and a known answer."""

import csv
import itertools
import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ortools.linear_solver import pywraplp

from replenishment.peaks.prices import evaluate
from replenishment.peaks.problem import BuildUp, Span, WeekLimit
from replenishment.peaks.program import solve_program
from replenishment.peaks.solve import PeakParams, plan_build_up
from stockwright.errors import ConfigError, DataError


def problem_of(seed: int, rows: int = 12, weeks: int = 4, scenarios: int = 6, **changes) -> BuildUp:
    """A small build-up with every kind of limit, some of which bind."""
    rng = np.random.default_rng(seed)
    demand = np.sort(rng.poisson(rng.uniform(2, 12, (rows, 1)), (rows, scenarios)), axis=1)
    place, supplier = rng.integers(0, 2, rows), rng.integers(-1, 2, rows)
    one, volume, cost = np.ones(rows), rng.uniform(0.5, 2, rows), rng.uniform(1, 5, rows)
    total = demand.mean(axis=1).sum()
    limits = (
        WeekLimit("CAPACITY", Span.ARRIVAL, place, one, np.full((2, weeks), total / 7)),
        WeekLimit("SUPPLIER", Span.ARRIVAL, supplier, one, np.full((2, weeks), total / 7)),
        WeekLimit("STORAGE", Span.STORED, place, volume, np.full((2, weeks), total * 0.3)),
        WeekLimit("BUDGET", Span.ONCE, np.zeros(rows, int), cost, np.array([[total * 2.2]])),
    )
    values = {
        "demand": demand.astype(float), "first": rng.integers(1, 3, rows),
        "due": rng.integers(2, weeks + 1, rows), "holding": rng.uniform(0.05, 0.4, rows),
        "shortage": rng.uniform(2, 9, rows), "leftover": rng.uniform(0.2, 2, rows),
        "pack": one, "limits": limits, "weeks": weeks,
    }  # fmt: skip
    return BuildUp(**(values | changes))


def written_down(problem: BuildUp, whole: bool = False) -> float:
    """Least cost by GLOP, or by SCIP in whole packs, with one shortage per row and scenario."""
    solver = pywraplp.Solver.CreateSolver("SCIP" if whole else "GLOP")
    rows, scenarios = problem.demand.shape
    make = solver.IntVar if whole else solver.NumVar
    lots = {
        (r, w): make(0, 1e4, "")
        for r in range(rows)
        for w in range(problem.weeks)
        if problem.first[r] <= w + 1 <= problem.due[r]
    }
    cost = 0
    for r in range(rows):
        units = sum(problem.pack[r] * x for (row, _), x in lots.items() if row == r)
        for s in range(scenarios):
            short, left = solver.NumVar(0, 1e6, ""), solver.NumVar(0, 1e6, "")
            solver.Add(units + short - left == float(problem.demand[r, s]))
            cost += (problem.shortage[r] * short + problem.leftover[r] * left) / scenarios
    for (r, w), x in lots.items():
        cost += problem.holding[r] * (problem.due[r] - w - 1) * problem.pack[r] * x
    for limit in problem.limits:
        for g, week in np.ndindex(*limit.room.shape):
            used = 0
            for (r, w), x in lots.items():
                counts = {
                    Span.ARRIVAL: w == week,
                    Span.STORED: w <= week <= problem.due[r] - 1,
                    Span.ONCE: True,
                }[limit.span]
                if limit.group[r] == g and counts:
                    used += limit.weight[r] * problem.pack[r] * x
            solver.Add(used <= float(limit.room[g, week]))
    solver.Minimize(cost)
    assert solver.Solve() == pywraplp.Solver.OPTIMAL
    return solver.Objective().Value()


def prebuild_cases():
    path = Path(os.environ.get("STOCKWRIGHT_DATA", "")) / ".." / "cases" / "inventory.csv"
    if not path.exists():
        return []
    with path.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["id"].startswith("capacity-prebuild")]
    return [(json.loads(row["inputs"]), json.loads(row["answer"])) for row in rows]


def deterministic(demand: list[float], capacity: float) -> BuildUp:
    n = len(demand)
    room = np.full((1, n), float(capacity))
    limit = WeekLimit("CAPACITY", Span.ARRIVAL, np.zeros(n, int), np.ones(n), room)
    return BuildUp(
        demand=np.array(demand, float)[:, None], first=np.ones(n, int), due=np.arange(1, n + 1),
        holding=1.0, shortage=1000.0, leftover=1.0, pack=1.0, limits=(limit,), weeks=n,
    )  # fmt: skip


@pytest.mark.parametrize(("inputs", "answer"), prebuild_cases())
def test_known_demand_is_built_as_late_as_capacity_allows(inputs, answer):
    plan = plan_build_up(deterministic(inputs["demand"], inputs["capacity"]))
    np.testing.assert_allclose(plan.units.sum(axis=0), answer["production"], rtol=1e-9)


@pytest.mark.parametrize("seed", range(12))
def test_the_latest_feasible_build_is_found_by_walking_back(seed):
    rng = np.random.default_rng(seed)
    demand = rng.integers(0, 60, 7)
    capacity = int(np.ceil((np.cumsum(demand) / np.arange(1, 8)).max())) + 1
    built, carried = np.zeros(7), 0.0
    for week in range(6, -1, -1):
        built[week] = min(capacity, demand[week] + carried)
        carried += demand[week] - built[week]
    plan = plan_build_up(deterministic([*demand.tolist()], capacity))
    np.testing.assert_allclose(plan.units.sum(axis=0), built)


@pytest.mark.parametrize("seed", range(8))
def test_a_small_programme_is_solved_to_the_optimum_and_its_prices_prove_it(seed):
    problem = problem_of(seed)
    least = written_down(problem)
    solved = solve_program(problem, [np.zeros(limit.room.shape) for limit in problem.limits])
    assert problem.cost(solved.units) == pytest.approx(least, rel=1e-6)
    assert not problem.broken(solved.units)
    assert evaluate(problem, solved.prices).bound == pytest.approx(least, rel=1e-6)


@pytest.mark.parametrize("seed", range(8))
def test_prices_are_a_bound_whatever_they_are(seed):
    problem, rng = problem_of(seed), np.random.default_rng(seed)
    prices = [rng.uniform(0, 1, limit.room.shape) for limit in problem.limits]
    assert evaluate(problem, prices).bound <= written_down(problem) + 1e-6


@pytest.mark.parametrize("seed", range(10))
def test_packs_of_a_small_problem_are_the_best_there_are(seed):
    problem = problem_of(seed, rows=8, pack=np.array([1.0, 2, 3, 1, 2, 3, 1, 4]))
    best, plan = written_down(problem, whole=True), plan_build_up(problem)
    assert not problem.broken(plan.units)
    np.testing.assert_allclose(plan.units % problem.pack[:, None], 0)
    assert (plan.units[~problem.allowed] == 0).all()
    assert plan.bound <= best + 1e-6
    assert plan.cost == pytest.approx(best, rel=1e-6)


def test_packs_of_two_rows_are_the_best_of_all():
    problem = problem_of(3, rows=2, weeks=2, pack=np.array([2.0, 3.0]), first=np.ones(2, int),
                         due=np.array([2, 2]))  # fmt: skip
    best = np.inf
    for lots in itertools.product(range(8), repeat=4):
        units = np.array(lots, float).reshape(2, 2) * problem.pack[:, None]
        if not problem.broken(units):
            best = min(best, problem.cost(units))
    assert plan_build_up(problem).cost == pytest.approx(best, rel=1e-9)


def test_weighing_only_the_rows_in_the_balance_is_as_good_as_weighing_all():
    problem = problem_of(1, rows=1500, weeks=6, scenarios=32)
    plan = plan_build_up(problem, PeakParams(core=200))
    full = plan_build_up(problem, PeakParams(core=1500))
    assert not problem.broken(plan.units)
    assert plan.gap <= 0.002
    assert plan.cost <= 1.001 * full.cost


def test_without_limits_every_row_is_a_newsvendor_in_its_last_week():
    problem = replace(problem_of(2), limits=())
    plan = plan_build_up(problem)
    ratio = problem.shortage / (problem.shortage + problem.leftover)
    count = problem.demand.shape[1]
    want = problem.demand[np.arange(len(problem)), np.ceil(ratio * count).astype(int) - 1]
    np.testing.assert_allclose(plan.units[np.arange(len(problem)), problem.due - 1], want)
    assert plan.gap == pytest.approx(0, abs=1e-9)


def test_more_capacity_never_costs_more_and_an_earlier_start_neither():
    costs = []
    for factor in (0.25, 0.5, 1.0, 2.0):
        problem = problem_of(4)
        inbound = replace(problem.limits[0], room=problem.limits[0].room * factor)
        costs.append(written_down(replace(problem, limits=(inbound, *problem.limits[1:]))))
    assert (np.diff(costs) <= 1e-9).all()
    problem = problem_of(5)
    early = replace(problem, first=np.ones(len(problem), int))
    assert plan_build_up(early).bound <= plan_build_up(problem).cost + 1e-9


def test_a_row_whose_goods_come_too_late_gets_nothing():
    problem = problem_of(6, first=np.full(12, 5), due=np.full(12, 3))
    plan = plan_build_up(problem)
    assert plan.units.sum() == 0
    assert plan.cost == pytest.approx(plan.unbuilt)


def test_the_multiple_is_what_is_built_over_ordinary_demand():
    plan = plan_build_up(deterministic([0, 0, 30], 50))
    np.testing.assert_allclose(plan.multiple(np.array([1.0, 0.0, 10.0])), [0.0, np.nan, 3.0])


def test_what_does_not_fit_together_is_refused():
    with pytest.raises(DataError, match="rising"):
        problem_of(1, demand=np.tile([3.0, 1.0], (12, 1)))
    with pytest.raises(DataError, match="weeks"):
        replace(problem_of(1), weeks=5)
    with pytest.raises(ConfigError, match="core"):
        PeakParams(core=0)
