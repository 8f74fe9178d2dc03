"""A network day by day: worked by hand."""

import numpy as np
import pytest

from replenishment.simulate import (
    Decisions,
    Receiving,
    ShopState,
    ShopTerms,
    Substitutes,
    simulate,
    step,
)
from stockwright.errors import DataError

CENTRAL, EAST, WEST = 0, 1, 2


def shop(**more):
    return ShopTerms(
        np.array([2, 0, 1]), np.ones(3), np.full(3, 5.0), source=np.array([-1, 0, 0]), **more
    )


def test_a_source_that_is_short_shares_in_proportion_and_ships_at_once():
    """10 units, asked for 12 and 8: 6 and 4 leave; east can sell its share on the next day."""
    terms = shop()
    lines = Decisions.lines([EAST, WEST], [12, 8], source=CENTRAL)
    state, books = step(ShopState.opening([10, 0, 0], terms), lines, np.array([0, 5, 1]), terms)
    assert books.moved.tolist() == [0, 6, 4]
    assert books.short.tolist() == [0, 6, 4]
    assert books.shipped.tolist() == [10, 0, 0]
    assert books.received.tolist() == [0, 6, 0]
    assert books.missed.tolist() == [0, 0, 1]
    assert books.left.tolist() == [0, 1, 0]
    assert books.cost.tolist() == [0, 1, 5]
    assert [part.tolist() for part in state.arrivals()] == [[WEST], [1], [4]]
    state, books = step(state, Decisions.lines([], []), np.array([0, 0, 1]), terms)
    assert books.received.tolist() == [0, 0, 4]
    assert books.left.tolist() == [0, 1, 3]


def test_lateral_and_urgent_lines_take_any_source_and_time():
    terms = shop()
    state = ShopState.opening([0, 9, 0], terms)
    lines = Decisions.join(
        Decisions.lines(WEST, 4, source=EAST, lead_time=0),
        Decisions.lines([WEST, CENTRAL], [3, 20], lead_time=[0, 2]),
    )
    state, books = step(state, lines, np.array([0, 2, 9]), terms)
    assert books.received.tolist() == [0, 0, 7]
    assert books.left.tolist() == [0, 3, 0]
    assert books.missed.tolist() == [0, 0, 2]
    assert books.ordered.tolist() == [20, 0, 3]
    assert [part.tolist() for part in state.arrivals()] == [[CENTRAL], [2], [20]]
    night = state.stock()
    assert night.on_hand.tolist() == [0, 3, 0]
    assert night.arrival_step.tolist() == [2]


def test_a_short_source_sends_whole_packs_and_keeps_the_rest():
    terms = shop()
    lines = Decisions.lines([EAST, WEST], [12, 12], source=CENTRAL, multiple=6)
    state, books = step(ShopState.opening([20, 0, 0], terms), lines, np.zeros(3), terms)
    assert books.moved.tolist() == [0, 6, 6]
    assert state.on_hand.tolist() == [8, 6, 0]


def test_what_does_not_fit_waits_at_the_dock_and_comes_first():
    terms = shop(receiving=Receiving(np.array([0, 1, 1]), np.array([np.inf, 5.0])))
    state = ShopState.opening(0, terms)
    lines = Decisions.lines([EAST, WEST], [6, 2], lead_time=0)
    state, books = step(state, lines, np.zeros(3), terms)
    assert books.received.tolist() == [0, 3, 2]
    assert books.waiting.tolist() == [0, 3, 0]
    state, books = step(state, Decisions.lines([], []), np.zeros(3), terms)
    assert books.received.tolist() == [0, 3, 0]
    assert state.on_hand.tolist() == [0, 6, 2]


def test_customers_of_a_sold_out_sku_take_the_other_after_its_own_customers():
    """3 of 8 find the first SKU; all 5 others ask for the second, which has 4 beside its own 2."""
    told = Substitutes(np.array([1, -1]), np.array([1.0, 0.0]))
    terms = ShopTerms(np.zeros(2, int), np.ones(2), np.ones(2), substitutes=told)
    _, books = step(
        ShopState.opening([3, 6], terms), np.zeros(2), np.array([8, 2]), terms,
        np.random.default_rng(1),
    )  # fmt: skip
    assert books.sold.tolist() == [3, 6]
    assert books.stood_in.tolist() == [0, 4]
    assert books.elsewhere.tolist() == [4, 0]
    assert books.missed.tolist() == [1, 0]


def test_goods_by_weight_are_shared_in_fractions():
    terms = shop(whole=False)
    lines = Decisions.lines([EAST, WEST], [1.5, 0.5], source=CENTRAL)
    _, books = step(ShopState.opening([1.0, 0, 0], terms), lines, np.zeros(3), terms)
    np.testing.assert_allclose(books.moved, [0, 0.75, 0.25])


def test_steps_one_by_one_are_the_replay():
    rng = np.random.default_rng(3)
    terms = shop(receiving=Receiving(np.arange(3), np.array([9.0, 5.0, 5.0])))
    demand = rng.poisson([0, 3, 2], (50, 3)).T.astype(float)

    def order(period, state):
        return np.maximum(np.array([20, 8, 8]) - state.position(), 0)

    start = ShopState.opening([15, 4, 4], terms)
    whole = simulate(demand, order, terms, start, opening=True)
    state = start
    for period in range(50):
        state, books = step(state, order(period - 1, state), demand[:, period], terms)
        for name in ("received", "waiting", "sold", "missed", "left"):
            np.testing.assert_array_equal(getattr(books, name), getattr(whole, name)[:, period])


def test_orders_that_no_shop_can_carry_out_are_refused():
    terms = shop()
    state = ShopState.opening(0, terms)
    with pytest.raises(DataError, match="pipeline of 6 periods"):
        step(state, Decisions.lines(EAST, 1, lead_time=5), np.zeros(3), terms)
    with pytest.raises(DataError, match="orders must be >= 0"):
        step(state, np.array([0, -1.0, 0]), np.zeros(3), terms)
    with pytest.raises(DataError, match="another row"):
        Decisions.lines(EAST, 1, source=EAST)
