"""Ordering rules with one or two parameters for lost sales, and their best parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from replenishment.policies.counts import CountDemand, Floats, Ints
from replenishment.policies.lost_sales import LongRun, LostSales, StockRule, average_cost
from stockwright.errors import ConfigError

TENTHS = np.arange(-9, 10) / 10


@dataclass(frozen=True)
class BaseStockRule:
    """Order up to a position of ``target`` >= 0 units (Snyder & Shen 2019, section 4.3)."""

    target: int

    def __post_init__(self) -> None:
        if self.target < 0:
            raise ConfigError(f"target {self.target}; give a number >= 0")

    def __call__(self, on_hand: Ints, pipeline: Ints) -> Ints:
        """Units that raise the position to the target, (states,)."""
        position: Ints = on_hand + pipeline.sum(axis=1)
        return np.maximum(self.target - position, 0)


@dataclass(frozen=True)
class CappedBaseStockRule:
    """Order up to ``target``, but at most ``cap`` units at once (Xin 2021, section 2)."""

    target: int
    cap: int

    def __post_init__(self) -> None:
        if self.target < 0 or self.cap < 0:
            raise ConfigError(f"target {self.target}, cap {self.cap}; give numbers >= 0")

    def __call__(self, on_hand: Ints, pipeline: Ints) -> Ints:
        """Units that raise the position to the target, at most the cap, (states,)."""
        return np.minimum(BaseStockRule(self.target)(on_hand, pipeline), self.cap)


@dataclass(frozen=True)
class ProjectedLevelRule:
    """Raise the stock expected at the order's arrival to ``level`` (van Jaarsveld & Arts 2024).

    The expectation counts the sales that will be lost before the arrival. The order is rounded
    to whole units, halves up. demand: of one item.
    """

    demand: CountDemand
    level: float

    def __post_init__(self) -> None:
        if len(self.demand) != 1 or not self.level >= 0:
            raise ConfigError(f"projected level {self.level} of {len(self.demand)} items; "
                              "give a number >= 0 and the demand of one item")  # fmt: skip

    def __call__(self, on_hand: Ints, pipeline: Ints) -> Ints:
        """Units that raise the projected stock to the level, (states,)."""
        short = self.level - expected_at_arrival(self.demand, on_hand, pipeline)
        return np.asarray(np.floor(np.maximum(short, 0.0) + 0.5 + 1e-9), np.int64)


def expected_at_arrival(demand: CountDemand, on_hand: Ints, pipeline: Ints) -> Floats:
    """Mean stock left when tonight's order arrives, unmet demand being lost, (states,).

    on_hand: (states,); pipeline: (states, L), column 0 arriving next.
    """
    lead = pipeline.shape[1]
    if lead == 0:
        return np.asarray(on_hand, np.float64)
    size = int((on_hand + pipeline.sum(axis=1)).max(initial=0)) + 1
    sell = _sales(demand.pmf[0], size)
    chance = np.zeros((len(on_hand), size))
    chance[np.arange(len(on_hand)), on_hand + pipeline[:, 0]] = 1.0
    columns = np.arange(size)
    for period in range(1, lead):
        chance = chance @ sell
        source = columns - pipeline[:, period, None]
        there = np.take_along_axis(chance, np.maximum(source, 0), axis=1)
        chance = np.where(source >= 0, there, 0.0)
    left = demand.left(columns[None])[0]
    return np.asarray(chance @ left, np.float64)


def _sales(pmf: NDArray[np.float64], size: int) -> Floats:
    """Chance that stock y is sold down to x: (y, x)."""
    sold = np.subtract.outer(np.arange(size), np.arange(size))
    inside = (sold >= 0) & (sold < len(pmf))
    table = np.where(inside, pmf[np.where(inside, sold, 0)], 0.0)
    table[:, 0] += 1 - table.sum(axis=1)
    return np.maximum(table, 0.0)


@dataclass(frozen=True)
class Chosen:
    """A rule with its best parameters, and its exact long-run cost per period."""

    rule: StockRule
    run: LongRun


def best_base_stock(item: LostSales) -> Chosen:
    """The best target of all; the cost is convex in it (Janakiraman & Roundy 2004)."""
    start = backorder_target(item)

    def at(target: float) -> Chosen:
        return _tried(item, BaseStockRule(int(target)))

    return _descended(at, float(start), 1.0)[1]


def best_projected_level(item: LostSales) -> Chosen:
    """The projected level of least cost, to a tenth of a unit.

    Orders are whole, so the cost has many small dips in the level: around the lowest point in
    steps of one unit all tenths are tried.
    """

    def at(level: float) -> Chosen:
        return _tried(item, ProjectedLevelRule(item.demand, level))

    middle, _ = _descended(at, float(item.demand.quantile(item.critical_ratio)[0]), 1.0)
    return _cheaper(at(level) for level in middle + TENTHS if level >= 0)


def best_capped_base_stock(item: LostSales) -> Chosen:
    """Cap and target of least cost: the best target of each cap, caps from mean demand on."""
    lowest = int(np.ceil(item.demand.mean()[0]))
    targets = [float(backorder_target(item))]

    def at(cap: float) -> Chosen:
        def inner(target: float) -> Chosen:
            return _tried(item, CappedBaseStockRule(int(target), int(cap)))

        target, found = _descended(inner, targets[-1], 1.0)
        targets.append(target)
        return found

    return _descended(at, lowest + 1.0, 1.0)[1]


def best_rule(item: LostSales) -> Chosen:
    """The better of the projected level and the capped base-stock, each at its best."""
    return _cheaper([best_projected_level(item), best_capped_base_stock(item)])


def backorder_target(item: LostSales) -> int:
    """The base-stock target that is optimal if demand waits: the newsvendor's quantile of L + 1
    periods. Under lost sales it is too high (Zipkin 2008).
    """
    return int(item.demand.total(item.lead_time + 1).quantile(item.critical_ratio)[0])


def _tried(item: LostSales, rule: StockRule) -> Chosen:
    return Chosen(rule, average_cost(item, rule))


def _cheaper(choices: Iterable[Chosen]) -> Chosen:
    return min(choices, key=lambda choice: choice.run.cost)


def _descended(at: Callable[[float], Chosen], start: float, step: float) -> tuple[float, Chosen]:
    """The lowest point in steps from ``start``, the cost falling towards it from both sides."""
    here, found = start, at(start)
    for direction in (-step, step):
        while (there := here + direction) >= 0:
            tried = at(there)
            if tried.run.cost >= found.run.cost:
                break
            here, found = there, tried
        if here != start:
            break
    return here, found
