"""Which act for which item, when acts share channels and a discount budget.

Every item takes one of its options; an option uses units of at most one channel and discount money
(the multiple-choice knapsack with several constraints: Kellerer, Pferschy & Pisinger 2004, chapter
11). At prices of the shared rooms each item takes what is worth most after paying them; the prices
that make the bound least come from cutting planes (Kelley 1960). An item whose best option leads
by a wide margin then keeps it, and the others, the core (Balas & Zemel 1980), are solved as an
integer program. Small problems fit it whole, so their choice is the optimum.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stockwright.arrays import frozen, require
from stockwright.errors import DataError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
# Options of the core that the integer program is given, and its effort in deterministic seconds.
_CORE, _EFFORT = 4000, 5.0
_CUTS, _CLOSE = 200, 1e-7
# The solvers count in whole numbers up to this.
_SCALE = 1e9
_SLACK = 1e-9


@dataclass(frozen=True)
class Options:
    """What could be done with each item, (options,); the options of an item stand together.

    item: 0, 1, ..., rising. value: money expected. channel: code, -1 for none. units: of the
    channel's room that it takes. discount: money of the discount budget that it takes. The first
    option of each item takes neither.
    """

    item: Ints
    value: Floats
    channel: Ints
    units: Floats
    discount: Floats

    def __post_init__(self) -> None:
        n = len(self.item)
        for name in ("item", "channel"):
            object.__setattr__(self, name, frozen(name, getattr(self, name), (n,), np.int64))
        for name in ("value", "units", "discount"):
            object.__setattr__(self, name, frozen(name, getattr(self, name), (n,), np.float64))
            require(np.isfinite(getattr(self, name)), name, "finite")
        require((self.units >= 0) & (self.discount >= 0), "units and discount", ">= 0")
        steps = np.diff(self.item, prepend=-1)
        require((steps == 0) | (steps == 1), "item", "0, 1, ... in order")
        require((self.use().sum(axis=1) == 0)[steps == 1], "the first option", "free of any use")

    def use(self) -> Floats:
        """What each option takes of every channel up to the last named, and of the budget."""
        channels = int(self.channel.max(initial=-1)) + 1
        out = np.zeros((len(self.item), channels + 1))
        named = np.flatnonzero(self.channel >= 0)
        out[named, self.channel[named]] = self.units[named]
        out[:, -1] = self.discount
        return out


@dataclass(frozen=True)
class Choice:
    """option: (items,) row of the option taken. value: money of all of them. bound: money that no
    choice can exceed. prices: (channels,) money per unit of room, and of the discount budget last.
    """

    option: Ints
    value: float
    bound: float
    prices: Floats


def choose(options: Options, channel_units: Floats, discount_budget: float = np.inf) -> Choice:
    """The options of most money that fit the rooms.

    channel_units: (channels,) units that each channel can take, inf for no limit.
    Raises DataError for an option with a channel beyond them.
    """
    if int(options.channel.max(initial=-1)) >= len(channel_units):
        raise DataError(f"an option names a channel beyond the {len(channel_units)} given")
    if not len(options.item):
        none = np.zeros(len(channel_units) + 1)
        return Choice(np.zeros(0, np.int64), 0.0, 0.0, none)
    use = np.zeros((len(options.item), len(channel_units) + 1))
    narrow = options.use()
    use[:, : narrow.shape[1] - 1], use[:, -1] = narrow[:, :-1], narrow[:, -1]
    room = np.append(np.asarray(channel_units, np.float64), discount_budget)
    problem = _Problem(options, use, room)
    prices, bound = _priced(problem)
    taken = _settled(problem, prices)
    return Choice(taken, float(options.value[taken].sum()), bound, prices)


class _Problem:
    """The options with what they use, (options, rooms), and the rooms, (rooms,)."""

    def __init__(self, options: Options, use: Floats, room: Floats) -> None:
        self.value, self.use, self.room = options.value, use, room
        self.start = np.flatnonzero(np.diff(options.item, prepend=-1))
        self.item = options.item
        self.tight = np.isfinite(room) & (self._most() > room + _SLACK)

    def _most(self) -> Floats:
        """What is used at most when every item takes its hungriest option, (rooms,)."""
        each = np.maximum.reduceat(self.use, self.start, axis=0)
        return np.asarray(each.sum(axis=0))

    def best(self, prices: Floats) -> tuple[Ints, Floats]:
        """Row taken by each item at prices (rooms,), and what each option is worth then."""
        net = self.value - self.use @ prices
        top = np.maximum.reduceat(net, self.start)
        rows = np.flatnonzero(net >= top[self.item])
        return rows[np.diff(self.item[rows], prepend=-1) > 0], net


def _priced(problem: _Problem) -> tuple[Floats, float]:
    """The prices of the least bound, and that bound."""
    prices = np.zeros(len(problem.room))
    tight = np.flatnonzero(problem.tight)
    room = problem.room[tight]
    taken, net = problem.best(prices)
    best, bound = prices, float(net[taken].sum())
    if not len(tight):
        return best, bound
    # Above these prices no option that uses the room is worth its use.
    gain = problem.value - problem.value[problem.start][problem.item]
    use = problem.use[:, tight]
    worth = np.divide(gain[:, None], use, out=np.zeros_like(use), where=use > 0)
    top = np.maximum(worth.max(axis=0), 0.0)
    cuts: list[Floats] = []
    for _ in range(_CUTS):
        slope = room - problem.use[taken][:, tight].sum(axis=0)
        cuts.append(np.append(slope, problem.value[taken].sum()))
        trial, least = _master(np.array(cuts), top)
        prices = np.zeros(len(problem.room))
        prices[tight] = trial
        taken, net = problem.best(prices)
        found = float(net[taken].sum() + trial @ room)
        if found < bound:
            best, bound = prices, found
        if bound - least <= _CLOSE * max(abs(bound), 1.0):
            break
    return best, bound


def _master(cuts: Floats, top: Floats) -> tuple[Floats, float]:
    """Prices in [0, top] of the least maximum of all cuts, and that maximum."""
    from ortools.linear_solver import pywraplp

    solver = pywraplp.Solver.CreateSolver("GLOP")
    prices = [solver.NumVar(0.0, float(most), "") for most in top]
    level = solver.NumVar(-solver.infinity(), solver.infinity(), "")
    for *slope, base in cuts.tolist():
        row = solver.RowConstraint(base, solver.infinity(), "")
        row.SetCoefficient(level, 1.0)
        for price, each in zip(prices, slope, strict=True):
            row.SetCoefficient(price, -each)
    solver.Minimize(level)
    solver.Solve()
    return np.array([price.solution_value() for price in prices]), float(level.solution_value())


def _settled(problem: _Problem, prices: Floats) -> Ints:
    """One option of each item: of most items their best at these prices, of the core the best."""
    taken, net = problem.best(prices)
    if not problem.tight.any():
        return taken
    rival = net.copy()
    rival[taken] = -np.inf
    lead = net[taken] - np.maximum.reduceat(rival, problem.start)
    size = np.diff(np.append(problem.start, len(net)))
    order = np.argsort(lead, kind="stable")
    core = order[: int(np.searchsorted(np.cumsum(size[order]), _CORE, side="right"))]
    rest = np.setdiff1d(np.arange(len(taken)), core)
    fitting = _fitting(problem, taken, rest, net)
    left = problem.room - problem.use[fitting[rest]].sum(axis=0)
    fitting[core] = _exact(problem, core, left)
    return fitting


def _fitting(problem: _Problem, taken: Ints, rest: Ints, net: Floats) -> Ints:
    """The options taken, with those of ``rest`` that fit: the dearest uses go back first."""
    out = taken.copy()
    free = problem.start
    gain = net[taken[rest]] - net[free[rest]]
    order = rest[np.argsort(-gain, kind="stable")]
    running = np.cumsum(problem.use[out[order]], axis=0)
    over = (running > problem.room + _SLACK)[:, problem.tight].any(axis=1)
    out[order[over]] = free[order[over]]
    return out


def _exact(problem: _Problem, core: Ints, left: Floats) -> Ints:
    """Options of the core's items, the best that fit what is left of the rooms."""
    from ortools.sat.python import cp_model

    inside = np.zeros(len(problem.start), np.bool_)
    inside[core] = True
    rows = np.flatnonzero(inside[problem.item])
    model: Any = cp_model.CpModel()
    take = [model.new_bool_var("") for _ in range(len(rows))]
    first = np.flatnonzero(np.diff(problem.item[rows], prepend=-1))
    for a, b in zip(first.tolist(), [*first[1:].tolist(), len(rows)], strict=True):
        model.add_exactly_one(take[a:b])
    for room in np.flatnonzero(problem.tight).tolist():
        use, most = problem.use[rows, room], max(float(left[room]), 0.0)
        scale = _SCALE / max(float(use.max()), most, 1e-9)
        weights = np.ceil(use * scale - 0.5).astype(np.int64).tolist()
        total = cp_model.LinearExpr.weighted_sum(take, weights)
        model.add(total <= int(np.floor(most * scale + len(rows))))
    gain = problem.value[rows] - problem.value[problem.start][problem.item[rows]]
    scale = _SCALE / max(float(np.abs(gain).max()), 1e-12)
    worth = np.rint(gain * scale).astype(np.int64).tolist()
    model.maximize(cp_model.LinearExpr.weighted_sum(take, worth))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_deterministic_time = _EFFORT
    if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return problem.start[np.sort(core)]
    chosen = rows[np.array([solver.boolean_value(variable) for variable in take], np.bool_)]
    return chosen[np.argsort(np.argsort(core, kind="stable"), kind="stable")]
