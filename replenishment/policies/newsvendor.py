"""Targets of many items under random demand: by money, by cycle service, by fill rate.

Demand is normal (``NormalDemand``) or in whole units (``CountDemand``); for whole units targets
are whole. The demand handed in is that of the protection interval.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from replenishment.policies.counts import CountDemand
from stockwright.arrays import one_each, require

Floats = NDArray[np.float64]


class Demand(Protocol):
    """Demand totals, one per item."""

    def __len__(self) -> int: ...

    def mean(self) -> Floats:
        """Mean, (items,)."""

    def quantile(self, level: ArrayLike) -> NDArray[np.number]:
        """Smallest stock with P(demand <= stock) >= level, (items,)."""

    def shortage(self, stock: ArrayLike) -> Floats:
        """E(demand - stock)+, (items,)."""

    def left(self, stock: ArrayLike) -> Floats:
        """E(stock - demand)+, (items,)."""


@dataclass(frozen=True)
class NormalDemand:
    """Normal demand: center (items,) its mean, sd (items,) > 0 its standard deviation."""

    center: Floats
    sd: Floats

    def __post_init__(self) -> None:
        center = np.atleast_1d(np.asarray(self.center, np.float64))
        spread = np.atleast_1d(np.asarray(self.sd, np.float64))
        n = max(len(center), len(spread))
        object.__setattr__(self, "center", one_each("center", center, n))
        object.__setattr__(self, "sd", one_each("sd", spread, n))
        require(self.sd > 0, "sd", "> 0")

    def __len__(self) -> int:
        return len(self.center)

    def mean(self) -> Floats:
        """Mean, (items,)."""
        return self.center

    def total(self, periods: ArrayLike) -> NormalDemand:
        """Demand of ``periods`` > 0 independent periods together."""
        return self.over(periods, 0.0)

    def over(self, periods: ArrayLike, periods_sd: ArrayLike) -> NormalDemand:
        """Demand of a random number of periods: variance L sd^2 + mean^2 sd(L)^2 (Silver, Pyke &
        Thomas 2017, section 6.10), taken as normal.
        """
        count, spread = (np.asarray(v, np.float64) for v in (periods, periods_sd))
        variance = count * self.sd**2 + (self.center * spread) ** 2
        return NormalDemand(count * self.center, np.sqrt(variance))

    def at_most(self, units: ArrayLike) -> Floats:
        """P(demand <= units), (items,)."""
        return np.asarray(special.ndtr((np.asarray(units) - self.center) / self.sd))

    def quantile(self, level: ArrayLike) -> Floats:
        """The quantile ``level``, (items,)."""
        return np.asarray(self.center + self.sd * special.ndtri(level), np.float64)

    def shortage(self, stock: ArrayLike) -> Floats:
        """E(demand - stock)+ by the standard loss function (Snyder & Shen 2019, equation C.31)."""
        return np.asarray(self.sd * loss((np.asarray(stock) - self.center) / self.sd), np.float64)

    def left(self, stock: ArrayLike) -> Floats:
        """E(stock - demand)+."""
        return np.asarray(self.sd * loss((self.center - np.asarray(stock)) / self.sd), np.float64)


def loss(z: Floats) -> Floats:
    """E(Z - z)+ of a standard normal Z."""
    return np.asarray(np.exp(-z * z / 2) / np.sqrt(2 * np.pi) - z * special.ndtr(-z), np.float64)


@dataclass(frozen=True)
class StockCosts:
    """holding: money per unit left at a close, (items,), > 0. shortage: money per unit short or
    owed at it, > 0. A single number stands for all items.
    """

    holding: ArrayLike
    shortage: ArrayLike

    def __post_init__(self) -> None:
        for name in ("holding", "shortage"):
            value = np.atleast_1d(np.asarray(getattr(self, name), np.float64))
            require((value > 0) & np.isfinite(value), name, "> 0")
            object.__setattr__(self, name, value)

    def critical_ratio(self) -> Floats:
        """p / (p + h), (items,)."""
        holding, shortage = np.asarray(self.holding), np.asarray(self.shortage)
        return np.asarray(shortage / (shortage + holding), np.float64)


@dataclass(frozen=True)
class Target:
    """target: (items,) units. cost: (items,) expected money per period."""

    target: NDArray[np.number]
    cost: Floats


def cheapest_target(demand: Demand, costs: StockCosts) -> Target:
    """The newsvendor's quantity, and the base-stock level when ``demand`` is that of L + 1
    periods and unmet demand waits (Arrow, Harris & Marschak 1951; Snyder & Shen 2019, sections
    4.3 and 4.4).
    """
    target = demand.quantile(np.broadcast_to(costs.critical_ratio(), (len(demand),)))
    return Target(target, cost_of_target(demand, costs, target))


def cost_of_target(demand: Demand, costs: StockCosts, target: ArrayLike) -> Floats:
    """Expected cost per period of any target, (items,); whole targets for whole demand."""
    holding, shortage = (np.asarray(v, np.float64) for v in (costs.holding, costs.shortage))
    cost = holding * demand.left(target) + shortage * demand.shortage(target)
    return np.asarray(cost, np.float64)


def target_for_cycle_service(demand: Demand, service: ArrayLike) -> NDArray[np.number]:
    """Smallest target with which no unit is short with probability ``service`` in (0, 1)."""
    level = one_each("service", service, len(demand))
    require((level > 0) & (level < 1), "service", "in (0, 1)")
    target: NDArray[np.number] = demand.quantile(level)
    return target


def target_for_fill_rate(whole: Demand, before: Demand, fill_rate: ArrayLike) -> Floats:
    """Smallest order-up-to target that serves the share ``fill_rate`` in (0, 1) of the demand.

    whole: demand of the protection interval, L + R periods. before: that of its first L. The units
    short in the last R periods are E(whole - y)+ - E(before - y)+ (Zipkin 2000, chapter 6). Solved
    by bisection, to whole units for whole demand and to 1e-9 of the interval's demand otherwise.
    """
    share = one_each("fill_rate", fill_rate, len(whole))
    require((share > 0) & (share < 1), "fill_rate", "in (0, 1)")
    counted = isinstance(whole, CountDemand)
    allowed = (1 - share) * (whole.mean() - before.mean())
    low = np.floor(np.minimum(before.quantile(np.full(len(whole), 1e-9)), 0.0)) - 1.0
    high = np.maximum(np.ceil(whole.quantile(np.full(len(whole), 1 - 1e-12))), low + 2)
    for _ in range(64):
        middle = np.floor((low + high) / 2) if counted else (low + high) / 2
        short = whole.shortage(middle) - before.shortage(middle)
        enough = short <= allowed + 1e-12
        high, low = np.where(enough, middle, high), np.where(enough, low, middle)
        if np.all(high - low <= (1 if counted else 1e-9 * (1 + np.abs(high)))):
            break
    return np.asarray(high, np.float64)
