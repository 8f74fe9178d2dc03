"""Periods of a calendar lie on dates, wherever the calendar starts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockwright.calendar import Calendar


@given(
    start=st.integers(0, 3000),
    later=st.integers(0, 400),
    newest=st.integers(401, 900),
    stride=st.integers(1, 30),
)
def test_anchored_periods_are_the_same_dates_in_every_calendar(
    start: int, later: int, newest: int, stride: int
) -> None:
    """A calendar that starts later names the same dates; only ``newest`` is off the grid."""
    first = np.datetime64("2020-01-01") + np.timedelta64(start, "D")
    long = Calendar("day", first)
    short = Calendar("day", first + np.timedelta64(later, "D"))
    found = long.anchored(newest, stride, later)
    again = short.anchored(newest - later, stride, 0)
    assert (long.dates(0, newest + 1)[found] == short.dates(0, newest - later + 1)[again]).all()
    assert found[-1] == newest
    assert (np.diff(found[:-1]) == stride).all()
    assert (np.diff(found) <= stride).all()


@pytest.mark.parametrize("monday", ["1969-12-29", "1970-01-05", "2024-02-26"])
def test_weeks_are_numbered_alike_from_any_monday(monday: str) -> None:
    """The ordinal of a week is that of its Monday: seven days further, one more."""
    calendar = Calendar("week", np.datetime64(monday))
    days = (np.datetime64(monday) - np.datetime64("1969-12-29")).astype(int)
    assert calendar.ordinal(3) - Calendar("week", np.datetime64("1969-12-29")).ordinal(0) == (
        days // 7 + 3
    )


def test_nothing_is_anchored_before_the_least_period() -> None:
    assert not len(Calendar("day", np.datetime64("2024-01-01")).anchored(3, 5, 4))
