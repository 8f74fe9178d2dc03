"""Shrunk means: the limits they obey, and that they beat raw and pooled means."""

import numpy as np
import pytest

from replenishment.supply.learn import (
    Level,
    remaining_delay,
    shrunk_means,
    still_open_share,
    whole_periods,
)
from stockwright.errors import DataError


def flat(groups, n):
    """One level: ``n`` observations of each of ``groups`` groups."""
    return [Level(np.repeat(np.arange(groups), n), np.zeros(groups, np.int64), np.ones(groups * n))]


def test_groups_that_differ_by_chance_alone_take_one_mean():
    values = np.tile([1.0, 3.0, 2.0, 4.0], 5)
    [found] = shrunk_means(values, flat(5, 4), 0.0, 1e-9)
    np.testing.assert_allclose(found, 2.5, atol=1e-6)


def test_groups_that_differ_beyond_chance_keep_their_own_means():
    values = np.concatenate([np.full(50, 1.0), np.full(50, 9.0)]) + np.tile([-0.1, 0.1], 50)
    [found] = shrunk_means(values, flat(2, 50), 0.0, 1e-9)
    np.testing.assert_allclose(found, [1.0, 9.0], atol=0.01)


def test_the_estimate_is_nearer_the_truth_than_raw_and_than_pooled_means():
    """Mean squared error over simulated lanes with known means (Efron & Morris 1975)."""
    rng = np.random.default_rng(3)
    errors = np.zeros(3)
    for _ in range(50):
        truth = rng.normal(2.0, 1.0, 40)
        values = (truth[:, None] + rng.normal(0.0, 2.0, (40, 4))).ravel()
        [found] = shrunk_means(values, flat(40, 4), 0.0, 1e-9)
        raw = values.reshape(40, 4).mean(axis=1)
        guesses = (found, raw, np.full(40, values.mean()))
        errors += [((each - truth) ** 2).mean() for each in guesses]
    assert errors[0] < 0.9 * errors[1]
    assert errors[0] < 0.9 * errors[2]


def test_the_variances_are_those_of_the_credibility_formula():
    """Buhlmann & Straub on two groups of two: Z = n / (n + s2 / t2), by hand."""
    values = np.array([1.0, 3.0, 7.0, 9.0])
    [found] = shrunk_means(values, flat(2, 2), 0.0, 1e-12)
    within = (4 * 1.0) / 2
    between = (2 * 9 + 2 * 9 - within) / (4 - 8 / 4)
    trust = 2 / (2 + within / between)
    np.testing.assert_allclose(found, [5 - 3 * trust, 5 + 3 * trust])


def test_without_observations_the_prior_stands_and_with_many_it_does_not_matter():
    none = [Level(np.zeros(0, np.int64), np.zeros(3, np.int64), np.zeros(0))]
    [found] = shrunk_means(np.zeros(0), none, 4.0, 5.0)
    np.testing.assert_array_equal(found, 4.0)
    [found] = shrunk_means(np.tile([9.0, 11.0], 5000), flat(1, 10_000), 4.0, 5.0)
    np.testing.assert_allclose(found, 10.0, atol=0.01)


def test_a_group_without_observations_takes_the_value_of_its_parent():
    top = Level(np.repeat([0, 1], 40), np.zeros(2, np.int64), np.ones(80))
    low = Level(np.repeat([0, 1], 40), np.array([0, 1, 1]), np.ones(80))
    values = np.concatenate([np.tile([0.0, 2.0], 20), np.tile([8.0, 10.0], 20)])
    suppliers, lanes = shrunk_means(values, [top, low], 0.0, 1.0)
    assert lanes[2] == suppliers[1]
    assert suppliers[1] > suppliers[0] + 7


def test_lines_of_one_order_count_as_one_order():
    values = np.array([1.0, 5.0, 2.0, 9.0, 8.0, 12.0])
    once = shrunk_means(values, flat(2, 3), 0.0, 1.0)[0]
    thrice = Level(np.repeat([0, 1], 9), np.zeros(2, np.int64), np.full(18, 1 / 3))
    again = shrunk_means(np.repeat(values, 3), [thrice], 0.0, 1.0)[0]
    np.testing.assert_allclose(again, once)


def test_weights_of_0_are_refused():
    with pytest.raises(DataError):
        Level(np.zeros(1, np.int64), np.zeros(1, np.int64), np.zeros(1))


@pytest.mark.parametrize("period", [1, 7])
def test_a_lead_time_of_whole_days_takes_the_periods_that_cover_it(period):
    days = np.arange(60)
    assert (whole_periods(days.astype(float), period) == -(-days // period)).all()


def test_the_longest_wait_is_told_in_stated_lead_times():
    assert still_open_share(np.array([5.0, 10.0, 20.0]), np.array([10.0, 10.0, 10.0]), 1.0) == 2.0
    assert still_open_share(np.array([1.0]), np.array([10.0]), 0.98) == 1.0
    assert still_open_share(np.zeros(0), np.zeros(0), 0.98) == 1.0


def test_an_overdue_order_is_expected_as_late_as_those_that_were_later_still():
    delays = np.array([0.0, 2.0, 4.0, 6.0, 8.0, 30.0, 40.0])
    group = np.array([0, 0, 0, 0, 0, 1, 1])
    late, own = np.array([3, 3, 7, 50, 0]), np.array([0, 1, 0, 0, -1])
    found = remaining_delay(late, own, delays, group, 3)
    # Group 0 has three deliveries later than 3 days; group 1 and longer delays ask all.
    everyone = np.mean([4, 6, 8, 30, 40]) - 3
    np.testing.assert_allclose(found, [3.0, everyone, np.mean([8, 30, 40]) - 7, 1.0, 15.0])


def test_without_deliveries_an_overdue_order_is_due_the_next_morning():
    nothing = np.zeros(0)
    found = remaining_delay(np.array([0, 9]), np.zeros(2, int), nothing, nothing.astype(int), 5)
    assert found.tolist() == [1.0, 1.0]
