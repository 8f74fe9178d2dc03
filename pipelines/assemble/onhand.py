"""Stock on hand tonight: which rows count, and what of them is free to serve demand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.assemble.demand import days_of
from pipelines.assemble.keys import Keys
from pipelines.assemble.notices import findings_of
from stockwright.calendar import Dates
from stockwright.network import Locations
from stockwright.plan import Finding

Floats = NDArray[np.float64]
_NEVER = np.datetime64("NaT", "D")
_RECENT = np.timedelta64(28, "D")


@dataclass(frozen=True)
class OnHand:
    """Stock of each series, all (series,).

    units: available, >= 0. reserved: sold, not shipped. owed: reserved beyond what is on hand.
    age_days: mean age, NaN where unknown. received: earliest receipt, NaT where unknown.
    known: False where the location reports no stock.
    expiring: rows of stock that expires, (batches,) each and by series and date: series, last date
    of sale, units; with what is reserved.
    """

    units: Floats
    reserved: Floats
    owed: Floats
    age_days: Floats
    received: Dates
    known: NDArray[np.bool_]
    expiring: tuple[NDArray[np.int64], Dates, Floats]
    findings: tuple[Finding, ...]


def on_hand_of(
    inventory: pd.DataFrame, locations: Locations, keys: Keys, as_of: np.datetime64
) -> OnHand:
    """Available stock: good, own or consigned, not expired, on hand less reserved.

    The rows of a key's latest date count (no date: ``as_of``); a date before ``as_of`` gives
    STALE_STOCK. A location that reports no stock at all gives STOCK_UNKNOWN for its keys, an
    absent SKU elsewhere has 0. A location whose stock does not count has 0. More reserved than
    on hand gives OVERSOLD.
    """
    n = keys.n_series
    series = keys.series(inventory)
    dates = days_of(inventory["date"])
    dates = np.where(np.isnat(dates), as_of, dates)
    latest, current = _current(series, dates, n)
    rows, series = inventory[current], series[current]
    expiry = days_of(rows["expiry_date"])
    expired = ~np.isnat(expiry) & (expiry <= as_of)
    good = (rows["quality"] == "good").to_numpy(dtype=bool)
    units = np.maximum(rows["on_hand"].to_numpy(np.float64), 0.0)
    usable = good & ~expired & locations.counts_stock[keys.index.location[series]]
    held = np.bincount(series[usable], units[usable], minlength=n)
    reserved = np.bincount(
        series[usable], rows["reserved"].to_numpy(np.float64)[usable], minlength=n
    )
    lost = np.bincount(series, units * (good & expired), minlength=n).astype(np.float64)
    known = _reporting(inventory, keys)[keys.index.location]
    owed = np.maximum(reserved - held, 0.0)
    age, received = _ages(
        days_of(rows["received_date"])[usable], units[usable], series[usable], n, as_of
    )
    return OnHand(
        units=np.maximum(held - reserved, 0.0),
        reserved=reserved.astype(np.float64),
        owed=owed,
        age_days=age,
        received=received,
        known=known,
        expiring=_batches(series, expiry, units, usable),
        findings=(*_unknown(known), *_stale(latest, as_of), *_odd(owed, lost)),
    )


def _batches(
    series: NDArray[np.int64], expiry: Dates, units: Floats, usable: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], Dates, Floats]:
    """The usable rows with an expiry date, the first to expire of each series first."""
    rows = np.flatnonzero(usable & ~np.isnat(expiry) & (units > 0))
    rows = rows[np.lexsort((expiry[rows], series[rows]))]
    return series[rows], expiry[rows], units[rows]


def mean_stock_of(
    history: pd.DataFrame, keys: Keys, as_of: np.datetime64
) -> NDArray[np.float64] | None:
    """Mean stock at the close, (series,) units, over the dates of the last 28 days in ``history``.

    A key without a row on such a date had 0. None where no date is told.
    """
    dates = days_of(history["date"])
    recent = (dates > as_of - _RECENT) & (dates <= as_of)
    if not recent.any():
        return None
    series = keys.series(history[recent])
    units = np.maximum(history["on_hand"].to_numpy(np.float64)[recent], 0.0)
    known = series >= 0
    total = np.bincount(series[known], units[known], minlength=keys.n_series)
    mean: Floats = total / len(np.unique(dates[recent]))
    return mean


def _current(series: NDArray[np.int64], dates: Dates, n: int) -> tuple[Dates, NDArray[np.bool_]]:
    """Latest date of each series (NaT for none), and the rows of that date."""
    oldest = np.datetime64("0001-01-01", "D").astype(np.int64)
    latest = np.full(n, oldest)
    inside = series >= 0
    np.maximum.at(latest, series[inside], dates[inside].astype(np.int64))
    current = inside.copy()
    current[inside] = dates[inside].astype(np.int64) == latest[series[inside]]
    shown = latest.astype("datetime64[D]")
    return np.where(latest == oldest, _NEVER, shown), current


def _reporting(inventory: pd.DataFrame, keys: Keys) -> NDArray[np.bool_]:
    """(locations,) whether a location has any inventory row."""
    reports = np.zeros(keys.n_locations + 1, np.bool_)
    reports[keys.locations(inventory["location"])] = True
    return reports[:-1]


def _ages(
    received: Dates, units: Floats, series: NDArray[np.int64], n: int, as_of: np.datetime64
) -> tuple[Floats, Dates]:
    told = ~np.isnat(received) & (units > 0)
    days = (as_of - received[told]).astype(np.float64)
    weight = np.bincount(series[told], units[told], minlength=n)
    total = np.bincount(series[told], units[told] * days, minlength=n)
    age: Floats = np.divide(total, weight, out=np.full(n, np.nan), where=weight > 0)
    oldest = np.full(n, -np.inf)
    np.maximum.at(oldest, series[told], days)
    none = np.isinf(oldest)
    first = as_of - np.where(none, 0, oldest).astype("timedelta64[D]")
    return age, np.where(none, _NEVER, first)


def _unknown(known: NDArray[np.bool_]) -> list[Finding]:
    return findings_of("STOCK_UNKNOWN", "high", np.flatnonzero(~known))


def _stale(latest: Dates, as_of: np.datetime64) -> list[Finding]:
    stale = np.flatnonzero(~np.isnat(latest) & (latest < as_of))
    days = (as_of - latest[stale]).astype(np.int64)
    return findings_of("STALE_STOCK", "medium", stale, date=latest[stale], days=days)


def _odd(owed: Floats, expired: Floats) -> list[Finding]:
    short, old = np.flatnonzero(owed > 0), np.flatnonzero(expired > 0)
    return [
        *findings_of("OVERSOLD", "high", short, units=owed[short]),
        *findings_of("EXPIRED_STOCK", "medium", old, units=expired[old]),
    ]
