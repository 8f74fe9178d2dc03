"""Orders of most worth under all limits and all supplier minima at once.

Prices of the limits are searched at which lines and suppliers, each deciding alone, keep every
limit; whole suppliers and lots that still fit are added, and the last lots are settled by an
integer program. The prices also tell how far from the best any plan can be (see ``bound``).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from replenishment.limits.bound import upper_bound
from replenishment.limits.market import Market
from replenishment.limits.minima import Minima, fill_alone, reach_minima
from replenishment.limits.prices import Limit, Shared
from replenishment.limits.repair import net_worth, repair
from replenishment.limits.search import add_suppliers, fill_up, find_prices, keep_limits, tolls
from replenishment.limits.suppliers import change_suppliers
from replenishment.limits.table import LotTable, lots_of
from replenishment.params import PlanParams
from replenishment.wishes.lots import Worth

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
_SUPPLIERS_TRIED = 200
# Where limits close some lines of a supplier, others must fill its minimum in their place.
_SPARE = 2.0
# Lots that are all weighed, whether they may be needed or not.
_FEW_LOTS = 200_000


def best_orders(
    worth: Worth,
    wanted: Floats,
    fixed: Floats,
    limits: list[Limit],
    minima: Minima,
    params: PlanParams,
) -> Shared:
    """Orders of most worth.

    wanted: (keys,) best orders without limits and minima, kept where nothing touches them.
    fixed: (keys,) units ordered anyway, already taken off the limits. Worth and bound leave out
    what price breaks save.
    """
    hit = [limit.broken(wanted) for limit in limits]
    while True:
        moved = touched(worth, wanted, fixed, limits, hit, minima)
        rows, kept = np.flatnonzero(moved), np.where(moved, 0.0, wanted)
        rest = net_worth(worth, kept, fixed, minima, ~moved)
        if not len(rows):
            return Shared(wanted, [np.zeros(len(each.room)) for each in limits], rest, rest)
        few = worth.take(rows) if len(rows) < len(wanted) else worth
        own = [
            replace(each.take(rows), room=np.maximum(each.room - each.use(kept), 0.0))
            for each in limits
        ]
        solved = _solve(few, fixed[rows], own, minima.take(rows), params)
        # A limit that only now has a price, or keeps a supplier out, concerns all who share it.
        crowded = _crowded(few, solved.quantity, fixed[rows], own, minima.take(rows))
        wider = [
            ((price > 0) | full) & ~known & (each.use(kept) > 0)
            for price, full, known, each in zip(solved.prices, crowded, hit, limits, strict=True)
        ]
        if not any(groups.any() for groups in wider):
            break
        hit = [known | groups for known, groups in zip(hit, wider, strict=True)]
    kept[rows] = _with_breaks(few, solved.quantity, wanted[rows], own)
    return replace(solved, quantity=kept, worth=solved.worth + rest, bound=solved.bound + rest)


def _crowded(
    worth: Worth, quantity: Floats, fixed: Floats, limits: list[Limit], minima: Minima
) -> list[Bools]:
    """Groups of each limit, (groups,), too small for the minima of suppliers that are left out.

    With those that have fixed units and are below their minimum.
    """
    out = minima.short(quantity + fixed) | (minima.sums(quantity + fixed) <= 0)
    keys = np.flatnonzero(minima.keys_of(out))
    few, need = worth.take(keys), np.zeros(len(quantity))
    need[keys] = reach_minima(few, few.best(), fixed[keys], minima.take(keys))
    return [limit.broken(need) for limit in limits]


def _with_breaks(worth: Worth, quantity: Floats, wanted: Floats, limits: list[Limit]) -> Floats:
    """Orders raised to ``wanted`` again where a price break, and nothing else, is what they miss.

    That is where a line has all that is worth its full price, and the limits hold.
    """
    missed = (wanted > quantity) & (quantity > 0)
    missed &= quantity >= worth.best() - 1e-9
    for limit in limits:
        over = limit.broken(np.where(missed, wanted, quantity))
        missed &= ~np.append(over, False)[limit.group]
    return np.where(missed, wanted, quantity)


def touched(
    worth: Worth,
    wanted: Floats,
    fixed: Floats,
    limits: list[Limit],
    hit: list[Bools],
    minima: Minima,
) -> Bools:
    """Keys that a ``hit`` limit, a missed minimum or an unpaid fixed cost moves, (keys,).

    hit: per limit, (groups,). With all keys of the suppliers whose minimum or cost that concerns.
    """
    unpaid = minima.sums(worth.of(wanted)) <= minima.fixed_cost
    unpaid &= (minima.fixed_cost > 0) & (minima.sums(wanted) > 0) & (minima.sums(fixed) <= 0)
    out = minima.keys_of(minima.short(wanted + fixed) | unpaid)
    for limit, groups in zip(limits, hit, strict=True):
        out |= np.append(groups, False)[limit.group]
    terms = (minima.value > 0) | (minima.units > 0) | (minima.fixed_cost > 0)
    return out | minima.keys_of(terms & (minima.sums(out.astype(np.float64)) > 0))


def _solve(
    worth: Worth, fixed: Floats, limits: list[Limit], minima: Minima, params: PlanParams
) -> Shared:
    ceiling = _ceiling(worth, fixed, limits, minima, params.core_lots)
    market = Market(LotTable.of(worth, ceiling), limits, minima, fixed)
    prices = find_prices(market)
    toll = tolls(market, prices)
    answer = market.answer(toll)
    taken = keep_limits(market, prices)
    taken = add_suppliers(market, taken, answer, _SUPPLIERS_TRIED)
    taken = fill_up(market, taken, toll)
    found = change_suppliers(market, taken, answer, prices)
    quantity = repair(
        worth, market.table.units(found.taken), ceiling, limits, minima, fixed,
        found.toll, params.core_lots, params.solver_effort,
    )  # fmt: skip
    reached = net_worth(worth, quantity, fixed, minima)
    bound = upper_bound(worth, market, prices, toll, answer)
    return Shared(quantity, prices, reached, bound)


def _ceiling(worth: Worth, fixed: Floats, limits: list[Limit], minima: Minima, most: int) -> Floats:
    """Units of each key up to which lots are weighed, (keys,).

    All that an optimum may need where these are at most ``most`` lots. Else, of the lines of a
    supplier below its minimum, some more than all of them together need without limits.
    """
    terms, top = worth.terms, fill_alone(worth, fixed, minima, limits)
    if lots_of(top, terms.first, terms.lot).sum() <= max(most, _FEW_LOTS):
        return top
    best = worth.best()
    reached = reach_minima(worth, best, fixed, minima)
    spare = np.where(reached > best, _SPARE * reached, reached)
    return np.minimum(np.maximum(spare, reached), np.maximum(top, best))
