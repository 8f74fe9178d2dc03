"""What channels are told never adds up to more than is there."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from replenishment.pulse.quota import Claims, divide, whole_parts

SMALL = st.integers(0, 30)


def claims(sold, old, locked, buffer, share):
    each = [np.array([row], float) for row in (sold, old, locked, buffer, share)]
    return Claims(*each, np.ones((1, len(sold)), bool))


@given(st.data())
def test_old_and_new_quotas_together_never_exceed_the_stock(data):
    """Whichever of two figures a channel uses, the units it may sell are there."""
    rows = [data.draw(st.lists(SMALL, min_size=3, max_size=3)) for _ in range(5)]
    old = np.array(rows[1], float)
    stock = old.sum() + data.draw(SMALL)
    found = divide(np.array([stock]), claims(*rows), data.draw(st.floats(0, 1)))
    assert np.maximum(old, found.may_sell[0]).sum() <= stock
    assert (found.may_sell >= 0).all()
    assert (found.may_sell == np.floor(found.may_sell)).all()


MANY = st.lists(st.integers(0, 900), min_size=3, max_size=3)
SALES = st.lists(st.tuples(st.booleans(), st.sampled_from([0, 0.5, 1])), min_size=6, max_size=6)


@given(MANY, MANY, st.lists(SALES, min_size=1, max_size=6))
def test_channels_that_sell_by_either_figure_never_sell_more_than_there_is(stock, share, rounds):
    """Pulse after pulse, each channel sells all, half or nothing of either of its last figures."""
    stock = np.array(stock[:2], float)
    sold, old = np.zeros((2, 3)), np.zeros((2, 3))
    kept = np.zeros((2, 3)), np.ones((2, 3), bool)
    for step, sales in enumerate(rounds):
        terms = Claims(sold, old, kept[0], kept[0], np.array([share] * 2, float), kept[1])
        told = divide(stock, terms, (step + 1) / 7).may_sell
        assert (np.maximum(old, told).sum(axis=1) <= stock).all()
        newest, part = np.array(sales, float).reshape(2, 3, 2).transpose(2, 0, 1)
        units = np.floor(np.where(newest > 0, told, old) * part)
        sold, stock = sold + units, stock - units.sum(axis=1)
        assert (stock >= 0).all()
        old = np.maximum(told - units, 0)


@given(MANY, MANY, MANY, st.floats(0, 1))
def test_what_one_channel_gives_back_reaches_another_with_the_next_pulse(old, sold, share, passed):
    """Where nothing is sold in between, no rise waits for a third pulse."""
    stock, nothing = np.array([sum(old) + 1.0]), [0, 0, 0]
    first = divide(stock, claims(sold, old, nothing, nothing, share), passed)
    second = divide(stock, claims(sold, first.may_sell[0], nothing, nothing, share), passed)
    assert second.may_sell.tolist() == first.wanted.tolist()


def test_shares_go_to_the_largest_remainders():
    """Ten units by 45, 35 and 20 % are 5, 3 and 2: of equal remainders the first channel's."""
    parts = whole_parts(np.array([[4.5, 3.5, 2.0]]), np.array([10.0]))
    assert parts.tolist() == [[5, 3, 2]]


def test_locks_go_first_and_buffers_are_kept_back():
    found = divide(np.array([10.0]), claims([0, 0], [0, 0], [4, 0], [0, 2], [0.5, 0.5]), 0.0)
    assert found.may_sell.tolist() == [[6, 2]]
