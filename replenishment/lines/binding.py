"""Which limit took units from a line: the one that would give it more if it were wider.

A line meets several limits at once: its category's budget is spent, the night's is tight, the dock
is full. The one to name is the one whose relief alone would bring the next lot: that lot is worth
more than what the other limits ask for it, and fits into them or would push out what is worth less.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from replenishment.limits.frozen import LANE_MAX
from replenishment.limits.prices import Limit, Shared, at_most
from replenishment.wishes.cover import COVER_LIMIT
from replenishment.wishes.find import Wishes
from replenishment.wishes.lots import Worth

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

# How well a limit explains a cut: it is met at all, it is too small for the next lot even if all
# else gives way, its relief alone brings the next lot, and without taking any other line's.
_MET, _CLOSED, _RELIEVES, _ALONE = 1, 2, 3, 4
# Above every price.
_DEAREST = 1e300


@dataclass(frozen=True)
class _Meeting:
    """How one limit stands against the next lot of each key, all (keys,).

    whole: units that the limit allows if it is all the key's own. free: the lot fits into what is
    left. toll: money per unit of the lot that is lost where it is not free, with the lots that
    are worth least of those that fill the limit; inf where none can make room. met: the limit has
    a price, or the lot is not free.
    """

    whole: Floats
    free: Bools
    toll: Floats
    met: Bools

    @classmethod
    def of(cls, limit: Limit, price: Floats, taken: Floats, loss: Floats, size: Floats) -> _Meeting:
        """taken: (all keys,) units decided. loss: (all keys,) worth per unit of their last lot, inf
        where there is none. size: (keys,) units of the next lot of the first of the keys."""
        left, room = (
            np.append(each, np.inf) for each in (limit.room - limit.use(taken), limit.room)
        )
        least = np.full(len(limit.room) + 1, np.inf)
        used = np.flatnonzero((limit.group >= 0) & (limit.weight > 0))
        np.minimum.at(least, limit.group[used], loss[used] / limit.weight[used])
        group, weight = limit.group[: len(size)], limit.weight[: len(size)]
        inside = (group >= 0) & np.isfinite(room[group]) & (weight > 0)
        whole = np.full(len(size), np.inf)
        np.divide(room[group], weight, out=whole, where=inside)
        free = ~inside | (weight * size <= at_most(left[group]))
        able = ~free & np.isfinite(least[group]) & (taken[: len(size)] + size <= at_most(whole))
        toll = np.where(free, 0.0, np.inf)
        np.multiply(least[group], weight, out=toll, where=able)
        paid = np.append(price[: len(limit.room)], 0.0)[group] > 0
        return cls(whole, free, toll, inside & (paid | ~free))


def binding_codes(
    wishes: Wishes, quantity: Floats, shared: Shared, limits: list[Limit], worth: Worth
) -> NDArray[np.object_]:
    """The limit that took units from each key, "" where none did, (keys,).

    quantity: (keys,) units in all. shared: what was decided under ``limits`` of ``worth``, maybe
    with further keys behind those of the wishes. Named is a limit whose relief would bring the
    next lot at no other line's cost; else, of those whose relief would bring it at the cost of
    lots that are worth less, the one that they fill up most; where none alone would, one that is
    too small for the next lot even if everything else gave way, the smallest first; else any met.
    """
    n = len(quantity)
    code, level, best = np.full(n, "", object), np.zeros(n), np.full(n, -np.inf)
    cut = quantity < wishes.quantity - 1e-9
    gain, size = (each[:n] for each in worth.next_lot(shared.quantity))
    loss = _last_lots(worth, shared.quantity)
    met = [
        _Meeting.of(limit, price, shared.quantity, loss, size)
        for limit, price in zip(limits, shared.prices, strict=True)
    ]
    for place, (limit, each) in enumerate(zip(limits, met, strict=True)):
        others = [other.toll for other in (*met[:place], *met[place + 1 :])]
        toll = np.sum([np.zeros(n), *others], axis=0)
        alone = (gain > 0) & (toll <= 0) & ~each.free
        closed = shared.quantity[:n] + size > at_most(each.whole)
        rank = np.select([alone, gain > toll * size, closed], [_ALONE, _RELIEVES, _CLOSED], _MET)
        points = np.where(rank == _CLOSED, -each.whole, np.minimum(each.toll, _DEAREST))
        better = cut & each.met & ((rank > level) | ((rank == level) & (points > best)))
        code[better], level[better], best[better] = limit.code, rank[better], points[better]
    narrow = ~cut & (quantity < wishes.asked - 1e-9)
    code[narrow] = np.where(wishes.ahead, COVER_LIMIT, LANE_MAX)[narrow]
    return code


def _last_lots(worth: Worth, taken: Floats) -> Floats:
    """Money per unit that the last lot of each key is worth, inf where there is none, (keys,)."""
    terms = worth.terms
    before = np.where(taken > terms.first + 1e-9, taken - terms.lot, 0.0)
    loss = np.maximum(worth.of(taken) - worth.of(before), 0.0)
    out: Floats = np.full(len(taken), np.inf)
    np.divide(loss, taken - before, out=out, where=taken > 0)
    return out
