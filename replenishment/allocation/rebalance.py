"""Lateral transfers of tonight: stock that is worth more elsewhere, moved at most gain."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replenishment.allocation.exchange import Exchange, best_exchange
from replenishment.allocation.lateral_lanes import Lateral, Waiting, lateral_lanes, waiting
from replenishment.allocation.room import Moves, cut_to_room
from replenishment.allocation.values import SEGMENTS, Later, later_of, priced, window_needs
from replenishment.needs.find import Needs
from replenishment.needs.targets import least_holding
from replenishment.network.evening import Evening
from replenishment.wishes.find import Wishes
from replenishment.wishes.terms import lifetime_demand

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
# Multiples of lanes are brought together to this fraction of a unit.
_GRAIN = 1000
# Of two sums of money, what their difference may be off by.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class _Night:
    """What every step looks at."""

    wishes: Wishes
    evening: Evening
    wait: Waiting
    later: Later


def rebalance(wishes: Wishes, evening: Evening) -> tuple[Moves, Moves]:
    """Lateral transfers that gain more than freight, handling and ``params.least_gain``.

    Those that are made, and those that what a location can send or receive cuts to nothing.

    The gain is what the units are worth where they arrive, against ordering and waiting there,
    less what they are worth where they lie; see ``values``. They keep the lanes' lots and largest
    quantities, and what locations can send and receive; what that cuts is said.
    """
    lateral = lateral_lanes(wishes, evening)
    if not len(lateral):
        return Moves.none(), Moves.none()
    moves = best_moves(lateral, wishes, evening, waiting(wishes, evening))
    return cut_to_room(moves, wishes, evening)


def best_moves(lateral: Lateral, wishes: Wishes, evening: Evening, wait: Waiting) -> Moves:
    """Moves of most gain on the given lanes, whatever locations can send and receive.

    wait: until when the next ordered supply of each key can arrive, which the moves have to beat.
    """
    later = later_of(wishes, wait, lifetime_demand(evening), evening.network)
    night = _Night(wishes, evening, wait, later)
    lateral = lateral.take(_may_pay(lateral, night))
    parts = [_moved(part, night) for part in _chunks(lateral, night)]
    return Moves.joined([Moves.none(), *parts])


def _may_pay(lateral: Lateral, night: _Night) -> Bools:
    """Lanes on which the first unit could pay: a bound that needs no sampled futures.

    A unit avoids no more than one lost unit, and not more often than one is lost (Markov); one
    that leaves saves its holding at most.
    """
    needs, later, wait = night.wishes.needs, night.later, night.wait
    none = np.zeros(len(wait.until))
    quantum = night.evening.forecast.quantum[night.wishes.series]
    longer = (wait.until > night.wishes.lead_time) | (wait.share > 0)
    often = np.where(longer, 1.0, np.minimum(needs.lost_before / quantum, 1.0))
    worth = later.unit(none) + needs.shortage * often
    held = np.maximum(needs.holding, later.holding) * wait.until
    left = later.unit(none) - held
    return worth[lateral.target] - left[lateral.source] > _per_unit(lateral, night)


def _per_unit(lateral: Lateral, night: _Night) -> Floats:
    """Freight and handling of a unit on each lane, and holding while it is under way."""
    lanes, at = night.evening.network.lanes, lateral.lane
    held = night.later.holding[lateral.source] * lanes.lead_time[at]
    return np.asarray(lanes.unit_freight[at] + night.evening.params.handling + held, np.float64)


def _chunks(lateral: Lateral, night: _Night) -> list[Lateral]:
    """The lanes by whole SKUs, as many as the memory allows at once."""
    sku = night.evening.forecast.index.sku[night.wishes.series[lateral.target]]
    first = np.flatnonzero(np.diff(sku, prepend=-1))
    keys = int(np.diff(np.append(first, len(sku))).max(initial=1)) + 1
    size = max(1, night.evening.params.cells // (keys * (keys + 4 * SEGMENTS)))
    bounds = [*first[::size].tolist(), len(sku)]
    return [lateral.take(np.arange(low, high)) for low, high in pairwise(bounds)]


@dataclass(frozen=True)
class _Grid:
    """The keys of some lanes, laid out by SKU and place: key k stands at (sku[k], place[k]).

    keys: (keys,) rows of the wishes. lot: (skus,) units. source, target: (lanes,) places.
    at: (lanes,) SKU of each lane.
    """

    keys: Ints
    sku: Ints
    place: Ints
    lot: Floats
    at: Ints
    source: Ints
    target: Ints

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.lot), int(self.place.max(initial=0)) + 1

    def spread(self, values: NDArray[Any]) -> NDArray[Any]:
        """(keys, ...) values at (skus, places, ...), 0 elsewhere."""
        out = np.zeros((*self.shape, *values.shape[1:]), values.dtype)
        out[self.sku, self.place] = values
        return out


def _grid(lateral: Lateral, night: _Night) -> _Grid:
    keys = np.unique(np.concatenate([lateral.source, lateral.target]))
    codes = night.evening.forecast.index.sku[night.wishes.series]
    _, sku = np.unique(codes[keys], return_inverse=True)
    place = np.arange(len(keys)) - np.searchsorted(sku, sku)
    source, target = (np.searchsorted(keys, end) for end in (lateral.source, lateral.target))
    grains = np.rint(night.evening.network.lanes.multiple[lateral.lane] * _GRAIN).astype(np.int64)
    lot = np.ones(int(sku.max()) + 1, np.int64)
    np.lcm.at(lot, sku[target], np.maximum(grains, 1))
    return _Grid(keys, sku, place, lot / _GRAIN, sku[target], place[source], place[target])


def _moved(lateral: Lateral, night: _Night) -> Moves:
    """The best moves on some lanes, whole SKUs of them."""
    grid = _grid(lateral, night)
    take_needs, helps, exchange = _exchange(lateral, grid, night)
    where = (grid.at, grid.source, grid.target)
    lot = grid.lot[grid.at]
    moq = night.evening.network.lanes.moq[lateral.lane] / lot
    flow = _worthwhile(exchange, where, np.ceil(moq - 1e-6), night.evening.params.least_gain)
    lots, gain = flow[where], exchange.gain_of_lanes(flow)[where]
    got = flow.sum(axis=1)[grid.sku, grid.place] * grid.lot[grid.sku]
    saved = np.zeros(len(grid.keys))
    few = take_needs
    saved[helps] = few.loss_cost * np.maximum(few.lost - few.loss.cost(got[helps]), 0.0)
    at = np.searchsorted(grid.keys, lateral.target)
    used = np.flatnonzero(lots > 0)
    units = (lots * lot)[used]
    return Moves(
        lane=lateral.lane[used], source=lateral.source[used], target=lateral.target[used],
        units=units, lot=lot[used], gain=gain[used], cut=np.zeros(len(used)),
        saved=saved[at[used]] * units / got[at[used]],
        binding=np.full(len(used), "", object),
    )  # fmt: skip


def _exchange(lateral: Lateral, grid: _Grid, night: _Night) -> tuple[Needs, Bools, Exchange]:
    """What lots are worth at both ends; and the needs of the keys that a transfer can serve.

    Units are priced by the slowest lane into a key, so that none is worth less than it is taken
    for.
    """
    wishes, lanes = night.wishes, night.evening.network.lanes
    lot = grid.lot[grid.sku]
    lead = np.zeros(len(grid.keys), np.int64)
    at = np.searchsorted(grid.keys, lateral.target)
    np.maximum.at(lead, at, lanes.lead_time[lateral.lane].astype(np.int64))
    held = night.evening.usable[wishes.series[grid.keys]]
    held = np.where(np.isin(grid.keys, lateral.source), held, 0.0)
    lots = np.floor(held / lot + 1e-6).astype(np.int64)
    later = Later(*(column[grid.keys] for column in vars(night.later).values()))
    helps = night.wait.until[grid.keys] > lead
    few = window_needs(wishes, grid.keys[helps], lead[helps], night.wait, night.evening)
    wanted = _wanted(grid, lateral, few, helps, later, lot, lots)
    take, take_lots = priced(few.curves, helps, later, lot, wanted, 1)
    gives = _may_give(lateral, grid, take[:, 0], night)
    rest = window_needs(wishes, grid.keys[gives], 0 * lead[gives], night.wait, night.evening)
    give, give_lots = priced(rest.curves, gives, later, lot, lots, -1)
    cost = np.full((*grid.shape, grid.shape[1]), np.inf)
    most = np.zeros(cost.shape, np.int64)
    where = (grid.at, grid.source, grid.target)
    cost[where] = _per_unit(lateral, night) * grid.lot[grid.at]
    room = np.minimum(lanes.max_units[lateral.lane], 1e12) / grid.lot[grid.at]
    most[where] = np.floor(room + 1e-6).astype(np.int64)
    exchange = Exchange(
        grid.spread(give), grid.spread(give_lots), grid.spread(take), grid.spread(take_lots),
        cost, most,
    )  # fmt: skip
    return few, helps, exchange


def _may_give(lateral: Lateral, grid: _Grid, worth: Floats, night: _Night) -> Bools:
    """Keys of the grid on a lane whose first lot could pay, (keys,), waiting for supply.

    worth: (keys,) money of the first lot that arrives. One that leaves saves its holding at most.
    To the others the lots are worth what is left, at which they do not leave either.
    """
    wait, later, needs = night.wait, night.later, night.wishes.needs
    held = np.maximum(later.holding * wait.until, least_holding(needs.shortage))
    left = later.unit(np.zeros(len(held))) - held
    cost = (left[lateral.source] + _per_unit(lateral, night)) * grid.lot[grid.at]
    gain = worth[np.searchsorted(grid.keys, lateral.target)]
    pays = gain - cost > -_ROUNDING * (np.abs(gain) + np.abs(cost))
    waits = wait.until[grid.keys] > 0
    return np.asarray(waits & np.isin(grid.keys, lateral.source[pays]))


def _wanted(
    grid: _Grid, lateral: Lateral, few: Needs, helps: Bools, later: Later, lot: Floats, lots: Ints
) -> Ints:
    """Most lots that may be worth sending to each key, (keys,).

    Beyond its need and what may run short before its next supply a key holds stock for later
    only; half of what can be worth anything then is as much as it takes.
    """
    short = np.zeros(len(grid.keys))
    short[helps] = np.maximum(few.curves.knots[:, -1], 0.0)
    worn = np.divide(
        later.cost * later.rate, 2 * later.holding, out=np.zeros_like(lot), where=later.holding > 0
    )
    units = np.maximum(later.need, 0.0) + short + np.minimum(worn, np.maximum(later.sold, 0.0))
    all_lots = np.bincount(grid.sku, lots)[grid.sku]
    takes = np.isin(grid.keys, lateral.target)
    wanted = np.floor(units / lot).astype(np.int64) + 1
    return np.where(takes, np.minimum(wanted, all_lots - lots), 0).astype(np.int64)


def _worthwhile(
    exchange: Exchange, where: tuple[Ints, Ints, Ints], least_lots: Floats, least_gain: float
) -> Ints:
    """The best exchange without lines below their smallest quantity or the least gain.

    Nor does a place send and receive on one night. Of each SKU with such lines the one of least
    gain is closed, and the rest decided anew.
    """
    flow = best_exchange(exchange)
    least = np.zeros(exchange.way.shape)
    least[where] = least_lots
    way = exchange.way.copy()
    rows = np.arange(len(exchange))
    while True:
        part = replace(exchange.part(rows), way=way[rows])
        gain = part.gain_of_lanes(flow[rows])
        used = flow[rows] > 0
        both = np.asarray(used.any(axis=1) & used.any(axis=2))
        through = both[:, :, None] | both[:, None, :]
        bad = used & ((gain < least_gain) | (flow[rows] < least[rows]) | through)
        broken = bad.any(axis=(1, 2))
        rows, poor = rows[broken], np.where(bad, gain, np.inf)[broken]
        if not len(rows):
            return flow
        worst = poor.reshape(len(rows), -1).argmin(axis=1)
        way.reshape(len(way), -1)[rows, worst] = np.inf
        flow[rows] = best_exchange(replace(exchange.part(rows), way=way[rows]))
