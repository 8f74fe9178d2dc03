"""Whole lots: the first one (MOQ), packs after it, price breaks, and whether ordering pays.

Ordering Q now rather than one review later changes this cycle's cost from G(0) to G(Q), and uses
up the lot sooner by the share w of demand that stock on hand would have served. With the mean
cost g of a cycle over the life of the lot it pays when

    G(0) > w G(Q) + (1 - w) g.

For w = 1 (nothing is lost while waiting) this is the optimality condition of (R, nQ) policies
(Zheng & Chen 1992); for w = 0 (no stock at all) it compares the lot's mean cost with selling
nothing. Units beyond the cheapest quantity q* last for later cycles too, which costs

    h ((q - q* - D)+)^2 / (2 D / R),  D = demand of a cycle (a fluid approximation).
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replenishment.needs.find import Needs

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
# Quantities at which the mean cost over the life of a lot is taken.
_LIFE_POINTS = 8
_MONEY = 1e-9


@dataclass(frozen=True)
class LotTerms:
    """How each key may be ordered, all (keys,), units in sales units.

    first: smallest order (MOQ in whole lots). lot: units of every further lot.
    most: largest order, 0 where none is allowed. unit_cost: money per unit without price breaks.
    review: periods R. share: good units of one ordered.
    """

    first: Floats
    lot: Floats
    most: Floats
    unit_cost: Floats
    review: Floats
    share: Floats

    def take(self, keys: NDArray[Any] | slice) -> LotTerms:
        """The terms of some of the keys."""
        return LotTerms(**{f.name: getattr(self, f.name)[keys] for f in fields(self)})

    def joined(self, other: LotTerms) -> LotTerms:
        """These keys and, behind them, others."""
        names = [f.name for f in fields(self)]
        pairs = {name: (getattr(self, name), getattr(other, name)) for name in names}
        return LotTerms(**{name: np.concatenate(pair) for name, pair in pairs.items()})

    @classmethod
    def of(
        cls,
        moq: Floats,
        multiple: Floats,
        most: Floats,
        unit_cost: Floats,
        review: Floats,
        share: Floats,
    ) -> LotTerms:
        """Terms with the MOQ rounded up, and the largest order down, to whole lots."""
        first = np.maximum(whole_up(moq, multiple), multiple)
        return cls(first, multiple, whole_down(most, multiple), unit_cost, review, share)


def whole_up(units: Floats, lot: Floats) -> Floats:
    """``units`` rounded up to whole lots; a hair above a lot counts as that lot."""
    return np.asarray(np.ceil(units / lot - 1e-6) * lot)


def whole_down(units: Floats, lot: Floats) -> Floats:
    """``units`` rounded down to whole lots; a hair below a lot counts as that lot."""
    return np.asarray(np.floor(units / lot + 1e-6) * lot)


def lots_for(terms: LotTerms, units: Floats) -> Floats:
    """Smallest orders that hold ``units``, (keys,), or the largest there is; 0 for none."""
    least = np.maximum(whole_up(units, terms.lot), terms.first)
    fits = (units > 0) & (terms.first <= terms.most)
    return np.where(fits, np.minimum(least, terms.most), 0.0)


class Worth:
    """Money that an order of each key saves, net of what it costs to hold."""

    def __init__(self, needs: Needs, terms: LotTerms, first_worth: Floats | None = None) -> None:
        """first_worth: (keys,) worth of the first lots where it is known already."""
        self.needs, self.terms = needs, terms
        self.first_worth = self._first_worth() if first_worth is None else first_worth

    def take(self, keys: NDArray[Any]) -> Worth:
        """The worth of some of the keys."""
        return Worth(self.needs.take(keys), self.terms.take(keys), self.first_worth[keys])

    def closed(self, keys: Bools) -> Worth:
        """The worth of orders when some keys may not be ordered for."""
        most = np.where(keys, 0.0, self.terms.most)
        return Worth(self.needs, replace(self.terms, most=most), self.first_worth)

    def __len__(self) -> int:
        return len(self.first_worth)

    def stake(self) -> Floats:
        """Shortage cost of the cycle if nothing is ordered, (keys,)."""
        return np.asarray(self.needs.loss_cost * self.needs.lost)

    def cost(self, quantity: Floats, keys: NDArray[np.int64] | None = None) -> Floats:
        """Expected cost of an order of each key, or of each of the named ``keys``.

        With the carrying of units beyond the need.
        """
        carried = self._carried(quantity, slice(None) if keys is None else keys)
        return np.asarray(self.needs.curves.cost(quantity, keys) + carried)

    def _carried(self, quantity: Floats, keys: NDArray[np.int64] | slice = slice(None)) -> Floats:
        """Holding in later cycles of units beyond the need, which may lie below 0."""
        demand = self.needs.demand[keys]
        excess = np.maximum(quantity - self.needs.quantity[keys] - demand, 0.0)
        rate = np.maximum(demand / self.terms.review[keys], 1e-12)
        return np.asarray(self.needs.holding[keys] * excess**2 / (2 * rate))

    def _first_worth(self) -> Floats:
        first = self.terms.first
        share = (np.arange(_LIFE_POINTS) + 0.5) / _LIFE_POINTS
        # The cycles of the lot's life start with the lot, less what the cycles before have sold.
        last = np.minimum(first, self.needs.demand)
        starts = [last + (first - last) * part for part in share]
        life = np.mean([self.needs.curves.cost(start) for start in starts], axis=0)
        served = np.clip(1 - self.needs.lost / np.maximum(self.needs.demand, 1e-12), 0.0, 1.0)
        idle = self.needs.curves.cost(np.zeros_like(first))
        worth = idle - served * self.needs.curves.cost(first) - (1 - served) * life
        # Without a need of its own a lot is bought ahead of time and carried until its turn.
        early = self._carried(first) - self._carried(np.zeros_like(first))
        return np.asarray(np.where(self.needs.quantity > 0, worth, worth - early), np.float64)

    def of(self, quantity: Floats, keys: NDArray[np.int64] | None = None) -> Floats:
        """Worth of ``quantity`` (0, or at least the first lot) of every key, money.

        keys: the keys that the quantities are of, where they are not all of them in order.
        """
        rows = slice(None) if keys is None else keys
        further = self.cost(self.terms.first[rows], keys) - self.cost(quantity, keys)
        return np.where(quantity > 0, self.first_worth[rows] + further, 0.0)

    def dearest(self) -> Floats:
        """No price per unit above this one leaves an order, (keys,) money."""
        return np.maximum(self.first_worth / self.terms.first, self.needs.shortage)

    def next_lot(self, quantity: Floats) -> tuple[Floats, Floats]:
        """Worth and units of the next lot of every key; worth -inf where none is allowed."""
        terms = self.terms
        size = np.where(quantity > 0, terms.lot, terms.first)
        gain = np.where(
            quantity > 0, self.cost(quantity) - self.cost(quantity + size), self.first_worth
        )
        allowed = quantity + size <= terms.most + 1e-9 * size
        return np.where(allowed, gain, -np.inf), size

    def best(self, price: Floats | float = 0.0) -> Floats:
        """The order of most worth when every unit costs ``price`` more (or, below 0, less)."""
        toll = np.broadcast_to(np.asarray(price, np.float64), self.first_worth.shape)
        quantity = self.peak(toll)
        pays = self.of(quantity) - toll * quantity > _MONEY * quantity
        return np.where(pays, quantity, 0.0)

    def peak(self, price: Floats | float = 0.0) -> Floats:
        """The best of the orders of a first lot or more, whether it pays or not, (keys,)."""
        toll = np.broadcast_to(np.asarray(price, np.float64), self.first_worth.shape)
        terms = self.terms
        lots = np.floor((terms.most - terms.first) / terms.lot + 1e-6)
        last = np.minimum(np.maximum(lots, 0.0), self._reach(toll))
        low, high = np.zeros(len(self)), last
        while (low < high).any():
            middle = np.floor((low + high) / 2)
            here = terms.first + middle * terms.lot
            gain = self.cost(here) - self.cost(here + terms.lot) - toll * terms.lot
            more = (gain > _MONEY * terms.lot) & (low < high)
            low = np.where(more, middle + 1, low)
            high = np.where(~more & (low <= high), np.minimum(middle, high), high)
        quantity = terms.first + low * terms.lot
        return np.where(terms.most >= terms.first - 1e-9, quantity, 0.0)

    def _reach(self, toll: Floats) -> Floats:
        """Lots beyond which no further one can pay."""
        needs, terms = self.needs, self.terms
        rate = np.maximum(needs.demand / terms.review, 1e-12)
        carry = np.divide(
            np.maximum(-toll, 0.0) * rate,
            needs.holding,
            out=np.zeros_like(rate),
            where=needs.holding > 0,
        )
        top = np.maximum(needs.quantity, 0.0) + needs.demand + carry
        top = np.where(toll < 0, np.maximum(top, needs.curves.knots[:, -1]), top)
        return np.asarray(np.maximum(np.ceil((top - terms.first) / terms.lot) + 1, 0.0))


def buy_up(
    worth: Worth, quantity: Floats, start: NDArray[np.int64], units: Floats, cost: Floats
) -> Floats:
    """Orders raised to a price break where the lower price of all units pays for holding more.

    start: (keys + 1,) offsets of each key's breaks; units, cost: (breaks,) thresholds and the
    price of all units from there on (all-units discount; Snyder & Shen 2019, section 3.4).
    """
    key = np.repeat(np.arange(len(quantity)), np.diff(start))
    raised = whole_up(np.maximum(units, worth.terms.first[key]), worth.terms.lot[key])
    now = unit_cost_at(worth.terms.unit_cost, quantity, start, units, cost)
    ok = (quantity[key] > 0) & (raised > quantity[key]) & (raised <= worth.terms.most[key] + 1e-9)
    key, raised, cheaper = key[ok], raised[ok], cost[ok]
    few = worth.take(key)
    gain = (now[key] - cheaper) * raised - (few.cost(raised) - few.cost(quantity[key]))
    order = np.lexsort((raised, -gain, key))
    first = order[np.flatnonzero(np.diff(key[order], prepend=-1))]
    first = first[gain[first] > _MONEY]
    out = quantity.copy()
    out[key[first]] = raised[first]
    return out


def unit_cost_at(
    base: Floats, quantity: Floats, start: NDArray[np.int64], units: Floats, cost: Floats
) -> Floats:
    """Price per unit at the quantity ordered: the last break that it reaches, else the base."""
    key = np.repeat(np.arange(len(quantity)), np.diff(start))
    reached = quantity[key] >= units - 1e-9
    count = np.bincount(key[reached], minlength=len(quantity))
    if not len(units):
        return base.copy()
    at = np.clip(start[:-1] + count - 1, 0, len(units) - 1)
    return np.where(count > 0, cost[at], base)
