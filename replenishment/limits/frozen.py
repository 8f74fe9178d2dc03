"""Quantities that planners froze: no limit may change them, and none may be broken by them.

Every limit adds up uses that are never negative, and what is not frozen may be 0. Frozen lines are
therefore feasible together as soon as each limit holds by itself, and an infeasible set that cannot
be made smaller is one limit with as few of its lines as use more than its room: the largest first.
Minima of suppliers are no part of it: a frozen line is ordered below them, and named.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from replenishment.limits.prices import Limit, at_most
from replenishment.network.evening import Evening
from replenishment.wishes.find import Wishes
from replenishment.wishes.lots import LotTerms, whole_up
from stockwright.errors import InfeasiblePlanError, describe
from stockwright.panel import SeriesIndex

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

LANE_MINIMUM, LANE_LOT, LANE_MAX = "LANE_MINIMUM", "LANE_LOT", "LANE_MAX"
_SHOWN = 5


@dataclass(frozen=True)
class Conflict:
    """A limit that cannot hold with the frozen lines that use it.

    code, where: the limit. room, used: what it allows and what the lines use, in its own unit.
    lines: keys of the frozen lines that use it, the largest use first. breaking: how many of them,
    from the first on, break it; no fewer lines do. thawed: how many, from the first on, have to be
    thawed to keep it; no fewer do.
    """

    code: str
    where: str
    room: float
    used: float
    lines: Ints
    breaking: int
    thawed: int


def conflicts(amount: Floats, limits: list[Limit]) -> list[Conflict]:
    """Every shared limit that frozen lines break, (keys,) units; the smallest set first."""
    found = []
    for limit in limits:
        inside = np.flatnonzero((limit.group >= 0) & (amount > 0))
        for group in np.flatnonzero(limit.broken(amount)).tolist():
            mine = inside[limit.group[inside] == group]
            found.append(_of_group(limit, group, mine, amount))
    return sorted(found, key=_rank)


def _of_group(limit: Limit, group: int, lines: Ints, amount: Floats) -> Conflict:
    use = limit.weight[lines] * amount[lines]
    order = np.lexsort((lines, -use))
    running, room = np.cumsum(use[order]), float(limit.room[group])
    whole = float(running[-1])
    breaking = int((running <= at_most(room)).sum()) + 1
    thawed = int((whole - running > at_most(room)).sum()) + 1
    return Conflict(limit.code, limit.name(group), room, whole, lines[order], breaking, thawed)


def lane_conflicts(amount: Floats, terms: LotTerms, most: Floats) -> list[Conflict]:
    """Frozen lines that their own lane cannot carry, each a set of one line and one limit.

    amount: (keys,) units, 0 where nothing is frozen. most: (keys,) largest order of the lane.
    """
    slack = 1e-6 * terms.lot
    rules = (
        (LANE_MINIMUM, amount < terms.first - slack, terms.first),
        (LANE_LOT, np.abs(whole_up(amount, terms.lot) - amount) > slack, terms.lot),
        (LANE_MAX, amount > most + slack, most),
    )
    return [
        Conflict(code, "", float(room[key]), float(amount[key]), np.array([key]), 1, 1)
        for code, broken, room in rules
        for key in np.flatnonzero(broken & (amount > 0)).tolist()
    ]


def _rank(conflict: Conflict) -> tuple[int, float, str, str]:
    return conflict.breaking, conflict.room - conflict.used, conflict.code, conflict.where


def check_frozen(wishes: Wishes, units: Floats, limits: list[Limit], evening: Evening) -> None:
    """Raise InfeasiblePlanError that names the smallest set of limit and frozen lines in conflict.

    units: (keys,) frozen units, NaN where none. Hard limits: the lane's lots, its smallest and its
    largest order, and the shared ``limits``. Further conflicts are named after the smallest one.
    """
    amount = np.nan_to_num(units)
    if not amount.any():
        return
    found = lane_conflicts(amount, wishes.worth.terms, evening.network.lanes.max_units[wishes.lane])
    found = sorted([*found, *conflicts(amount, limits)], key=_rank)
    if not found:
        return
    names = evening.forecast.index.take(wishes.series)
    labels = names.sku_names() + " at " + names.location_names()
    smallest, *others = found
    text = (
        "no plan keeps the frozen lines and the hard limits; the smallest conflict is "
        + _sentence(smallest, labels, amount)
    )
    if others:
        cases = [f"{_named(each)}: {each.used:g} of {each.room:g}" for each in others]
        text += ". " + describe("further limits in conflict", cases, "each has to be settled too")
    raise InfeasiblePlanError(text)


def _named(conflict: Conflict) -> str:
    return f"{conflict.code} {conflict.where}".strip()


def _sentence(conflict: Conflict, labels: NDArray[np.object_], amount: Floats) -> str:
    """What conflicts, by how much, in which lines, and what would be enough."""
    lines = [f"{labels[key]} {amount[key]:g}" for key in conflict.lines[: conflict.breaking]]
    way_out = _way_out(conflict, labels)
    together = f"uses {conflict.used:g} of {conflict.room:g}"
    if conflict.code == LANE_LOT:
        together = f"{conflict.used:g} is no whole number of lots of {conflict.room:g}"
    elif conflict.code == LANE_MINIMUM:
        together = f"{conflict.used:g} is below the lane's smallest order of {conflict.room:g}"
    elif len(conflict.lines) > conflict.breaking:
        together = f"all {len(conflict.lines)} frozen lines in it use "
        together += f"{conflict.used:g} of {conflict.room:g}"
    return describe(f"{_named(conflict)} with frozen lines", lines, f"{together}; {way_out}")


def _way_out(conflict: Conflict, labels: NDArray[np.object_]) -> str:
    keys = conflict.lines[: conflict.thawed]
    some = ", ".join(str(label) for label in labels[keys[:_SHOWN]])
    more = f" and {len(keys) - _SHOWN} more" if len(keys) > _SHOWN else ""
    thaw = f"thaw {len(keys)} of them ({some}{more})"
    if conflict.code in (LANE_MINIMUM, LANE_LOT):
        return f"freeze whole lots from the smallest order on, or {thaw}"
    return f"raise {_named(conflict)} by {conflict.used - conflict.room:g}, or {thaw}"


def check_orphans(
    wishes: Wishes, frozen: Floats, index: SeriesIndex, what: str, right: Bools
) -> None:
    """Raise InfeasiblePlanError for frozen units of keys that have no lane to carry them.

    frozen: (series,) units, NaN where none. right: (keys,) keys with such a lane.
    """
    carried = np.zeros(len(frozen), np.bool_)
    carried[wishes.series[right]] = True
    lost = np.flatnonzero((frozen > 0) & ~carried)
    if len(lost):
        names = index.take(lost)
        cases = [*map("{} at {}".format, names.sku_names(), names.location_names())]
        advice = "take the freeze back or add a lane"
        raise InfeasiblePlanError(describe(f"frozen {what} without a lane", cases, advice))
