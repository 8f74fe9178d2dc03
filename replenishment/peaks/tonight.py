"""The part of a build-up that has to be ordered tonight, because later docks are full."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special

from replenishment.limits.capacity import coming_units
from replenishment.network.evening import Evening
from replenishment.peaks.ahead import Deliveries, pull_forward
from replenishment.peaks.required import Required, chance_to_sell, required
from replenishment.wishes.find import Sides, Wishes, sides_of
from replenishment.wishes.terms import said_frozen

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
# A step beyond every horizon.
_NEVER = 1 << 30


def built_up(wishes: Wishes, evening: Evening) -> Wishes:
    """The wishes with what tonight orders ahead for docks that will be full."""
    return wishes.raised(*build_up(wishes, evening)) if evening.params.ahead else wishes


def build_up(wishes: Wishes, evening: Evening) -> tuple[Floats, Ints]:
    """Units of each key to order tonight on top of its wish, (keys,), all due later, and the first
    step in which they are due.

    Periods are as large as what every dock can receive in them less what is on order for it and
    what tonight brings. All 0 where no dock has a limit, or none that later needs would break.
    """
    network = evening.network
    ahead, limits = np.zeros(len(wishes.series)), network.locations.inbound_capacity
    step = np.zeros(len(ahead), np.int64)
    place = evening.forecast.index.location[wishes.series].astype(np.int64)
    rows = np.flatnonzero(np.isfinite(limits[place]))
    if not len(rows):
        return ahead, step
    dock = 1 + network.lanes.lead_time[wishes.lane].astype(np.int64)
    frozen = said_frozen(wishes.series, wishes.lane, evening)
    ordered = np.where(np.isfinite(frozen), frozen, wishes.quantity)
    free = (wishes.worth.terms.most > 0) & ~wishes.said & ~np.isfinite(frozen)
    room = _room(evening, place[rows], dock[rows], ordered[rows])
    sides = sides_of(wishes.series[rows], evening)
    score = special.ndtri(np.clip(_level(wishes, rows, sides, evening), 0.001, 0.999))
    due = _required(sides, ordered[rows], wishes.worth.terms.share[rows], dock[rows], score)
    used = np.zeros_like(room)
    np.add.at(used, place[rows], due.sure + due.safety)
    full = np.any(used - room > 0, axis=1)[place[rows]]
    some = rows[full]
    review, price = wishes.review[some], wishes.needs.shortage[some]
    # Prices of needs are per unit ordered, of which only a share comes and is good.
    holding = network.items.holding_cost[wishes.series[some]] * wishes.worth.terms.share[some]
    twice = np.concatenate([place[some]] * 2)
    deliveries = Deliveries(
        due=np.concatenate([due.sure[full], due.safety[full]]),
        place=twice,
        first=np.tile(np.where(free[some], dock[some], dock[some] + review), 2),
        every=np.tile(review, 2),
        holding=np.tile(holding, 2),
        worth=np.concatenate([price, price * chance_to_sell(score[full])]),
    )
    pulled = pull_forward(deliveries, room)
    ahead[some] = np.where(free[some], pulled.units.reshape(2, -1).sum(axis=0), 0.0)
    due = np.where(pulled.due > 0, pulled.due, _NEVER).reshape(2, -1).min(axis=0)
    step[some] = np.where(ahead[some] > 0, due, 0)
    return ahead, step


def _level(wishes: Wishes, rows: Ints, sides: Sides, evening: Evening) -> Floats:
    """The level that later orders are taken to be bought at, (rows,): tonight's.

    No higher than the critical ratio of what is bought for a peak alone, and marked down after it,
    where no service level is asked for.
    """
    asked = np.isfinite(sides.of("service_level")) | np.isfinite(sides.of("fill_rate"))
    cost = evening.network.items.unit_cost[wishes.series[rows]] * wishes.worth.terms.share[rows]
    kept = wishes.transfer[rows] | asked
    loss = np.where(kept, 0.0, evening.params.markdown_rate * cost)
    price = wishes.needs.shortage[rows]
    ratio = np.divide(price, price + loss, out=np.ones_like(price), where=price + loss > 0)
    return np.asarray(np.minimum(wishes.needs.level[rows], ratio), np.float64)


def _room(evening: Evening, place: Ints, dock: Ints, ordered: Floats) -> Floats:
    """Units that each location can still receive in steps 1 ... H, (locations, steps)."""
    limits = evening.network.locations.inbound_capacity
    room = limits[:, None] - coming_units(evening, evening.forecast.horizon)[:, 1:]
    np.subtract.at(room, (place, dock - 1), ordered)
    return np.maximum(room, 0.0)


def _required(sides: Sides, ordered: Floats, share: Floats, dock: Ints, score: Floats) -> Required:
    """What is due of every key, own and pooled, in the order of the series, in units of orders.

    share: (keys,) part of an order that can be sold.
    """
    back, count = np.argsort(sides.order), len(sides.own)
    parts = [
        required(forecast, keys, (ordered * share)[rows], dock[rows], score[rows])
        for forecast, keys, rows in (
            (sides.forecast, sides.own, back[:count]),
            (sides.pooled, sides.upper, back[count:]),
        )
    ]
    sure, safety = (
        np.concatenate([getattr(part, name) for part in parts])[sides.order] / share[:, None]
        for name in ("sure", "safety")
    )
    return Required(sure.astype(np.float32), safety.astype(np.float32))
