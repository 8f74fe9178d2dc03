"""Whole packs of a small build-up, settled by an integer program (CP-SAT).

One thread and a limit on work instead of the clock, so that the same problem has the same plan.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from replenishment.peaks.problem import BuildUp, Span, WeekLimit

Floats = NDArray[np.float64]
# Money and use are counted in whole numbers of at most this size.
_SCALE = 1e9


def better_packs(problem: BuildUp, units: Floats, most: int, effort: float) -> Floats:
    """The cheapest whole packs if the problem has at most ``most`` lots, else ``units``.

    units: (rows, weeks) a plan that keeps all limits. effort: deterministic time of CP-SAT.
    """
    lots = np.ceil(problem.demand[:, -1] / problem.pack - 1e-9).astype(np.int64)
    if lots.sum() > most:
        return units
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    arcs = {
        (row, week): model.new_int_var(0, int(lots[row]), "")
        for row, week in np.argwhere(problem.allowed).tolist()
    }
    terms = _row_costs(model, problem, arcs, lots)
    for limit in problem.limits:
        _add_limit(model, problem, limit, arcs)
    scale = _SCALE / max([abs(cost) for _, cost in terms], default=1.0)
    model.minimize(sum(variable * round(cost * scale) for variable, cost in terms))
    for (row, week), variable in arcs.items():
        model.add_hint(variable, round(units[row, week] / problem.pack[row]))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_deterministic_time = effort
    if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return units
    found = np.zeros_like(units)
    for (row, week), variable in arcs.items():
        found[row, week] = solver.value(variable) * problem.pack[row]
    return found if problem.cost(found) < problem.cost(units) else units


def _row_costs(
    model: Any, problem: BuildUp, arcs: dict[tuple[int, int], Any], lots: NDArray[np.int64]
) -> list[tuple[Any, float]]:
    """What each lot adds to the expected cost of its row, and holding: variables and money."""
    terms = [
        (variable, float(problem.carrying[row, week] * problem.pack[row]))
        for (row, week), variable in arcs.items()
    ]
    for row in range(len(problem)):
        few = problem.take(np.full(lots[row] + 1, row))
        cost = few.expected(np.arange(lots[row] + 1) * problem.pack[row])
        taken = [model.new_bool_var("") for _ in range(int(lots[row]))]
        terms += [(lot, float(more)) for lot, more in zip(taken, np.diff(cost), strict=True)]
        model.add(sum(v for (at, _), v in arcs.items() if at == row) == sum(taken))
    return terms


def _add_limit(
    model: Any, problem: BuildUp, limit: WeekLimit, arcs: dict[tuple[int, int], Any]
) -> None:
    for group, at in np.argwhere(np.isfinite(limit.room)).tolist():
        used = []
        for (row, week), variable in arcs.items():
            stored = week <= at < problem.due[row]
            counts = {Span.ARRIVAL: week == at, Span.STORED: stored, Span.ONCE: True}[limit.span]
            if limit.group[row] == group and counts and limit.weight[row] > 0:
                used.append((variable, limit.weight[row] * problem.pack[row]))
        if not used:
            continue
        room = float(limit.room[group, at])
        scale = _SCALE / max([room, *(use for _, use in used)])
        total = sum(variable * int(np.ceil(use * scale - 1e-3)) for variable, use in used)
        model.add(total <= int(np.floor(room * scale + 1e-3 * len(used))))
