"""A floor under what every location gets of a source that cannot give all what they want."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replenishment.limits.prices import Limit, Shared, cut_back, share
from replenishment.wishes.lots import LotTerms, Worth, whole_down

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: The floor gave units to this line, or took them from it.
ALLOCATION_FLOOR = "ALLOCATION_FLOOR"
_SLACK = 1e-9


@dataclass(frozen=True)
class Beyond:
    """What units are worth beyond those that each key gets anyway; see ``Worth``.

    base: (keys,) units, 0 or at least the first lot.
    """

    worth: Worth
    base: Floats

    def __len__(self) -> int:
        return len(self.worth)

    def take(self, keys: NDArray[Any]) -> Beyond:
        """The worth of some of the keys."""
        return Beyond(self.worth.take(keys), self.base[keys])

    def of(self, quantity: Floats) -> Floats:
        """Worth of ``quantity`` units more, (keys,) money."""
        more = self.worth.of(self.base + quantity) - self.worth.of(self.base)
        return np.where(quantity > 0, more, 0.0)

    def dearest(self) -> Floats:
        """No price per unit above this one leaves a further unit, (keys,) money."""
        return self.worth.dearest()

    def next_lot(self, quantity: Floats) -> tuple[Floats, Floats]:
        """Worth and units of the next lot of every key; worth -inf where none is allowed."""
        return self.worth.next_lot(self.base + quantity)

    def best(self, price: Floats | float = 0.0) -> Floats:
        """The units of most worth when every unit costs ``price`` more."""
        return np.maximum(self.worth.best(price) - self.base, 0.0)


def floor_units(
    wanted: Floats, limit: Limit, short: NDArray[np.bool_], terms: LotTerms, floor: float
) -> Floats:
    """Units that every key gets of its source before worth decides, (keys,), in whole lots.

    Where the source is short, of the ``floor`` share of what each key wants: all of it, or where
    the source has less, in proportion. Whole lots by the largest remainder (Hamilton's method;
    Balinski & Young 2001), a remainder counted in lots of the key. A share below a first lot is
    none, unless its remainder is among the largest.

    wanted: (keys,) in whole lots, 0 or at least the first. limit: stock of the sources; its
    weights are 1. short: (groups,).
    """
    keys = np.flatnonzero((limit.group >= 0) & (wanted > 0))
    keys = keys[short[limit.group[keys]]]
    group, need = limit.group[keys], wanted[keys]
    total = np.bincount(group, need, len(limit.room))
    part = np.divide(limit.room, total, out=np.zeros_like(limit.room), where=total > 0)
    quota = need * np.minimum(part, floor)[group]
    few = terms.take(keys)
    whole = whole_down(quota, few.lot)
    whole = np.where(whole >= few.first - _SLACK, whole, 0.0)
    size = np.where(whole > 0, few.lot, few.first)
    order = np.lexsort((np.arange(len(keys)), (whole - quota) / size, group))
    running = np.cumsum(size[order])
    begins = np.searchsorted(group[order], group[order])
    running -= (running - size[order])[begins]
    rest = np.bincount(group, quota - whole, len(limit.room))[group[order]]
    fits = running <= rest + _SLACK * (1 + rest)
    more = order[fits & (whole + size <= need + _SLACK)[order]]
    whole[more] += size[more]
    units = np.zeros(len(wanted))
    units[keys] = whole
    return units


def share_above(worth: Worth, asked: Floats, limits: list[Limit], base: Floats) -> Shared:
    """Quantities of most worth of which none lies below ``base``, (keys,), as far as limits allow.

    Where the limits leave no room for all of ``base``, lines of least worth per unit have none.
    """
    base = cut_back(worth, base, limits)
    left = [replace(each, room=np.maximum(each.room - each.use(base), 0.0)) for each in limits]
    above = share(Beyond(worth, base), np.maximum(asked - base, 0.0), left)
    return Shared(base + above.quantity, above.prices)
