"""The volume that each location still has for what tonight orders and moves.

Stock is projected at its mean, without tonight's lines, to a few moments: the steps on which
tonight's lines arrive. What a key holds at a moment takes its volume, and so does a line that has
arrived by then. A key that orders something is taken to be filled up again by later orders: from
its arrival on it holds what it then holds and the whole of its line. That is what all keys hold
together if each is at its fullest, the usual form of a limit on space (Hadley & Whitin 1963,
chapter 2), but for keys whose line is still to come, which have sold some of their stock before.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from replenishment.limits.prices import Limit
from replenishment.network.evening import Evening
from replenishment.wishes.find import Wishes

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

STORAGE = "STORAGE"
#: Most moments at which a location is looked at; of more arrival steps as many, evenly spread.
MOMENTS = 4
_NEVER = 2**40


@dataclass(frozen=True)
class Storage:
    """step: (locations, moments) step of each moment, the last one the last arrival; 0 for none.
    free: (locations, moments) volume that stock on hand and on order leaves, >= 0, inf where there
    is no limit.
    """

    step: Ints
    free: Floats

    @classmethod
    def of(cls, wishes: Wishes, evening: Evening) -> Storage:
        """What each location has free at the arrivals of the wishes."""
        volume = evening.network.locations.storage_volume
        place = evening.forecast.index.location[wishes.series].astype(np.int64)
        limited = np.isfinite(volume[place])
        step = 1 + evening.network.lanes.lead_time[wishes.lane].astype(np.int64)
        moments = _moments(place[limited], step[limited], len(volume))
        if not limited.any():
            return cls(moments, np.repeat(volume[:, None], moments.shape[1], axis=1))
        kept = np.full(evening.forecast.index.n_series, _NEVER)
        asks = wishes.needs.quantity > 0
        kept[wishes.series[asks]] = step[asks]
        used = _occupied(moments, kept, evening)
        return cls(moments, np.maximum(volume[:, None] - used, 0.0))

    def limits(
        self, place: Ints, step: Ints, volume: Floats, names: tuple[str, ...]
    ) -> list[Limit]:
        """A limit for each moment over lines that arrive at ``place`` on ``step``, (lines,).

        A line counts from its arrival on, and in the last moment of its place in any case.
        """
        reached = np.minimum(step, np.maximum(self.step.max(axis=1, initial=0), 1)[place])
        counts = (volume > 0)[:, None] & (self.step[place] >= reached[:, None])

        def label(which: int) -> str:
            return f"of {names[which]}"

        return [
            Limit(
                STORAGE,
                np.where(inside & np.isfinite(free[place]), place, -1),
                volume,
                free,
                label,
            )
            for inside, free in zip(counts.T, self.free.T, strict=True)
        ]


def storage_limits(
    wishes: Wishes, takes_part: Bools, evening: Evening, settled: Floats | None
) -> list[Limit]:
    """The volume that each location has for tonight's lines, one limit for each moment.

    takes_part: (keys,) keys that are being decided. settled: (keys,) units decided before, which
    take their room as well; None for none.
    """
    network, names = evening.network, evening.forecast.index.locations
    place = evening.forecast.index.location[wishes.series].astype(np.int64)
    step = 1 + network.lanes.lead_time[wishes.lane].astype(np.int64)
    volume = network.items.volume[wishes.series]
    whole = Storage.of(wishes, evening).limits(place, step, volume, names)
    if settled is None:
        settled = np.zeros(len(place))
    return [
        Limit(
            STORAGE,
            np.where(takes_part, each.group, -1),
            each.weight,
            np.maximum(each.room - each.use(settled), 0.0),
            each.label,
        )
        for each in whole
        if (each.group >= 0).any()
    ]


def _moments(place: Ints, step: Ints, places: int) -> Ints:
    """Up to ``MOMENTS`` of the arrival steps of each place, evenly spread, 0 for none."""
    width = int(step.max(initial=0)) + 1
    code = np.unique(place * width + step)
    where, at = code // width, code % width
    first = np.searchsorted(where, np.arange(places))
    count = np.bincount(where, minlength=places)
    out = np.zeros((places, MOMENTS), np.int64)
    some = np.flatnonzero(count > 0)
    for moment in range(MOMENTS):
        spread = np.rint(moment * (count[some] - 1) / (MOMENTS - 1)).astype(np.int64)
        rank = np.where(count[some] <= MOMENTS, moment, spread)
        real = rank < count[some]
        out[some[real], moment] = at[first[some[real]] + rank[real]]
    return out[:, : min(MOMENTS, int(count.max(initial=0)))]


def _occupied(moments: Ints, kept: Ints, evening: Evening) -> Floats:
    """Volume of the mean stock of each location at its moments, (locations, moments).

    kept: (series,) step from which on a series keeps what it holds.
    """
    index, stock = evening.forecast.index, evening.stock
    place, volume = index.location.astype(np.int64), evening.network.items.volume
    demand = evening.forecast.expected
    order = np.argsort(stock.arrival_step, kind="stable")
    bounds = np.searchsorted(stock.arrival_step[order], np.arange(1, int(moments.max()) + 2))
    used = np.zeros(moments.shape)
    level, held = stock.on_hand.copy(), np.zeros(len(place))
    for step in range(1, int(moments.max()) + 1):
        coming = order[bounds[step - 1] : bounds[step]]
        np.add.at(level, stock.arrival_series[coming], stock.arrival_units[coming])
        held = np.where(step <= kept, level, held)
        now = np.bincount(place, held * volume, len(moments))
        used += np.where(moments == step, now[:, None], 0.0)
        sold = evening.echelons.summed(demand[:, step - 1].astype(np.float64))
        level = np.maximum(level - sold, 0.0)
    return used
