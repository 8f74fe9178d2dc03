"""Joint ordering against brute force, its bound, and what must not change it."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import ndtri

from replenishment import PlanParams
from replenishment.limits.joint import best_orders
from replenishment.limits.market import Market
from replenishment.limits.minima import Minima, fill_alone
from replenishment.limits.prices import Limit
from replenishment.limits.repair import net_worth
from replenishment.limits.table import LotTable
from replenishment.needs.curves import CostCurves
from replenishment.needs.find import Needs
from replenishment.wishes.lots import LotTerms, Worth


def problem(lines, suppliers, seed, mean=3.0):
    """Lines with normal demand under a budget, two capacities and minima with fixed costs."""
    rng = np.random.default_rng(seed)
    demand = np.exp(rng.normal(np.log(mean), 0.5, lines))
    cost = np.round(rng.uniform(1, 10, lines), 2)
    margin, hold = cost * rng.uniform(0.2, 1.2, lines), cost * rng.uniform(0.01, 0.05, lines)
    points = np.maximum(demand[:, None] * (1 + 0.4 * ndtri((np.arange(6) + 0.5) / 6)), 0.0)
    curves = CostCurves.from_thresholds(points[:, None, :], hold[:, None], margin)
    zero = np.zeros(lines)
    needs = Needs(
        curves=curves, loss=curves, quantity=curves.cheapest(), order_up_to=curves.cheapest(),
        level=zero, shortage=margin, holding=hold, loss_cost=margin, at_arrival=zero,
        lost_before=zero, lost=curves.cost(zero) / margin, demand=demand, settled=zero,
        kept_back=zero, share=np.ones(lines),
    )  # fmt: skip
    lot = rng.choice([1.0, 2.0], lines)
    terms = LotTerms.of(
        rng.integers(0, 3, lines) * 1.0, lot, 1e9 + zero, cost, 7.0 + zero, 1.0 + zero
    )
    worth = Worth(needs, terms)
    wanted = worth.best()
    supplier = rng.integers(0, suppliers, lines)
    value = np.bincount(supplier, wanted * cost, suppliers)
    minima = Minima(
        supplier,
        cost,
        np.round(value * rng.uniform(0.5, 1.2, suppliers), 2),
        np.zeros(suppliers),
        np.round(0.1 * np.bincount(supplier, worth.of(wanted), suppliers), 2),
    )
    group = rng.integers(0, 2, lines)
    limits = [
        Limit("BUDGET", np.zeros(lines, int), cost, np.array([0.7 * (wanted * cost).sum()])),
        Limit("CAPACITY", group, np.ones(lines), np.round(0.8 * np.bincount(group, wanted, 2))),
    ]
    return worth, limits, minima


def solve(worth, limits, minima, **params):
    """The plan, which keeps every limit and every minimum."""
    nothing = np.zeros(len(worth))
    plan = best_orders(worth, worth.best(), nothing, limits, minima, PlanParams(**params))
    assert not any(limit.broken(plan.quantity).any() for limit in limits)
    assert not minima.short(plan.quantity).any()
    assert plan.worth == pytest.approx(net_worth(worth, plan.quantity, nothing, minima))
    return plan


@pytest.mark.parametrize("seed", range(6))
def test_the_plan_is_the_best_of_all(seed):
    worth, limits, minima = problem(4, 2, seed)
    terms, top = worth.terms, fill_alone(worth, np.zeros(4), minima, []) + worth.terms.lot
    choices = [
        [0.0, *np.arange(f, t + 1e-6, q)]
        for f, t, q in zip(terms.first, top, terms.lot, strict=True)
    ]
    plans = np.array([*itertools.product(*choices)])
    best = max(
        net_worth(worth, plan, np.zeros(4), minima)
        for plan in plans[(plans @ minima.cost) <= limits[0].room[0] + 1e-9]
        if not (minima.short(plan).any() or any(limit.broken(plan).any() for limit in limits))
    )
    assert solve(worth, limits, minima).worth == pytest.approx(best, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize(
    ("seed", "core"),
    [
        *((0, core) for core in (0, 60, 1500)),
        (1, 0),
        *(pytest.param(1, core, marks=pytest.mark.slow) for core in (60, 1500)),
    ],
)
def test_no_plan_is_worth_more_than_the_bound(seed, core):
    worth, limits, minima = problem(20, 4, seed)
    plan = solve(worth, limits, minima, core_lots=core)
    exact = solve(worth, limits, minima)
    assert 0 <= exact.worth <= plan.bound * (1 + 1e-9)
    assert plan.worth <= exact.worth * (1 + 1e-6)


@pytest.mark.slow
def test_a_large_plan_is_close_to_its_bound():
    worth, limits, minima = problem(20_000, 40, 1)
    plan = solve(worth, limits, minima, core_lots=100)
    assert plan.bound * 0.99 <= plan.worth <= plan.bound


@pytest.mark.parametrize("seed", range(4))
def test_a_larger_budget_never_lowers_the_worth(seed):
    worth, limits, minima = problem(10, 3, seed)
    worths = [
        solve(worth, [replace(limits[0], room=limits[0].room * more), limits[1]], minima).worth
        for more in (0.5, 0.8, 1.0, 1.3)
    ]
    assert worths == sorted(worths)


def test_lines_that_nothing_binds_keep_what_they_want_though_another_supplier_is_filled_up():
    worth, limits, minima = problem(30, 5, 3)
    wide = [replace(limit, room=limit.room * 10) for limit in limits]
    reached = minima.sums(worth.best() * minima.cost)
    minima = replace(minima, value=np.where(np.arange(5) == 2, 2, 0.9) * reached)
    wanted = worth.best() + 2 * worth.terms.lot
    wanted[minima.supplier == 2] = worth.best()[minima.supplier == 2]
    plan = best_orders(worth, wanted, np.zeros(30), wide, minima, PlanParams())
    same = minima.supplier != 2
    assert plan.quantity[same].tolist() == wanted[same].tolist()


def test_a_price_break_is_kept_where_the_limits_leave_room_for_it():
    worth, limits, minima = problem(12, 3, 5)
    free = replace(minima, value=np.zeros(3), fixed_cost=np.zeros(3))
    wanted, best = worth.best(), worth.best()
    line = int(np.flatnonzero((limits[1].group == 0) & (best > 0))[0])
    wanted[line] += 5 * worth.terms.lot[line]
    room = np.array([limits[1].use(wanted)[0], limits[1].room[1]])
    wide = replace(limits[0], room=np.array([1e9]))
    plan = best_orders(
        worth, wanted, np.zeros(12), [wide, replace(limits[1], room=room)], free, PlanParams()
    )
    assert plan.quantity[line] == wanted[line]


def test_the_table_holds_the_worth_of_every_line_with_falling_worth_per_unit():
    worth, _, _ = problem(50, 3, 7)
    best = worth.best()
    table = LotTable.of(worth, best)
    everything = np.ones(len(table.key), bool)
    assert table.units(everything) == pytest.approx(best)
    assert np.bincount(table.key, table.gain, 50) == pytest.approx(worth.of(best))
    density, same = table.gain / table.size, np.diff(table.key) == 0
    assert (np.diff(density)[same] <= 1e-9).all()


def test_without_prices_suppliers_answer_with_their_minimum_or_nothing():
    worth, limits, minima = problem(40, 6, 2)
    nothing = np.zeros(40)
    table = LotTable.of(worth, fill_alone(worth, nothing, minima, []))
    market = Market(table, limits, minima, nothing)
    answer = market.answer(nothing)
    units = table.units(answer.taken)
    assert not minima.short(units).any()
    assert net_worth(worth, units, nothing, minima) == pytest.approx(
        answer.net[answer.used & np.isfinite(answer.net)].sum()
    )
