"""Lot sizes for known demand where the unit cost depends on the size of each order."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from replenishment.policies.known_demand import Floats, Ints, KnownDemand, LotPlan
from replenishment.policies.lots import PriceSteps
from stockwright.arrays import require
from stockwright.errors import DataError

CELLS = 40_000_000


def lots_with_price_breaks(
    given: KnownDemand, steps: PriceSteps, incremental: bool = False
) -> LotPlan:
    """The cheapest plan of all under all-units or incremental discounts.

    Demand and breakpoints are whole numbers (of units, cases or lots); the unit cost of ``given``
    comes on top of that of ``steps``. A dynamic program over periods and the stock carried
    (Federgruen & Lee 1990 for the model): under discounts an order may pass the point where stock
    is used up, so stock is a state. Each step's best order is the least value in a window of
    stocks, found for all stocks and items at once from minima over spans of 1, 2, 4, ... Raises
    DataError for numbers that are not whole, or too many items and units for one call.
    """
    items, periods = given.demand.shape
    units = np.broadcast_to(steps.breakpoints, (items, steps.breakpoints.shape[1]))
    real = np.isfinite(units)
    for name, value in (("demand", given.demand), ("breakpoints", np.where(real, units, 0.0))):
        require(value == np.rint(value), name, "whole numbers")
    top = int(given.demand.sum(axis=1).max(initial=0) + np.where(real, units, 0.0).max(initial=0))
    depth = max(top + 1, 1).bit_length()
    if items * (top + 1) * (depth + 2 * periods) > CELLS:
        raise DataError(f"{items} items with up to {top} units; give fewer items at once")
    windows = _Windows(steps, units, top, incremental)
    value = np.zeros((items, top + 1))
    choices = []
    for period in range(periods - 1, -1, -1):
        value, choice = _period(given, windows, period, value)
        choices.append(choice)
    return _plan(given, choices[::-1], value[:, 0])


class _Windows:
    """For each step of prices: the orders from ``first`` to ``last`` (items,), their surcharge."""

    def __init__(self, steps: PriceSteps, units: Floats, top: int, incremental: bool) -> None:
        items = len(units)
        self.top = top
        extra = steps.surcharges() if incremental else 0.0 * steps.unit_costs
        self.unit_costs = np.broadcast_to(steps.unit_costs, units.shape)
        self.surcharges = np.broadcast_to(extra, units.shape)
        ends = np.broadcast_to(steps.ends(), units.shape)
        first = np.minimum(np.maximum(units, 1.0), top + 1)
        self.first = first.astype(np.int64)
        self.last = np.minimum(ends - 1, top).astype(np.int64)
        self.rows = np.arange(items)[:, None]


def _period(
    given: KnownDemand, windows: _Windows, period: int, after: Floats
) -> tuple[Floats, Ints]:
    """Cost from this period on by stock before ordering, and the stock after it: (items, stock)."""
    rows, top = windows.rows, windows.top
    stock = np.arange(top + 1)[None]
    demand = given.demand[:, period, None].astype(np.int64)
    left = stock - demand
    holding = np.asarray(given.holding_cost)[:, period, None]
    later = holding * left + after[rows, np.maximum(left, 0)]
    later = np.where(left >= 0, later, np.inf)
    best, choice = later.copy(), np.broadcast_to(stock, later.shape).copy()
    fixed = np.asarray(given.fixed_cost)[:, period, None]
    for step in range(windows.first.shape[1]):
        price = windows.unit_costs[:, step, None] + np.asarray(given.unit_cost)[:, period, None]
        table = _spans(later + price * stock)
        low = stock + windows.first[:, step, None]
        high = np.minimum(stock + windows.last[:, step, None], top)
        least, where = _least(table, rows, low, high)
        total = fixed + windows.surcharges[:, step, None] + least - price * stock
        better = total < best - 1e-12
        best, choice = np.where(better, total, best), np.where(better, where, choice)
    return best, choice


def _spans(value: Floats) -> list[tuple[Floats, Ints]]:
    """Least value and its place in spans of 1, 2, 4, ... cells to the right of each cell."""
    place = np.broadcast_to(np.arange(value.shape[1]), value.shape)
    table = [(value, np.asarray(place, np.int64))]
    width = 1
    while 2 * width <= value.shape[1]:
        old, at = table[-1]
        new, to = old.copy(), at.copy()
        right = old[:, width:] < old[:, :-width]
        new[:, :-width] = np.where(right, old[:, width:], old[:, :-width])
        to[:, :-width] = np.where(right, at[:, width:], at[:, :-width])
        table.append((new, to))
        width *= 2
    return table


def _least(
    table: list[tuple[Floats, Ints]], rows: Ints, low: Ints, high: Ints
) -> tuple[Floats, Ints]:
    """Least value and its place among the cells low ... high; inf where there are none."""
    length = np.maximum(high - low + 1, 1)
    level = np.frexp(length.astype(np.float64))[1] - 1
    start = np.minimum(low, len(table[0][0][0]) - 1)
    second = np.clip(high - (1 << level) + 1, 0, None)
    values = np.stack([v for v, _ in table])
    places = np.stack([p for _, p in table])
    one, other = values[level, rows, start], values[level, rows, second]
    use = other < one
    least = np.where(use, other, one)
    place = np.where(use, places[level, rows, second], places[level, rows, start])
    empty: NDArray[np.bool_] = high < low
    return np.where(empty, np.inf, least), place


def _plan(given: KnownDemand, choices: list[Ints], cost: Floats) -> LotPlan:
    rows = np.arange(len(given.demand))
    stock, orders = np.zeros(len(rows), np.int64), np.zeros(given.demand.shape)
    for period, choice in enumerate(choices):
        reached = choice[rows, stock]
        orders[:, period] = reached - stock
        stock = reached - given.demand[:, period].astype(np.int64)
    return LotPlan(orders, cost)
