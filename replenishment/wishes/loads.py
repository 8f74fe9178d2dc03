"""Full cases, layers and pallets where the work that they save pays for the units that they add.

Goods are taken in by the pallet, the layer, the case or the unit, the larger the cheaper per unit.
An order of q units costs H(q): as many pallets as are full, of the rest as many layers, and so on.
Every unit has to be taken in once, so an order of q' units instead of q takes q' - q units off
later ones (or leaves as many to them), at what a unit of q costs; it saves

    q' H(q) / q - H(q')

and changes what the order is worth by W(q') - W(q). The nearest full loads below and above are
compared: beyond them later orders would come in full loads themselves.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from replenishment.network.evening import Evening
from replenishment.params import Receiving
from replenishment.wishes.find import Wishes
from replenishment.wishes.lots import whole_down, whole_up

Floats = NDArray[np.float64]
# Loads are brought together with lots in thousandths of a unit.
_GRAIN = 1000
_MONEY = 1e-9
# Units beyond every order, for loads of no known size.
_NEVER = 1e12


def in_loads(wishes: Wishes, evening: Evening) -> Wishes:
    """The wishes with orders to suppliers in full loads where that pays.

    What planners asked for stays as it is.
    """
    receiving, items = evening.params.receiving, evening.network.items
    if receiving.unit <= 0:
        return wishes
    rows = np.flatnonzero(~wishes.transfer & ~wishes.said & (wishes.quantity > 0))
    series = wishes.series[rows]
    sizes = [items.units_per_case, items.units_per_layer, items.units_per_pallet]
    known = [np.where(size[series] > 0, size[series], _NEVER) for size in sizes]
    quantity = wishes.quantity.copy()
    quantity[rows] = _best_load(wishes, rows, known, receiving)
    return replace(wishes, quantity=quantity, asked=wishes.asked + quantity - wishes.quantity)


def taking_in(quantity: Floats, sizes: list[Floats], receiving: Receiving) -> Floats:
    """Money for taking in some orders, (keys,).

    sizes: (keys,) units of a case, of a layer and of a pallet. A piece never costs more than what
    it holds.
    """

    def cost(units: Floats, level: int) -> Floats:
        if level < 0:
            return receiving.unit * units
        size = sizes[level]
        piece = np.minimum(prices[level], cost(size, level - 1))
        full = np.floor(units / size + 1e-9)
        return np.asarray(full * piece + cost(units - full * size, level - 1), np.float64)

    prices = (receiving.case, receiving.layer, receiving.pallet)
    return cost(quantity, len(sizes) - 1)


def _best_load(
    wishes: Wishes, rows: NDArray[np.int64], sizes: list[Floats], receiving: Receiving
) -> Floats:
    """The wish of each of some keys, or the full load near it that is worth more, (rows,)."""
    terms, wish = wishes.worth.terms.take(rows), wishes.quantity[rows]
    rate = taking_in(wish, sizes, receiving) / wish
    unit_cost = wishes.breaks.unit_cost(wishes.worth.terms.unit_cost, wishes.quantity)[rows]
    best, gain, start = wish, np.zeros(len(rows)), wishes.worth.of(wish, rows)
    for size in sizes:
        load = _with_lots(size, terms.lot)
        for near in (whole_down(wish, load), whole_up(wish, load)):
            within = (near >= terms.first - 1e-9) & (near <= terms.most + 1e-9) & (near < _NEVER)
            units = np.where(within, near, wish)
            saved = rate * units - taking_in(units, sizes, receiving)
            value = wishes.worth.of(units, rows) - start + saved
            full = wishes.quantity.copy()
            full[rows] = units
            cost = wishes.breaks.unit_cost(wishes.worth.terms.unit_cost, full)[rows]
            better = (value > gain + _MONEY) & (cost <= unit_cost)
            best, gain = np.where(better, units, best), np.where(better, value, gain)
    return best


def _with_lots(size: Floats, lot: Floats) -> Floats:
    """The smallest number of full loads that is a whole number of lots, in units."""
    a, b = (np.maximum(np.rint(each * _GRAIN), 1).astype(np.int64) for each in (size, lot))
    small = (size < _NEVER) & (a < 2**31) & (b < 2**31)
    whole = np.lcm(np.where(small, a, 1), np.where(small, b, 1)) / _GRAIN
    return np.where(small, whole, _NEVER)
