"""Whole packs of a build-up: round down, then fill what room is left with the best lots."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from replenishment.peaks.problem import BuildUp, Span, WeekLimit

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
_ROUNDS = 400
_SLACK = 1e-9
# Sums of the same numbers in another order may differ by this share.
_ROUNDING = 1e-13


def in_packs(problem: BuildUp, units: Floats, charge: Floats) -> Floats:
    """Whole packs that keep every limit, close to ``units`` (rows, weeks).

    Every row takes the multiple of its pack that is worth most at the shadow prices, split over
    weeks as ``units`` are. charge: (rows, weeks) holding and shadow price of a unit by week.
    """
    total, pack = units.sum(axis=1), problem.pack
    dearest = np.where(units > 0, np.where(problem.allowed, charge, 0.0), 0.0).max(axis=1)
    wanted = best_multiple(problem, total, np.where(total > 0, dearest, np.inf))
    share = np.cumsum(units, axis=1) / np.maximum(total, 1e-300)[:, None]
    running = np.rint(share * (wanted / pack)[:, None]) * pack[:, None]
    lots = np.diff(running, axis=1, prepend=0.0)
    return _filled(problem, _without_excess(problem, lots), charge)


def best_multiple(problem: BuildUp, units: Floats, price: Floats) -> Floats:
    """The multiple of the pack next to the cheapest ``units`` that is cheapest, (rows,)."""
    low = np.floor(units / problem.pack + 1e-6) * problem.pack
    price = np.where(np.isfinite(price), price, 0.0)
    saved = problem.expected(low) - problem.expected(low + problem.pack)
    more = (saved > price * problem.pack) & (units > low + 1e-9)
    return np.where(more, low + problem.pack, low)


def _without_excess(problem: BuildUp, units: Floats) -> Floats:
    """Drop the lots of least worth per use from limits that are broken, until all hold."""
    units = units.copy()
    for limit in problem.limits:
        for group in np.unique(np.argwhere(_over(problem, limit, units) > 0)[:, :1]).tolist():
            rows = np.flatnonzero((limit.group == group) & (limit.weight > 0))
            few = problem.take(rows)
            own = few.limits[[each.code for each in problem.limits].index(limit.code)]
            kept = units[rows]
            while (over := _over(few, own, kept)[group]).max() > 0:
                kept = _lighter(few, own, kept, int(over.argmax()), float(over.max()))
            units[rows] = kept
    return units


def _over(problem: BuildUp, limit: WeekLimit, units: Floats) -> Floats:
    """Use above the room, 0 where it holds within rounding, of the shape of the room."""
    over = problem.use(limit, units) - limit.room
    return np.where(over > _slack(limit), over, 0.0)


def _lighter(problem: BuildUp, limit: WeekLimit, units: Floats, week: int, over: float) -> Floats:
    """Units of one group with at most one lot less per row, by ``over`` in all, in one week.

    A lot is taken from the latest arrival that uses the limit in that week.
    """
    last = {Span.ARRIVAL: week, Span.STORED: week, Span.ONCE: problem.weeks - 1}[limit.span]
    first = week if limit.span == Span.ARRIVAL else 0
    there = units[:, first : last + 1] > 0
    if limit.span == Span.STORED:
        there &= (problem.due > week)[:, None]
    rows = np.flatnonzero(there.any(axis=1))
    column = first + there.shape[1] - 1 - there[rows, ::-1].argmax(axis=1)
    few, have = problem.take(rows), units[rows].sum(axis=1)
    saved = few.carrying[np.arange(len(rows)), column] * few.pack
    loss = few.expected(have - few.pack) - few.expected(have) - saved
    use = limit.weight[rows] * few.pack
    order = np.argsort(loss / use, kind="stable")
    drop = order[: int(np.searchsorted(np.cumsum(use[order]), over - 1e-12)) + 1]
    out = units.copy()
    out[rows[drop], column[drop]] -= few.pack[drop]
    return out


def _slack(limit: WeekLimit) -> Floats:
    return np.asarray(_SLACK + _ROUNDING * np.where(np.isfinite(limit.room), limit.room, 0.0))


def _filled(problem: BuildUp, units: Floats, charge: Floats) -> Floats:
    """Add one lot per row and round where it still pays, densest first, until none fits."""
    units = units.copy()
    left = np.flatnonzero(problem.allowed.any(axis=1))
    for _ in range(_ROUNDS):
        few = problem.take(left)
        have = units[left].sum(axis=1)
        worth = few.expected(have) - few.expected(have + few.pack)
        worth_by_week = worth[:, None] - few.pack[:, None] * few.carrying
        open_ = _fits(problem, units, left) & (worth_by_week > _SLACK)
        going = open_.any(axis=1)
        if not going.any():
            break
        week = np.where(open_, -charge[left], -np.inf).argmax(axis=1)
        gain = worth_by_week[np.arange(len(left)), week] / few.pack
        left, week, gain = left[going], week[going], gain[going]
        order = np.argsort(-gain, kind="stable")
        taken = _first_that_fit(problem, units, left[order], week[order])
        chosen, when = left[order][taken], week[order][taken]
        units[chosen, when] += problem.pack[chosen]
    return units


def _fits(problem: BuildUp, units: Floats, rows: Ints) -> Bools:
    """Whether one more lot of a row fits in each week, (rows, weeks)."""
    few = problem.take(rows)
    fits = few.allowed.copy()
    for whole, limit in zip(problem.limits, few.limits, strict=True):
        room = whole.room - problem.use(whole, units) + _slack(whole)
        own = np.vstack([room, np.full((1, room.shape[1]), np.inf)])[limit.group]
        if limit.span == Span.STORED:
            inside = np.arange(1, few.weeks + 1) <= few.due[:, None]
            own = np.where(inside, own, np.inf)
            own = np.minimum.accumulate(own[:, ::-1], axis=1)[:, ::-1]
        fits &= (limit.weight * few.pack)[:, None] <= own
    return fits


def _first_that_fit(problem: BuildUp, units: Floats, rows: Ints, week: Ints) -> Bools:
    """Of lots in order, those that fit when all before them in their groups are taken too."""
    add = np.zeros((len(rows), problem.weeks))
    add[np.arange(len(rows)), week] = problem.pack[rows]
    few = problem.take(rows)
    taken = np.ones(len(rows), np.bool_)
    for whole, limit in zip(problem.limits, few.limits, strict=True):
        room = whole.room - problem.use(whole, units) + _slack(whole)
        order = np.argsort(limit.group, kind="stable")
        group = limit.group[order]
        use = (limit.weight[:, None] * few.spread(limit.span, add))[order]
        running = np.cumsum(use, axis=0)
        start = np.searchsorted(group, group)
        running -= np.where((start > 0)[:, None], running[np.maximum(start - 1, 0)], 0.0)
        own = np.vstack([room, np.full((1, room.shape[1]), np.inf)])[group]
        keeps = np.empty(len(rows), np.bool_)
        keeps[order] = ((running <= own) | (use == 0)).all(axis=1)
        taken &= keeps
    return taken
