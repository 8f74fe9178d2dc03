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

from replenishment.limits.prices import Limit, at_most
from replenishment.wishes.lots import Worth
from stockwright.network import Suppliers

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
_DOUBLINGS = 60


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
        """The minima of ``suppliers``; trucks have a cost of their own, see ``trucks``."""
        fee = np.where(suppliers.has_trucks, 0.0, suppliers.fixed_cost)
        return cls(supplier, cost, suppliers.min_order_value, suppliers.min_order_units, fee)

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


def reach_minima(worth: Worth, quantity: Floats, fixed: Floats, minima: Minima) -> Floats:
    """Units of each key up to which its supplier can be filled up to its minima, (keys,).

    quantity: (keys,) wanted. fixed: (keys,) units ordered anyway, which count. Every supplier that
    falls short is paid a subsidy per unit of what the minimum counts, doubled until it is reached.
    """
    out = quantity.copy()
    for weight, floor in _counted(minima):
        missing = floor * (1 - 1e-9) - minima.sums(fixed * weight)
        rate = np.maximum(minima.sums(worth.needs.holding), 1e-9)
        subsidy = rate / np.maximum(minima.sums(weight), 1e-9)
        for _ in range(_DOUBLINGS):
            rows = np.flatnonzero(minima.keys_of(minima.sums(out * weight) < missing))
            if not len(rows):
                break
            part = minima.take(rows)
            out[rows] = np.maximum(
                out[rows], worth.take(rows).best(-part.of_keys(subsidy) * weight[rows])
            )
            subsidy *= 2
    return out


def fill_alone(worth: Worth, fixed: Floats, minima: Minima, limits: list[Limit]) -> Floats:
    """Units beyond which no order of most worth goes, (keys,).

    That is the best order of the key alone or, where its supplier has a minimum, what fills the
    minimum by itself: a lot beyond both could be left out at no loss. Lane and limits cap it.
    """
    terms, peak = worth.terms, worth.peak()
    lacks = [
        np.maximum(floor - minima.sums(fixed * weight), 0.0) for weight, floor in _counted(minima)
    ]
    need = np.maximum(
        np.divide(
            minima.of_keys(lacks[0]), minima.cost, out=np.zeros(len(peak)), where=minima.cost > 0
        ),
        minima.of_keys(lacks[1]),
    )
    lots = np.maximum(np.ceil((need - terms.first) / terms.lot - 1e-6), 0.0)
    top = np.where(need > 0, np.maximum(peak, terms.first + lots * terms.lot), peak)
    top = np.minimum(top, terms.most)
    for limit in limits:
        use = np.where(limit.group < 0, 0.0, limit.weight)
        room = at_most(np.append(limit.room, np.inf)[limit.group])
        top = np.minimum(top, np.divide(room, use, out=np.full(len(top), np.inf), where=use > 0))
    return top


def _counted(minima: Minima) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
    """What a unit of each key counts for the minimum in money and in units, and these minima."""
    return (minima.cost, minima.value), (np.ones(len(minima.cost)), minima.units)
