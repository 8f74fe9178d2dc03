"""A forecast by week, beyond its horizon too."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.assemble.situation import Situation
from replenishment.clearance.holdings import WEEK

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
# Days whose mean goes on beyond the forecast.
_TAIL_DAYS = 28
# Share below which two prices are one.
_SAME = 1e-3


def passing_steps(situation: Situation, horizon: int) -> Bools:
    """Steps of a forecast that say nothing of later ones, (series or 1, horizon): days of an event,
    and where the price moves in the last four weeks all days at another price than that of the last
    day without an event.
    """
    panel = situation.panel
    steps = slice(panel.origin + 1, panel.origin + 1 + horizon)
    event, price = panel.covariates.event[:, steps] > 0, panel.covariates.price[:, steps]
    late = price[:, -max(_TAIL_DAYS // panel.calendar.days, 1) :]
    moves = np.flatnonzero(late.max(axis=1, initial=-np.inf) > late.min(axis=1, initial=np.inf))
    if len(moves):
        event = np.broadcast_to(event, price.shape).copy()
        places = np.where(event[moves], -1, np.arange(price.shape[1]))
        last = np.take_along_axis(price[moves], places.max(axis=1)[:, None], axis=1)
        event[moves] |= np.abs(price[moves] - last) > _SAME * last
    missing = horizon - event.shape[1]
    return np.pad(event, ((0, 0), (0, max(missing, 0))))


def of_rows(values: NDArray[Any], rows: Ints) -> NDArray[Any]:
    """Rows of an array that all series may share."""
    return (
        values[rows] if len(values) > 1 else np.broadcast_to(values, (len(rows), *values.shape[1:]))
    )


def weekly_means(
    mean: NDArray[Any],
    weeks: int,
    days: int,
    power: int = 1,
    event: Bools | None = None,
) -> Floats:
    """Sums by week of the ``mean`` of each step (series, steps of ``days``) to a power, (series,
    weeks); beyond the last step the mean of the last four weeks goes on.

    event: (series or 1, steps) steps that do not go on: left out of that mean, or where there are
    no others in the four weeks, of that of the whole forecast.
    """
    per_week, (n, horizon) = WEEK // days, mean.shape
    used = min(horizon, weeks * per_week)
    tail = going_on(mean, max(_TAIL_DAYS // days, 1), event)
    starts = np.arange(0, used, per_week)
    out = np.zeros((n, weeks))
    inside = mean[:, :used] if power == 1 else mean[:, :used].astype(np.float64) ** power
    out[:, : len(starts)] = np.add.reduceat(inside, starts, axis=1, dtype=np.float64)
    missing = per_week - np.clip(used - per_week * np.arange(weeks), 0, per_week)
    out += (tail**power)[:, None] * missing
    return out


def going_on(mean: NDArray[Any], steps: int, event: Bools | None) -> Floats:
    """Mean of the last ``steps``, (series,), of the whole where all of them pass.

    event: see ``weekly_means``.
    """
    plain: Floats = mean[:, -steps:].mean(axis=1, dtype=np.float64)
    if event is None:
        return plain
    out = plain.copy()
    rows = np.arange(len(mean))
    for part in (slice(-steps, None), slice(None)):
        quiet = ~(event if len(event) == 1 else event[rows])[:, part]
        count = np.broadcast_to(quiet.sum(axis=1), len(rows))
        whole = np.where(quiet, mean[rows, part], 0.0).sum(axis=1, dtype=np.float64)
        some = count > 0
        out[rows[some]] = whole[some] / count[some]
        rows = rows[~some]
        if not len(rows):
            break
    return out
