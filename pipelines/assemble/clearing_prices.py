"""What goods sell for as clearance looks at it: how long a price has been in force."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.assemble.situation import Situation
from replenishment.clearance.holdings import WEEK

Ints = NDArray[np.int64]
# Share below which two prices are one.
_SAME = 1e-3


def locked_weeks(situation: Situation, rows: Ints, least_weeks: int) -> Ints:
    """Weeks that the price of each of ``rows`` still has to stay, (rows,).

    A price stays for ``least_weeks`` from the day on which it last was another. Days of an event
    do not tell: what is cheaper for an event is no change of the price. Tomorrow counts as planned.
    """
    panel = situation.panel
    per_week = WEEK // panel.calendar.days
    n = min(least_weeks * per_week, panel.origin + 1)
    when = slice(panel.origin + 1 - n, panel.origin + 2)
    price = _of_rows(panel.covariates.price[:, when], rows)
    event = _of_rows(panel.covariates.event[:, when], rows)
    plain = (event == 0) & np.isfinite(price)
    place = np.arange(n + 1)
    last = np.where(plain, place, -1).max(axis=1)
    now = np.take_along_axis(price, np.maximum(last, 0)[:, None], axis=1)
    other = plain & (np.abs(price - now) > _SAME * np.abs(now))
    # The last place is tomorrow: another price there is one too many for the whole time.
    wait = np.where(other, place + 1, 0).max(axis=1)
    return np.asarray(-(-wait // per_week), np.int64)


def _of_rows(values: NDArray[Any], rows: Ints) -> NDArray[Any]:
    """Rows of an array that all series may share."""
    return (
        values[rows] if len(values) > 1 else np.broadcast_to(values, (len(rows), values.shape[1]))
    )
