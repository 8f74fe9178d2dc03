"""Reorder point and order-up-to level of many items whose unmet demand waits: (R, s, S).

At each review, every R periods, the position is raised to S when it is at or below s. An order
is received L periods later, so a review is paid for at the closes L + 1 ... L + R after it. R =
1 is (s, S); min-max is the same rule with S - s given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import fft

from replenishment.policies.counts import CountDemand
from stockwright.arrays import one_each, require
from stockwright.errors import DataError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
ROUNDS = 100


@dataclass(frozen=True)
class ReorderTerms:
    """demand: of one period. holding, shortage: (items,) money per unit left or owed at a close,
    > 0. fixed_cost: (items,) money per order, >= 0. lead_time >= 0, review >= 1: periods.
    """

    demand: CountDemand
    holding: ArrayLike
    shortage: ArrayLike
    fixed_cost: ArrayLike
    lead_time: int = 0
    review: int = 1

    def __post_init__(self) -> None:
        for name in ("holding", "shortage", "fixed_cost"):
            value = one_each(name, getattr(self, name), len(self.demand))
            require((value > 0) | ((name == "fixed_cost") & (value == 0)), name, "> 0")
            object.__setattr__(self, name, value)
        if self.lead_time < 0 or self.review < 1:
            raise DataError(f"lead time {self.lead_time}, review {self.review}; give >= 0 and >= 1")
        require(self.demand.mean() > 0, "mean demand", "> 0")

    def closes(self) -> list[CountDemand]:
        """Demand up to each close that a review pays for."""
        return [self.demand.total(self.lead_time + i) for i in range(1, self.review + 1)]

    def position_cost(self, position: Ints) -> Floats:
        """Cost of a review interval after which the position (items, levels) is as given."""
        left = sum((d.left(position) for d in self.closes()), np.zeros(()))
        short = sum((d.shortage(position) for d in self.closes()), np.zeros(()))
        holding, shortage = (np.asarray(v, np.float64) for v in (self.holding, self.shortage))
        return np.asarray(holding[:, None] * left + shortage[:, None] * short)


@dataclass(frozen=True)
class ReorderLevels:
    """reorder_point, order_up_to: (items,) units. cost: (items,) money per period."""

    reorder_point: Ints
    order_up_to: Ints
    cost: Floats


def best_reorder_levels(terms: ReorderTerms) -> ReorderLevels:
    """The optimal (s, S) of every item, exactly (Zheng & Federgruen 1991 for the problem).

    For a cost c per review the best policy of the renewal ratio orders where a position costs at
    least c, s(c) = max{y < y*: G(y) >= c}, and goes up to the S with the least fixed cost + sum of
    m(j) (G(S - j) - c), m being the renewal masses of demand. If that least value is below 0,
    the ratio of this pair is a smaller c; at 0 the pair is optimal (Dinkelbach 1967).
    """
    grid = _Grid.around(terms)
    cost = grid.first_cost
    for _ in range(ROUNDS):
        low = grid.below(cost)
        excess = grid.summed(np.where(grid.after(low), grid.cost - cost[:, None], 0.0))
        ratio = np.where(grid.after(low), excess + grid.fixed[:, None], np.inf)
        up = ratio.argmin(axis=1)
        fresh = grid.average(low, up)
        if np.all(fresh >= cost - 1e-12 * np.maximum(cost, 1e-300)):
            break
        cost = np.minimum(fresh, cost)
    return grid.levels(low, up)


def reorder_cost(terms: ReorderTerms, reorder_point: ArrayLike, order_up_to: ArrayLike) -> Floats:
    """Exact long-run cost per period of any (s, S) with s < S, (items,)."""
    low, up = _checked(terms, reorder_point, order_up_to)
    weights, positions = _positions(terms, low, up)
    paid = (weights * terms.position_cost(positions)).sum(axis=1)
    return np.asarray(
        (paid + _orders(terms, low, up) * np.asarray(terms.fixed_cost, np.float64)) / terms.review
    )


@dataclass(frozen=True)
class Service:
    """no_shortage: (items,) share of reviews with nothing owed at the end of their interval.
    fill_rate: (items,) share of the demand served at once.
    """

    no_shortage: Floats
    fill_rate: Floats


def service(terms: ReorderTerms, reorder_point: ArrayLike, order_up_to: ArrayLike) -> Service:
    """Exact service of any (s, S) with s < S, from the spread of the position after a review."""
    low, up = _checked(terms, reorder_point, order_up_to)
    weights, positions = _positions(terms, low, up)
    whole = terms.demand.total(terms.lead_time + terms.review)
    before = terms.demand.total(terms.lead_time)
    short = whole.shortage(positions) - before.shortage(positions)
    filled = 1 - (weights * short).sum(axis=1) / (whole.mean() - before.mean())
    return Service((weights * whole.at_most(positions)).sum(axis=1), np.asarray(filled))


def min_max(terms: ReorderTerms, quantity: ArrayLike) -> ReorderLevels:
    """The best minimum s where the maximum is s + ``quantity`` (whole, >= 1)."""

    def enough(low: Ints, up: Ints) -> NDArray[np.bool_]:
        return reorder_cost(terms, low + 1, up + 1) >= reorder_cost(terms, low, up) - 1e-12

    return _lowest(terms, quantity, enough)


def min_max_for_service(
    terms: ReorderTerms, quantity: ArrayLike, level: ArrayLike, fill_rate: bool = True
) -> ReorderLevels:
    """The lowest (s, s + ``quantity``) with a fill rate, or share of reviews without shortage, of
    at least ``level`` in (0, 1), solved exactly with the overshoot of the orders.
    """
    wanted = one_each("level", level, len(terms.demand))
    require((wanted > 0) & (wanted < 1), "level", "in (0, 1)")

    def enough(low: Ints, up: Ints) -> NDArray[np.bool_]:
        reached = service(terms, low, up)
        share = reached.fill_rate if fill_rate else reached.no_shortage
        return np.asarray(share >= wanted - 1e-12)

    return _lowest(terms, quantity, enough)


def _lowest(
    terms: ReorderTerms, quantity: ArrayLike, enough: Callable[[Ints, Ints], NDArray[np.bool_]]
) -> ReorderLevels:
    """The least s for which ``enough``(s, s + quantity) holds, which it does from there on."""
    size = one_each("quantity", quantity, len(terms.demand))
    require((size >= 1) & (size == np.rint(size)), "quantity", "whole and >= 1")
    lot = size.astype(np.int64)
    reach = terms.demand.total(terms.lead_time + terms.review).pmf.shape[1]
    low, high = -lot - reach - 1, np.full(len(lot), reach + 1)
    while np.any(high - low > 1):
        middle = (low + high) // 2
        ok = enough(middle, middle + lot)
        high, low = np.where(ok, middle, high), np.where(ok, low, middle)
    return ReorderLevels(high, high + lot, reorder_cost(terms, high, high + lot))


def _checked(terms: ReorderTerms, reorder_point: ArrayLike, order_up_to: ArrayLike) -> list[Ints]:
    pair = []
    for name, value in (("reorder_point", reorder_point), ("order_up_to", order_up_to)):
        number = one_each(name, value, len(terms.demand))
        require(number == np.rint(number), name, "whole")
        pair.append(number.astype(np.int64))
    require(pair[0] < pair[1], "reorder_point", "< order_up_to")
    return pair


def renewal_masses(demand: CountDemand, size: int) -> Floats:
    """Expected number of reviews that find j units sold since the last order, (items, size)."""
    pmf = demand.pmf
    kept = 1 - pmf[:, 0]
    masses = np.zeros((len(pmf), size))
    masses[:, 0] = 1 / kept
    for units in range(1, size):
        reach = min(units, pmf.shape[1] - 1)
        earlier = masses[:, units - reach : units][:, ::-1]
        masses[:, units] = (pmf[:, 1 : reach + 1] * earlier).sum(axis=1) / kept
    return masses


def _positions(terms: ReorderTerms, low: Ints, up: Ints) -> tuple[Floats, Ints]:
    """Positions after a review, S down to s + 1, and the share of reviews of each."""
    span = up - low
    masses = renewal_masses(terms.demand.total(terms.review), int(span.max(initial=1)))
    sold = np.arange(masses.shape[1])
    masses = np.where(sold < span[:, None], masses, 0.0)
    return masses / masses.sum(axis=1, keepdims=True), up[:, None] - sold


def _orders(terms: ReorderTerms, low: Ints, up: Ints) -> Floats:
    """Orders per review."""
    span = up - low
    masses = renewal_masses(terms.demand.total(terms.review), int(span.max(initial=1)))
    return np.asarray(1 / np.where(np.arange(masses.shape[1]) < span[:, None], masses, 0).sum(1))


@dataclass(frozen=True)
class _Grid:
    """Costs of a run of positions around the best one of each item.

    lowest: (items,) first position. cost: (items, positions) per review interval. masses:
    renewal masses, (items, positions), and their transform. best: (items,) column of least cost.
    """

    lowest: Ints
    cost: Floats
    masses: Floats
    best: Ints
    fixed: Floats
    first_cost: Floats
    review: int

    @classmethod
    def around(cls, terms: ReorderTerms) -> _Grid:
        """Positions that an optimal policy can take: G(y) <= c there, and G is convex with slopes
        of -p and h far out.
        """
        holding, shortage, fixed = (
            np.asarray(v, np.float64) for v in (terms.holding, terms.shortage, terms.fixed_cost)
        )
        reviewed = terms.demand.total(terms.review)
        ratio = shortage / (shortage + holding)
        flow = 2 * fixed * reviewed.mean() / (terms.review * holding * ratio)
        lot = np.maximum(np.rint(np.sqrt(flow)), 1).astype(np.int64)
        start = terms.closes()[-1].quantile(ratio)
        up = start + np.rint(lot * ratio).astype(np.int64)
        cost = terms.review * reorder_cost(terms, up - lot, up)
        sides = [
            np.ceil(cost / (terms.review * price)).astype(np.int64) for price in (shortage, holding)
        ]
        lowest = np.floor(terms.closes()[0].mean()).astype(np.int64) - sides[0] - 1
        highest = np.ceil(terms.closes()[-1].mean()).astype(np.int64) + sides[1] + 1
        positions = lowest[:, None] + np.arange(int((highest - lowest).max()) + 1)
        table = terms.position_cost(positions)
        masses = renewal_masses(reviewed, positions.shape[1])
        return cls(lowest, table, masses, table.argmin(axis=1), fixed, cost, terms.review)

    def below(self, cost: Floats) -> Ints:
        """Column of the last position left of the best one that costs at least ``cost``."""
        columns = np.arange(self.cost.shape[1])
        dear = (self.cost >= cost[:, None]) & (columns < self.best[:, None])
        last = columns[-1] - dear[:, ::-1].argmax(axis=1)
        return np.where(dear.any(axis=1), last, np.maximum(self.best - 1, 0))

    def after(self, low: Ints) -> NDArray[np.bool_]:
        """Columns right of ``low``."""
        return np.asarray(np.arange(self.cost.shape[1]) > low[:, None])

    def summed(self, value: Floats) -> Floats:
        """Sum over j of m(j) x value(S - j) for every column S."""
        size = fft.next_fast_len(2 * value.shape[1], real=True)
        product = fft.rfft(self.masses, size, axis=1) * fft.rfft(value, size, axis=1)
        return np.asarray(fft.irfft(product, size, axis=1)[:, : value.shape[1]])

    def average(self, low: Ints, up: Ints) -> Floats:
        """Cost per review of the pairs of columns, without transforms."""
        sold = np.arange(self.cost.shape[1])
        used = np.where(sold < (up - low)[:, None], self.masses, 0.0)
        at = np.maximum(up[:, None] - sold, 0)
        paid = (used * np.take_along_axis(self.cost, at, axis=1)).sum(axis=1)
        return np.asarray((self.fixed + paid) / used.sum(axis=1))

    def levels(self, low: Ints, up: Ints) -> ReorderLevels:
        """The pairs of columns as levels."""
        cost = self.average(low, up) / self.review
        return ReorderLevels(self.lowest + low, self.lowest + up, cost)
