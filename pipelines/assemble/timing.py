"""Lead time, review and dates of every lane, around order weekdays and closures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.assemble.demand import days_of
from pipelines.assemble.keys import Ints, Keys
from pipelines.assemble.parties import order_weekdays
from pipelines.assemble.receipts import Learnt
from pipelines.config import Config
from replenishment.supply.calendars import OpenDays, times_of
from replenishment.supply.learn import whole_periods
from stockwright.calendar import DAYS_PER_PERIOD, iso_weekday, periods_of_days
from stockwright.network import LaneKind

Floats = NDArray[np.float64]
#: Closures are looked at this many days beyond the longest lead time and review.
CLOSURE_DAYS = 180


@dataclass(frozen=True)
class Timing:
    """All (lanes,): periods, days and dates as in ``Lanes``."""

    lead_time: Ints
    lead_time_sd: Floats
    review: Ints
    open_tonight: NDArray[np.bool_]
    available_date: NDArray[np.datetime64]
    order_days: NDArray[np.bool_]


def timing_of(
    tables: Mapping[str, pd.DataFrame],
    lanes: pd.DataFrame,
    links: pd.DataFrame,
    suppliers: pd.Index,
    learnt: Learnt,
    keys: Keys,
    config: Config,
    order_date: np.datetime64,
) -> Timing:
    """Times of every lane in ``links`` (see ``lanes.resolved``), rows of the table ``lanes``."""
    table, period = lanes.iloc[links["row"].to_numpy()], config.period
    days = DAYS_PER_PERIOD[period]
    stated = table["lead_time_days"].to_numpy(np.float64)
    told = np.isfinite(learnt.days)
    mean = np.where(told, learnt.days, stated)
    whole = np.where(told, np.rint(mean), np.ceil(mean)).astype(np.int64)
    transfer = (links["kind"] == LaneKind.TRANSFER).to_numpy()
    source = suppliers.get_indexer(table["source"].astype(object)).astype(np.int64)
    source = np.where(transfer, len(suppliers) + links["place"].to_numpy(np.int64), source)
    series = links["series"].to_numpy(np.int64)
    destination = len(suppliers) + keys.index.location[series].astype(np.int64)
    default = config.defaults.review_days or days
    asked = table["review_days"].to_numpy(np.float64)
    review = np.maximum(periods_of_days(np.where(np.isnan(asked), default, asked), period), 1)
    span = int(whole.max(initial=0) + 2 * days * review.max(initial=1)) + CLOSURE_DAYS
    calendar = open_days(tables, suppliers, keys, config, order_date, span)
    times = times_of(calendar, source, destination, whole, review * days)
    part = mean - whole
    lead_time = _periods(times.there + part, told, config)
    after = _periods(times.next_there + part, told, config)
    sd = np.where(np.isfinite(learnt.sd_days), learnt.sd_days, np.nan_to_num(_sd(table))) / days
    return Timing(
        lead_time=lead_time,
        lead_time_sd=sd,
        review=np.maximum(after - lead_time, 1),
        open_tonight=times.open_tonight,
        available_date=order_date + times.there.astype("timedelta64[D]"),
        order_days=calendar.takes[source, 1:8] if period == "day" else np.zeros((0, 7), np.bool_),
    )


def _sd(table: pd.DataFrame) -> Floats:
    return np.asarray(table["lead_time_sd_days"].to_numpy(np.float64), np.float64)


def _periods(days: NDArray[Any], learnt: NDArray[np.bool_], config: Config) -> Ints:
    """Stated lead times are covered by their periods, learnt ones lie around their mean."""
    around = whole_periods(days, DAYS_PER_PERIOD[config.period])
    return np.where(learnt, around, periods_of_days(days, config.period))


def open_days(
    tables: Mapping[str, pd.DataFrame],
    suppliers: pd.Index,
    keys: Keys,
    config: Config,
    order_date: np.datetime64,
    span: int,
) -> OpenDays:
    """What suppliers, and behind them locations, do on ``span`` days and one that is always open.

    In a shop of weeks orders go out on Mondays only, and order weekdays are not looked at.
    """
    parties = len(suppliers) + keys.n_locations
    takes, ships, receives = np.ones((3, parties, span + 1), np.bool_)
    if config.period == "week":
        takes[:, np.arange(span + 1) % 7 > 0] = False
    else:
        day = np.arange(span + 1).astype("timedelta64[D]") + order_date
        weekday = iso_weekday(day.astype("datetime64[D]")) - 1
        takes[: len(suppliers)] = order_weekdays(tables["suppliers"], suppliers)[:, weekday]
    closures = tables["closures"]
    first = (days_of(closures["start"]) - order_date).astype(np.int64)
    last = (days_of(closures["end"]) - order_date).astype(np.int64)
    party = closures["party"].astype(object)
    supplier, place = suppliers.get_indexer(party), keys.locations(closures["party"])
    codes = (supplier, np.where(place >= 0, place + len(suppliers), -1))
    kinds = closures["kind"].to_numpy(object)
    rows = zip(first.tolist(), last.tolist(), *(c.tolist() for c in codes), kinds, strict=True)
    for start, end, *who, kind in rows:
        what = {"order": [takes], "ship": [ships], "receive": [receives]}
        for one in (code for code in who if code >= 0):
            for each in what.get(str(kind), [takes, ships, receives]):
                each[one, max(start, 0) : max(end + 1, 0)] = False
    for each in (takes, ships, receives):
        each[:, -1] = True
    return OpenDays(takes, ships, receives)
