"""Goods whose season lies ahead, told by last year's: those that a forecast has not seen come must
not be cleared, and those that have to wait for it are worth what a wait leaves of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_YEAR, _BEFORE, _WEEK = 364, 56, 7
# Weeks whose mean goes on, and how many times what it comes to makes a season.
_TAIL, _MORE = 4, 2.0
# Series whose year is looked at together.
_BLOCK = 20_000


def seasonal_units(sold: NDArray[Any], days: int, weeks: int) -> Floats:
    """Units that the next ``weeks`` would bring if they were last year's, (rows,).

    sold: (rows, periods of ``days``) up to tonight. What the same weeks of last year sold, times
    the last eight weeks over the same eight of last year, at most 1: so a season that is to come
    counts, and goods that have faded since do not. 0 without a year of history.
    """
    year, ahead = _YEAR // days, weeks * _WEEK // days
    start = sold.shape[1] - year
    if start < _BEFORE // days:
        return np.zeros(len(sold))
    then = _total(sold, start, min(start + ahead, sold.shape[1]))
    return then * _faded(sold, days)


def later_season(sold: NDArray[Any], days: int, weeks: int, left: Ints) -> tuple[Floats, Floats]:
    """Units that last year's sales let expect after the next ``weeks``, within a year and before
    the last of the ``left`` (rows,) periods of sale; and the weeks from tonight until then, each
    (rows,): their mean by units, 0 where there are none.

    sold: as in ``seasonal_units``, whose scale holds here too.
    """
    year, n = _YEAR // days, len(sold)
    start, first = sold.shape[1] - year, weeks * _WEEK // days
    units, wait = np.zeros(n), np.zeros(n)
    if start < _BEFORE // days or first >= year:
        return units, wait
    ahead = np.arange(first, year)
    for place in range(0, n, _BLOCK):
        part = slice(place, place + _BLOCK)
        then = np.where(ahead < left[part, None], sold[part, start + first :], 0)
        units[part] = then.sum(axis=1, dtype=np.float64)
        wait[part] = then @ (ahead + 0.5)
    wait = np.divide(wait, units, out=np.zeros(n), where=units > 0) * days / _WEEK
    return units * _faded(sold, days), wait


def told_season(units: Floats, wait: Floats, demand: Floats) -> dict[str, Floats]:
    """The later season of holdings with the demand (rows, weeks): none where it is not twice what
    the last weeks let expect anyway.
    """
    rest = _YEAR // _WEEK - demand.shape[1]
    usual = demand[:, -_TAIL:].mean(axis=1) * max(rest, 0)
    season = units >= np.maximum(_MORE * usual, 1.0)
    return {
        "season_units": np.where(season, units, 0.0),
        "season_wait": np.where(season, wait, 0.0),
    }


def _faded(sold: NDArray[Any], days: int) -> Floats:
    """The last eight weeks over the same eight of last year, at most 1, (rows,)."""
    before, now = _BEFORE // days, sold.shape[1]
    start = now - _YEAR // days
    faded = (_total(sold, now - before, now) + 1) / (_total(sold, start - before, start) + 1)
    return np.minimum(faded, 1.0)


def _total(sold: NDArray[Any], first: int, last: int) -> Floats:
    return np.asarray(sold[:, first:last].sum(axis=1, dtype=np.float64), np.float64)
