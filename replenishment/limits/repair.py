"""The last lots, settled by an integer program (CP-SAT).

Shadow prices and filling leave a plan that is close to the best one; what remains is which of the
lots near the margin to take. Those lots, at most ``core_lots``, are weighed together: lots of one
line in their order, every limit, every supplier minimum. In a small plan all lots are weighed, and
the answer is the best one there is. The solver runs on one thread under a limit on its work, not
on the clock, so that the same night gives the same plan.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replenishment.limits.minima import Minima
from replenishment.limits.prices import Limit
from replenishment.limits.table import lots_of, single_lots
from replenishment.limits.trucks import Trucks
from replenishment.wishes.lots import Worth

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
# Worth is scaled to whole numbers of at most this size.
_SCALE = 1e9
# Use is counted in decimal fractions, which hold money and units exactly, as far as they fit.
_LARGEST, _FINEST = 1e14, 1e6
_ROUNDING = 1e-3


@dataclass(frozen=True)
class Lots:
    """Lots that are weighed, all (lots,): key, units, worth, and whether the plan has it now.

    base: (keys,) units that are not in question.
    """

    key: Ints
    size: Floats
    gain: Floats
    taken: Bools
    base: Floats


def repair(
    worth: Worth,
    quantity: Floats,
    ceiling: Floats,
    limits: list[Limit],
    minima: Minima,
    fixed: Floats,
    toll: Floats,
    most: int,
    effort: float,
    trucks: Trucks | None = None,
) -> Floats:
    """A plan of at least the worth of ``quantity``, the best one where all lots are weighed.

    quantity: (keys,) a plan that keeps limits and minima. ceiling: (keys,) units beyond which no
    lot is weighed. fixed: (keys,) units ordered anyway, already taken off the limits' room.
    toll: (keys,) shadow price per unit. most: lots weighed. effort: deterministic time of CP-SAT.
    trucks: whose empty room costs money, None for none.
    """
    ceiling = np.maximum(ceiling, quantity)
    rows = _near(worth, quantity, ceiling, toll, most)
    lots = core_lots(worth.take(rows), quantity[rows], ceiling[rows], toll[rows], most)
    if not len(lots.key):
        return quantity
    base = quantity.copy()
    base[rows] = lots.base
    lots = replace(lots, key=rows[lots.key], base=base)
    chosen = _solve(lots, limits, minima, fixed, effort, trucks)
    if chosen is None:
        return quantity
    better = lots.base + np.bincount(lots.key, lots.size * chosen, len(quantity))
    before, after = (
        net_worth(worth, each, fixed, minima)
        - (0.0 if trucks is None else trucks.empty(each + fixed).sum())
        for each in (quantity, better)
    )
    return better if after > before else quantity


def net_worth(
    worth: Worth, quantity: Floats, fixed: Floats, minima: Minima, some: Bools | None = None
) -> float:
    """Worth of orders less the fixed costs of the suppliers that only they are ordered from.

    fixed: (keys,) units ordered anyway, whose suppliers' cost is spent. some: (keys,) the keys
    that count, where not all do.
    """
    used = (minima.sums(quantity) > 0) & (minima.sums(fixed) <= 0)
    values = worth.of(quantity)
    counted = values if some is None else values[some]
    return float(counted.sum() - minima.fixed_cost[used].sum())


def _near(worth: Worth, quantity: Floats, ceiling: Floats, toll: Floats, most: int) -> Ints:
    """The ``most`` keys whose last or next lot is closest to its price, (rows,) in order."""
    keys = np.flatnonzero(ceiling > 0)
    if len(keys) <= most:
        return keys
    terms, have = worth.terms, quantity[keys]
    lot, first = terms.lot[keys], terms.first[keys]
    after = np.where(have > 0, have + lot, first)
    before = np.where(have > first * (1 + 1e-9), have - lot, 0.0)
    value = worth.of(have, keys)
    more = np.abs((worth.of(after, keys) - value) / (after - have) - toll[keys])
    drop = np.maximum(have - before, 1e-12)
    less = np.where(have > 0, np.abs((value - worth.of(before, keys)) / drop - toll[keys]), np.inf)
    distance = np.minimum(np.where(after <= ceiling[keys] * (1 + 1e-9), more, np.inf), less)
    return np.sort(keys[np.argsort(distance, kind="stable")[:most]])


def core_lots(worth: Worth, quantity: Floats, ceiling: Floats, toll: Floats, most: int) -> Lots:
    """The lots whose worth is closest to their price, without holes within a line."""
    terms = worth.terms
    count = lots_of(ceiling, terms.first, terms.lot)
    have = lots_of(quantity, terms.first, terms.lot)
    key, size, gain = single_lots(worth, count, np.ones_like(count))
    place = np.arange(len(key)) - np.repeat(np.cumsum(count) - count, count)
    distance = np.abs(gain / size - toll[key])
    near = np.zeros(len(key), np.bool_)
    near[np.argsort(distance, kind="stable")[:most]] = True
    taken = place < have[key]
    low, high = have.copy(), have.copy()
    np.minimum.at(low, key[near & taken], place[near & taken])
    np.maximum.at(high, key[near & ~taken], place[near & ~taken] + 1)
    core = (place >= low[key]) & (place < high[key])
    settled = taken & ~core
    base = np.bincount(key[settled], size[settled], len(count)).astype(np.float64)
    return Lots(key[core], size[core], gain[core], taken[core], base)


def _solve(
    lots: Lots,
    limits: list[Limit],
    minima: Minima,
    fixed: Floats,
    effort: float,
    trucks: Trucks | None,
) -> Bools | None:
    """Which lots to take, None when the solver found nothing within its effort."""
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    take = [model.new_bool_var("") for _ in range(len(lots.key))]
    for later in np.flatnonzero(np.diff(lots.key) == 0).tolist():
        model.add_implication(take[later + 1], take[later])
    for limit in limits:
        _add_limit(model, take, lots, limit)
    fees, gain = _add_minima(model, take, lots, minima, fixed), lots.gain
    if trucks is not None:
        fees += _add_trucks(model, take, lots, trucks, fixed)
        gain = gain + trucks.saves()[lots.key] * lots.size
    scale = _SCALE / max(float(np.abs(gain).max()), 1e-12)
    worth = [*np.rint(gain * scale).astype(np.int64).tolist()]
    cost = [-round(fee * scale) for _, fee in fees]
    model.maximize(
        cp_model.LinearExpr.weighted_sum([*take, *(used for used, _ in fees)], [*worth, *cost])
    )
    for variable, now in zip(take, lots.taken.tolist(), strict=True):
        model.add_hint(variable, now)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_deterministic_time = effort
    status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    return np.array([solver.boolean_value(variable) for variable in take], np.bool_)


def _fraction(largest: float) -> float:
    """The power of ten by which uses up to ``largest`` are counted."""
    return float(10.0 ** np.floor(np.log10(min(_LARGEST / largest, _FINEST))))


def _add_limit(model: Any, take: list[Any], lots: Lots, limit: Limit) -> None:
    """The lots in question may use what the lots that are settled leave of each group's room."""
    from ortools.sat.python.cp_model import LinearExpr

    room = np.maximum(limit.room - limit.use(lots.base), 0.0)
    group, use = limit.group[lots.key], limit.weight[lots.key] * lots.size
    for each in np.unique(group[group >= 0]).tolist():
        rows = np.flatnonzero(group == each)
        if use[rows].sum() <= room[each]:
            continue
        scale = _fraction(max(float(room[each]), float(use[rows].max())))
        weights = np.ceil(use[rows] * scale - _ROUNDING).astype(np.int64).tolist()
        total = LinearExpr.weighted_sum([take[row] for row in rows.tolist()], weights)
        model.add(total <= int(np.floor(room[each] * scale + _ROUNDING)))


def _add_minima(
    model: Any, take: list[Any], lots: Lots, minima: Minima, fixed: Floats
) -> list[tuple[Any, float]]:
    """Lots of a supplier need its order, and its order needs the minima; orders and their fees."""
    from ortools.sat.python.cp_model import LinearExpr

    settled, supplier = lots.base + fixed, minima.supplier[lots.key]
    value, units = minima.sums(settled * minima.cost), minima.sums(settled)
    fees = []
    for each in np.unique(supplier[supplier >= 0]).tolist():
        rows = np.flatnonzero(supplier == each)
        chosen = [take[row] for row in rows.tolist()]
        used = model.new_bool_var("")
        if units[each] > 0:
            model.add(used == 1)
        for variable in chosen:
            model.add_implication(variable, used)
        fees.append((used, float(minima.fixed_cost[each])))
        counted = (
            (minima.value[each], value[each], lots.size[rows] * minima.cost[lots.key[rows]]),
            (minima.units[each], units[each], lots.size[rows]),
        )
        for floor, have, use in counted:
            if floor > 0:
                scale = _fraction(max(float(floor), float(use.max()), float(have)))
                weights = np.floor(use * scale + _ROUNDING).astype(np.int64).tolist()
                need = int(np.ceil(floor * scale - _ROUNDING))
                total = LinearExpr.weighted_sum(chosen, weights)
                model.add(total + int(np.floor(have * scale + _ROUNDING)) >= need * used)
    return fees


def _add_trucks(
    model: Any, take: list[Any], lots: Lots, trucks: Trucks, fixed: Floats
) -> list[tuple[Any, float]]:
    """Lots need trucks for their volume and their weight; trucks and their fees."""
    from ortools.sat.python.cp_model import LinearExpr

    settled, group = lots.base + fixed, trucks.group[lots.key]
    everything = settled + np.bincount(lots.key, lots.size, len(settled))
    fees = []
    for each in np.unique(group[group >= 0]).tolist():
        rows = np.flatnonzero(group == each)
        chosen, size = [take[row] for row in rows.tolist()], lots.size[rows]
        used = model.new_int_var(0, int(trucks.needed(everything)[each]), "")
        for part, room in ((trucks.volume, trucks.room[each]), (trucks.weight, trucks.load[each])):
            use, have = part[lots.key[rows]] * size, float(trucks.sums(settled * part)[each])
            if np.isfinite(room):
                scale = _fraction(max(float(use.sum()) + have, float(room)))
                weights = np.ceil(use * scale - _ROUNDING).astype(np.int64).tolist()
                filled = LinearExpr.weighted_sum(chosen, weights)
                filled += int(np.ceil(have * scale - _ROUNDING))
                model.add(filled <= used * int(np.floor(room * scale + _ROUNDING)))
        fees.append((used, float(trucks.fee[each])))
    return fees
