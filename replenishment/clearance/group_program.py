"""The integer program of a price group: the best path of falling prices among many (CP-SAT).

One thread and a limit on work instead of the clock, so that the same group has the same path.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replenishment.clearance.group_walk import PriceGroup, Walk

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# Money is counted in whole numbers of at most this size.
_SCALE = 1e9
# Part of the spread of demand over which a slope is taken.
_WIDTH = 1e-3


@dataclass(frozen=True)
class _Term:
    """weight: (items,) money per unit sold in the weeks and rungs of ``cells``, (weeks, rungs)."""

    weight: Floats
    cells: NDArray[np.bool_]


def best_path(group: PriceGroup, rounds: int, effort: float, gap: float) -> tuple[Ints, float]:
    """The best path of rungs found, (weeks,), and a bound on the money of any path.

    Tangents are taken at every rung for all weeks, and then at each path that the program finds,
    until the best path is within ``gap`` of the bound, the same path comes again, or all
    ``rounds`` are over.
    """
    program = _Program(group)
    constant = float((group.task.salvage * group.task.stock).sum())
    constant -= float((group.live.sum(axis=1) * group.task.holding * group.task.stock).sum())
    tried: dict[tuple[int, ...], float] = {}
    for rung in group.open:
        fixed = np.full(group.weeks, rung)
        fixed[: group.locked] = group.start
        tried[tuple(fixed.tolist())] = _worth(group, fixed)
        program.touch(fixed)
    bound = np.inf
    for _ in range(rounds):
        best = max(tried, key=lambda path: tried[path])
        found, top = program.solve(np.array(best), effort)
        bound = min(bound, top + constant)
        path = tuple(found.tolist())
        again = path in tried
        tried.setdefault(path, _worth(group, found))
        if again or bound - max(tried.values()) <= gap * abs(bound):
            break
        program.touch(found)
    return np.array(max(tried, key=lambda path: tried[path])), bound


def _worth(group: PriceGroup, path: Ints) -> float:
    walk = Walk.start(group)
    for week, rung in enumerate(path):
        walk = walk.step(group, week, np.array([rung]))
    return float(walk.worth(group)[0])


class _Program:
    """Falling paths, and for each term an amount of money that its tangents bound."""

    def __init__(self, group: PriceGroup) -> None:
        from ortools.sat.python import cp_model

        self.group, self.model = group, cp_model.CpModel()
        most = float((group.task.price[:, 0] * group.task.stock).sum())
        most += float((_change_costs(group)).sum())
        self.scale = _SCALE / max(most, 1e-9)
        self.on: dict[tuple[int, int], Any] = {
            (week, int(rung)): self.model.new_bool_var("")
            for week in range(group.weeks)
            for rung in group.open
        }
        self.changed = [self.model.new_bool_var("") for _ in range(group.weeks)]
        self._add_order()
        self.terms = _terms(group)
        self.money = [self._amount(float(t.weight @ group.task.stock)) for t in self.terms]
        earned = sum(self.money)
        self.model.maximize(earned - sum(self._paid()))

    def _amount(self, most: float) -> Any:
        return self.model.new_int_var(0, int(np.ceil(max(most, 0.0) * self.scale)), "")

    def _add_order(self) -> None:
        """One rung a week, never above the one before; changes, and how long a price stays."""
        group, rungs = self.group, self.group.open.tolist()
        for week in range(group.weeks):
            self.model.add_exactly_one(self.on[week, rung] for rung in rungs)
            for at in range(1, len(rungs)):
                upper = [self.on[week, rung] for rung in rungs[:at]]
                before = [self.on[week - 1, rung] for rung in rungs[:at]] if week else [1]
                self.model.add(sum(upper) <= sum(before))
                self.model.add(self.changed[week] >= sum(before) - sum(upper))
            if week < group.locked:
                self.model.add(self.on[week, group.start] == 1)
            self.model.add(sum(self.changed[max(week - group.after, 0) : week + 1]) <= 1)

    def _paid(self) -> list[Any]:
        """Cost of the change of each week: for all stock, less for what was sold before."""
        group, full = self.group, _change_costs(self.group)
        unit = group.task.unit_change_cost
        paid = []
        for week in range(group.weeks):
            if full[week] <= 0:
                continue
            cost = self._amount(full[week])
            spared: Any = 0
            if week and (unit > 0).any():
                cells = np.zeros((group.weeks, group.task.rungs), np.bool_)
                cells[:week] = True
                self.terms.append(_Term(unit * group.live[:, week], cells))
                spared = self._amount(float(self.terms[-1].weight @ group.task.stock))
                self.money.append(spared)
            self.model.add(cost >= int(full[week] * self.scale) * self.changed[week] - spared)
            paid.append(cost)
        return paid

    def touch(self, path: Ints) -> None:
        """Bound the money of each term by its tangent at a path."""
        group, weeks = self.group, np.arange(self.group.weeks)
        taken = np.moveaxis(group.mean[:, :, weeks, path], -1, 0)
        for term, money in zip(self.terms, self.money, strict=True):
            at = (taken * term.cells[weeks, path][:, None, None]).sum(axis=0)
            width = _WIDTH * np.sqrt(np.maximum(at, 1.0))
            low, high = np.maximum(at - width, 0.0), at + width
            slope = (group.sold(high) - group.sold(low)) / (high - low)
            per_unit = slope * group.task.weight * term.weight[:, None]
            gain = np.einsum("is,iswr->wr", per_unit, group.mean) * term.cells
            base = float(term.weight @ group.mixed(group.sold(at)) - (per_unit * at).sum())
            line = sum(
                int(np.ceil(gain[week, rung] * self.scale)) * on
                for (week, rung), on in self.on.items()
            )
            self.model.add(money <= line + int(np.ceil(base * self.scale)))

    def solve(self, hint: Ints, effort: float) -> tuple[Ints, float]:
        """The path of most money within the tangents so far, and a bound on that money."""
        from ortools.sat.python import cp_model

        self.model.clear_hints()
        for (week, rung), on in self.on.items():
            self.model.add_hint(on, int(hint[week] == rung))
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.max_deterministic_time = effort
        if solver.solve(self.model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return hint, np.inf
        path = np.zeros(self.group.weeks, np.int64)
        for (week, rung), on in self.on.items():
            if solver.boolean_value(on):
                path[week] = rung
        return path, float(solver.best_objective_bound / self.scale)


def _change_costs(group: PriceGroup) -> Floats:
    """What a change at the start of each week costs as long as nothing is sold, (weeks,)."""
    one = group.task.change_cost + group.task.unit_change_cost * group.task.stock
    return np.asarray(one @ group.live)


def _terms(group: PriceGroup) -> list[_Term]:
    """Money of the sales on each rung and those above, less the next price; holding saved.

    Sales at falling prices p_1 > p_2 > ... bring (p_1 - p_2) M_1 + (p_2 - p_3) M_2 + ..., M_j being
    what is sold on rungs 1 ... j, and the salvage standing for the price after the last.
    """
    task, weeks, rung = group.task, np.arange(group.weeks)[:, None], np.arange(group.task.rungs)
    price = np.column_stack([task.price[:, group.open], task.salvage])
    terms = [
        _Term(
            price[:, at] - price[:, at + 1], np.broadcast_to(rung <= own, (group.weeks, task.rungs))
        )
        for at, own in enumerate(group.open)
    ]
    if (task.holding > 0).any():
        terms += [
            _Term(
                task.holding * group.live[:, week],
                np.broadcast_to(weeks <= week, terms[0].cells.shape),
            )
            for week in range(group.weeks)
        ]
    return terms
