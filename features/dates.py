"""What the calendar says of a period: weekday, season, public holidays, Spring Festival."""

from __future__ import annotations

from functools import lru_cache

import holidays
import numpy as np
from numpy.typing import NDArray

from features.signal import Floats32
from stockwright.calendar import Calendar, Dates, iso_weekday
from stockwright.errors import ConfigError

SEASON_BINS = 52
FESTIVAL_BEFORE, FESTIVAL_AFTER = 35, 28
HOLIDAY_REACH = 21
#: Countries where the lunar new year moves trade.
FESTIVAL_COUNTRIES = frozenset({"CN", "HK", "MO", "TW", "SG", "MY", "VN", "KR"})

_YEAR_DAYS = 365.25
_ONE_DAY = np.timedelta64(1, "D")


def year_of(dates: Dates) -> NDArray[np.int64]:
    """Calendar year of each date."""
    return np.asarray(dates.astype("datetime64[Y]").astype(np.int64) + 1970, np.int64)


def day_of_year(dates: Dates) -> NDArray[np.int64]:
    """Day of the year of each date, 1 = 1 January."""
    return np.asarray((dates - dates.astype("datetime64[Y]")).astype(np.int64) + 1, np.int64)


def middle_days(calendar: Calendar, periods: NDArray[np.int64]) -> Dates:
    """The day that stands for each period: itself, or the Thursday that names an ISO week."""
    offset = periods * calendar.days + calendar.days // 2
    days: Dates = calendar.start + offset * _ONE_DAY
    return days


def season_bin(calendar: Calendar, periods: NDArray[np.int64]) -> NDArray[np.int64]:
    """Seven-day stretch of the year, 0 ... 51; ISO week less one (53 counts as 52)."""
    days = day_of_year(middle_days(calendar, periods))
    return np.asarray(np.minimum((days - 1) // 7, SEASON_BINS - 1), np.int64)


@lru_cache(maxsize=16)
def public_holidays(country: str, first_year: int, last_year: int) -> Dates:
    """Public holidays of a country, sorted, days off in lieu included; none for country "".

    Raises ConfigError for a country that the ``holidays`` package does not know.
    """
    if not country:
        return np.array([], "datetime64[D]")
    if country not in holidays.list_supported_countries(include_aliases=True):
        raise ConfigError(
            f"calendar country {country!r} is unknown: 1 ({country}); give an ISO code such as"
            " 'CN' or 'GB', or '' for no public holidays"
        )
    found = holidays.country_holidays(country, years=range(first_year, last_year + 1))
    return np.array(sorted(found.keys()), "datetime64[D]")


@lru_cache(maxsize=16)
def working_days(country: str, first_year: int, last_year: int) -> NDArray[np.bool_]:
    """Whether each day from 1 January of the first year on is worked, (days,).

    Weekends as the country keeps them and public holidays are not, but for the weekend days that
    make up for a longer holiday. Raises ConfigError as ``public_holidays`` does.
    """
    free = public_holidays(country, first_year, last_year)
    found = holidays.country_holidays(country, years=range(first_year, last_year + 1))
    first, stop = (np.datetime64(f"{year}-01-01") for year in (first_year, last_year + 1))
    days: Dates = np.arange(first, stop)
    made_up = np.array(sorted(found.weekend_workdays), "datetime64[D]")
    weekend = np.isin(iso_weekday(days), [day + 1 for day in sorted(found.weekend)])
    return np.asarray(~(weekend | np.isin(days, free)) | np.isin(days, made_up), np.bool_)


@lru_cache(maxsize=16)
def spring_festivals(first_year: int, last_year: int) -> Dates:
    """First day of the lunar year in each of the years."""
    found = holidays.country_holidays(
        "CN", years=range(first_year, last_year + 1), observed=False, language="en_US"
    )
    dates = [date for date, name in sorted(found.items()) if "Spring Festival" in name]
    by_year = {date.year: date for date in reversed(dates)}
    return np.array([by_year[year] for year in sorted(by_year)], "datetime64[D]")


def festival_offset(calendar: Calendar, periods: NDArray[np.int64], country: str) -> Floats32:
    """Days from Spring Festival to each period, -35 ... 28; NaN farther away or elsewhere."""
    days = middle_days(calendar, periods)
    out = np.full(len(days), np.nan, np.float32)
    if country not in FESTIVAL_COUNTRIES or not len(days):
        return out
    years = year_of(days)
    festivals = spring_festivals(int(years.min()) - 1, int(years.max()) + 1)
    offsets = (days[:, None] - festivals[None, :]).astype(np.int64)
    near = (offsets >= -FESTIVAL_BEFORE) & (offsets <= FESTIVAL_AFTER)
    rows, columns = np.nonzero(near)
    out[rows] = offsets[rows, columns]
    return out


def holiday_features(
    calendar: Calendar, periods: NDArray[np.int64], country: str
) -> dict[str, Floats32]:
    """Shares of holidays and working days in each period, days to the next and last holiday.

    Working days count make-up workdays. Days to and since are counted from the period's first day
    and up to 21; NaN for country "".
    """
    first = calendar.start + periods * calendar.days * _ONE_DAY
    years = year_of(first)
    dates = public_holidays(country, int(years.min()) - 1, int(years.max()) + 1)
    if not len(dates):
        empty = np.full(len(periods), np.nan, np.float32)
        names = ("holiday", "workday", "to_holiday", "since_holiday")
        return dict.fromkeys(names, empty)
    worked = working_days(country, int(years.min()) - 1, int(years.max()) + 1)
    opening = np.datetime64(f"{int(years.min()) - 1}-01-01")
    place = (first - opening).astype(np.int64)[:, None] + np.arange(calendar.days)
    after = np.searchsorted(dates, first)
    inside = np.searchsorted(dates, first + calendar.days * _ONE_DAY) - after
    next_one = dates[np.minimum(after, len(dates) - 1)]
    last_place = np.searchsorted(dates, first, side="right") - 1
    last_one = dates[np.maximum(last_place, 0)]
    ahead = np.clip((next_one - first).astype(np.int64), 0, HOLIDAY_REACH)
    back = np.clip((first - last_one).astype(np.int64), 0, HOLIDAY_REACH)
    return {
        "holiday": (inside / calendar.days).astype(np.float32),
        "workday": worked[place].mean(axis=1, dtype=np.float32),
        "to_holiday": ahead.astype(np.float32),
        "since_holiday": back.astype(np.float32),
    }


def date_features(
    calendar: Calendar, periods: NDArray[np.int64], country: str
) -> dict[str, Floats32]:
    """All calendar features of the periods given, (periods,) float32 each."""
    days = middle_days(calendar, periods)
    angle = 2 * np.pi * (day_of_year(days) - 1) / _YEAR_DAYS
    month_day = (days - days.astype("datetime64[M]")).astype(np.int64) + 1
    columns: dict[str, NDArray[np.generic]] = {
        "season_bin": season_bin(calendar, periods),
        "year_sin": np.sin(angle),
        "year_cos": np.cos(angle),
        "month_day": month_day,
    }
    if calendar.period == "day":
        weekday = iso_weekday(days)
        columns |= {
            "weekday": weekday,
            "weekday_sin": np.sin(2 * np.pi * weekday / 7),
            "weekday_cos": np.cos(2 * np.pi * weekday / 7),
        }
    columns |= holiday_features(calendar, periods, country)
    columns["festival_offset"] = festival_offset(calendar, periods, country)
    return {name: np.asarray(value, np.float32) for name, value in columns.items()}
