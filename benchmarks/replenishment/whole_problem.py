"""The optimum of a joint-ordering problem with few suppliers, proven apart from the engine.

Every set of suppliers that could be ordered from is a problem of its own: each of their lines takes
one of all the quantities that the limits allow, and each of them must reach its minimum. The linear
program of a set gives prices, and at any prices no plan with a given quantity of a given line is
worth more than a bound (Lagrangian relaxation, Fisher 1981; fixing by reduced costs, Nemhauser &
Wolsey 1988, section II.5). Assume that the best plan is worth at least a floor just below the
bound: what cannot reach the floor is left out, and CP-SAT settles the rest. Does it find a plan of
that worth, the plan is the optimum; else the floor is lowered.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from joint_problems import Floats, Ints, Problem
from ortools.sat.python import cp_model
from scipy.optimize import linprog

# Money is counted in hundredths, worth in ten-thousandths.
_CENT, _WORTH = 100, 10_000
# Floors as shares of the bound, tried one after the other; the last one is the empty plan.
_FLOORS = (0.999, 0.99, 0.95, 0.8, 0.0)
_EFFORT = 60.0
# Money per unit of a missed minimum.
_DEAR = 1e3


class NotProvenError(RuntimeError):
    """CP-SAT did not prove the optimum within its effort."""


@dataclass(frozen=True)
class Orders:
    """All orders that may be placed, (orders,): line, units and worth; 0 units are one of them.

    uses: (rows, orders) what each limit's groups and then the minima count in hundredths. most:
    rooms of the groups. least: the minima. supplier: of the orders, then of each minimum.
    """

    line: Ints
    units: Floats
    worth: Floats
    supplier: Ints
    uses: Ints
    most: Ints
    least: Ints
    floor_of: Ints
    fee: Floats

    @classmethod
    def of(cls, problem: Problem) -> Orders:
        """The orders of a problem: any whole lots that the limits leave to a line alone."""
        terms, minima, lines = problem.worth.terms, problem.minima, len(problem.worth)
        top = np.full(lines, np.inf)
        for limit in problem.limits:
            top = np.minimum(top, limit.room[limit.group] / limit.weight + 1e-9)
        lots = np.maximum(np.floor((top - terms.first) / terms.lot + 1e-9) + 1, 0).astype(int)
        line = np.repeat(np.arange(lines), lots + 1)
        count = np.arange(len(line)) - np.repeat(np.cumsum(lots + 1) - (lots + 1), lots + 1)
        units = np.where(count > 0, terms.first[line] + (count - 1) * terms.lot[line], 0.0)
        rows, most, least = [], [], []
        for limit in problem.limits:
            for group, room in enumerate(limit.room.tolist()):
                rows.append(np.where(limit.group == group, limit.weight, 0.0)[line] * units)
                most.append(room)
        suppliers = np.arange(len(minima.value))
        for weight, floor in ((minima.cost, minima.value), (np.ones(lines), minima.units)):
            for each in suppliers.tolist():
                rows.append(np.where(minima.supplier == each, weight, 0.0)[line] * units)
                least.append(floor[each])
        cents = [np.rint(np.array(each) * _CENT).astype(np.int64) for each in (rows, most, least)]
        worth = problem.worth.of(units, line)
        owners = np.tile(suppliers, 2)
        return cls(line, units, worth, minima.supplier[line], *cents, owners, minima.fixed_cost)


@dataclass(frozen=True)
class Choice:
    """A set of suppliers: the worth that no plan with an order can exceed, (orders,)."""

    suppliers: tuple[int, ...]
    reach: Floats

    @property
    def bound(self) -> float:
        """No plan of exactly these suppliers is worth more."""
        return float(self.reach.max(initial=-np.inf))


def optimum(problem: Problem) -> tuple[float, int]:
    """Worth of the best plan, and how many lots it was chosen from.

    Raises NotProvenError where CP-SAT does not settle a set of suppliers.
    """
    orders = Orders.of(problem)
    everyone, lots = np.unique(orders.supplier).tolist(), int((orders.units > 0).sum())
    sets = [s for n in range(len(everyone)) for s in itertools.combinations(everyone, n + 1)]
    choices = sorted((_choice(orders, each) for each in sets), key=lambda each: -each.bound)
    best, top = 0.0, max(choices[0].bound, 0.0)
    for share in _FLOORS:
        floor = share * top
        for choice in choices:
            least = max(floor, best)
            if choice.bound > least:
                best = max(best, _best(orders, choice, least))
        if best >= floor:
            break
    return best, lots


def _choice(orders: Orders, suppliers: tuple[int, ...]) -> Choice:
    """Bounds by the prices of the set's linear program.

    There a minimum may be missed at a dear price, so that the program always has prices; a set
    that cannot reach its minima has a bound below that of no order at all.
    """
    mine = np.flatnonzero(np.isin(orders.supplier, suppliers))
    line = np.unique(orders.line[mine], return_inverse=True)[1]
    floors = np.isin(orders.floor_of, suppliers) & (orders.least > 0)
    limits, missed = len(orders.most), np.eye(int(floors.sum()))
    uses = np.concatenate([orders.uses[:limits], -orders.uses[limits:][floors]])[:, mine] / _CENT
    sides = np.concatenate([orders.most, -orders.least[floors]]) / _CENT
    one = (line == np.arange(line.max() + 1)[:, None]).astype(float)
    slack = np.concatenate([np.zeros((limits, len(missed))), -missed])
    answer = linprog(
        np.concatenate([-orders.worth[mine], np.full(len(missed), _DEAR)]),
        np.hstack([uses, slack]), sides,
        np.hstack([one, np.zeros((len(one), len(missed)))]), np.ones(len(one)), method="highs",
    )  # fmt: skip
    if not answer.success:
        raise NotProvenError
    prices = np.maximum(-answer.ineqlin.marginals, 0.0)
    score = orders.worth[mine] - prices @ uses
    most = np.full(len(one), -np.inf)
    np.maximum.at(most, line, score)
    bound = most.sum() + prices @ sides - orders.fee[list(suppliers)].sum()
    reach = np.full(len(orders.line), -np.inf)
    reach[mine] = bound - (most[line] - score)
    return Choice(suppliers, reach)


def _best(orders: Orders, choice: Choice, floor: float) -> float:
    """Worth of the best plan of a set of suppliers, -inf where none reaches the floor."""
    model = cp_model.CpModel()
    kept = np.flatnonzero(choice.reach >= floor - 1 / _WORTH)
    needed = np.unique(orders.line[choice.reach > -np.inf])
    take = [model.new_bool_var("") for _ in kept]
    for line in needed.tolist():
        mine = np.flatnonzero(orders.line[kept] == line).tolist()
        model.add_exactly_one([take[order] for order in mine])
    limits = len(orders.most)
    for row, use in enumerate(orders.uses[:, kept].tolist()):
        total = cp_model.LinearExpr.weighted_sum(take, use)
        if row < limits:
            model.add(total <= int(orders.most[row]))
        elif orders.floor_of[row - limits] in choice.suppliers:
            model.add(total >= int(orders.least[row - limits]))
    worth = np.rint(orders.worth[kept] * _WORTH).astype(np.int64).tolist()
    model.maximize(cp_model.LinearExpr.weighted_sum(take, worth))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_deterministic_time = _EFFORT
    status = solver.solve(model)
    if status == cp_model.INFEASIBLE:
        return -np.inf
    if status != cp_model.OPTIMAL:
        raise NotProvenError
    fees = float(orders.fee[list(choice.suppliers)].sum())
    return float(solver.objective_value) / _WORTH - fees
