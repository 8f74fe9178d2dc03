"""The date that a night runs for."""

from __future__ import annotations

import numpy as np

from pipelines.config.model import Config
from stockwright.calendar import iso_weekday
from stockwright.errors import ConfigError


def check_as_of(as_of: np.datetime64, config: Config) -> np.datetime64:
    """``as_of`` as a whole day.

    Raises ConfigError when the periods are weeks and ``as_of`` is no Sunday: the week would be
    half seen. The message names both nearest Sundays.
    """
    day: np.datetime64 = np.array([as_of], "datetime64[D]")[0]
    if np.isnat(day):
        raise ConfigError("the date to run for is missing")
    weekday = int(iso_weekday(np.array([day]))[0])
    if config.period == "week" and weekday != 7:
        before = day - np.timedelta64(weekday, "D")
        after = day + np.timedelta64(7 - weekday, "D")
        raise ConfigError(
            f"a weekly night runs at the close of a Sunday and {day} is none;"
            f" use {before} or {after}"
        )
    return day
