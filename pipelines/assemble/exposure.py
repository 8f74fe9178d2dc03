"""How much of each period a key was in stock, and since when it could be bought at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forecasting.recovered import served_share
from pipelines.assemble.demand import Window, cells, days_of
from pipelines.assemble.keys import Ints, Keys
from stockwright.calendar import Dates, iso_weekday

# Sold out at the close after sales on the same date: when within the day is not known.
_SOLD_OUT_DURING_THE_DAY = 0.5
_LATE = np.iinfo(np.int32).max


@dataclass(frozen=True)
class Exposure:
    """in_stock: (series, period) float32 share of the selling time in stock, 1 where nothing
    tells. unlisted: (series, period) True where the key was not listed at all, or None when no
    row says so. first_seen: (series,) first date with stock inside the window, NaT for none.
    """

    in_stock: NDArray[np.float32]
    unlisted: NDArray[np.bool_] | None
    first_seen: Dates


def exposure_of(
    availability: pd.DataFrame,
    stock_history: pd.DataFrame,
    sales: pd.DataFrame,
    keys: Keys,
    window: Window,
    selling_profile: Sequence[float] = (),
) -> Exposure:
    """Shares from ``availability``, else derived from the closing stock in ``stock_history``.

    With a profile of the day's demand, a share of the selling time in ``availability`` becomes
    the share of the demand that comes in it.

    A date without a row counts as in stock. Where every row of a weekly table falls on one
    weekday, a row speaks for its whole week.
    """
    if len(availability):
        rows = availability
        share = served_share(rows["in_stock"].to_numpy(np.float64), selling_profile).astype(float)
        off = ~availability["listed"].to_numpy(dtype=bool)
    else:
        rows, share = stock_history, _share_from_close(stock_history, sales, keys, window)
        off = np.zeros(len(rows), np.bool_)
    return _exposure(rows, np.clip(share, 0.0, 1.0), off, keys, window)


def days_told(dates: Dates, window: Window) -> int:
    """Rows that tell of a whole period: 1, or 7 in a weekly table with rows on several weekdays."""
    if window.calendar.days == 1 or not len(dates):
        return 1
    weekdays = np.unique(iso_weekday(dates))
    return 1 if len(weekdays) == 1 else window.calendar.days


def _exposure(
    rows: pd.DataFrame,
    share: NDArray[np.float64],
    off: NDArray[np.bool_],
    keys: Keys,
    window: Window,
) -> Exposure:
    size = keys.n_series * window.periods
    lost = np.zeros(size, np.float32)
    absent = np.zeros(size, np.uint8) if off.any() else None
    first = np.full(keys.n_series, _LATE, np.int32)
    told = days_told(days_of(rows["date"]), window)
    for part, kept, cell, dates in cells(rows, keys, window):
        value, gone = share[part][kept], off[part][kept]
        out = (value < 1) | gone
        np.add.at(lost, cell[out], np.where(gone, 1.0, 1.0 - value)[out].astype(np.float32))
        if absent is not None:
            np.add.at(absent, cell[gone], np.uint8(1))
        day = (dates - window.calendar.start).astype(np.int32)
        here = (value > 0) & ~gone
        np.minimum.at(first, cell[here] // window.periods, day[here])
    shape = (keys.n_series, window.periods)
    np.divide(lost, np.float32(told), out=lost)
    np.clip(np.subtract(np.float32(1.0), lost, out=lost), 0.0, 1.0, out=lost)
    seen = window.calendar.start + np.where(first == _LATE, 0, first).astype("timedelta64[D]")
    unlisted = None if absent is None else (absent >= told).reshape(shape)
    return Exposure(
        lost.reshape(shape), unlisted, np.where(first == _LATE, np.datetime64("NaT", "D"), seen)
    )


def _share_from_close(
    history: pd.DataFrame, sales: pd.DataFrame, keys: Keys, window: Window
) -> NDArray[np.float64]:
    """Share of each date in stock, from the stock at its close.

    Stock left: 1. Nothing left after sales on that date: a half. Nothing left and nothing sold: 0.
    """
    share = np.ones(len(history))
    empty = np.flatnonzero(history["on_hand"].to_numpy(np.float64) <= 0)
    if len(empty):
        sold = np.isin(_day_keys(history.iloc[empty], keys), _day_keys(sales, keys))
        share[empty] = np.where(sold, _SOLD_OUT_DURING_THE_DAY, 0.0)
    return share


def _day_keys(frame: pd.DataFrame, keys: Keys) -> Ints:
    # Fewer than 2**20 days lie between the years 1 and 2800.
    days = days_of(frame["date"]).astype(np.int64) + (1 << 19)
    return keys.series(frame) * (1 << 20) + days
