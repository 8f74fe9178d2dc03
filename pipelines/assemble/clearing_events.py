"""What is left of the stock for an event that is over."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.assemble.clearing_weeks import of_rows
from pipelines.assemble.situation import Situation

Ints = NDArray[np.int64]
# Days before an event in which the stock for it comes, and of the past that are looked at for when
# it began.
_BEFORE, _LONGEST = 28, 91
# Series whose days are looked at together.
_BLOCK = 20_000


def events_over(situation: Situation, rows: Ints, event_days: int) -> Ints:
    """Event that each of ``rows`` has stock left of, (rows,): its code, 0 for none.

    Days on which the event takes nothing off the price do not count: nobody stocks up for these.
    The last day of the event lies within ``event_days``, none is on tomorrow, and the stock came
    between four weeks before the event's first day and its last one, by its mean age.
    """
    panel = situation.panel
    days = panel.calendar.days
    n = min(_LONGEST // days, panel.origin + 1)
    near = slice(panel.origin + 1 - n, panel.origin + 2)
    cheaper = panel.covariates.discount[:, near] > 0
    event = np.where(cheaper, panel.covariates.event[:, near], np.int16(0))
    told = [_latest(event[start : start + _BLOCK, :-1]) for start in range(0, len(event), _BLOCK)]
    codes, first, last = (np.concatenate(each) for each in zip(*told, strict=True))
    over = (codes > 0) & (event[:, -1] == 0)
    # Days from the end of the event's first, and of its last period until tonight.
    began, ended = ((n - 1 - place) * days for place in (first, last))
    age = situation.stock.age_days[rows]
    over, began, ended, codes = (of_rows(each, rows) for each in (over, began, ended, codes))
    lately = over & (ended < event_days)
    for_it = (age >= ended) & (age <= began + days + _BEFORE)
    return np.where(lately & for_it, codes, 0).astype(np.int64)


def _latest(event: NDArray[np.int16]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Code of the latest event of each row, 0 for none, and its first and last place, (rows,)."""
    place = np.arange(event.shape[1])
    last = np.where(event > 0, place, -1).max(axis=1, initial=-1)
    code = np.take_along_axis(event, np.maximum(last, 0)[:, None], axis=1)
    first = np.where(event == code, place, event.shape[1]).min(axis=1, initial=event.shape[1])
    return np.where(last >= 0, code[:, 0], 0), first, last
