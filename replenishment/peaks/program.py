"""The linear programme of a build-up (GLOP), over all rows or over those that are in the balance.

Columns are units by row and arrival week, and the steps between neighboring scenarios of a row,
along which a unit's worth falls. Rows that prices have decided already are taken as settled, and
what they leave of the limits is the room of the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from replenishment.peaks.problem import BuildUp
from stockwright.errors import InfeasiblePlanError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Solved:
    """units: (rows, weeks). prices: per limit, of the shape of its room, money per use."""

    units: Floats
    prices: list[Floats]


def solve_program(
    problem: BuildUp, settled: list[Floats], near: Floats | None = None, window: int = 6
) -> Solved:
    """The plan of least cost. settled: use of each limit by what is decided already.

    near: (rows,) units that the answer is known to be close to: of the scenarios of a row only
    ``window`` to either side of them are told apart; None for all. Raises InfeasiblePlanError
    when what is settled leaves no plan at all.
    """
    row, week = np.nonzero(problem.allowed)
    at, size, slope = _steps(problem, near, window)
    rows, arcs, n = len(problem), len(row), len(row) + len(at)
    balance = sparse.csr_matrix(
        (np.concatenate([np.ones(arcs), -np.ones(len(at))]),
         (np.concatenate([row, at]), np.arange(n))), shape=(rows, n),
    )  # fmt: skip
    blocks, tops = [balance], [np.zeros(rows)]
    for limit, used in zip(problem.limits, settled, strict=True):
        own = problem.matrix(limit, row, week)
        blocks.append(sparse.hstack([own, sparse.csr_matrix((own.shape[0], len(at)))]))
        tops.append((limit.room - used).ravel())
    bottom = np.concatenate([np.zeros(rows), np.full(sum(map(len, tops[1:])), -np.inf)])
    cost = np.concatenate([problem.carrying[row, week], slope])
    most = np.concatenate([np.full(arcs, np.inf), size])
    values, duals = _glop(cost, most, sparse.vstack(blocks).tocsr(), bottom, np.concatenate(tops))
    units = np.zeros((rows, problem.weeks))
    units[row, week] = np.maximum(values[:arcs], 0.0)
    shapes = [limit.room.shape for limit in problem.limits]
    cuts = np.cumsum([int(np.prod(shape)) for shape in shapes], dtype=np.int64)[:-1]
    parts = np.split(np.maximum(-duals[rows:], 0.0), cuts) if shapes else []
    return Solved(units, [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)])


def _steps(problem: BuildUp, near: Floats | None, window: int) -> tuple[Ints, Floats, Floats]:
    """Stretches of units on which a unit is worth the same: row, length, and cost per unit < 0."""
    count = problem.demand.shape[1]
    kept = np.ones(problem.demand.shape, np.bool_)
    if near is not None:
        below = (problem.demand < near[:, None]).sum(axis=1)[:, None]
        kept = np.abs(np.arange(count) - below) <= window
    at, scenario = np.nonzero(kept)
    knot = problem.demand[at, scenario]
    # Sum of the demands up to a scenario, the scenario's own included.
    running = np.cumsum(problem.demand, axis=1)
    left = (scenario + 1) * knot - running[at, scenario]
    short = running[at, -1] - running[at, scenario] - (count - scenario - 1) * knot
    cost = (problem.shortage[at] * short + problem.leftover[at] * left) / count
    none = problem.shortage * problem.demand.mean(axis=1)
    first = np.diff(at, prepend=-1) > 0
    size = knot - np.where(first, 0.0, np.concatenate([[0.0], knot[:-1]]))
    change = cost - np.where(first, none[at], np.concatenate([[0.0], cost[:-1]]))
    slope = np.divide(change, size, out=np.zeros_like(change), where=size > 0)
    used = (size > 0) & (slope < 0)
    return at[used], size[used], slope[used]


def _glop(
    cost: Floats, size: Floats, matrix: sparse.csr_matrix, bottom: Floats, top: Floats
) -> tuple[Floats, Floats]:
    """Columns between 0 and ``size`` of least cost with bottom <= matrix @ x <= top, and duals."""
    from ortools.linear_solver.python import model_builder_helper

    model: Any = model_builder_helper.ModelBuilderHelper()
    model.fill_model_from_sparse_data(np.zeros(len(cost)), size, cost, bottom, top, matrix)
    solver = model_builder_helper.ModelSolverHelper("GLOP")
    solver.solve(model)
    if not solver.has_solution():
        raise InfeasiblePlanError("the limits of the build-up leave no plan at all")
    return np.array(solver.variable_values()), np.array(solver.dual_values())
