"""Lot sizes for demand that is known and changes over time, of many items at once.

An order of a period serves that period too; holding is paid per unit left at a period's end. All
loops run over periods, never over items.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from stockwright.arrays import require
from stockwright.errors import DataError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class KnownDemand:
    """demand: (items, periods) units >= 0. fixed_cost: per order, >= 0. holding_cost: per unit
    and period, > 0. unit_cost: per unit, >= 0. Costs are numbers, (items, 1), (1, periods) or
    (items, periods).
    """

    demand: Floats
    fixed_cost: Floats
    holding_cost: Floats
    unit_cost: Floats | float = 0.0

    def __post_init__(self) -> None:
        demand = np.atleast_2d(np.asarray(self.demand, np.float64))
        for each in fields(self):
            value = np.asarray(getattr(self, each.name), np.float64)
            try:
                full = np.broadcast_to(value, demand.shape)
            except ValueError:
                raise DataError(f"{each.name} has shape {value.shape}; give one that fits "
                                f"{demand.shape}") from None  # fmt: skip
            require(np.isfinite(full) & (full >= 0), each.name, "finite and >= 0")
            object.__setattr__(self, each.name, full)
        require(np.asarray(self.holding_cost) > 0, "holding_cost", "> 0")


@dataclass(frozen=True)
class LotPlan:
    """orders: (items, periods) units. cost: (items,) fixed, holding and unit costs together."""

    orders: Floats
    cost: Floats


def plan_cost(given: KnownDemand, orders: Floats) -> Floats:
    """What ``orders`` (items, periods) cost, (items,); inf where they leave demand unserved."""
    left = np.cumsum(orders - given.demand, axis=1)
    money = given.fixed_cost * (orders > 0) + given.unit_cost * orders
    total = (money + given.holding_cost * left).sum(axis=1)
    scale = 1e-9 * (1 + given.demand.sum(axis=1))
    return np.where((left >= -scale[:, None]).all(axis=1), total, np.inf)


def wagner_whitin(given: KnownDemand) -> LotPlan:
    """The cheapest plan of all (Wagner & Whitin 1958; Snyder & Shen 2019, section 3.7).

    From each period on, the best last period that its order serves; equal costs go to the shorter
    order. Holding prices must not tempt to order earlier than needed for nothing: they are > 0.
    """
    items, periods = given.demand.shape
    paid = np.cumsum(np.asarray(given.holding_cost), axis=1)
    until = np.concatenate([np.zeros((items, 1)), paid[:, :-1]], axis=1)
    units = np.concatenate([np.zeros((items, 1)), np.cumsum(given.demand, axis=1)], axis=1)
    carried = np.cumsum(given.demand * until, axis=1)
    carried = np.concatenate([np.zeros((items, 1)), carried], axis=1)
    cost = np.zeros((items, periods + 1))
    follows = np.zeros((items, periods), np.int64)
    fixed, unit = np.asarray(given.fixed_cost), np.asarray(given.unit_cost)
    for start in range(periods - 1, -1, -1):
        served = units[:, start + 1 :] - units[:, start, None]
        held = carried[:, start + 1 :] - carried[:, start, None]
        held = held - until[:, start, None] * served + unit[:, start, None] * served
        total = fixed[:, start, None] * (served > 0) + held + cost[:, start + 1 :]
        total[:, 0] = np.where(given.demand[:, start] > 0, total[:, 0], cost[:, start + 1])
        best = total.argmin(axis=1)
        cost[:, start] = total[np.arange(items), best]
        follows[:, start] = start + 1 + best
    return LotPlan(_followed(given.demand, units, follows), cost[:, 0])


def _followed(demand: Floats, units: Floats, follows: Ints) -> Floats:
    """Orders of the plan in which an order of period t serves up to ``follows``[t]."""
    rows = np.arange(len(demand))
    orders, following = np.zeros(demand.shape), np.zeros(len(demand), np.int64)
    for period in range(demand.shape[1]):
        due = following == period
        end = follows[:, period]
        amount = units[rows, end] - units[:, period]
        orders[:, period] = np.where(due, amount, 0.0)
        following = np.where(due, end, following)
    return orders


def silver_meal(given: KnownDemand) -> LotPlan:
    """Each order is extended while its mean cost per period falls (Silver & Meal 1973).

    Costs may differ by item and period; unit costs do not enter the choice.
    """
    items, periods = given.demand.shape
    orders, start = np.zeros(given.demand.shape), np.full(items, -1)
    spent, carry = np.zeros(items), np.zeros(items)
    rows, fixed = np.arange(items), np.asarray(given.fixed_cost)
    for period in range(periods):
        needed = given.demand[:, period]
        longer = spent + carry * needed
        span = period - start
        extended = (start >= 0) & (longer * span <= spent * (span + 1))
        fresh = ~extended & (needed > 0)
        start = np.where(extended, start, np.where(fresh, period, -1))
        spent = np.where(extended, longer, fixed[:, period])
        carry = np.where(extended, carry, 0.0) + np.asarray(given.holding_cost)[:, period]
        orders[rows, np.where(start >= 0, start, period)] += needed
    return LotPlan(orders, plan_cost(given, orders))


@dataclass(frozen=True)
class BuildUp:
    """production: (items, periods) units. short: (items,) units for which there is no capacity
    early enough, 0 where the plan is feasible.
    """

    production: Floats
    short: Floats


def latest_build_up(demand: Floats, capacity: Floats | float) -> BuildUp:
    """Make every unit as late as capacity allows, which holds the least stock.

    demand: (items, periods) >= 0. capacity: units per period >= 0, a number or an array that fits
    demand. Working back from the end, what a period cannot make is moved one period ahead
    (Snyder & Shen 2019, section 3.7, for known demand; the lot-shifting of capacitated lot
    sizing, Silver, Pyke & Thomas 2017, chapter 5).
    """
    needed = np.atleast_2d(np.asarray(demand, np.float64))
    room = np.broadcast_to(np.asarray(capacity, np.float64), needed.shape)
    require(needed >= 0, "demand", ">= 0")
    require(room >= 0, "capacity", ">= 0")
    made, ahead = np.zeros(needed.shape), np.zeros(len(needed))
    for period in range(needed.shape[1] - 1, -1, -1):
        wanted = needed[:, period] + ahead
        made[:, period] = np.minimum(wanted, room[:, period])
        ahead = wanted - made[:, period]
    return BuildUp(made, ahead)
