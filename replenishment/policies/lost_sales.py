"""One item whose unmet demand is lost: the exact cost of any ordering rule, and of the best one.

State at a close, before ordering: stock on hand and the L orders under way, the first of which
arrives next. An order placed at the close of period t is received at the start of t + 1 + L.
Cost of a period: holding x units left at its close + shortage x units lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from replenishment.policies.averages import AverageParams, Moves, averages_from
from replenishment.policies.counts import CountDemand
from stockwright.errors import ConfigError, DataError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class LostSales:
    """One item: independent demand of a period, lead time L >= 0 periods, holding > 0 per unit
    left at a close, shortage > 0 per unit lost.
    """

    demand: CountDemand
    lead_time: int
    holding: float
    shortage: float

    def __post_init__(self) -> None:
        rules = {
            "demand must be of one item": len(self.demand) == 1,
            "lead_time must be >= 0": self.lead_time >= 0,
            "holding must be > 0": self.holding > 0,
            "shortage must be > 0": self.shortage > 0,
        }
        broken = [rule for rule, kept in rules.items() if not kept]
        if broken:
            raise ConfigError("; ".join(broken))

    @property
    def critical_ratio(self) -> float:
        """p / (p + h)."""
        return self.shortage / (self.shortage + self.holding)


class StockRule(Protocol):
    """Decides an order from the state at a close."""

    def __call__(self, on_hand: Ints, pipeline: Ints) -> NDArray[np.number]:
        """Whole units >= 0 to order, (states,).

        on_hand: (states,) units. pipeline: (states, L) units, column 0 arriving next.
        """


@dataclass(frozen=True)
class LongRun:
    """What a rule costs in the long run, per period.

    cost: money. left, lost: mean units left at a close, and lost. error: half the width of the
    bounds that enclose the cost. states: number of states that can be reached.
    """

    cost: float
    left: float
    lost: float
    error: float
    states: int


def average_cost(
    item: LostSales,
    rule: StockRule,
    merged: bool = True,
    params: AverageParams | None = None,
) -> LongRun:
    """Exact long-run average cost of ``rule`` from an empty start.

    All states that can be reached are enumerated and their chain's average is enclosed by the
    bounds of value iteration (Odoni 1969). The order that arrives next is there before anything
    is sold, so with ``merged`` the rule is shown it as part of the stock on hand (and a 0 in
    column 0); a rule for which the two differ needs ``merged=False``, which has more states.
    Raises DataError for orders that are negative or not whole, or too many states.
    """
    prices = np.array([item.holding, item.shortage])

    def moves(states: Ints) -> Moves:
        orders = _asked(rule, states)
        there = _there(states, orders)
        reward = np.stack([d(there[None])[0] for d in (item.demand.left, item.demand.shortage)], 1)
        origin, entered, chance = _moves(item, states, orders, merged)
        return Moves(origin, entered, chance, np.column_stack([reward @ prices, reward]))

    start = np.zeros(item.lead_time + 1, np.int64)
    low, high, states = averages_from(start, moves, params or AverageParams())
    cost, left, lost = (float(value) for value in (low + high) / 2)
    return LongRun(cost, left, lost, float(high[0] - low[0]) / 2, states)


def _asked(rule: StockRule, states: Ints) -> Ints:
    units = np.asarray(rule(states[:, 0], states[:, 1:]))
    if units.shape != (len(states),):
        raise DataError(f"orders of shape {units.shape}; give one per state, ({len(states)},)")
    whole = np.rint(units).astype(np.int64)
    wrong = (whole < 0) | (np.abs(units - whole) > 1e-9)
    if wrong.any():
        raise DataError(f"orders not whole or negative: {units[wrong][:5]}; round them")
    return whole


def _there(states: Ints, orders: Ints) -> Ints:
    """Units that can be sold in the next period, (states,)."""
    return np.asarray(states[:, 0] + (states[:, 1] if states.shape[1] > 1 else orders), np.int64)


def _moves(item: LostSales, states: Ints, orders: Ints, merged: bool) -> tuple[Ints, Ints, Floats]:
    """All moves of one period: number of the state left, state entered, probability."""
    pmf = item.demand.pmf[0]
    cumulative = np.concatenate([[0.0], np.cumsum(pmf)])
    there = _there(states, orders)
    count = np.minimum(there, len(pmf) - 1) + 1
    origin = np.repeat(np.arange(len(states)), count)
    sold = np.arange(len(origin)) - np.repeat(np.cumsum(count) - count, count)
    sold_out = sold == there[origin]
    chance = np.where(sold_out, 1 - cumulative[sold], pmf[sold])
    under_way = np.column_stack([states[:, 1:], orders])[:, 1:]
    entered = np.column_stack([there[origin] - sold, under_way[origin]])
    if merged and entered.shape[1] > 1:
        entered[:, 0] += entered[:, 1]
        entered[:, 1] = 0
    return origin, entered, np.maximum(chance, 0.0)
