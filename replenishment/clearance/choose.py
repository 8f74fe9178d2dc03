"""Which act for which item, when acts share channels and a discount budget.

Every item takes one of its options; an option uses units of at most one channel and discount money
(the multiple-choice knapsack with several constraints: Kellerer, Pferschy & Pisinger 2004, chapter
11). At prices of the shared rooms each item takes what is worth most after paying them; the prices
that make the bound least come from cutting planes (Kelley 1960). What fits of that is filled up
with the options that gain most for the room they take. An item whose best option leads by a wide
margin then keeps it, and the others, the core (Balas & Zemel 1980), are solved as an integer
program. Small problems fit it whole, so their choice is the optimum.
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
# Options of the cores that the integer program is given, and its effort in deterministic seconds;
# the share of the bound that is worth no core but the whole problem.
_CORES, _NEAR = ((1000, 0.5), (4000, 1.0)), 1e-5
# Passes that fill up the rooms.
_FILLS = 20
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
    # What no room has space for cannot be taken, and would only blur the prices of the rooms.
    rows = np.flatnonzero((use <= room + _SLACK).all(axis=1))
    problem = _Problem(options.item[rows], options.value[rows], use[rows], room)
    prices, bound = _priced(problem)
    taken = rows[_settled(problem, prices, bound)]
    return Choice(taken, float(options.value[taken].sum()), bound, prices)


class _Problem:
    """The options with what they use, (options, rooms), and the rooms, (rooms,)."""

    def __init__(self, item: Ints, value: Floats, use: Floats, room: Floats) -> None:
        self.item, self.value, self.use, self.room = item, value, use, room
        self.start = np.flatnonzero(np.diff(item, prepend=-1))
        self.tight = np.isfinite(room) & (self._most() > room + _SLACK)

    def worth(self, taken: Ints) -> float:
        """Money of the rows taken."""
        return float(self.value[taken].sum())

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


def _settled(problem: _Problem, prices: Floats, bound: float) -> Ints:
    """One option of each item: what fits at these prices, and of ever larger cores the best."""
    taken, net = problem.best(prices)
    if not problem.tight.any():
        return taken
    rival = net.copy()
    rival[taken] = -np.inf
    lead = net[taken] - np.maximum.reduceat(rival, problem.start)
    size = np.diff(np.append(problem.start, len(net)))
    order = np.argsort(lead, kind="stable")
    best = _filled(problem, _fitting(problem, taken, net), prices)
    for most, effort in _CORES:
        core = order[: int(np.searchsorted(np.cumsum(size[order]), most, side="right"))]
        inside = np.zeros(len(taken), np.bool_)
        inside[core] = True
        if not inside.all() and bound - problem.worth(best) <= _NEAR * abs(bound):
            continue
        rest = _fitting(problem, np.where(inside, problem.start, taken), net)
        found = _exact(problem, inside, _filled(problem, rest, prices, inside), effort)
        found = _filled(problem, found, prices)
        best = max(best, found, key=problem.worth)
        if inside.all():
            break
    return best


def _fitting(problem: _Problem, taken: Ints, net: Floats) -> Ints:
    """The options taken that fit: those of the least gain for their uses go back first."""
    out, free = taken.copy(), problem.start
    order = np.argsort(net[free] - net[taken], kind="stable")
    running = np.cumsum(problem.use[out[order]], axis=0)
    over = (running > problem.room + _SLACK)[:, problem.tight].any(axis=1)
    out[order[over]] = free[order[over]]
    return out


def _filled(problem: _Problem, taken: Ints, prices: Floats, among: Bools | None = None) -> Ints:
    """The options taken, but for better ones that the rooms still have space for, best first;
    only of the items ``among``."""
    open_to = True if among is None else among[problem.item]
    out = taken.copy()
    # A room that costs nothing still fills up: a trace of its scale tells equals apart.
    trace = np.abs(problem.value).max() * 1e-9 / np.maximum(problem.room, 1.0)
    cost = np.where(problem.tight, np.maximum(prices, trace), 0.0)
    for _ in range(_FILLS):
        own = out[problem.item]
        left = problem.room - problem.use[out].sum(axis=0)
        more = np.maximum(problem.use - problem.use[own], 0.0)
        gain = problem.value - problem.value[own]
        fits = open_to & (gain > 0) & (more <= left + _SLACK)[:, problem.tight].all(axis=1)
        paid = more @ cost
        rate = np.divide(gain, paid, out=np.full(len(gain), np.inf), where=paid > 0)
        rate[~fits] = -np.inf
        top = np.maximum.reduceat(rate, problem.start)
        rows = np.flatnonzero(fits & (rate >= top[problem.item]))
        rows = rows[np.diff(problem.item[rows], prepend=-1) > 0]
        if not len(rows):
            break
        rows = rows[np.argsort(-rate[rows], kind="stable")]
        over = (np.cumsum(more[rows], axis=0) > left + _SLACK)[:, problem.tight].any(axis=1)
        out[problem.item[rows[~over]]] = rows[~over]
    return out


def _exact(problem: _Problem, inside: Bools, taken: Ints, effort: float) -> Ints:
    """The options taken, with those of the items ``inside`` that are worth most in the room that
    the others leave."""
    from ortools.sat.python import cp_model

    rows = np.flatnonzero(inside[problem.item])
    left = problem.room - problem.use[taken[~inside]].sum(axis=0)
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
    for variable, known in zip(take, (rows == taken[problem.item[rows]]).tolist(), strict=True):
        model.add_hint(variable, known)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_deterministic_time = effort
    if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return taken
    chosen = rows[np.array([solver.boolean_value(variable) for variable in take], np.bool_)]
    out = taken.copy()
    out[inside] = chosen
    return out
