"""The search over suppliers against all sets of them, and what it must never do."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from replenishment import PlanParams
from replenishment.limits.joint import best_orders
from replenishment.limits.market import Market
from replenishment.limits.minima import Minima, fill_alone
from replenishment.limits.prices import Limit
from replenishment.limits.repair import net_worth
from replenishment.limits.search import find_prices, keep_limits, tolls
from replenishment.limits.suppliers import change_suppliers
from replenishment.limits.table import LotTable
from replenishment.needs.curves import CostCurves
from replenishment.needs.find import Needs
from replenishment.wishes.lots import LotTerms, Worth


def lines_of(thresholds, margin, hold, lot, moq):
    """The worth of lines whose demand takes each of some values with the same probability."""
    zero = np.zeros(len(margin))
    curves = CostCurves.from_thresholds(thresholds[:, None, :], hold[:, None], margin)
    needs = Needs(
        curves=curves, loss=curves, quantity=curves.cheapest(), order_up_to=curves.cheapest(),
        level=zero, shortage=margin, holding=hold, loss_cost=margin, at_arrival=zero,
        lost_before=zero, lost=curves.cost(zero) / margin, demand=thresholds.mean(axis=1),
        settled=zero, kept_back=zero, share=zero + 1,
    )  # fmt: skip
    terms = LotTerms.of(moq, lot, zero + 1e9, zero + 1, zero + 7, zero + 1)
    return Worth(needs, terms)


def random_problem(seed, lines, suppliers, share):
    """Lines of suppliers with hard minima under a budget of a share of what they want."""
    rng = np.random.default_rng(seed)
    cost = rng.integers(1, 9, lines) * 1.0
    worth = lines_of(
        np.sort(rng.integers(0, 7, (lines, 5)) * 1.0, axis=1),
        cost * rng.uniform(0.2, 1.2, lines),
        cost * rng.uniform(0.01, 0.05, lines),
        rng.choice([1.0, 2.0], lines),
        rng.integers(0, 3, lines) * 1.0,
    )
    wanted, supplier = worth.best(), rng.integers(0, suppliers, lines)
    value = np.bincount(supplier, wanted * cost, suppliers)
    minima = Minima(
        supplier,
        cost,
        np.round(value * rng.uniform(0.3, 1.3, suppliers)),
        np.where(rng.random(suppliers) < 0.3, 3.0, 0.0),
        np.round(0.1 * np.bincount(supplier, worth.of(wanted), suppliers), 2),
    )
    group = rng.integers(-1, 2, lines)
    used = np.bincount(group[group >= 0], wanted[group >= 0], 2)
    limits = [
        Limit("BUDGET", np.zeros(lines, int), cost, np.array([share * (wanted @ cost)])),
        Limit("CAPACITY", group, np.ones(lines), np.round(used * (share + 0.2))),
    ]
    return worth, limits, minima


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), suppliers=st.integers(1, 6), share=st.floats(0.2, 1.0))
def test_another_set_of_suppliers_never_lowers_the_worth_nor_breaks_a_limit(seed, suppliers, share):
    worth, limits, minima = random_problem(seed, 15, suppliers, share)
    nothing = np.zeros(15)
    table = LotTable.of(worth, fill_alone(worth, nothing, minima, limits))
    market = Market(table, limits, minima, nothing)
    prices = find_prices(market)
    before = keep_limits(market, prices)
    answer = market.answer(tolls(market, prices))
    after = change_suppliers(market, before, answer, prices)
    units = market.table.units(after.taken)
    old = net_worth(worth, market.table.units(before), nothing, minima)
    assert after.worth >= old - 1e-9 * abs(old)
    assert after.worth == pytest.approx(net_worth(worth, units, nothing, minima))
    assert not any(limit.broken(units).any() for limit in limits)
    assert not minima.short(units).any()


def best_by_enumeration(worth, fixed, limits, minima):
    """The most that any plan beside the fixed units is worth, -inf where no plan is feasible."""
    terms = worth.terms
    top = np.minimum(fill_alone(worth, fixed, minima, []) + terms.lot, terms.most)
    choices = [
        [0.0, *np.arange(f, t + 1e-6, q)]
        for f, t, q in zip(terms.first, top, terms.lot, strict=True)
    ]
    return max(
        (
            net_worth(worth, plan, fixed, minima)
            for plan in map(np.array, itertools.product(*choices))
            if not any(limit.broken(plan).any() for limit in limits)
            and not minima.short(plan + fixed).any()
        ),
        default=-np.inf,
    )


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    share=st.floats(0.4, 1.0),
    frozen=st.lists(st.integers(0, 3), min_size=4, max_size=4),
)
@example(seed=567179, share=0.8435653002364127, frozen=[3, 1, 0, 1])
@example(seed=466500, share=0.9101937618060569, frozen=[2, 1, 1, 2])
def test_frozen_lines_and_hard_minima_leave_a_plan_wherever_there_is_one(seed, share, frozen):
    worth, limits, minima = random_problem(seed, 4, 2, share)
    fixed = np.where(np.array(frozen) > 1, worth.terms.first, 0.0)
    assume(not any(limit.broken(fixed).any() for limit in limits))
    left = [replace(each, room=each.room - each.use(fixed)) for each in limits]
    closed = worth.closed(fixed > 0)
    plan = best_orders(closed, closed.best(), fixed, left, minima, PlanParams())
    short = minima.short(plan.quantity + fixed)
    best = best_by_enumeration(closed, fixed, left, minima)
    assert not any(limit.broken(plan.quantity).any() for limit in left)
    assert not plan.quantity[fixed > 0].any()
    assert not (short & (minima.sums(fixed) <= 0)).any()
    assert not short.any() or best == -np.inf
    if not short.any():
        assert plan.worth == pytest.approx(best, rel=1e-6, abs=1e-9)
