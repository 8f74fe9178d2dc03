"""Units to receive ahead of time because later days cannot receive all that they need.

From the last period back to the first, what a period cannot receive is moved one arrival earlier.
Of what could be moved, that goes first whose unit costs least to hold for its chance to be sold.
For one key with certain demand this is the latest feasible build-up, which holds least. For many
that may arrive in every period it is still the plan that holds least: exchanging two units of
different cost between an early and a late arrival can only make it dearer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
_UNITS = 1e-9


@dataclass(frozen=True)
class Deliveries:
    """What should be received when, one row per key and sort of unit; all (rows,) unless said.

    due: (rows, steps) units that should arrive in step 1 ... steps; 0 off a row's own arrivals.
    place: the dock. first: earliest step in which more units can still arrive. every: periods
    between two arrivals of a row. holding: money per unit and period ahead of time.
    worth: money that a unit is expected to save when it is there in time.
    """

    due: NDArray[np.floating[Any]]
    place: Ints
    first: Ints
    every: Ints
    holding: Floats
    worth: Floats

    def arrives(self, step: int) -> Bools:
        """The rows that can receive in a step."""
        return np.asarray((step >= self.first) & ((step - self.first) % self.every == 0))


@dataclass(frozen=True)
class Ahead:
    """units: (rows,) that arrive in a row's first step and are due later. missing: (rows,) units
    that no step early enough can receive, or that are not worth holding for that long. due:
    (rows,) the first step in which any of ``units`` are due, 0 where there are none.
    """

    units: Floats
    missing: Floats
    due: Ints


def pull_forward(deliveries: Deliveries, room: Floats) -> Ahead:
    """The latest feasible arrivals within ``room``, (places, steps) units a dock can receive.

    A row is due in its first step for later needs only: what that step must receive anyway is
    taken off the room by the caller.
    """
    rows, steps = deliveries.due.shape
    rank = deliveries.holding / np.maximum(deliveries.worth, 1e-300)
    order = _Order(deliveries.place, rank, len(room))
    poorest = _Order(deliveries.place, deliveries.worth, len(room))
    beyond = _beyond(deliveries, room, poorest)
    pool, late, owed = np.zeros(rows), np.zeros(rows), np.zeros(rows)
    soonest = np.zeros(rows, np.int64)
    units, missing = np.zeros(rows), beyond.sum(axis=1, dtype=np.float64)
    for step in range(steps, 0, -1):
        owed += beyond[:, step - 1]
        here = deliveries.due[:, step - 1].astype(np.float64)
        gone = np.minimum(owed, here)
        owed, here = owed - gone, here - gone
        pool, late = pool + here, late + here * step
        soonest = np.where(here > _UNITS, step, soonest)
        if not (pool > _UNITS).any():
            continue
        open_, last = deliveries.arrives(step), step <= deliveries.first
        early = np.divide(late, pool, out=np.zeros(rows), where=pool > 0) - step + deliveries.every
        moves = ~last & (early * deliveries.holding <= deliveries.worth)
        bound = np.where(open_ & ~moves, pool, 0.0)
        excess = order.total(np.where(open_, pool, 0.0)) - room[:, step - 1]
        pulled = order.first(np.where(open_ & moves, pool, 0.0), excess)
        lost = poorest.first(bound, order.total(bound) - room[:, step - 1])
        missing += lost
        units += np.where(last & open_, bound - lost, 0.0)
        kept = np.where(open_, pulled, pool)
        late = late * np.divide(kept, pool, out=np.zeros(rows), where=pool > 0)
        soonest = np.where((kept > _UNITS) | last, soonest, 0)
        pool = kept
    return Ahead(units, missing + pool, np.where(units > _UNITS, soonest, 0))


def _beyond(deliveries: Deliveries, room: Floats, poorest: _Order) -> NDArray[np.float32]:
    """Units that no plan can receive in time, (rows, steps) by the step that shows it.

    What is due up to a step fits in all room up to it; the units of least worth are given up, which
    for nested limits is the best choice there is (a greedy rule on a matroid; Edmonds 1971).
    """
    rows, steps = deliveries.due.shape
    out = np.zeros((rows, steps), np.float32)
    kept, left, earliest = np.zeros(rows), np.zeros(len(room)), np.full(len(room), steps + 1)
    np.minimum.at(earliest, deliveries.place, deliveries.first)
    for step in range(1, steps + 1):
        kept += deliveries.due[:, step - 1]
        left += np.where(step >= earliest, room[:, step - 1], 0.0)
        excess = poorest.total(kept) - left
        if (excess > _UNITS).any():
            out[:, step - 1] = poorest.first(kept, excess)
            kept -= out[:, step - 1]
    return out


class _Order:
    """Rows sorted by place, then by a rank."""

    def __init__(self, place: Ints, rank: Floats, places: int) -> None:
        self._place, self._places = place, places
        self._order = np.lexsort((rank, place))
        sorted_place = place[self._order]
        self._start = np.searchsorted(sorted_place, sorted_place)

    def total(self, units: Floats) -> Floats:
        """Sums by place, (places,)."""
        return np.bincount(self._place, units, self._places).astype(np.float64)

    def first(self, units: Floats, wanted: Floats) -> Floats:
        """Units of the rows that stand first, ``wanted`` (places,) together or all, (rows,)."""
        mine = units[self._order]
        before = np.cumsum(mine) - mine
        before -= before[self._start]
        left = np.maximum(wanted, 0.0)[self._place[self._order]] - before
        out = np.empty_like(mine)
        out[self._order] = np.clip(left, 0.0, mine)
        return out
