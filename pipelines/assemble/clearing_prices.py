"""What goods sell for as clearance looks at it: planned week by week, and how long already."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.assemble.clearing_weeks import of_rows, passing_steps, weekly_means
from pipelines.assemble.situation import Situation
from replenishment.clearance.holdings import WEEK
from stockwright.forecast import Forecast

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# Share below which two prices are one, and the least share of a price that another one can be.
_SAME, _LEAST = 1e-3, 1e-6
# Numbers that should be equal differ by less.
_SAME_NUMBER = 1e-9
# Series whose days are looked at together.
_BLOCK = 20_000


def weekly_prices(situation: Situation, forecast: Forecast, rows: Ints, weeks: int) -> Floats:
    """What a customer pays in each week ahead if nothing is done, (rows, weeks); NaN if unknown.

    The mean of the planned prices, else of the list price, of the days, by the demand forecast for
    them. Beyond the forecast that of its last four weeks goes on, without events, as demand does.
    """
    out, expected = np.empty((len(rows), weeks)), forecast.expected
    event = passing_steps(situation, forecast.horizon)
    for start in range(0, len(rows), _BLOCK):
        some = rows[start : start + _BLOCK]
        passing = event if len(event) == 1 else event[some]
        out[start : start + _BLOCK] = _prices_of(situation, expected[some], passing, some, weeks)
    return out


def _prices_of(
    situation: Situation,
    expected: NDArray[np.float32],
    event: NDArray[np.bool_],
    rows: Ints,
    weeks: int,
) -> Floats:
    panel, steps = situation.panel, expected.shape[1]
    price = _ahead(panel.covariates.price, rows, panel.origin, steps).astype(np.float64)
    price = np.where(np.isnan(price), situation.network.items.price[rows, None], price)
    asked = expected.astype(np.float64)
    # A day on which nobody buys tells as little as it can.
    asked += np.maximum(asked.mean(axis=1, keepdims=True), 1.0) * _LEAST
    top = price.max(axis=1, keepdims=True)
    below, units = (
        weekly_means(each, weeks, panel.calendar.days, 1, event)
        for each in (asked * (top - price), asked)
    )
    return np.asarray(top - below / units, np.float64)


def highest(planned: Floats, weeks: Ints) -> tuple[Floats, Floats]:
    """The highest price of the ``weeks`` (rows,) that each row has left, of the first week at
    least, (rows,), and the price of each week as a share of it, (rows, weeks).
    """
    live = np.arange(planned.shape[1]) < np.maximum(weeks, 1)[:, None]
    top = np.where(live, planned, -np.inf).max(axis=1)
    known = np.isfinite(top) & (top > 0)
    share = planned / np.where(known, top, 1.0)[:, None]
    share = np.where(share > 1 - _SAME_NUMBER, 1.0, np.maximum(share, _LEAST))
    price = np.where(np.isnan(planned[:, 0]), np.nan, top)
    return price, np.where(known[:, None] & live, share, 1.0)


def _ahead(values: NDArray[Any], rows: Ints, origin: int, steps: int) -> NDArray[Any]:
    """The first ``steps`` periods ahead of what is known; the last one goes on."""
    some = of_rows(values[:, origin + 1 : origin + 1 + steps], rows)
    missing = steps - some.shape[1]
    return np.pad(some, ((0, 0), (0, missing)), mode="edge") if missing else some


def locked_weeks(situation: Situation, rows: Ints, least_weeks: int) -> Ints:
    """Weeks that the price of each of ``rows`` still has to stay, (rows,).

    A price stays for ``least_weeks`` from the day on which it last was another. Days of an event
    do not tell: what is cheaper for an event is no change of the price. Tomorrow counts as planned.
    """
    panel = situation.panel
    per_week = WEEK // panel.calendar.days
    n = min(least_weeks * per_week, panel.origin + 1)
    when = slice(panel.origin + 1 - n, panel.origin + 2)
    price = of_rows(panel.covariates.price[:, when], rows)
    event = of_rows(panel.covariates.event[:, when], rows)
    plain = (event == 0) & np.isfinite(price)
    place = np.arange(n + 1)
    last = np.where(plain, place, -1).max(axis=1)
    now = np.take_along_axis(price, np.maximum(last, 0)[:, None], axis=1)
    other = plain & (np.abs(price - now) > _SAME * np.abs(now))
    # The last place is tomorrow: another price there is one too many for the whole time.
    wait = np.where(other, place + 1, 0).max(axis=1)
    return np.asarray(-(-wait // per_week), np.int64)
