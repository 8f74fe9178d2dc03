"""Random problems of joint ordering: lines with convex costs under limits and supplier minima.

Each line has a normal demand, whose quantiles are the knots of its cost, a margin and a holding
cost; an MOQ and packs; a supplier, and a place and period in which it arrives.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from replenishment.limits.minima import Minima
from replenishment.limits.prices import Limit
from replenishment.needs.curves import CostCurves
from replenishment.needs.find import Needs
from replenishment.wishes.lots import LotTerms, Worth

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Size:
    """lines, suppliers, places and arrival periods; mean: of the median demand in units."""

    lines: int
    suppliers: int
    places: int
    periods: int
    mean: float
    knots: int = 8


@dataclass(frozen=True)
class Problem:
    """worth, limits and minima of the lines; cost: (lines,) money per unit."""

    worth: Worth
    limits: list[Limit]
    minima: Minima
    cost: Floats


def random_curves(mean: Floats, sd: Floats, margin: Floats, hold: Floats, knots: int) -> CostCurves:
    """Newsvendor costs of normal demand, its quantiles as knots."""
    level = (np.arange(knots) + 0.5) / knots
    points = np.maximum(mean[:, None] + sd[:, None] * ndtri(level), 0.0)
    return CostCurves.from_thresholds(points[:, None, :], hold[:, None], margin)


def random_problem(
    size: Size, rng: np.random.Generator, tightness: tuple[float, float] = (0.4, 0.8)
) -> Problem:
    """A budget of a share of what all lines want, drawn from ``tightness``; minima that some
    suppliers meet at once.
    """
    n, m = size.lines, size.suppliers
    demand = np.exp(rng.normal(np.log(size.mean), 0.7, n))
    cost = np.round(np.exp(rng.normal(2.0, 0.8, n)), 2) + 0.01
    margin, hold = cost * rng.uniform(0.2, 1.2, n), cost * rng.uniform(0.005, 0.05, n)
    curves = random_curves(demand, demand * rng.uniform(0.2, 0.6, n), margin, hold, size.knots)
    nothing = np.zeros(n)
    lost = curves.cost(nothing) / margin
    needs = Needs(
        curves=curves, loss=curves, quantity=curves.cheapest(), order_up_to=curves.cheapest(),
        level=nothing, shortage=margin, holding=hold, loss_cost=margin, at_arrival=nothing,
        lost_before=nothing, lost=lost, demand=demand, settled=nothing,
        kept_back=nothing, share=np.ones(n),
    )  # fmt: skip
    lot = rng.choice([1.0, 1.0, 2.0, 6.0], n)
    moq = np.where(rng.random(n) < 0.5, rng.uniform(0, 0.8, n) * demand, 0.0)
    worth = Worth(needs, LotTerms.of(moq, lot, np.full(n, 1e12), cost, np.full(n, 7.0), np.ones(n)))
    wanted = worth.best()
    supplier = rng.integers(0, m, n)
    value = np.bincount(supplier, wanted * cost, m)
    floor = np.where(rng.random(m) < 0.7, np.round(value * rng.uniform(0.3, 1.3, m), 2), 0.0)
    fee = np.round(0.1 * np.bincount(supplier, worth.of(wanted), m) * rng.random(m), 2)
    units = np.where(rng.random(m) < 0.3, np.round(np.bincount(supplier, wanted, m) * 0.8), 0.0)
    limits = _limits(size, wanted, cost, rng, tightness)
    return Problem(worth, limits, Minima(supplier, cost, floor, units, fee), cost)


def _limits(
    size: Size,
    wanted: Floats,
    cost: Floats,
    rng: np.random.Generator,
    tightness: tuple[float, float],
) -> list[Limit]:
    """A budget, and the units that each place can receive in each period."""
    groups = size.places * size.periods
    group = rng.integers(0, groups, len(wanted))
    used = np.bincount(group, wanted, groups)
    room = np.round(used * rng.uniform(tightness[0] + 0.1, tightness[1] + 0.4, groups))
    budget = np.array([round(float((wanted * cost).sum() * rng.uniform(*tightness)), 2)])
    return [
        Limit("BUDGET", np.zeros(len(wanted), np.int64), cost, budget),
        Limit("CAPACITY", group, np.ones(len(wanted)), room),
    ]
