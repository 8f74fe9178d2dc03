"""Shared limits: shadow prices over all lines at once, and lots that fill what prices leave.

Maximize the summed worth of orders under limits that add up over lines. For given prices of the
limits every line decides alone (Lagrangian relaxation; Everett 1963), so the prices are bisected
on whole arrays, one family of limits after the other. Prices alone leave some room unused because
lots are whole: the lots of most worth per unit that still fit are added one by one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
_BISECTIONS = 40
_ROUNDS = 8
_SLACK = 1e-9


class Valued(Protocol):
    """What units of each key are worth; see ``wishes.lots.Worth``, which is one."""

    def __len__(self) -> int: ...

    def take(self, keys: NDArray[Any]) -> Self:
        """The worth of some of the keys."""

    def of(self, quantity: Floats) -> Floats:
        """Worth of a quantity of every key, money."""

    def best(self, price: Floats | float = 0.0) -> Floats:
        """The quantity of most worth at a price per unit."""

    def dearest(self) -> Floats:
        """No price per unit above this one leaves any unit."""

    def next_lot(self, quantity: Floats) -> tuple[Floats, Floats]:
        """Worth and units of the next lot of every key; worth -inf where none is allowed."""


def at_most(room: Any) -> Any:
    """The most that counts as within ``room``: rounding breaks no limit."""
    return room * (1 + _SLACK) + _SLACK


@dataclass(frozen=True)
class Limit:
    """A family of limits of one kind: group g may use no more than ``room[g]``.

    code: name of the limit. group: (keys,) -1 for none. weight: (keys,) use per unit, >= 0.
    room: (groups,), >= 0. label: what a person calls a group; there is one group where None.
    """

    code: str
    group: Ints
    weight: Floats
    room: Floats
    label: Callable[[int], str] | None = None

    def name(self, group: int) -> str:
        """What a person calls a group, "" where there is only one."""
        return "" if self.label is None else self.label(group)

    def use(self, quantity: Floats) -> Floats:
        """Use of each group, (groups,)."""
        inside = self.group >= 0
        used = self.weight[inside] * quantity[inside]
        return np.bincount(self.group[inside], used, len(self.room)).astype(np.float64)

    def broken(self, quantity: Floats) -> Bools:
        """Groups that use more than they may, (groups,)."""
        return self.exceeded(self.use(quantity))

    def exceeded(self, use: Floats) -> Bools:
        """Groups whose ``use``, (groups,), is more than they may have."""
        return np.asarray(use > at_most(self.room))

    def of_keys(self, values: Floats) -> Floats:
        """A value per group, spread to the keys; 0 where a key is in no group."""
        padded = np.append(values, 0.0)
        return np.asarray(padded[self.group], np.float64)

    def take(self, keys: NDArray[Any]) -> Limit:
        """The limit with some of the keys only."""
        return replace(self, group=self.group[keys], weight=self.weight[keys])


@dataclass(frozen=True)
class Shared:
    """quantity: (keys,) units that keep all limits. prices: per limit, (groups,) money per use.

    worth: money that the quantities are worth, less fixed costs. bound: money that no quantities
    under these limits are worth more than. NaN where nobody asked.
    """

    quantity: Floats
    prices: list[Floats]
    worth: float = np.nan
    bound: float = np.nan

    def toll(self, limits: list[Limit]) -> Floats:
        """Price of one more unit of each key, (keys,)."""
        return toll_of(limits, self.prices, len(self.quantity))


def toll_of(limits: list[Limit], prices: list[Floats], n: int) -> Floats:
    """Money that one unit of each key pays for the limits it uses, (keys,)."""
    parts = [
        limit.of_keys(price) * limit.weight for limit, price in zip(limits, prices, strict=True)
    ]
    return np.asarray(np.sum([np.zeros(n), *parts], axis=0), np.float64)


def share(worth: Valued, wanted: Floats, limits: list[Limit]) -> Shared:
    """Quantities of most worth that keep every limit; ``wanted`` where none binds."""
    prices = [np.zeros(len(limit.room)) for limit in limits]
    if not any(limit.broken(wanted).any() for limit in limits):
        return Shared(wanted, prices)
    rows = np.flatnonzero(_touched(limits, wanted) & (wanted > 0))
    few, own = worth.take(rows), [limit.take(rows) for limit in limits]
    for _ in range(_ROUNDS):
        for family in range(len(own)):
            prices[family] = _priced(few, own, prices, family)
        low = few.best(toll_of(own, prices, len(rows)))
        if not any(limit.broken(low).any() for limit in own):
            break
    quantity = wanted.copy()
    quantity[rows] = fill(few, cut_back(few, low, own), own)
    return Shared(quantity, prices)


def _touched(limits: list[Limit], wanted: Floats) -> Bools:
    """Keys in a group that is broken, or in a limit that shares keys with such a group."""
    touched = np.zeros(len(wanted), np.bool_)
    for _ in range(len(limits) + 1):
        for limit in limits:
            hit = limit.broken(wanted)
            inside = (limit.group >= 0) & touched
            hit[limit.group[inside]] = True
            touched |= np.append(hit, False)[limit.group]
    return touched


def _priced(worth: Valued, limits: list[Limit], prices: list[Floats], family: int) -> Floats:
    """Smallest prices of one family at which its limits hold, the others' prices given."""
    limit = limits[family]
    others = [p if i != family else np.zeros_like(p) for i, p in enumerate(prices)]
    base = toll_of(limits, others, len(worth))
    short = limit.broken(worth.best(base))
    low, high = np.zeros(len(limit.room)), np.zeros(len(limit.room))
    if not short.any():
        return high
    rows = np.flatnonzero(np.append(short, False)[limit.group] & (limit.weight > 0))
    few, own, part = worth.take(rows), limit.take(rows), base[rows]
    np.maximum.at(high, own.group, 2 * few.dearest() / own.weight)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        broken = own.broken(few.best(part + own.of_keys(middle) * own.weight))
        low, high = np.where(broken, middle, low), np.where(broken, high, middle)
    return np.where(short, high, 0.0)


def cut_back(worth: Valued, quantity: Floats, limits: list[Limit]) -> Floats:
    """Quantities with lines dropped, least worth per use first, until every limit holds."""
    quantity = quantity.copy()
    for limit in limits:
        if not limit.broken(quantity).any():
            continue
        use = limit.weight * quantity
        density = np.divide(worth.of(quantity), use, out=np.full(len(use), np.inf), where=use > 0)
        order = np.lexsort((np.arange(len(use)), -density, limit.group))
        running = np.cumsum(use[order])
        group = limit.group[order]
        before = np.concatenate([[0.0], running])[np.searchsorted(group, group)]
        kept = running - before <= np.append(limit.room, np.inf)[group] * (1 + _SLACK)
        quantity[order[~kept]] = 0.0
    return quantity


def fill(worth: Valued, quantity: Floats, limits: list[Limit], rounds: int = 1000) -> Floats:
    """Add the lots of most worth per unit that still fit, one per group of limits and round."""
    quantity = quantity.copy()
    rooms = [np.append(limit.room - limit.use(quantity), np.inf) for limit in limits]
    gain, size = worth.next_lot(quantity)
    left = np.flatnonzero(gain > 0)
    for _ in range(rounds):
        left = left[_fits(limits, rooms, left, size[left])]
        left = left[gain[left] > 0]
        if not len(left):
            break
        chosen = _best_of_each(limits, left, gain[left] / size[left])
        quantity[chosen] += size[chosen]
        for limit, room in zip(limits, rooms, strict=True):
            np.subtract.at(room, limit.group[chosen], limit.weight[chosen] * size[chosen])
            room[-1] = np.inf
        gain[chosen], size[chosen] = worth.take(chosen).next_lot(quantity[chosen])
    return quantity


def _fits(limits: list[Limit], rooms: list[Floats], keys: Ints, size: Floats) -> Bools:
    fits = np.ones(len(keys), np.bool_)
    for limit, room in zip(limits, rooms, strict=True):
        group = limit.group[keys]
        total = np.append(limit.room, 1.0)[group]
        fits &= limit.weight[keys] * size <= room[group] + (total + 1) * _SLACK
    return fits


def _best_of_each(limits: list[Limit], keys: Ints, density: Floats) -> Ints:
    """Of ``keys`` the densest, no two of which share a group of any limit."""
    for limit in limits:
        group = limit.group[keys]
        free = group < 0
        group = np.where(free, len(limit.room) + np.arange(len(keys)), group)
        order = np.lexsort((keys, -density, group))
        first = np.sort(order[np.flatnonzero(np.diff(group[order], prepend=-1))])
        keys, density = keys[first], density[first]
    return keys
