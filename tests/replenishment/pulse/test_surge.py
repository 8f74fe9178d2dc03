"""How long a surge goes on that no forecast knew of."""

import numpy as np
import pytest

from replenishment.pulse.surge import time_to_last


@pytest.mark.parametrize("share", [0.1, 0.3, 0.8])
def test_it_lasts_as_simulated_surges_do_that_are_seen_at_a_random_moment(share):
    """A length of any scale, looked at anywhere in it, kept where it was seen for ``share``."""
    rng = np.random.default_rng(2)
    more = share / rng.random(2_000_000) - share
    mean, square = time_to_last(share, 5)
    for day in range(5):
        lasts = np.minimum(more, day + 1 - share)
        assert mean[day] == pytest.approx(lasts.mean(), rel=0.01)
        assert square[day] == pytest.approx((lasts**2).mean(), rel=0.01)


def test_the_longer_it_was_seen_the_longer_it_goes_on():
    means = np.array([time_to_last(share, 8)[0][-1] for share in (0.1, 0.3, 0.6, 0.9)])
    assert (np.diff(means) > 0).all()


def test_nothing_of_today_is_left_at_its_close():
    mean, square = time_to_last(1.0, 3)
    assert mean[0] == square[0] == 0
    assert mean[1] > 0
