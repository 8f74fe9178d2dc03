"""The optimum of a small joint-ordering problem, by CP-SAT over all lots at once.

Written apart from the engine's own model: one whole number of lots per line, its worth by a table.
"""

from __future__ import annotations

import numpy as np
from joint_problems import Problem
from ortools.sat.python import cp_model

from replenishment.limits.minima import fill_alone

# Money is counted in hundredths, worth in ten-thousandths.
_CENT, _WORTH = 100, 10_000


def optimum(problem: Problem) -> tuple[float, int]:
    """Worth of the best plan, and how many lots it was chosen from.

    Raises RuntimeError where CP-SAT does not prove it.
    """
    worth, terms, minima = problem.worth, problem.worth.terms, problem.minima
    top = fill_alone(worth, np.zeros(len(worth)), minima, []) + terms.lot
    most = np.floor((top - terms.first) / terms.lot).astype(np.int64) + 1
    model = cp_model.CpModel()
    used = [model.new_bool_var("") for _ in minima.value]
    units, money = [], []
    for key in range(len(worth)):
        lots = np.arange(int(most[key]) + 1)
        quantity = np.where(lots > 0, terms.first[key] + (lots - 1) * terms.lot[key], 0.0)
        value = worth.of(quantity, np.full(len(lots), key))
        chosen, line = model.new_int_var(0, len(lots) - 1, ""), model.new_int_var(0, 10**9, "")
        gain = model.new_int_var(-(10**13), 10**13, "")
        model.add_element(chosen, [round(each) for each in quantity.tolist()], line)
        model.add_element(chosen, [round(each * _WORTH) for each in value.tolist()], gain)
        model.add(chosen == 0).only_enforce_if(~used[int(minima.supplier[key])])
        units.append(line)
        money.append(gain)
    for supplier, on in enumerate(used):
        mine = np.flatnonzero(minima.supplier == supplier).tolist()
        cents = [round(float(minima.cost[key]) * _CENT) for key in mine]
        spent = cp_model.LinearExpr.weighted_sum([units[key] for key in mine], cents)
        model.add(spent >= round(float(minima.value[supplier]) * _CENT)).only_enforce_if(on)
        counted = cp_model.LinearExpr.sum([units[key] for key in mine])
        model.add(counted >= round(float(minima.units[supplier]))).only_enforce_if(on)
    for limit in problem.limits:
        for group, room in enumerate(limit.room.tolist()):
            mine = np.flatnonzero(limit.group == group).tolist()
            weights = [round(float(limit.weight[key]) * _CENT) for key in mine]
            use = cp_model.LinearExpr.weighted_sum([units[key] for key in mine], weights)
            model.add(use <= round(room * _CENT))
    fees = [-round(float(fee) * _WORTH) for fee in minima.fixed_cost]
    model.maximize(cp_model.LinearExpr.sum(money) + cp_model.LinearExpr.weighted_sum(used, fees))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_deterministic_time = 60.0
    if solver.solve(model) != cp_model.OPTIMAL:
        raise RuntimeError("CP-SAT did not prove the optimum")
    return solver.objective_value / _WORTH, int(most.sum())
