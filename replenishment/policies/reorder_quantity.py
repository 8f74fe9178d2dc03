"""Reorder point and fixed order quantity of many items, reviewed all the time: (r, Q).

Unmet demand waits. The position after any event is uniform on (r, r + Q], so the long-run cost is
(K d + integral or sum of G over it) / Q, where G(y) is the rate of holding and shortage cost of
position y: h E(y - D)+ + p E(D - y)+ with D the demand of a lead time (Zipkin 2000, chapter 6).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from replenishment.policies.counts import CountDemand
from replenishment.policies.newsvendor import NormalDemand, StockCosts, cost_of_target
from stockwright.arrays import one_each, require

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
ROUNDS = 100


@dataclass(frozen=True)
class QuantityTerms:
    """fixed_cost: (items,) money per order, > 0. demand_rate: (items,) units per time, > 0.
    costs: holding and shortage per unit and time.
    """

    fixed_cost: ArrayLike
    demand_rate: ArrayLike
    costs: StockCosts

    def flow(self, n: int) -> Floats:
        """Fixed cost x demand rate, (items,)."""
        parts = []
        for name in ("fixed_cost", "demand_rate"):
            value = one_each(name, getattr(self, name), n)
            require((value > 0) & np.isfinite(value), name, "> 0")
            parts.append(value)
        return np.asarray(parts[0] * parts[1])


@dataclass(frozen=True)
class ReorderQuantity:
    """reorder_point, quantity: (items,) units. cost: (items,) money per time."""

    reorder_point: NDArray[np.number]
    quantity: NDArray[np.number]
    cost: Floats


def best_reorder_quantity_normal(lead: NormalDemand, terms: QuantityTerms) -> ReorderQuantity:
    """The optimal (r, Q) for normal demand of a lead time (Zheng 1992; Snyder & Shen 2019, section
    5.3 and example 5.6).

    At the optimum G(r) = G(r + Q) = cost. For a level c the two roots of G = c enclose an area
    c Q - integral of G, which grows with slope Q in c; Newton's method finds the c whose area is
    K d.
    """
    n = len(lead)
    flow = terms.flow(n)
    holding = np.broadcast_to(np.asarray(terms.costs.holding), (n,))
    shortage = np.broadcast_to(np.asarray(terms.costs.shortage), (n,))
    middle = lead.quantile(terms.costs.critical_ratio())
    least = cost_of_target(lead, terms.costs, middle)
    level = least + np.sqrt(2 * flow * holding * shortage / (holding + shortage))
    for _ in range(ROUNDS):
        low = _root(lead, terms.costs, level, lead.mean() - level / shortage)
        high = _root(lead, terms.costs, level, lead.mean() + level / holding)
        area = level * (high - low) - _integral(lead, terms.costs, low, high)
        step = (flow - area) / np.maximum(high - low, 1e-300)
        level = np.maximum(level + step, least + 1e-12 * np.abs(step))
        if np.all(np.abs(step) <= 1e-13 * level):
            break
    return ReorderQuantity(low, high - low, reorder_quantity_cost(lead, terms, low, high - low))


def reorder_quantity_cost(
    lead: NormalDemand, terms: QuantityTerms, reorder_point: ArrayLike, quantity: ArrayLike
) -> Floats:
    """Long-run cost per time of any (r, Q), Q > 0, for normal demand (items,)."""
    low, lot = np.asarray(reorder_point, np.float64), np.asarray(quantity, np.float64)
    require(np.atleast_1d(lot) > 0, "quantity", "> 0")
    paid = terms.flow(len(lead)) + _integral(lead, terms.costs, low, low + lot)
    return np.asarray(paid / lot, np.float64)


def _root(lead: NormalDemand, costs: StockCosts, level: Floats, start: Floats) -> Floats:
    """Where G = level, by Newton's method from outside, where G >= level; G is convex."""
    holding, shortage = np.asarray(costs.holding), np.asarray(costs.shortage)
    at = start
    for _ in range(ROUNDS):
        slope = (holding + shortage) * lead.at_most(at) - shortage
        over = cost_of_target(lead, costs, at) - level
        step = np.where(np.abs(slope) > 0, over / np.where(slope == 0, 1.0, slope), 0.0)
        at = at - step
        if np.all(np.abs(step) <= 1e-13 * (np.abs(at) + lead.sd)):
            break
    return np.asarray(at, np.float64)


def _integral(lead: NormalDemand, costs: StockCosts, low: Floats, high: Floats) -> Floats:
    """Integral of G from low to high."""
    holding, shortage = np.asarray(costs.holding), np.asarray(costs.shortage)
    a, b = (low - lead.center) / lead.sd, (high - lead.center) / lead.sd
    left, short = _second_loss(-b) - _second_loss(-a), _second_loss(a) - _second_loss(b)
    return np.asarray(lead.sd**2 * (holding * left + shortage * short), np.float64)


def _second_loss(z: Floats) -> Floats:
    """E[(Z - z)+ ^ 2] / 2 of a standard normal Z (Zipkin 2000, equation C.5.4)."""
    density = np.exp(-z * z / 2) / np.sqrt(2 * np.pi)
    return np.asarray(((z * z + 1) * special.ndtr(-z) - z * density) / 2, np.float64)


def best_reorder_quantity_counts(lead: CountDemand, terms: QuantityTerms) -> ReorderQuantity:
    """The optimal (r, Q) for demand in single whole units, such as Poisson (Federgruen & Zheng
    1992; Snyder & Shen 2019, section 5.4).

    lead: demand of a lead time. The Q cheapest positions stand next to each other, so the best
    cost of each Q is (K d + the sum of the Q least G) / Q.
    """
    n = len(lead)
    flow = terms.flow(n)
    holding = np.broadcast_to(np.asarray(terms.costs.holding), (n,))
    shortage = np.broadcast_to(np.asarray(terms.costs.shortage), (n,))
    start = lead.quantile(terms.costs.critical_ratio())
    least = cost_of_target(lead, terms.costs, start)
    bound = least + np.sqrt(2 * flow * holding * shortage / (holding + shortage)) + holding
    bound = bound + flow / np.maximum(1, np.sqrt(flow / holding))
    low = np.floor(lead.mean() - bound / shortage).astype(np.int64) - 1
    high = np.ceil(lead.mean() + bound / holding).astype(np.int64) + 1
    positions = low[:, None] + np.arange(int((high - low).max()) + 1)
    paid = holding[:, None] * lead.left(positions) + shortage[:, None] * lead.shortage(positions)
    order = np.argsort(paid, axis=1, kind="stable")
    sums = np.cumsum(np.take_along_axis(paid, order, axis=1), axis=1)
    sizes = np.arange(1, positions.shape[1] + 1)
    cost = (flow[:, None] + sums) / sizes
    best = cost.argmin(axis=1)
    chosen = np.arange(positions.shape[1]) <= best[:, None]
    first = np.where(chosen, order, positions.shape[1]).min(axis=1)
    rows = np.arange(n)
    return ReorderQuantity(low + first - 1, best + 1, cost[rows, best])
