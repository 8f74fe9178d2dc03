"""Calendar features against the standard library and published dates."""

from __future__ import annotations

import datetime

import numpy as np
import pytest

from features.dates import (
    date_features,
    festival_offset,
    public_holidays,
    season_bin,
    spring_festivals,
    working_days,
)
from stockwright.calendar import Calendar
from stockwright.errors import ConfigError

DAYS = Calendar("day", np.datetime64("2019-12-28"))
WEEKS = Calendar("week", np.datetime64("2019-12-30"))


def days_of(calendar: Calendar, periods: np.ndarray) -> list[datetime.date]:
    return [d.item() for d in calendar.dates(0, int(periods.max()) + 1)[periods]]


def test_days_have_the_weekday_and_month_day_of_the_standard_library() -> None:
    periods = np.arange(900)
    columns = date_features(DAYS, periods, "CN")
    dates = days_of(DAYS, periods)
    assert columns["weekday"].tolist() == [d.isoweekday() for d in dates]
    assert columns["month_day"].tolist() == [d.day for d in dates]
    np.testing.assert_allclose(columns["weekday_sin"] ** 2 + columns["weekday_cos"] ** 2, 1, 1e-5)
    angles = np.arctan2(columns["year_sin"], columns["year_cos"]) % (2 * np.pi)
    wanted = [2 * np.pi * (d.timetuple().tm_yday - 1) / 365.25 for d in dates]
    np.testing.assert_allclose(angles, wanted, atol=1e-4)


def test_a_weeks_season_bin_is_its_iso_week() -> None:
    periods = np.arange(320)
    weeks = [min(d.isocalendar().week, 52) - 1 for d in days_of(WEEKS, periods)]
    assert season_bin(WEEKS, periods).tolist() == weeks
    assert "weekday" not in date_features(WEEKS, periods, "CN")


def test_spring_festival_falls_on_the_published_dates() -> None:
    published = ["2020-01-25", "2021-02-12", "2022-02-01", "2023-01-22", "2024-02-10", "2025-01-29"]
    assert spring_festivals(2020, 2025).astype(str).tolist() == published


def test_festival_offset_counts_days_near_the_festival_only() -> None:
    periods = np.arange(500)
    offset = festival_offset(DAYS, periods, "CN")
    festival = datetime.date(2020, 1, 25), datetime.date(2021, 2, 12)
    for date, found in zip(days_of(DAYS, periods), offset, strict=True):
        near = [(date - f).days for f in festival if -35 <= (date - f).days <= 28]
        assert [found] == near if near else np.isnan(found)
    assert np.isnan(festival_offset(DAYS, periods, "GB")).all()


def test_holiday_distances_count_days_to_the_nearest_ones() -> None:
    for calendar in (DAYS, WEEKS):
        periods = np.arange(100)
        columns = date_features(calendar, periods, "CN")
        dates = {d.item() for d in public_holidays("CN", 2018, 2023)}
        assert datetime.date(2021, 10, 1) in dates
        for k, first in enumerate(days_of(calendar, periods)):
            day = datetime.timedelta(days=1)
            inside = sum(first + j * day in dates for j in range(calendar.days))
            ahead = next((j for j in range(21) if first + j * day in dates), 21)
            back = next((j for j in range(21) if first - j * day in dates), 21)
            assert columns["holiday"][k] == pytest.approx(inside / calendar.days)
            assert (columns["to_holiday"][k], columns["since_holiday"][k]) == (ahead, back)


def worked(country: str, year: int, *dates: str) -> list[bool]:
    days = [(np.datetime64(date) - np.datetime64(f"{year}-01-01")).astype(int) for date in dates]
    return working_days(country, year, year)[days].tolist()


def test_make_up_workdays_are_worked_and_days_off_in_lieu_are_not() -> None:
    """China 2024 as the State Council published it: Sundays 4 and 18 February were worked."""
    assert worked("CN", 2024, "2024-02-04", "2024-02-18", "2024-02-16", "2024-02-25") == [
        True, True, False, False,
    ]  # fmt: skip
    assert worked("CN", 2024, "2024-02-09", "2024-10-12", "2024-10-07") == [True, True, False]
    assert worked("GB", 2024, "2024-02-04", "2024-12-25", "2024-12-27") == [False, False, True]
    # The Emirates rest on Saturday and Sunday, Saudi Arabia on Friday and Saturday.
    assert worked("SA", 2024, "2024-03-01", "2024-03-02", "2024-03-03") == [False, False, True]


def test_a_weeks_working_days_are_the_share_of_its_seven_days() -> None:
    week = Calendar("week", np.datetime64("2024-01-29"))
    share = date_features(week, np.arange(4), "CN")["workday"] * 7
    # Mon-Sun from 29 January: six days with the made-up Sunday; 5 February: Mon-Fri; the week of
    # the festival: its Sunday only; 19 February: an ordinary week.
    np.testing.assert_allclose(share, [6, 5, 1, 5], rtol=1e-6)


def test_no_country_means_no_holidays_and_an_unknown_one_is_refused() -> None:
    assert np.isnan(date_features(DAYS, np.arange(5), "")["holiday"]).all()
    with pytest.raises(ConfigError, match="calendar country 'XX' is unknown"):
        date_features(DAYS, np.arange(5), "XX")
