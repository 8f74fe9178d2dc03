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


def test_channels_that_sell_by_either_figure_never_sell_more_than_there_is():
    """Pulse after pulse, each channel sells up to the larger of its last two figures."""
    rng = np.random.default_rng(7)
    for _ in range(200):
        stock = start = float(rng.integers(1, 60))
        sold, old = np.zeros(3), np.zeros(3)
        share = rng.random(3)
        for step in range(12):
            told = divide(
                np.array([stock]),
                claims(sold, old, [0, 3, 0], [1, 0, 2], share),
                step / 12,
            ).may_sell[0]
            sales = np.floor(rng.random(3) * (np.maximum(old, told) + 1))
            sold, stock = sold + sales, stock - sales.sum()
            old = np.maximum(told - sales, 0)
            assert sold.sum() <= start


def test_shares_go_to_the_largest_remainders():
    """Ten units by 45, 35 and 20 % are 5, 3 and 2: of equal remainders the first channel's."""
    parts = whole_parts(np.array([[4.5, 3.5, 2.0]]), np.array([10.0]))
    assert parts.tolist() == [[5, 3, 2]]


def test_locks_go_first_and_buffers_are_kept_back():
    found = divide(np.array([10.0]), claims([0, 0], [0, 0], [4, 0], [0, 2], [0.5, 0.5]), 0.0)
    assert found.may_sell.tolist() == [[6, 2]]
