"""What decides the order of each key, as arrays: the input of projection, target and lots."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replenishment.needs.leftover import Leftover
from replenishment.needs.pool import Pool

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Keys:
    """One row per key that may be ordered for; all arrays (keys,) unless said.

    lead_time, review: periods L and R. lead_time_sd: periods.
    on_hand: units at the close of the origin.
    arrival_steps, arrival_units: (keys, arrivals) stock on order, padded with step 0 and 0 units;
        steps rise within a row, the padding stands last.
    holding: money per unit left at a close. shortage: money per unit lost.
    overage: money lost with a unit that is left after the last step that sells.
    ends: last step that sells tonight's order, at the end of the item or of the order's shelf
        life; beyond the horizon where none is in sight.
    service_level, fill_rate: targets that replace the shortage price, NaN where money decides.
    pool: what the keys share with others, None where they share nothing.
    leftover: what is lost with units that take too long to sell, None where nothing is.
    """

    lead_time: Ints
    review: Ints
    lead_time_sd: Floats
    on_hand: Floats
    arrival_steps: Ints
    arrival_units: Floats
    holding: Floats
    shortage: Floats
    overage: Floats
    ends: Ints
    service_level: Floats
    fill_rate: Floats
    pool: Pool | None = None
    leftover: Leftover | None = None

    def __len__(self) -> int:
        return len(self.lead_time)

    @property
    def protection(self) -> Ints:
        """Periods of the protection interval, L + R."""
        return self.lead_time + self.review

    def take(self, keys: NDArray[Any] | slice) -> Keys:
        """Some of the keys."""
        told = ("pool", "leftover")
        plain = {e.name: getattr(self, e.name)[keys] for e in fields(self) if e.name not in told}
        return Keys(
            **plain,
            pool=None if self.pool is None else self.pool.take(keys),
            leftover=None if self.leftover is None else self.leftover.take(keys),
        )

    def shares(self) -> NDArray[np.bool_]:
        """Keys whose stock comes out of one that others need as well, (keys,)."""
        if self.pool is None:
            return np.zeros(len(self), np.bool_)
        return np.asarray(self.pool.last > 0)

    def final_step(self, horizon: int) -> Ints:
        """Last step at which units left have a price, (keys,): L + R where no later one is known.

        The end of the item's life within the horizon, else that of the stock shared with others,
        else the day on which units left are marked down.
        """
        last = self.protection if self.leftover is None else self.leftover.last
        if self.pool is not None:
            last = np.where(self.shares(), self.pool.last, last)
        last = np.where(self.ends <= horizon, self.ends, last)
        return np.asarray(np.maximum(last, self.protection), np.int64)

    def inbound(self) -> Floats:
        """Units on order that arrive within the protection interval."""
        inside = (self.arrival_steps >= 1) & (self.arrival_steps <= self.protection[:, None])
        return np.asarray((self.arrival_units * inside).sum(axis=1), np.float64)

    def close_steps(self, most: int) -> tuple[Ints, Floats]:
        """Closes at which left-over stock is counted, and how many periods each stands for.

        Returns steps (keys, closes) rising to L + R and weights (keys, closes) that sum to R. A
        short interval is padded with its last close at weight 0.
        """
        closes = int(min(most, self.review.max(initial=1)))
        share = np.arange(1, closes + 1) / closes
        inner = np.ceil(share * self.review[:, None]).astype(np.int64)
        few = np.arange(1, closes + 1)[None, :]
        offsets = np.where(
            self.review[:, None] <= closes, np.minimum(few, self.review[:, None]), inner
        )
        weights = np.diff(offsets, axis=1, prepend=0).astype(np.float64)
        return self.lead_time[:, None] + offsets, weights


def arrival_table(
    series: NDArray[Any], steps: NDArray[Any], units: NDArray[Any], n: int
) -> tuple[Ints, Floats]:
    """Arrivals of each key side by side: steps and units, (n, most arrivals of a key).

    Arrivals of one key on one step are summed; the padding is step 0 with 0 units.
    """
    width = int(steps.max(initial=0)) + 1
    code, where = np.unique(series.astype(np.int64) * width + steps, return_inverse=True)
    total = np.bincount(where, units, len(code)) if len(code) else np.zeros(0)
    row, step = code // width, code % width
    place = np.arange(len(row)) - np.searchsorted(row, row)
    columns = int(place.max(initial=-1)) + 1
    table_steps, table_units = np.zeros((n, columns), np.int64), np.zeros((n, columns))
    table_steps[row, place], table_units[row, place] = step, total
    return table_steps, table_units


def first_empty(
    demand: NDArray[Any], on_hand: Floats, arrival_steps: Ints, arrival_units: Floats
) -> NDArray[np.int32]:
    """First step at whose close nothing is left, (keys,), 0 where that is never.

    demand: (keys, horizon) units of steps 1 ... horizon; what is asked for of an empty shelf is
    lost. arrival_steps, arrival_units: (keys, arrivals), see ``arrival_table``.
    """
    horizon = demand.shape[1]
    inside = (arrival_steps >= 1) & (arrival_steps <= horizon)
    arrivals = np.zeros((len(on_hand), horizon))
    where = (np.nonzero(inside)[0], arrival_steps[inside] - 1)
    np.add.at(arrivals, where, arrival_units[inside])
    left, step_of = on_hand.copy(), np.zeros(len(on_hand), np.int32)
    for step in range(horizon):
        asked = demand[:, step].astype(np.float64)
        left = np.maximum(left + arrivals[:, step] - asked, 0.0)
        empty = (left <= 1e-9) & (step_of == 0) & (asked > 0)
        step_of[empty] = step + 1
    return step_of
