"""Economic order quantities of many items at once: one rate of demand, no uncertainty.

All arguments and results are arrays (items,); a single number stands for all items. Rates and
costs share one unit of time. Raises DataError for values out of range.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stockwright.arrays import one_each, require
from stockwright.errors import DataError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LotTerms:
    """fixed_cost: money per order, > 0. holding_cost: money per unit and time, > 0.
    demand_rate: units per time, > 0.
    """

    fixed_cost: Floats
    holding_cost: Floats
    demand_rate: Floats

    def __post_init__(self) -> None:
        values = {f.name: np.atleast_1d(np.asarray(getattr(self, f.name))) for f in fields(self)}
        n = max(len(value) for value in values.values())
        for name, value in values.items():
            checked = one_each(name, value, n)
            require((checked > 0) & np.isfinite(checked), name, "> 0")
            object.__setattr__(self, name, checked)

    def __len__(self) -> int:
        return len(self.fixed_cost)


@dataclass(frozen=True)
class LotSize:
    """quantity: (items,) units per order. cost: (items,) money per time."""

    quantity: Floats
    cost: Floats


@dataclass(frozen=True)
class BackorderedLot(LotSize):
    """stockout_share: (items,) share of the demand that waits."""

    stockout_share: Floats


def economic_order_quantity(terms: LotTerms) -> LotSize:
    """EOQ (Harris 1913; Snyder & Shen 2019, equations 3.4 and 3.5)."""
    flow = 2 * terms.fixed_cost * terms.demand_rate
    return LotSize(np.sqrt(flow / terms.holding_cost), np.sqrt(flow * terms.holding_cost))


def with_planned_backorders(terms: LotTerms, backorder_cost: ArrayLike) -> BackorderedLot:
    """EOQ where demand may wait at ``backorder_cost`` > 0 per unit and time (Snyder & Shen 2019,
    section 3.5).
    """
    price = one_each("backorder_cost", backorder_cost, len(terms))
    require(price > 0, "backorder_cost", "> 0")
    share = terms.holding_cost / (terms.holding_cost + price)
    plain = economic_order_quantity(terms)
    served = np.sqrt(1 - share)
    return BackorderedLot(plain.quantity / served, plain.cost * served, share)


def with_production_rate(terms: LotTerms, production_rate: ArrayLike) -> LotSize:
    """Economic production quantity: a lot comes in at ``production_rate`` > demand (Taft 1918;
    Snyder & Shen 2019, section 3.6).
    """
    rate = one_each("production_rate", production_rate, len(terms))
    require(rate > terms.demand_rate, "production_rate", "> demand_rate")
    kept = np.sqrt(1 - terms.demand_rate / rate)
    plain = economic_order_quantity(terms)
    return LotSize(plain.quantity / kept, plain.cost * kept)


@dataclass(frozen=True)
class PriceSteps:
    """Unit cost by size of the order.

    breakpoints: (items, steps) units from which a step holds, rising from 0; inf for no such
    step. unit_costs: (items, steps), > 0 and not rising, one row for all items allowed.
    """

    breakpoints: Floats
    unit_costs: Floats

    def __post_init__(self) -> None:
        units = np.atleast_2d(np.asarray(self.breakpoints, np.float64))
        costs = np.atleast_2d(np.asarray(self.unit_costs, np.float64))
        if units.shape[1] != costs.shape[1]:
            raise DataError(f"{units.shape[1]} breakpoints, {costs.shape[1]} unit costs; give one "
                            "unit cost from each breakpoint on")  # fmt: skip
        units, costs = np.broadcast_arrays(units, costs)
        require(units[:, 0] == 0, "first breakpoints", "0")
        real = np.isfinite(units)
        rising = np.diff(np.where(real, units, 0.0), axis=1) > 0
        require(rising | ~real[:, 1:], "breakpoints", "rising")
        require(real[:, :-1] | ~real[:, 1:], "breakpoints", "finite before the last step")
        require((costs > 0) | ~real, "unit_costs", "> 0")
        require((np.diff(costs, axis=1) <= 0) | ~real[:, 1:], "unit_costs", "not rising")
        object.__setattr__(self, "breakpoints", units)
        object.__setattr__(self, "unit_costs", costs)

    def ends(self) -> Floats:
        """Units at which each step ends, (items, steps); inf for the last."""
        last = np.full((len(self.breakpoints), 1), np.inf)
        return np.concatenate([self.breakpoints[:, 1:], last], axis=1)

    def surcharges(self) -> Floats:
        """Incremental discounts: what an order of each step costs beyond unit cost x units,
        (items, steps); 0 for the first (Snyder & Shen 2019, equation 3.21).
        """
        units = np.where(np.isfinite(self.breakpoints), self.breakpoints, 0.0)
        saved = -np.diff(self.unit_costs, axis=1) * units[:, 1:]
        return np.concatenate([np.zeros((len(units), 1)), np.cumsum(saved, axis=1)], axis=1)


def with_all_units_discount(
    fixed_cost: ArrayLike, holding_rate: ArrayLike, demand_rate: ArrayLike, steps: PriceSteps
) -> LotSize:
    """EOQ where the step that an order reaches prices all its units (Snyder & Shen 2019, section
    3.4). holding_rate: share of the unit cost per time. cost includes the purchases.
    """
    return _discounted(fixed_cost, holding_rate, demand_rate, steps, 0.0 * steps.unit_costs)


def with_incremental_discount(
    fixed_cost: ArrayLike, holding_rate: ArrayLike, demand_rate: ArrayLike, steps: PriceSteps
) -> LotSize:
    """EOQ where each step prices the units above its breakpoint only (Snyder & Shen 2019, section
    3.4). holding_rate: share of the unit cost per time. cost includes the purchases.
    """
    return _discounted(fixed_cost, holding_rate, demand_rate, steps, steps.surcharges())


def _discounted(
    fixed_cost: ArrayLike,
    holding_rate: ArrayLike,
    demand_rate: ArrayLike,
    steps: PriceSteps,
    surcharge: Floats,
) -> LotSize:
    """The best quantity within each step, and of those the cheapest."""
    given = LotTerms(fixed_cost, holding_rate, demand_rate)  # type: ignore[arg-type]
    fixed, rate, demand = (
        getattr(given, f.name)[:, None] for f in fields(given)
    )  # (items, 1) each
    carried = rate * steps.unit_costs
    free = np.sqrt(2 * (fixed + surcharge) * demand / carried)
    exists = np.isfinite(steps.breakpoints)
    quantity = np.clip(free, np.where(exists, steps.breakpoints, 0.0), steps.ends())
    cost = (
        steps.unit_costs * demand
        + (fixed + surcharge) * demand / quantity
        + carried * quantity / 2
        + rate * surcharge / 2
    )
    best = np.where(exists, cost, np.inf).argmin(axis=1)[:, None]
    picked = (np.take_along_axis(x, best, axis=1)[:, 0] for x in (quantity, cost))
    return LotSize(*picked)
