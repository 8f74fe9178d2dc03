"""Moves between keys, and what locations can send and receive of them."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replenishment.limits.capacity import CAPACITY, OUTBOUND, coming_units
from replenishment.limits.storage import STORAGE, Storage
from replenishment.network.evening import Evening
from replenishment.wishes.find import Wishes

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Moves:
    """Units that leave one key for another tonight, all (lines,).

    lane: row of ``Network.lanes``. source, target: rows of the wishes. units: whole ``lot``s.
    gain: money that the line saves in all. saved: shortage cost that it avoids. cut: units that
    a limit took away; binding: its code, "" for none.
    """

    lane: Ints
    source: Ints
    target: Ints
    units: Floats
    lot: Floats
    gain: Floats
    cut: Floats
    saved: Floats
    binding: NDArray[np.object_]

    @classmethod
    def none(cls) -> Moves:
        """No moves."""
        rows, money = np.zeros(0, np.int64), np.zeros(0)
        return cls(rows, rows, rows, *(money,) * 5, np.zeros(0, object))

    @classmethod
    def joined(cls, parts: list[Moves]) -> Moves:
        """Several lists of moves as one."""
        names = [each.name for each in fields(cls)]
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))

    def __len__(self) -> int:
        return len(self.lane)

    def take(self, lines: NDArray[Any]) -> Moves:
        """Some of the moves."""
        return Moves(*(getattr(self, each.name)[lines] for each in fields(self)))

    def without(self, units: Floats) -> Moves:
        """The moves less ``units`` (moves,) of each; none of those of which nothing is left."""
        left = np.maximum(self.units - units, 0.0)
        share = left / np.maximum(self.units, 1e-12)
        less = replace(self, units=left, gain=self.gain * share, saved=self.saved * share)
        return less.take(np.flatnonzero(left > 1e-9))

    def leaving(self, wishes: Wishes) -> Floats:
        """Units that leave each key of the wishes, (keys,)."""
        sent = np.bincount(self.source, self.units, len(wishes.series))
        return np.asarray(sent, np.float64)

    def after(self, wishes: Wishes, evening: Evening) -> Evening:
        """The evening once the units are under way."""
        stock = evening.stock
        left = np.bincount(wishes.series[self.source], self.units, len(stock.on_hand))
        step = 1 + evening.network.lanes.lead_time[self.lane].astype(np.int64)
        coming = stock.with_arrivals(wishes.series[self.target], step, self.units)
        kept = np.maximum(stock.on_hand - left, 0.0)
        return replace(evening, stock=replace(coming, on_hand=kept))


def cut_to_room(moves: Moves, wishes: Wishes, evening: Evening) -> tuple[Moves, Moves]:
    """The moves that locations can send and receive, those of most gain per unit first; the others.

    Of the others, which are cut to nothing, ``units`` and ``saved`` are what they would be.
    """
    if not len(moves):
        return moves, moves
    asked, network = moves, evening.network
    place, locations = evening.forecast.index.location, network.locations
    out = place[wishes.series[moves.source]].astype(np.int64)
    moves = fitted(moves, out, locations.outbound_capacity, OUTBOUND)
    step = 1 + network.lanes.lead_time[moves.lane].astype(np.int64)
    coming = coming_units(evening, int(step.max()))
    room = np.maximum(locations.inbound_capacity[:, None] - coming, 0.0)
    into = place[wishes.series[moves.target]].astype(np.int64) * coming.shape[1] + step
    moves = fitted(moves, into, room.ravel(), CAPACITY)
    to, volume = wishes.series[moves.target], network.items.volume
    stored = Storage.of(wishes, evening).limits(place[to].astype(np.int64), step, volume[to], ())
    for limit in stored:
        moves = fitted(moves, limit.group, limit.room, STORAGE, limit.weight)
    least = np.maximum(network.lanes.moq[moves.lane], moves.lot)
    kept = moves.units >= least - 1e-6
    gone = replace(asked, binding=moves.binding).take(np.flatnonzero(~kept))
    return moves.take(np.flatnonzero(kept)), gone


def fitted(
    moves: Moves, group: Ints, room: Floats, code: str, weight: Floats | None = None
) -> Moves:
    """The moves that ``room`` per group leaves; a line is cut to the whole lots that fit.

    Of a group those of most gain per use go first. group: (moves,) -1 for none. weight: (moves,)
    use per unit, 1 where it is None.
    """
    each = np.ones(len(moves)) if weight is None else np.where(group >= 0, weight, 1.0)
    use, room = moves.units * each, np.append(room, np.inf)
    density = moves.gain / np.maximum(use, 1e-12)
    order = np.lexsort((np.arange(len(moves)), -density, group))
    running = np.cumsum(use[order])
    first = np.searchsorted(group[order], group[order])
    before = running - use[order]
    before = before - before[first] if len(before) else before
    free = np.empty(len(moves))
    free[order] = np.clip(room[group[order]] - before, 0.0, use[order]) / each[order]
    units = np.minimum(np.floor(free / moves.lot + 1e-6) * moves.lot, moves.units)
    lost = moves.units - units
    share = units / np.maximum(moves.units, 1e-12)
    return replace(
        moves,
        units=units,
        cut=moves.cut + lost,
        gain=moves.gain * share,
        saved=moves.saved * share,
        binding=np.where(lost > 0, code, moves.binding).astype(object),
    )
