"""Periods: the days or weeks in which demand is counted.

Period ``i`` of a calendar starts on ``start + i * days``; a week starts on its Monday. Inside a
period the events run receive, sell, close, review, order (see docs/timing.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from stockwright.errors import ConfigError

PeriodName = Literal["day", "week"]
Dates = NDArray[np.datetime64]

DAYS_PER_PERIOD: dict[str, int] = {"day": 1, "week": 7}


def iso_weekday(dates: Dates) -> NDArray[np.int64]:
    """Weekday of each date, 1 = Monday ... 7 = Sunday (ISO 8601)."""
    # 1970-01-01 was a Thursday, ISO weekday 4.
    return (dates.astype("datetime64[D]").astype(np.int64) + 3) % 7 + 1


def mondays(dates: Dates) -> Dates:
    """The Monday of the week of each date."""
    days: Dates = dates.astype("datetime64[D]")
    first: Dates = days - (iso_weekday(days) - 1).astype("timedelta64[D]")
    return first


def period_start(date: np.datetime64, period: PeriodName) -> np.datetime64:
    """First day of the period that holds ``date``: itself, or its week's Monday."""
    days: Dates = np.array([date], "datetime64[D]")
    if period == "week":
        days = mondays(days)
    first: np.datetime64 = days[0]
    return first


def periods_of_days(days: NDArray[np.float64] | float, period: PeriodName) -> NDArray[np.int64]:
    """Whole periods that cover ``days`` calendar days, rounded up."""
    return np.ceil(np.asarray(days, np.float64) / DAYS_PER_PERIOD[period]).astype(np.int64)


@dataclass(frozen=True)
class Calendar:
    """A run of equal periods from ``start`` (first day of period 0) on."""

    period: PeriodName
    start: np.datetime64

    def __post_init__(self) -> None:
        if self.period not in DAYS_PER_PERIOD:
            raise ConfigError(f"period {self.period!r} is unknown; use 'day' or 'week'")
        start: np.datetime64 = np.array([self.start], "datetime64[D]")[0]
        if period_start(start, self.period) != start:
            raise ConfigError(f"a weekly calendar starts on a Monday, {start} is none")
        object.__setattr__(self, "start", start)

    @property
    def days(self) -> int:
        """Days in one period."""
        return DAYS_PER_PERIOD[self.period]

    def index_of(self, dates: Dates) -> NDArray[np.int64]:
        """Index of the period that holds each date; negative before ``start``."""
        offset = (dates.astype("datetime64[D]") - self.start).astype(np.int64)
        return np.asarray(offset // self.days, np.int64)

    def dates(self, first: int, count: int) -> Dates:
        """First days of ``count`` periods from period ``first`` on, datetime64[D]."""
        return self.start + np.arange(first, first + count) * np.timedelta64(self.days, "D")

    def ordinal(self, index: int) -> int:
        """Number of period ``index`` that is the same in every calendar: counted from 1970."""
        days = int(self.start.astype("datetime64[D]").astype(np.int64))
        return days // self.days + index

    def anchored(self, newest: int, stride: int, least: int) -> NDArray[np.int64]:
        """Periods from ``least`` up to ``newest``, rising: every ``stride``-th one, and ``newest``.

        They lie on a grid of dates, so that a period later all but the newest are the same.
        """
        grid = newest - self.ordinal(newest) % stride
        found = np.arange(grid, least - 1, -stride)[::-1]
        return np.append(found, newest) if grid < newest and newest >= least else found

    def last_day(self, index: int) -> np.datetime64:
        """Last day of period ``index``: the day at whose close the night runs."""
        return self.start + np.timedelta64((index + 1) * self.days - 1, "D")
