"""Another set of suppliers: drop one, add one, swap two.

Prices let every supplier decide alone. Where few suppliers share tight limits one order more or
less moves all prices, and the set of suppliers that decide alone is not the best one. So sets
beside it are tried: at the prices of the present set the Lagrangian value of each is known (an
upper bound on what it is worth, but for whole lots), the most promising ones are solved with
prices of their own, and one that is truly worth more is taken. A large table, where a supplier is
a small part of the whole, is left as it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from replenishment.limits.market import Answer, Market
from replenishment.limits.search import fill_up, find_prices, keep_limits, tolls

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
# Sets tried beside one plan and in all, and entries weighed in all of them together.
_BESIDE, _TRIED, _WORK = 30, 100, 1_000_000
# Suppliers that may leave, and that may join.
_SIDE = 30


@dataclass(frozen=True)
class Orders:
    """taken: (entries,) of the table. worth: money less fixed costs. prices: of the limits.

    toll: (keys,) what the last unit of a key pays at these prices, less the subsidy of a minimum.
    short: suppliers below a minimum; only those that are ordered from anyway may be.
    """

    taken: Bools
    worth: float
    prices: list[Floats]
    toll: Floats
    short: int

    @classmethod
    def of(cls, market: Market, taken: Bools, prices: list[Floats], toll: Floats) -> Orders:
        """Some entries, judged."""
        used = market.sums(market.table.size, taken) > 0
        worth = float(market.table.gain[taken].sum() - market.fee[used].sum())
        return cls(taken, worth, prices, toll, int(market.short(taken).sum()))

    def beats(self, other: Orders) -> bool:
        """Whether fewer suppliers are below a minimum or, with as many, it is worth more."""
        more = self.worth - other.worth > 1e-9 * abs(other.worth)
        return self.short < other.short or (self.short == other.short and more)


def change_suppliers(market: Market, taken: Bools, answer: Answer, prices: list[Floats]) -> Orders:
    """Orders worth at least as much as ``taken``, that keep every limit and minimum as they do.

    taken: (entries,) a plan. prices: of the limits, (groups,) each. answer: the market's to them.
    """
    used = market.forced | (market.sums(market.table.size, taken) > 0)
    eased = market.eased(tolls(market, prices), answer)
    best = Orders.of(market, taken, prices, eased)
    left = min(_WORK // max(len(taken), 1), _TRIED)
    found = _solved(market, used, prices) if left else None
    if found is not None and found.beats(best):
        best = found
    while left > 0:
        for chosen in _neighbors(market, used, best)[:left]:
            left -= 1
            found = _solved(market, chosen, best.prices)
            if found is not None and found.beats(best):
                best, used = found, chosen
                break
        else:
            break
    return best


def _solved(market: Market, chosen: Bools, start: list[Floats]) -> Orders | None:
    """Orders from the chosen suppliers only, None where their minima are out of reach."""
    prices = find_prices(market, chosen, start)
    toll = tolls(market, prices)
    answer = market.answer(toll, chosen)
    if not np.isfinite(answer.net[chosen]).all():
        return None
    taken = keep_limits(market, prices, chosen)
    taken = fill_up(market, taken, toll)
    return Orders.of(market, taken, prices, market.eased(toll, answer))


def _neighbors(market: Market, used: Bools, now: Orders) -> list[Bools]:
    """Sets beside the present one whose Lagrangian value is above its worth, the best first."""
    every = np.ones_like(used)
    net = market.answer(tolls(market, now.prices), every).net
    value = market.rent(now.prices) + float(net[used].sum())
    leave = np.flatnonzero(used & ~market.forced)
    leave = leave[np.argsort(net[leave], kind="stable")[:_SIDE]]
    join = np.flatnonzero(~used & np.isfinite(net))
    join = join[np.argsort(-net[join], kind="stable")[:_SIDE]]
    out, come = np.append(leave, -1), np.append(join, -1)
    loss, more = np.append(net[leave], 0.0), np.append(net[join], 0.0)
    values = (value - loss[:, None] + more[None, :]).ravel()
    values[-1] = -np.inf
    ranked = np.argsort(-values, kind="stable")[:_BESIDE]
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
