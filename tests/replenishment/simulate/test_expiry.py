"""Shelf life: against a simulation that follows each unit by itself."""

import numpy as np
import pytest

from replenishment.simulate import (
    BaseStock,
    Decisions,
    ShelfLife,
    ShopState,
    ShopTerms,
    simulate,
    step,
)

PERIODS = 80


def unit_by_unit(demand, orders, life, lead, opening):
    """Units sold, expired and left per period of one row whose goods all come from outside."""
    held = [life] * opening  # the periods of life that each unit has left, oldest first
    under_way = [0] * (lead + 1)
    books = []
    for wanted, ordered in zip(demand, orders, strict=True):
        held += [life] * under_way.pop(0)
        sold = min(wanted, len(held))
        held = [left - 1 if life else 0 for left in held[sold:]]
        fresh = [left for left in held if left > 0 or not life]
        books.append((sold, len(held) - len(fresh), len(fresh)))
        held = fresh
        under_way.append(ordered)
    return np.array(books).T


@pytest.mark.parametrize("first_expired_first_out", [True, False])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_goods_from_outside_expire_as_units_do(first_expired_first_out, seed):
    rng = np.random.default_rng(seed)
    life, lead = rng.integers(0, 8, 30), rng.integers(0, 4, 30)
    demand = rng.poisson(rng.uniform(0.5, 4, (30, 1)), (30, PERIODS))
    terms = ShopTerms(
        lead, np.ones(30), np.ones(30), shelf_life=ShelfLife(life, first_expired_first_out)
    )
    opening = rng.integers(0, 15, 30)
    start = ShopState.opening(opening, terms)
    run = simulate(demand.astype(float), BaseStock(rng.integers(3, 25, 30)), terms, start)
    assert run.expired.sum() > 0
    for row in range(30):
        orders = run.ordered[row].astype(int)
        found = unit_by_unit(demand[row], orders, life[row], lead[row], opening[row])
        told = [run.sold[row], run.expired[row], run.left[row]]
        np.testing.assert_array_equal(found, told)


def two_places(demand, bought, sent, life, way, first_expired):
    """Units expired and left at a warehouse and at the store it feeds, each unit by itself.

    A unit is (its last period, when its place received it).
    """
    held, coming, books = ([], []), [], []
    rank = (lambda u: u) if first_expired else (lambda u: (u[1], u[0]))
    for t in range(len(demand)):
        held[0].sort(key=rank)
        alive = [u for u in held[0] if u[0] - t >= way]  # outlasts the way to the store
        for unit in alive[: int(sent[t])]:
            held[0].remove(unit)
            coming.append((t + way, unit[0]))
        held[0].extend([(t + life - 1, t)] * int(bought[t]))
        held[1].extend((last, t) for due, last in coming if due == t)
        coming = [each for each in coming if each[0] > t]
        held[1].sort(key=rank)
        del held[1][: int(demand[t])]
        expired = [sum(u[0] == t for u in place) for place in held]
        for place in held:
            place[:] = [u for u in place if u[0] > t]
        books.append([*expired, *map(len, held)])
    return np.array(books).T


@pytest.mark.parametrize("first_expired_first_out", [True, False])
@pytest.mark.parametrize("way", [0, 1, 3])
@pytest.mark.parametrize("life", [4, 6])
def test_a_transfer_ages_on_its_way_and_at_its_source(life, way, first_expired_first_out):
    """Random lines to a warehouse and on to a store; what would arrive expired is not sent."""
    rng = np.random.default_rng(life + way)
    terms = ShopTerms(
        np.array([0, way]), np.ones(2), np.ones(2), source=np.array([-1, 0]),
        shelf_life=ShelfLife(np.full(2, life), first_expired_first_out),
    )  # fmt: skip
    state, found, sent = ShopState.opening(0, terms), [], []
    bought, asked = rng.poisson(5, PERIODS), rng.poisson(4, PERIODS)
    demand = rng.poisson(2, PERIODS)
    for t in range(PERIODS):
        lines = Decisions.lines([0, 1], [bought[t], asked[t]], source=[-1, 0])
        state, books = step(state, lines, np.array([0.0, demand[t]]), terms)
        found.append([*books.expired, *books.left])
        sent.append(books.moved[1])
    told = two_places(demand, bought, sent, life, way, first_expired_first_out)
    np.testing.assert_array_equal(np.array(found).T, told)
    assert told[:2].sum() > 0
    # A unit is at its source for one period before it can leave.
    assert (sum(sent) > 0) == (life > way + 1)
