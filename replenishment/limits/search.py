"""Prices at which lines and suppliers keep every limit, and a plan that uses what prices leave."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from replenishment.limits.market import Answer, Market
from replenishment.limits.prices import toll_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
_ROUNDS, _BISECTIONS = 6, 26
# Relative width at which a price is found, and at which prices no longer move between rounds.
_WIDTH, _STEADY = 1e-5, 1e-3
_RAISES, _FIRST_RAISE = 60, 1e-4
_FILLS = 400


def find_prices(
    market: Market, chosen: Bools | None = None, start: list[Floats] | None = None
) -> list[Floats]:
    """Prices per limit, (groups,) money per use, at which supply and use of every limit meet.

    The limits are taken in turn, the groups of one limit all at once: a group's price is the
    smallest one at which the group keeps its room, the prices of the other limits given.
    chosen: (suppliers + 1,) suppliers in use, where they are given. start: prices to begin with.
    """
    prices = [*start] if start else [np.zeros(len(limit.room)) for limit in market.limits]
    for turn in range(_ROUNDS):
        before = [price.copy() for price in prices]
        for family in range(len(prices)):
            prices[family] = _priced(market, prices, family, turn > 0 or bool(start), chosen)
        scale = max((price.max(initial=0.0) for price in prices), default=0.0)
        moved = max(
            (np.abs(a - b).max(initial=0.0) for a, b in zip(prices, before, strict=True)),
            default=0.0,
        )
        if moved <= _STEADY * scale:
            break
    return prices


def tolls(market: Market, prices: list[Floats]) -> Floats:
    """Money that a unit of each key pays, (keys,)."""
    return toll_of(market.limits, prices, market.table.keys)


def _priced(
    market: Market, prices: list[Floats], family: int, warm: bool, chosen: Bools | None
) -> Floats:
    """Smallest prices of one limit at which it holds, the others' given."""
    others = [p if i != family else np.zeros_like(p) for i, p in enumerate(prices)]
    base, limit, now = tolls(market, others), market.limits[family], prices[family]

    def broken(price: Floats) -> Bools:
        toll = base + limit.of_keys(price) * limit.weight
        return market.breaks(market.answer(toll, chosen).taken, family)

    short = broken(np.zeros_like(now))
    if not short.any():
        return np.zeros_like(now)
    low, high = np.zeros_like(now), np.where(short, 1.01 * market.dearest(family), 0.0)
    if warm:
        for factor in (0.8, 1.25, 0.98, 1.02):
            trial = np.clip(factor * now, low, high)
            over = broken(trial) & (now > 0)
            low = np.where(over, trial, low)
            high = np.where(~over & (now > 0), np.minimum(trial, high), high)
    for _ in range(_BISECTIONS):
        if (high - low <= _WIDTH * high).all():
            break
        middle = (low + high) / 2
        over = broken(middle)
        low, high = np.where(over, middle, low), np.where(over, high, middle)
    return np.where(short, high, 0.0)


def keep_limits(market: Market, prices: list[Floats], chosen: Bools | None = None) -> Bools:
    """Entries that keep every limit: prices of overrun groups are raised until they do.

    chosen: (suppliers + 1,) suppliers in use, where they are given.
    """
    prices = [price.copy() for price in prices]
    steps = [np.full(len(price), _FIRST_RAISE) for price in prices]
    taken = market.answer(tolls(market, prices), chosen).taken
    for _ in range(_RAISES):
        over = [market.breaks(taken, family) for family in range(len(prices))]
        if not any(each.any() for each in over):
            return taken
        for family, groups in enumerate(over):
            least = 1e-3 * market.dearest(family)[groups]
            raised = prices[family][groups] * (1 + steps[family][groups])
            prices[family][groups] = np.maximum(raised, least)
            steps[family][groups] = np.minimum(2 * steps[family][groups], 1.0)
        taken = market.answer(tolls(market, prices), chosen).taken
    return np.zeros_like(taken)


def add_suppliers(market: Market, taken: Bools, answer: Answer, most: int) -> Bools:
    """Entries with those of up to ``most`` further suppliers that fit and are worth their order.

    They come in the order of what they are worth beyond the prices.
    """
    gain = market.sums(market.table.gain, answer.bundle) - market.fee
    busy = market.sums(np.ones(len(taken)), taken) > 0
    able = ~busy & (gain > 0) & np.isfinite(answer.net)
    able[-1] = False
    ranked = np.argsort(-np.where(able, answer.net, -np.inf), kind="stable")[: int(able.sum())]
    rooms = market.rooms(taken)
    out, order = taken.copy(), market.by_supplier()
    for supplier in ranked[:most].tolist():
        rows = order(supplier)
        rows = rows[answer.bundle[rows]]
        uses = [market.use(rows, family) for family in range(len(rooms))]
        if all((use <= room).all() for use, room in zip(uses, rooms, strict=True)):
            out[rows] = True
            rooms = [room - use for room, use in zip(rooms, uses, strict=True)]
    return out


def fill_up(market: Market, taken: Bools, toll: Floats) -> Bools:
    """Entries with further ones of the suppliers in use that fit, most worth per price first.

    In a round every key offers its next entry; of each group those that fit together with all
    that rank before them are taken.
    """
    table, out = market.table, taken.copy()
    used = market.sums(np.ones(len(taken)), taken) > 0
    used |= market.forced
    start = np.flatnonzero(np.diff(table.key, prepend=-1))
    stop = np.append(start[1:], len(table.key))
    place = start + np.bincount(
        np.searchsorted(start, np.flatnonzero(out), "right") - 1, minlength=len(start)
    )
    price = toll[table.key] + 1e-9 * (toll.max(initial=0.0) or 1.0)
    rank = table.gain / (price * table.size)
    rooms = [np.append(room, np.inf) for room in market.rooms(out)]
    alive = np.arange(len(start))
    for _ in range(_FILLS):
        alive = alive[place[alive] < stop[alive]]
        rows = place[alive]
        good = (table.gain[rows] > 0) & used[market.supplier[rows]] & market.fits(rows, rooms)
        alive, rows = alive[good], rows[good]
        if not len(rows):
            break
        order = np.argsort(-rank[rows], kind="stable")
        alive, rows = alive[order], rows[order]
        chosen = market.fits_after(rows, rooms)
        out[rows[chosen]] = True
        place[alive[chosen]] += 1
        for family, room in enumerate(rooms):
            room[:-1] -= market.use(rows[chosen], family)
    return out
