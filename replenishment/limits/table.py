"""The lots of all lines in one table, so that prices can be tried on whole arrays.

Of each line the table holds the concave envelope of its worth: a first entry up to the quantity of
most worth per unit, then lots of falling worth per unit. At any price per unit the best order of a
line takes the entries that are worth more than it, which come first in the table.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from replenishment.wishes.lots import Worth

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# Entries of all lines together beyond which the lots of a line are joined in blocks, and the
# fewest that a line then keeps.
_ENTRIES, _FEWEST = 12_000_000, 8


@dataclass(frozen=True)
class LotTable:
    """Entries by key, those of a key in the order in which they are taken; all (entries,).

    key: row of the list of keys. size: units. gain: worth, money.
    keys: how many keys there are.
    """

    key: Ints
    size: Floats
    gain: Floats
    keys: int

    @classmethod
    def of(cls, worth: Worth, ceiling: Floats) -> LotTable:
        """The table of orders up to ``ceiling`` units, (keys,)."""
        count = lots_of(ceiling, worth.terms.first, worth.terms.lot)
        block = np.ones_like(count)
        if count.sum() > _ENTRIES:
            wide = np.maximum(_ENTRIES // max(int((count > 0).sum()), 1), _FEWEST)
            block = np.maximum(-(-(count - 1) // (wide - 1)), 1)
        key, size, gain = single_lots(worth, count, block)
        return cls._envelope(key, size, gain, len(count))

    @classmethod
    def _envelope(cls, key: Ints, size: Floats, gain: Floats, keys: int) -> LotTable:
        """Entries joined up to the quantity of most worth per unit of each key."""
        starts = np.flatnonzero(np.diff(key, prepend=-1))
        if not len(starts):
            return cls(key, size, gain, keys)
        count = np.diff(starts, append=len(key))
        density = within(gain, starts, count) / within(size, starts, count)
        most = np.repeat(np.maximum.reduceat(density, starts), count)
        place = np.arange(len(key)) - np.repeat(starts, count)
        best = np.where(density >= most, place, -1)
        joined = place <= np.repeat(np.maximum.reduceat(best, starts), count)
        heads = np.flatnonzero(~joined | (place == 0))
        return cls(key[heads], np.add.reduceat(size, heads), np.add.reduceat(gain, heads), keys)

    def units(self, taken: NDArray[np.bool_]) -> Floats:
        """Units of each key when the ``taken`` entries are ordered, (keys,)."""
        return np.bincount(self.key[taken], self.size[taken], self.keys).astype(np.float64)


def within(values: Floats, starts: Ints, count: Ints) -> Floats:
    """Running sums that begin anew at each of ``starts``."""
    total = np.cumsum(values)
    before = np.where(starts > 0, total[np.maximum(starts, 1) - 1], 0.0)
    return np.asarray(total - np.repeat(before, count), np.float64)


def lots_of(quantity: Floats, first: Floats, lot: Floats) -> Ints:
    """Lots that a quantity of each key consists of, the first one counted as one."""
    further = np.floor((quantity - first) / lot + 1e-6) + 1
    return np.where(quantity >= first - 1e-9, np.maximum(further, 0.0), 0.0).astype(np.int64)


def single_lots(worth: Worth, count: Ints, block: Ints) -> tuple[Ints, Floats, Floats]:
    """Key, units and worth of the first ``count`` lots of each key, ``block`` lots at a time."""
    terms = worth.terms
    entries = np.where(count > 0, -(-(count - 1) // block) + 1, 0)
    key = np.repeat(np.arange(len(count)), entries)
    place = np.arange(len(key)) - np.repeat(np.cumsum(entries) - entries, entries)
    lots = np.minimum(place * block[key], count[key] - 1)
    reached = terms.first[key] + lots * terms.lot[key]
    value = worth.of(reached, key)
    head = place == 0
    size = np.where(head, reached, np.diff(reached, prepend=0.0))
    gain = np.where(head, value, np.diff(value, prepend=0.0))
    return key, size, gain
