"""Which nights a backtest goes back to."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipelines.assemble.demand import days_of
from pipelines.config import Config
from pipelines.config.as_of import check_as_of
from stockwright.calendar import iso_weekday
from stockwright.errors import ConfigError, DataError

_DAY = np.timedelta64(1, "D")


def end_of_sales(sales: pd.DataFrame, config: Config) -> np.datetime64:
    """The last date whose period the sales close. Raises DataError where nothing was sold."""
    dates = days_of(sales["date"])
    if not len(dates):
        raise DataError("sales: there are no rows, so there is nothing to look back at")
    newest: np.datetime64 = dates.max()
    if config.period == "week":
        newest = newest - int(iso_weekday(np.array([newest]))[0] % 7) * _DAY
    return newest


def origins_of(
    end: np.datetime64, first_sale: np.datetime64, config: Config,
    count: int, every: int, last: np.datetime64 | None,
) -> list[np.datetime64]:  # fmt: skip
    """Dates of the nights, rising.

    end: last date whose demand is known. first_sale: first date of the sales. count, every, last:
    see the request.

    Raises ConfigError where they do not fit into the history, or close no period.
    """
    days = 7 if config.period == "week" else 1
    if every % days:
        raise ConfigError(
            f"--every {every}: the shop is planned by weeks, so give days that are whole weeks"
        )
    newest = end - every * _DAY if last is None else check_as_of(last, config)
    found = [newest - back * every * _DAY for back in reversed(range(count))]
    if newest > end - days * _DAY:
        raise ConfigError(
            f"the last origin {newest} leaves nothing to compare with, for the sales end on {end}; "
            f"give --last {end - every * _DAY} or earlier"
        )
    if found[0] < first_sale:
        raise ConfigError(_too_early(found, every, first_sale))
    return found


def _too_early(found: list[np.datetime64], every: int, first_sale: np.datetime64) -> str:
    """What to say where nights lie before the first sale: how many would fit, where any would."""
    count, newest = len(found), found[-1]
    fitting = int((newest - first_sale) / _DAY) // every + 1
    fewer = f"--origins {fitting} or fewer, or " if newest >= first_sale else ""
    return (
        f"{count} origins, one each {every} days up to {newest}, begin on {found[0]}, before "
        f"the first sale of {first_sale}; give {fewer}a later --last"
    )
