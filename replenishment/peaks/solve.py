"""A build-up solved: prices, the programme around the margin, whole packs, and a proven gap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from replenishment.peaks.exact import better_packs
from replenishment.peaks.packs import best_multiple, in_packs
from replenishment.peaks.prices import Priced, evaluate, find_prices
from replenishment.peaks.problem import BuildUp
from replenishment.peaks.program import solve_program
from stockwright.errors import ConfigError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class PeakParams:
    """steps: most quasi-Newton steps per softness, >= 1. core: rows that the linear programme
    weighs, >= 1; a problem with no more rows is solved exactly before packs.
    lots: a problem with no more lots is settled by CP-SAT, >= 0. effort: its deterministic time,
    > 0, a measure of work and not of the clock.
    """

    steps: int = 60
    core: int = 1000
    lots: int = 400
    effort: float = 4.0

    def __post_init__(self) -> None:
        if min(self.steps, self.core) < 1:
            raise ConfigError("steps and core must be >= 1")
        if self.lots < 0 or not self.effort > 0:
            raise ConfigError("lots must be >= 0 and effort > 0")


@dataclass(frozen=True)
class BuildUpPlan:
    """units: (rows, weeks) whole packs that arrive. prices: per limit, money per use.

    cost: expected cost of the plan. bound: no plan in whole packs costs less. unbuilt: expected
    cost of building nothing.
    """

    units: Floats
    prices: list[Floats]
    cost: float
    bound: float
    unbuilt: float

    @property
    def gap(self) -> float:
        """Distance to the bound as a share of it."""
        return (self.cost - self.bound) / max(abs(self.bound), 1e-12)

    @property
    def missed_share(self) -> float:
        """Distance to the bound as a share of what building up saves at best."""
        return (self.cost - self.bound) / max(self.unbuilt - self.bound, 1e-12)

    def multiple(self, ordinary: Floats) -> Floats:
        """Units built up over ``ordinary`` demand (rows,), NaN where there is none."""
        built = self.units.sum(axis=1)
        out = np.full(len(built), np.nan)
        return np.asarray(np.divide(built, ordinary, out=out, where=ordinary > 0), np.float64)


def plan_build_up(problem: BuildUp, params: PeakParams | None = None) -> BuildUpPlan:
    """Whole packs to arrive by row and week, near the cheapest plan, within all limits."""
    params = params or PeakParams()
    priced = find_prices(problem, params.steps)
    units, prices = _around_margin(problem, priced, params.core)
    again = evaluate(problem, prices)
    best = again if again.bound > priced.bound else priced
    whole = in_packs(problem, units, best.charge)
    whole = better_packs(problem, whole, params.lots, params.effort)
    nothing = problem.cost(np.zeros_like(units))
    bound = max(best.bound, bound_in_packs(problem, best))
    return BuildUpPlan(whole, best.prices, problem.cost(whole), bound, nothing)


def bound_in_packs(problem: BuildUp, priced: Priced) -> float:
    """The bound of the same prices when every row takes whole packs only: nearer the truth."""
    least = priced.charge.min(axis=1, initial=np.inf)
    price = np.where(np.isfinite(least), least, 0.0)
    whole = best_multiple(problem, priced.units, least)
    more = problem.expected(whole) - problem.expected(priced.units)
    more += price * (whole - priced.units)
    return priced.bound + float(np.maximum(more, 0.0).sum())


def _around_margin(problem: BuildUp, priced: Priced, core: int) -> tuple[Floats, list[Floats]]:
    """Units with the rows in the balance settled by the programme, and the programme's prices."""
    n = len(problem)
    settled = np.zeros((n, problem.weeks))
    settled[np.arange(n), priced.charge.argmin(axis=1)] = priced.units
    if n <= core:
        used = [np.zeros(limit.room.shape) for limit in problem.limits]
        solved = solve_program(problem, used)
        return solved.units, solved.prices
    few = np.sort(_core(problem, priced, settled, core))
    units = settled.copy()
    units[few] = 0.0
    used = [problem.use(limit, units) for limit in problem.limits]
    solved = solve_program(problem.take(few), used, priced.units[few])
    units[few] = solved.units
    return units, solved.prices


def _core(problem: BuildUp, priced: Priced, settled: Floats, core: int) -> Ints:
    """The rows nearest to deciding otherwise, and of every broken limit as many as break it."""
    margin = _margin(problem, priced)
    order = np.argsort(margin, kind="stable")
    chosen = np.zeros(len(problem), np.bool_)
    chosen[order[:core]] = True
    for limit in problem.limits:
        left = np.where(chosen[:, None], 0.0, settled)
        over = problem.use(limit, left) - limit.room
        for group, week in np.argwhere(over > 0).tolist():
            rows = order[(limit.group[order] == group) & ~chosen[order]]
            few = problem.take(rows)
            spread = few.spread(limit.span, settled[rows])[:, week] * limit.weight[rows]
            excess = spread.sum() - limit.room[group, week]
            if excess > 0:
                gone = int(np.searchsorted(np.cumsum(spread), excess)) + 1
                chosen[rows[:gone][spread[:gone] > 0]] = True
    return np.flatnonzero(chosen)


def _margin(problem: BuildUp, priced: Priced) -> Floats:
    """How far each row is from deciding otherwise, in money per unit, (rows,).

    Rows that may choose among nearly equal weeks stand first, rows that buy nothing last.
    """
    two = np.partition(priced.charge, 1, axis=1)[:, :2] if problem.weeks > 1 else priced.charge
    least = two[:, 0]
    buys = np.isfinite(least) & (least < problem.shortage)
    second = two[:, -1] if problem.weeks > 1 else np.full(len(two), np.inf)
    with np.errstate(invalid="ignore"):
        apart = np.where(np.isfinite(second), second - least, np.inf)
    return np.where(buys, apart, np.inf)
