"""Dates around closures, held to a walk day by day."""

import numpy as np
import pytest

from replenishment.supply.calendars import OpenDays, days_worked, next_open, times_of


def walk(days, source, destination, lead, review):
    """The same by hand: one day after the other."""

    def there(day):
        while not days.ships[source, day]:
            day += 1
        left = lead
        while left > 0:
            left -= int(days.ships[source, day])
            day += 1
        while not days.receives[destination, day]:
            day += 1
        return day

    order = review if days.takes[source, 0] else 1
    while not days.takes[source, order]:
        order += 1
    return there(0), there(order), bool(days.takes[source, 0])


def test_dates_are_those_of_a_walk_day_by_day():
    rng = np.random.default_rng(1)
    for _ in range(30):
        takes, ships, receives = (rng.random((3, 200)) < 0.6 for _ in range(3))
        for each in (takes, ships, receives):
            each[:, 150:] = True
        days = OpenDays(takes, ships, receives)
        source, destination = rng.integers(0, 3, 20), rng.integers(0, 3, 20)
        lead, review = rng.integers(0, 30, 20), rng.integers(1, 15, 20)
        found = times_of(days, source, destination, lead, review)
        for i in range(20):
            wanted = walk(days, source[i], destination[i], lead[i], review[i])
            assert (found.there[i], found.next_there[i], found.open_tonight[i]) == wanted


@pytest.mark.parametrize(("lead", "review"), [(0, 1), (5, 1), (12, 7)])
def test_without_closures_lead_time_and_review_are_what_they_were(lead, review):
    open_days = np.ones((1, 40), np.bool_)
    days = OpenDays(open_days, open_days, open_days)
    one = np.zeros(1, np.int64)
    times = times_of(days, one, one, one + lead, one + review)
    assert times.there[0] == lead
    assert times.next_there[0] == lead + review


def test_a_closure_ahead_moves_the_next_arrival_and_not_tonights():
    is_open = np.ones((1, 60), np.bool_)
    is_open[0, 8:22] = False
    always = np.ones((1, 60), np.bool_)
    one = np.zeros(1, np.int64)
    times = times_of(OpenDays(is_open, is_open, always), one, one, one + 5, one + 7)
    assert times.there[0] == 5
    # The order of day 7 has one day of work before the closure and four after it.
    assert times.next_there[0] == 26


def test_parties_that_never_open_again_are_open_on_the_last_day():
    closed = np.zeros((1, 9), np.bool_)
    assert (next_open(closed) == 8).all()
    before, done = days_worked(closed)
    assert (before == 0).all()
    assert (done[0, 1:] == 8).all()
