"""One item with a slow regular and a fast, dearer supplier; unmet demand waits.

At each close both are ordered from. An order with lead time l is received l + 1 periods later.
Costs per period: purchases, holding per unit left and backorder per unit owed at its close.
What arrives no later than an express order placed now is one number, the express position
(Veeraraghavan & Scheller-Wolf 2008, section 2); the later regular orders are the rest of the
state, one number each.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from replenishment.policies.averages import AverageParams, Moves, averages_from, enclosed
from replenishment.policies.counts import CountDemand
from stockwright.errors import ConfigError, DataError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
CELLS = 60_000_000


@dataclass(frozen=True)
class DualSourcing:
    """demand: of one period, one item. Unit costs >= 0, holding and backorder > 0; lead times in
    periods, the regular one longer than the expedited one, which is >= 0.
    """

    demand: CountDemand
    regular_cost: float
    expedited_cost: float
    holding: float
    backorder: float
    regular_lead_time: int
    expedited_lead_time: int = 0

    def __post_init__(self) -> None:
        rules = {
            "demand must be of one item": len(self.demand) == 1,
            "regular_cost and expedited_cost must be >= 0": self.regular_cost >= 0
            and self.expedited_cost >= 0,
            "holding and backorder must be > 0": self.holding > 0 and self.backorder > 0,
            "lead times must be 0 <= expedited < regular": 0
            <= self.expedited_lead_time
            < self.regular_lead_time,
        }
        broken = [rule for rule, kept in rules.items() if not kept]
        if broken:
            raise ConfigError("; ".join(broken))

    @property
    def gap(self) -> int:
        """Periods by which a regular order is later than an expedited one, >= 1."""
        return self.regular_lead_time - self.expedited_lead_time

    def until_express(self) -> CountDemand:
        """Demand until the close of the period in which an express order arrives."""
        return self.demand.total(self.expedited_lead_time + 1)

    def close_cost(self, position: Ints) -> Floats:
        """Expected holding and backorder cost at that close of an express position, any shape."""
        until, flat = self.until_express(), position.reshape(1, -1)
        cost = self.holding * until.left(flat) + self.backorder * until.shortage(flat)
        return np.asarray(cost.reshape(position.shape))


@dataclass(frozen=True)
class DualIndex:
    """Raise the express position to ``express_target``, then all on order to ``regular_target``.

    cost: long-run average per period. expedited_share: share of the units that come by express.
    """

    express_target: int
    regular_target: int
    cost: float
    expedited_share: float


def dual_index(item: DualSourcing, params: AverageParams | None = None) -> DualIndex:
    """The best dual-index policy (Veeraraghavan & Scheller-Wolf 2008, section 3).

    What stands above the express target (the overshoot) and what is bought from whom depend on
    the difference of the targets alone; for each difference its exact long-run spread is found,
    and the express target is then a newsvendor's quantile. All differences up to that of regular
    supply alone are tried.
    """
    given = params or AverageParams()
    top = int(item.demand.total(item.gap).quantile(0.999999)[0])
    return min((_of_difference(item, d, given) for d in range(top + 1)), key=lambda it: it.cost)


def _of_difference(item: DualSourcing, difference: int, params: AverageParams) -> DualIndex:
    """The best policy with one difference of targets; state: overshoot and later regular orders."""
    pmf = item.demand.pmf[0]
    sizes = np.flatnonzero(pmf > 0)

    def moves(states: Ints) -> Moves:
        demand = np.tile(sizes, len(states))
        origin = np.repeat(np.arange(len(states)), len(sizes))
        position = states[origin, 0] + states[origin, 1] - demand
        express = np.maximum(-position, 0)
        entered = np.column_stack([np.maximum(position, 0), states[origin, 2:], demand - express])
        bought = np.bincount(origin, express * pmf[demand], minlength=len(states))
        over = states[:, :1] == np.arange(difference + 1)
        return Moves(origin, entered, pmf[demand], np.column_stack([over, bought]).astype(float))

    start = np.zeros(item.gap + 1, np.int64)
    start[0] = difference
    low, high, _ = averages_from(start, moves, params)
    *overshoot, express = (low + high) / 2
    base = int(item.until_express().quantile(item.backorder / (item.backorder + item.holding))[0])
    reach = np.arange(base - difference, base + 1)
    costs = item.close_cost(reach[:, None] + np.arange(difference + 1)) @ np.array(overshoot)
    mean = float(item.demand.mean()[0])
    purchases = item.regular_cost * (mean - express) + item.expedited_cost * express
    best = int(costs.argmin())
    target = int(reach[best])
    share = float(express / mean) if mean > 0 else 0.0
    return DualIndex(target, target + difference, float(costs[best] + purchases), share)


@dataclass(frozen=True)
class DualOptimum:
    """cost: long-run average per period of the best policy of all. error: half the width of the
    bounds that enclose it.
    """

    cost: float
    error: float


def dual_optimum(
    item: DualSourcing, slack: int = 0, params: AverageParams | None = None
) -> DualOptimum:
    """The least long-run cost of any policy, by value iteration for small items.

    Purchases are counted as the price of expediting over the regular cost of all demand. Regular
    orders are at most the largest demand, express positions between what the dearest supply would
    keep and what the cheapest would; ``slack`` units are added to these bounds on each side.
    Raises DataError when the box of states is too large.
    """
    pmf, gap = item.demand.pmf[0], item.gap
    wide = len(pmf) + slack
    ratio = item.backorder / (item.backorder + item.holding)
    highest = int(item.demand.total(item.regular_lead_time + 1).quantile(ratio)[0]) + wide + slack
    lowest = -len(pmf) * (gap + 1) - slack
    stock = np.arange(lowest, highest + 1)
    if len(stock) * wide**gap > CELLS:
        raise DataError(f"{len(stock) * wide**gap} states and orders; the item is too large")
    moves = _falls(pmf, len(stock), wide)
    box = (len(stock), *[wide] * (gap - 1))
    flat = (-1, *[1] * (gap - 1))
    paid = item.close_cost(stock).reshape(flat)
    extra = item.expedited_cost * stock.reshape(flat)
    regular = item.regular_cost * np.arange(wide)

    def step(value: Floats) -> Floats:
        later = (moves @ value.reshape(len(stock), -1)).reshape(*box, wide)
        raised = extra + paid + (later + regular).min(axis=-1)
        cheapest = np.minimum.accumulate(raised[::-1], axis=0)[::-1]
        return np.asarray(cheapest - extra, np.float64)

    everywhere = np.ones(box, np.bool_)
    low, high, _ = enclosed(step, np.zeros(box), everywhere, params or AverageParams())
    return DualOptimum(float(low + high) / 2, float(high - low) / 2)


def _falls(pmf: Floats, size: int, wide: int) -> Floats:
    """Chance that express position z and an arrival a next make position z - demand + a, held
    inside the range of positions: (z, a) rows, columns of the position entered.
    """
    moves = np.zeros((size, wide, size))
    z, arrival = np.arange(size)[:, None], np.arange(wide)
    for demand, chance in enumerate(pmf):
        entered = np.clip(z - demand + arrival, 0, size - 1)
        np.add.at(moves, (z, arrival, entered), chance)
    return moves.reshape(size * wide, size)
