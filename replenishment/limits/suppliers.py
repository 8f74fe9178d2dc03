"""Another set of suppliers: drop one, add one, swap two.

Prices let every supplier decide alone. Where few suppliers share tight limits one order more or
less moves all prices, and the set of suppliers that decide alone is not the best one. So sets beside
it are tried: at the prices of the present set the Lagrangian value of each is known (an upper bound
on what it is worth but for whole lots), the most promising ones are solved with prices of their own,
and one that is truly worth more is taken.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from replenishment.limits.market import Market
from replenishment.limits.search import fill_up, find_prices, keep_limits, tolls

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
# Sets tried from one plan, and entries of the table weighed in all of them together.
_TRIED, _WORK = 30, 10_000_000
# Suppliers that may leave, and that may join.
_SIDE = 30


@dataclass(frozen=True)
class Orders:
    """taken: (entries,) of the table. worth: money less fixed costs. prices: of the limits."""

    taken: Bools
    worth: float
    prices: list[Floats]


def worth_of(market: Market, taken: Bools) -> float:
    """Worth of entries less the fixed costs of their suppliers, money."""
    used = market.sums(np.ones(len(taken)), taken) > 0
    return float(market.table.gain[taken].sum() - market.fee[used].sum())


def change_suppliers(market: Market, taken: Bools, prices: list[Floats]) -> Orders:
    """Orders worth at least as much as ``taken``, that keep every limit and minimum as they do.

    taken: (entries,) a plan. prices: of the limits, (groups,) each.
    """
    best = Orders(taken, worth_of(market, taken), prices)
    left = _WORK // max(len(taken), 1)
    used = market.sums(np.ones(len(taken)), taken) > 0
    used |= market.forced
    found = _solved(market, used, prices) if left else None
    if found is not None and found.worth > best.worth:
        best = found
    while left > 0:
        for chosen in _neighbors(market, used, best)[:left]:
            left -= 1
            found = _solved(market, chosen, best.prices)
            if found is not None and found.worth > best.worth * (1 + 1e-9):
                best, used = found, chosen
                break
        else:
            break
    return best


def _solved(market: Market, chosen: Bools, start: list[Floats]) -> Orders | None:
    """Orders from the chosen suppliers only, None where their minima are out of reach."""
    prices = find_prices(market, chosen, start)
    toll = tolls(market, prices)
    if not np.isfinite(market.answer(toll, chosen).net[chosen]).all():
        return None
    taken = keep_limits(market, prices, chosen)
    taken = fill_up(market, taken, toll)
    return Orders(taken, worth_of(market, taken), prices)


def _neighbors(market: Market, used: Bools, now: Orders) -> list[Bools]:
    """Sets beside the present one whose Lagrangian value is above its worth, the best first."""
    every = np.ones_like(used)
    net = market.answer(tolls(market, now.prices), every).net
    room = sum(
        float(price @ limit.room) for price, limit in zip(now.prices, market.limits, strict=True)
    )
    value = room + float(net[used].sum())
    leave = np.flatnonzero(used & ~market.forced)
    leave = leave[np.argsort(net[leave], kind="stable")[:_SIDE]]
    join = np.flatnonzero(~used & np.isfinite(net))
    join = join[np.argsort(-net[join], kind="stable")[:_SIDE]]
    out, come = np.append(leave, -1), np.append(join, -1)
    loss, more = np.append(net[leave], 0.0), np.append(net[join], 0.0)
    values = (value - loss[:, None] + more[None, :]).ravel()
    values[-1] = -np.inf
    ranked = np.argsort(-values, kind="stable")[:_TRIED]
    ranked = ranked[values[ranked] > now.worth]
    sets = []
    for move in ranked.tolist():
        chosen = used.copy()
        one, other = out[move // len(come)], come[move % len(come)]
        if one >= 0:
            chosen[one] = False
        if other >= 0:
            chosen[other] = True
        sets.append(chosen)
    return sets
