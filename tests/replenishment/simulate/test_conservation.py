"""No unit appears or vanishes, whatever holds in the shop: checked for each row and period."""

import numpy as np
import pytest

from replenishment.simulate import (
    BaseStock,
    RandomLead,
    Receiving,
    ShelfLife,
    ShopState,
    ShopTerms,
    Substitutes,
    simulate,
)

LOCATIONS, SKUS, PERIODS = 4, 12, 60
#: Location 0 is fed by suppliers and feeds the others; rows run location by location.
ROWS = LOCATIONS * SKUS
AT = np.repeat(np.arange(LOCATIONS), SKUS)
SOURCE = np.where(AT == 0, -1, np.arange(ROWS) % SKUS)


def network(rng, lost_sales=True, life=None, crossing=True, **more):
    chance = rng.dirichlet(np.ones(4), ROWS)
    sku, other = np.arange(ROWS), np.where(np.arange(ROWS) % SKUS < 5, np.arange(ROWS) + 1, -1)
    parts = {
        "random_lead": RandomLead(chance, crossing),
        "receiving": Receiving(AT, np.array([80.0, 15.0, 12.0, np.inf])),
        "substitutes": Substitutes(other, np.where(sku % 2 == 0, 0.6, 1.0)),
    }
    if life:
        periods = rng.integers(0, 6, SKUS)[np.arange(ROWS) % SKUS]
        parts["shelf_life"] = ShelfLife(periods, life == "fefo", cost=0.3)
    parts |= more
    return ShopTerms(
        np.ones(ROWS, np.int64), np.full(ROWS, 0.5), np.full(ROWS, 3.0), lost_sales,
        moq=np.where(AT == 0, 6.0, 0.0), multiple=np.where(AT == 0, 4.0, 2.0),
        fixed_cost=2.0, unit_cost=0.1, source=SOURCE, **parts,
    )  # fmt: skip


def replay(terms, rng):
    demand = np.where(AT[:, None] == 0, 0, rng.poisson(2.0, (ROWS, PERIODS))).astype(float)
    target = np.where(AT == 0, 30, 9)
    start = ShopState.opening(rng.integers(0, 9, ROWS), terms)
    return demand, start, simulate(demand, BaseStock(target), terms, start, rng=rng)


@pytest.mark.parametrize("crossing", [True, False])
@pytest.mark.parametrize("life", [None, "fifo", "fefo"])
@pytest.mark.parametrize("lost_sales", [True, False])
def test_stock_changes_by_what_the_books_say(lost_sales, life, crossing):
    rng = np.random.default_rng(5)
    terms = network(rng, lost_sales, life, crossing)
    demand, start, run = replay(terms, rng)
    shipped_before = np.hstack([np.zeros((ROWS, 1)), run.shipped[:, :-1]])
    opened = np.maximum(start.on_hand, 0)[:, None]
    left_before = np.hstack([opened, run.left[:, :-1]])
    stock = left_before - shipped_before + run.received - run.sold - run.expired
    np.testing.assert_array_equal(run.left, stock)
    own = run.sold - run.stood_in + run.elsewhere
    if lost_sales:
        np.testing.assert_array_equal(demand, own + run.missed)
    else:
        owed_before = np.hstack([np.zeros((ROWS, 1)), run.missed[:, :-1]])
        np.testing.assert_array_equal(demand + owed_before, own + run.missed)
    np.testing.assert_array_equal(run.stood_in.sum(axis=0), run.elsewhere.sum(axis=0))
    assert all((getattr(run, name) >= 0).all() for name in ("left", "missed", "sold", "waiting"))
    assert run.elsewhere.sum() > 0
    assert run.short.sum() > 0
    assert run.waiting.sum() > 0
    assert (run.expired.sum() > 0) == (life is not None)


@pytest.mark.parametrize("life", [None, "fifo", "fefo"])
def test_what_was_sent_is_received_or_under_way(life):
    rng = np.random.default_rng(6)
    terms = network(rng, life=life)
    _, _, run = replay(terms, rng)
    sent = (run.ordered + run.moved).sum(axis=1)
    np.testing.assert_array_equal(sent, run.received.sum(axis=1) + run.end.pipeline.sum(axis=1))
    np.testing.assert_array_equal(run.moved.sum(axis=0), run.shipped.sum(axis=0))
    if life:
        np.testing.assert_array_equal(run.end.lots.sum(axis=(1, 2)), run.end.on_hand)
        np.testing.assert_array_equal(run.end.coming.sum(axis=2), run.end.pipeline)


def test_no_location_receives_more_than_its_room():
    rng = np.random.default_rng(7)
    capacity = rng.integers(0, 40, (LOCATIONS, PERIODS)).astype(float)
    terms = network(rng, receiving=Receiving(AT, capacity))
    _, _, run = replay(terms, rng)
    taken = np.add.reduceat(run.received, np.arange(0, ROWS, SKUS), axis=0)
    assert (taken <= capacity).all()
    waits = np.add.reduceat(run.waiting, np.arange(0, ROWS, SKUS), axis=0) > 0
    np.testing.assert_array_equal(taken[waits], capacity[waits])


def test_the_cost_is_that_of_the_books():
    rng = np.random.default_rng(8)
    terms = network(rng, life="fefo")
    _, _, run = replay(terms, rng)
    sent = run.ordered + run.moved
    orders = (run.ordered > 0) + 0.0 + (run.moved > 0)
    money = 0.5 * run.left + 3 * run.missed + 0.3 * run.expired + 2 * orders + 0.1 * sent
    np.testing.assert_allclose(run.cost, money)


def test_suppliers_orders_come_in_packs_from_the_moq_on():
    rng = np.random.default_rng(9)
    _, _, run = replay(network(rng), rng)
    bought = run.ordered[run.ordered > 0]
    assert (bought % 4 == 0).all()
    assert bought.min() == 8  # the MOQ of 6 raised to whole packs of 4
    assert (run.moved % 2 == 0).all()


def test_paths_side_by_side_are_separate_shops():
    """Two copies with the same demand run alike, and like one shop alone."""
    rng = np.random.default_rng(10)
    fixed = {"random_lead": None, "substitutes": None, "life": "fifo"}
    terms = network(rng, **fixed)
    demand = rng.poisson(2.0, (ROWS, PERIODS)).astype(float)
    alone = simulate(demand, BaseStock(np.full(ROWS, 12)), terms, ShopState.opening(8, terms))
    twice = terms.repeated(2)
    both = simulate(
        np.tile(demand, (2, 1)), BaseStock(np.full(2 * ROWS, 12)), twice,
        ShopState.opening(8, twice),
    )  # fmt: skip
    for name in ("received", "sold", "short", "expired", "left", "cost"):
        np.testing.assert_array_equal(getattr(both, name)[:ROWS], getattr(alone, name))
        np.testing.assert_array_equal(getattr(both, name)[ROWS:], getattr(alone, name))
