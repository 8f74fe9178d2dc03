"""The fast sums: those of the whole engine, to the last digit."""

import numpy as np
import pytest

from replenishment.simulate import (
    BaseStock,
    OrderUpTo,
    Receiving,
    ShopState,
    ShopTerms,
    simulate,
    simulate_totals,
)
from stockwright.errors import ConfigError, DataError

N, PERIODS = 60, 90
NAMES = ("sold", "missed", "left", "ordered")


def policies(rng):
    target = rng.integers(5, 40, N)
    return {
        "base-stock": BaseStock(target),
        "R-S": OrderUpTo(target + 10, review=3),
        "s-S": OrderUpTo(target + 12, target - 3),
        "R-s-S": OrderUpTo(target + 15, target + 0.5, review=2),
        "capped": OrderUpTo(target, most=rng.integers(1, 9, N)),
    }


def shop(rng, lost_sales, leads, packs):
    lot = {"moq": rng.integers(0, 9, N), "multiple": rng.integers(0, 5, N)} if packs else {}
    lead = rng.integers(*leads, N)
    money = rng.random(N), 5 * rng.random(N)
    return ShopTerms(lead, *money, lost_sales, fixed_cost=2.0, unit_cost=0.25, **lot)


@pytest.mark.parametrize("packs", [False, True])
@pytest.mark.parametrize("leads", [(7, 8), (0, 6)])
@pytest.mark.parametrize("lost_sales", [True, False])
@pytest.mark.parametrize("name", ["base-stock", "R-S", "s-S", "R-s-S", "capped"])
def test_sums_are_those_of_the_replay(name, lost_sales, leads, packs):
    rng = np.random.default_rng(11)
    terms = shop(rng, lost_sales, leads, packs)
    policy = policies(rng)[name]
    demand = rng.poisson(3.0, (N, PERIODS)).astype(float)
    start = ShopState(
        rng.integers(0 if lost_sales else -9, 45, N).astype(float),
        rng.integers(0, 6, (N, 10)).astype(float),
    )
    run = simulate(demand, policy, terms, start)
    for warm_up in (0, 20):
        sums = simulate_totals(demand, policy, terms, start, warm_up, threads=2, chunk=7)
        np.testing.assert_array_equal(sums.demand, demand[:, warm_up:].sum(axis=1))
        for each in NAMES:
            told = getattr(run, each)[:, warm_up:].sum(axis=1)
            np.testing.assert_array_equal(getattr(sums, each), told, err_msg=each)
        np.testing.assert_array_equal(sums.orders, (run.ordered[:, warm_up:] > 0).sum(axis=1))
        np.testing.assert_allclose(sums.cost, run.cost[:, warm_up:].sum(axis=1), rtol=1e-12)


@pytest.mark.parametrize("kind", [np.float64, np.float32, np.int64, np.uint16])
@pytest.mark.parametrize("order", ["C", "F"])
def test_the_way_demand_is_stored_changes_nothing(kind, order):
    rng = np.random.default_rng(12)
    terms = ShopTerms.same(N, 7, 1.0, 9.0)
    demand = rng.poisson(3.0, (N, PERIODS))
    start = ShopState.opening(20, terms)
    plain = simulate_totals(demand, BaseStock(28), terms, start)
    other = simulate_totals(np.array(demand, kind, order=order), BaseStock(28), terms, start)
    np.testing.assert_array_equal(plain.left, other.left)
    np.testing.assert_array_equal(plain.sold, other.sold)


@pytest.mark.parametrize("large", [False, True])
def test_fractions_and_large_numbers_are_counted_in_full(large):
    """Sums beyond 2**24, and weights, are no less exact."""
    rng = np.random.default_rng(13)
    scale = 10_007.0 if large else 0.3
    terms = ShopTerms.same(N, 2, 1.0, 9.0, lost_sales=False)
    demand = scale * rng.poisson(40.0, (N, PERIODS))
    start = ShopState.opening(scale * 100, terms)
    policy = BaseStock(scale * 125)
    run = simulate(demand, policy, terms, start)
    sums = simulate_totals(demand, policy, terms, start)
    rtol = 0 if large else 1e-9
    np.testing.assert_allclose(sums.left, run.left.sum(axis=1), rtol=rtol)
    np.testing.assert_allclose(sums.missed, run.missed.sum(axis=1), rtol=rtol, atol=1e-9)


def test_what_needs_the_whole_engine_is_refused_by_name():
    terms = ShopTerms.same(2, 1, 1.0, 1.0)
    dock = Receiving(np.zeros(2, int), np.array([3.0]))
    bound = ShopTerms(*(np.ones(2),) * 3, receiving=dock, source=np.array([-1, 0]))
    with pytest.raises(DataError, match="receiving, source"):
        simulate_totals(np.ones((2, 3)), BaseStock(1), bound, ShopState.opening(0, bound))
    with pytest.raises(DataError, match="owed"):
        simulate_totals(np.ones((2, 3)), BaseStock(1), terms, ShopState.opening(-1, terms))
    with pytest.raises(ConfigError, match="review"):
        OrderUpTo(3, review=0)
