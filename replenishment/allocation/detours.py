"""Detours: units that a source sends to a place which sends as many on sideways the same night.

Lateral transfers are decided first, on a guess at each key's share of a source that is short; the
source is shared out afterwards, at marginal worth, and may well fill up again what has just left.
Where the source feeds both ends, sending directly what passes through leaves all places the same
units. If it is there no later and costs no more freight it is better in every future; else what
the detour gains is priced like any lateral transfer, the direct supply being the one to beat.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replenishment.allocation.lateral_lanes import Lateral, Waiting
from replenishment.allocation.rebalance import best_moves
from replenishment.allocation.room import Moves, fitted
from replenishment.limits.prices import Limit
from replenishment.network.evening import Evening
from replenishment.wishes.find import Wishes

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
# Multiples of lanes are brought together to this fraction of a unit.
_GRAIN = 1000


def detours(
    moves: Moves,
    first: Wishes,
    evening: Evening,
    sent: Floats,
    limits: Callable[[Moves], list[Limit]],
) -> Floats:
    """Units of each move that the source of both ends should rather send directly, (moves,).

    No more than the source sends to the place that they leave, than the direct lane carries and
    the place that they reach can take; in whole lots of all three lanes, and what is left of a
    move is 0 or its lane's smallest quantity.

    first: the wishes that the moves were decided on. evening: before the moves. sent: (keys,)
    units from the source tonight, the moves counted. limits: of these units, groups by key, with
    the room that they and the given moves leave.
    """
    units = _in_vain(moves, first, evening, sent)
    if not (units > 0).any():
        return units
    # Those of least gain per unit first.
    rank = -moves.gain / moves.units * units
    shift = replace(moves, units=units, gain=rank, lot=_common_lot(moves, first))
    shift = fitted(shift, moves.source, sent, "")
    shift = replace(shift, units=_above_least(shift, moves, evening))
    terms = first.worth.terms
    shift = fitted(shift, moves.target, np.maximum(terms.most - sent, 0.0), "")
    for limit in limits(moves.without(shift.units)):
        at, weight = limit.group[moves.target], limit.weight[moves.target]
        shift = fitted(shift, at, limit.room, "", weight)
    more = np.bincount(moves.target, shift.units, len(sent))
    enough = (sent + more >= terms.first - 1e-6)[moves.target]
    return np.where(enough, shift.units, 0.0)


def _in_vain(moves: Moves, first: Wishes, evening: Evening, sent: Floats) -> Floats:
    """Units of each move that gain nothing over direct supply, (moves,); 0 where there is none."""
    lanes, params = evening.network.lanes, evening.params
    parent = np.where(first.transfer, evening.choice.parent[first.series], -1)
    direct, above = first.lane[moves.target], first.lane[moves.source]
    same = (parent[moves.source] >= 0) & (parent[moves.source] == parent[moves.target])
    same &= (sent[moves.source] > 0) & (first.worth.terms.most[moves.target] > 0)
    freight = lanes.unit_freight[moves.lane] + lanes.unit_freight[above] + params.handling
    worse = lanes.unit_freight[direct] <= freight + 1e-9
    worse &= lanes.lead_time[direct] <= lanes.lead_time[moves.lane]
    pays = np.zeros(len(moves))
    open_ = np.flatnonzero(same & ~worse)
    pays[open_] = _paying(moves.take(open_), first, evening)
    return np.where(same, np.maximum(moves.units - pays, 0.0), 0.0)


def _paying(moves: Moves, first: Wishes, evening: Evening) -> Floats:
    """Units that would move on the lanes of ``moves`` if the source could send all, (moves,)."""
    if not len(moves):
        return np.zeros(0)
    lead = evening.network.lanes.lead_time[first.lane].astype(np.int64)
    ends = np.maximum(evening.network.items.ends[first.series] - evening.forecast.origin, 0)
    until = np.minimum(lead, np.minimum(ends, evening.forecast.horizon))
    order = np.argsort(moves.target, kind="stable")
    part = moves.take(order)
    good = replace(first, needs=first.needs.in_good_units())
    lateral = Lateral(part.lane, part.source, part.target)
    best = best_moves(lateral, good, evening, Waiting(until, np.zeros(len(lead))))
    units = np.bincount(best.lane, best.units, len(evening.network.lanes.lead_time))
    return np.asarray(units[moves.lane], np.float64)


def _above_least(shift: Moves, moves: Moves, evening: Evening) -> Floats:
    """The units to shift, (moves,), less what a move's smallest quantity must keep."""
    least = np.maximum(evening.network.lanes.moq[moves.lane], moves.lot)
    rest = moves.units - shift.units
    kept = np.where((rest > 1e-6) & (rest < least), least, rest)
    units = np.maximum(moves.units - kept, 0.0)
    return np.asarray(np.floor(units / shift.lot + 1e-6) * shift.lot, np.float64)


def _common_lot(moves: Moves, first: Wishes) -> Floats:
    """Smallest quantity in whole lots of a move and of both ends' own lanes, (moves,)."""
    lot = np.ones(len(moves), np.int64)
    own = first.worth.terms.lot
    parts: tuple[NDArray[Any], ...] = (moves.lot, own[moves.source], own[moves.target])
    for part in parts:
        lot = np.lcm(lot, np.maximum(np.rint(part * _GRAIN).astype(np.int64), 1))
    return np.asarray(lot / _GRAIN, np.float64)
