"""Supplier minima: order at least the minimum of a supplier, or nothing.

A supplier whose lines fall short of its minimum is filled up with the lots that cost least to buy
ahead of time: every unit beyond its key's need is carried until demand has used it up, so that the
lines end with about the same cover. What the lines are worth together must then exceed the
supplier's fixed cost, else nothing is ordered from it tonight.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from replenishment.wishes.lots import Worth
from stockwright.network import Suppliers

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
_BISECTIONS = 40
_FILLS = 1000


@dataclass(frozen=True)
class Minima:
    """Minima of the suppliers of some keys.

    supplier: (keys,) code, -1 for none. cost: (keys,) money per unit. value, units, fixed_cost:
    (suppliers,) smallest order in money and in units, and money per order.
    """

    supplier: Ints
    cost: Floats
    value: Floats
    units: Floats
    fixed_cost: Floats

    @classmethod
    def of(cls, supplier: Ints, cost: Floats, suppliers: Suppliers) -> Minima:
        """The minima of ``suppliers``."""
        terms = suppliers.min_order_value, suppliers.min_order_units, suppliers.fixed_cost
        return cls(supplier, cost, *terms)

    def take(self, keys: NDArray[np.int64]) -> Minima:
        """The minima with some of the keys only."""
        return Minima(self.supplier[keys], self.cost[keys], self.value, self.units, self.fixed_cost)

    def sums(self, amount: Floats) -> Floats:
        """Sum of a (keys,) array over each supplier, (suppliers,)."""
        inside = self.supplier >= 0
        counted = np.bincount(self.supplier[inside], amount[inside], len(self.value))
        return counted.astype(np.float64)

    def short(self, quantity: Floats) -> Bools:
        """Suppliers that are ordered from, but below a minimum, (suppliers,)."""
        units = self.sums(quantity)
        below = self.sums(quantity * self.cost) < self.value * (1 - 1e-9)
        return np.asarray((units > 0) & (below | (units < self.units * (1 - 1e-9))))

    def of_keys(self, values: Floats) -> Floats:
        """A value per supplier, spread to the keys; 0 where a key has none."""
        return np.asarray(np.append(values, 0.0)[self.supplier], np.float64)

    def keys_of(self, chosen: Bools) -> Bools:
        """Keys of some suppliers, (keys,)."""
        return np.asarray(np.append(chosen, False)[self.supplier], np.bool_)


def meet_minima(worth: Worth, quantity: Floats, fixed: Floats, minima: Minima) -> Floats:
    """Quantities that meet every minimum, lines of suppliers that do not pay dropped.

    quantity: (keys,) wanted. fixed: (keys,) units ordered anyway, which count and stay.
    """
    quantity = quantity.copy()
    for counted in ("value", "units"):
        rows = np.flatnonzero(minima.keys_of(minima.short(quantity + fixed)) & (fixed <= 0))
        if len(rows):
            quantity[rows] = _filled(rows, worth, quantity, fixed, minima, counted)
    gain = minima.sums(worth.of(quantity))
    pays = gain > minima.fixed_cost
    kept = (pays & ~minima.short(quantity + fixed)) | (minima.sums(fixed) > 0)
    return np.where(minima.keys_of(kept), quantity, 0.0)


def _filled(
    rows: Ints, worth: Worth, quantity: Floats, fixed: Floats, minima: Minima, counted: str
) -> Floats:
    """Quantities of the keys in ``rows``, raised until their suppliers' minimum is met."""
    few, part = worth.take(rows), minima.take(rows)
    weight = part.cost if counted == "value" else np.ones(len(rows))
    floor = minima.value if counted == "value" else minima.units
    everything = fixed * (minima.cost if counted == "value" else 1.0)
    missing = floor - minima.sums(everything)
    low, high = np.zeros(len(floor)), np.ones(len(floor))

    def reached(subsidy: Floats) -> tuple[Floats, Bools]:
        lots = np.maximum(few.best(-part.of_keys(subsidy) * weight), quantity[rows])
        return lots, np.asarray(part.sums(lots * weight) >= missing * (1 - 1e-9))

    for _ in range(_BISECTIONS // 2):
        high = np.where(reached(high)[1], high, 4 * high)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        enough = reached(middle)[1]
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return _topped(few, reached(low)[0], part, weight, missing)


def _topped(
    worth: Worth, quantity: Floats, minima: Minima, weight: Floats, missing: Floats
) -> Floats:
    """Lots added one per supplier and round, dearest per use first, until nothing is missing."""
    quantity = quantity.copy()
    for _ in range(_FILLS):
        lacking = minima.sums(quantity * weight) < missing * (1 - 1e-9)
        rows = np.flatnonzero(minima.keys_of(lacking))
        if not len(rows):
            break
        gain, size = worth.take(rows).next_lot(quantity[rows])
        allowed = np.isfinite(gain)
        rows, gain, size = rows[allowed], gain[allowed], size[allowed]
        if not len(rows):
            break
        order = np.lexsort((rows, -gain / (size * weight[rows] + 1e-12), minima.supplier[rows]))
        best = order[np.flatnonzero(np.diff(minima.supplier[rows[order]], prepend=-1))]
        quantity[rows[best]] += size[best]
    return quantity
