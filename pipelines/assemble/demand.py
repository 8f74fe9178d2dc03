"""Order lines to arrays: demand by series and period, first and last sale, price paid."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.assemble.keys import Ints, Keys
from stockwright.calendar import Calendar, Dates, PeriodName, period_start

_ROWS_AT_ONCE = 1 << 22
NEVER = np.datetime64("NaT", "D")
_LATE = np.iinfo(np.int32).max


@dataclass(frozen=True)
class Window:
    """The history kept: ``periods`` periods of ``calendar``, the last one closing on ``as_of``."""

    calendar: Calendar
    periods: int
    as_of: np.datetime64


@dataclass(frozen=True)
class Sold:
    """What was sold.

    units: (series, period) float32. first, last: (series,) datetime64[D] of the first and last
    date with demand inside the window, NaT for none. price: (series,) mean price paid per unit
    over the last 365 days with sales of the series, NaN where none is known. recent_units:
    (series,) units of the last 365 days.
    """

    units: NDArray[np.float32]
    first: Dates
    last: Dates
    price: NDArray[np.float64]
    recent_units: NDArray[np.float64]


def days_of(column: pd.Series) -> Dates:
    """A column of dates as datetime64[D]."""
    days: Dates = column.to_numpy().astype("datetime64[D]")
    return days


def window_of(dates: Dates, period: PeriodName, as_of: np.datetime64, most_days: int) -> Window:
    """The periods from the first of ``dates`` to the one of ``as_of``, at most ``most_days``."""
    last = period_start(as_of, period)
    known = dates[~np.isnat(dates) & (dates <= as_of)]
    first = known.min() if len(known) else as_of
    days = 7 if period == "week" else 1
    oldest = last - np.timedelta64((max(most_days // days, 1) - 1) * days, "D")
    start = max(period_start(first, period), oldest)
    periods = int((last - start).astype(np.int64)) // days + 1
    return Window(Calendar(period, start), periods, as_of)


def row_parts(rows: int) -> Iterator[slice]:
    """Slices that cut ``rows`` rows into parts of bounded size."""
    for start in range(0, rows, _ROWS_AT_ONCE):
        yield slice(start, start + _ROWS_AT_ONCE)


def cells(
    frame: pd.DataFrame, keys: Keys, window: Window
) -> Iterator[tuple[slice, Ints, Ints, Dates]]:
    """For each part of the rows: its slice, the rows of it that lie in the window (positions in
    the part), their flat cells ``series * periods + period``, and their dates.
    """
    for part in row_parts(len(frame)):
        rows = frame.iloc[part]
        dates = days_of(rows["date"])
        series = keys.series(rows)
        period = window.calendar.index_of(dates)
        inside = (series >= 0) & (period >= 0) & (period < window.periods)
        kept = np.flatnonzero(inside)
        yield part, kept, series[kept] * window.periods + period[kept], dates[kept]


def sold(lines: pd.DataFrame, keys: Keys, window: Window) -> Sold:
    """Demand of every series from ``lines`` (columns date, sku, location, units, price)."""
    n, periods = keys.n_series, window.periods
    flat = np.zeros(n * periods, np.float32)
    first, last = np.full(n, _LATE, np.int32), np.full(n, -1, np.int32)
    paid, priced, recent = np.zeros(n), np.zeros(n), np.zeros(n)
    year_ago = window.as_of - np.timedelta64(364, "D")
    for part, kept, cell, dates in cells(lines, keys, window):
        units = lines["units"].to_numpy()[part][kept]
        np.add.at(flat, cell, units.astype(np.float32))
        series, day = cell // periods, (dates - window.calendar.start).astype(np.int32)
        sale = units > 0
        np.minimum.at(first, series[sale], day[sale])
        np.maximum.at(last, series[sale], day[sale])
        price = lines["price"].to_numpy()[part][kept]
        late = dates >= year_ago
        recent += np.bincount(series[late], units[late], minlength=n)
        known = late & (price > 0) & sale
        paid += np.bincount(series[known], (units * price)[known], minlength=n)
        priced += np.bincount(series[known], units[known], minlength=n)
    mean_price = np.divide(paid, priced, out=np.full(n, np.nan), where=priced > 0)
    return Sold(
        np.maximum(flat, 0.0).reshape(n, periods),
        _as_dates(first, window, _LATE),
        _as_dates(last, window, -1),
        mean_price,
        recent,
    )


def _as_dates(days: NDArray[np.int32], window: Window, none: int) -> Dates:
    dates = window.calendar.start + np.where(days == none, 0, days).astype("timedelta64[D]")
    return np.where(days == none, NEVER, dates)


def reported(frames: list[pd.DataFrame], keys: Keys, window: Window) -> NDArray[np.bool_]:
    """(location, period): whether any row of ``frames`` (date, location) tells of the period."""
    width = window.periods
    seen = np.zeros((keys.n_locations, width), np.bool_)
    for frame in frames:
        for part in row_parts(len(frame)):
            rows = frame.iloc[part]
            place = keys.locations(rows["location"])
            period = window.calendar.index_of(days_of(rows["date"]))
            inside = (place >= 0) & (period >= 0) & (period < width)
            seen[place[inside], period[inside]] = True
    return seen
