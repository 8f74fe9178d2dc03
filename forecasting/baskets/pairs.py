"""Pairs of SKUs that meet in orders more often than chance lets them.

Support and confidence as of Agrawal, Imielinski & Swami (1993), lift (there: interest) as of Brin,
Motwani, Ullman & Tsur (1997). Large orders hold more of everything: where an order of s SKUs holds
each SKU with a chance in proportion to s, as the random graphs of Chung & Lu (2002) do, two SKUs
that have nothing to do with one another meet ``base_lift`` = orders * sum s (s - 1) / (sum s) ** 2
times as often as na * nb / orders. The number of meetings is taken as Poisson, whose upper tail is
heavier than that of Fisher's exact test; its exact lower limit is Garwood's (1936). Pairs are
chosen at a false discovery rate (Benjamini & Hochberg 1995), and their limits hold at the level at
which they were chosen (Benjamini & Yekutieli 2005), so
that a pair is chosen where the lower limit of its lift exceeds the base lift.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse, special

from stockwright.arrays import frozen, require
from stockwright.errors import ConfigError, DataError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class BasketParams:
    """least_orders: SKUs, and pairs, in fewer orders are not looked at. false_discoveries: share of
    the pairs found that may be chance, in (0, 1). work: products of matrix entries at once, which
    bounds memory to some tens of bytes each."""

    least_orders: int = 5
    false_discoveries: float = 0.05
    work: int = 10_000_000

    def __post_init__(self) -> None:
        if self.least_orders < 1 or self.work < 1 or not 0 < self.false_discoveries < 1:
            raise ConfigError(
                "basket parameters: least_orders and work are at least 1, false_discoveries is in"
                f" (0, 1); got {self.least_orders}, {self.work}, {self.false_discoveries}"
            )


@dataclass(frozen=True)
class Pairs:
    """Pairs bought together more than by chance, all (pairs,), sorted by first, then second.

    first, second: SKU codes, first < second. together: orders with both. support: their share of
    all orders. confidence: share of the first's orders that hold the second; confidence_back: of
    the second's that hold the first. lift: together over na * nb / orders. lift_low: its lower
    limit. orders, base_lift: of all orders; see above. tested: pairs that were looked at.
    """

    first: Ints
    second: Ints
    together: Ints
    support: Floats
    confidence: Floats
    confidence_back: Floats
    lift: Floats
    lift_low: Floats
    orders: int
    base_lift: float
    tested: int

    def __post_init__(self) -> None:
        n = len(self.first)
        for name in ("first", "second", "together"):
            object.__setattr__(self, name, frozen(name, getattr(self, name), (n,), np.int64))
        for name in ("support", "confidence", "confidence_back", "lift", "lift_low"):
            object.__setattr__(self, name, frozen(name, getattr(self, name), (n,), np.float64))
        require(self.first < self.second, "first", "below second")


def find_pairs(order: Any, sku: Any, units: Any, params: BasketParams | None = None) -> Pairs:
    """Pairs of the order lines, all (lines,).

    order: code of the order, any whole number. sku: code >= 0, or -1 for unknown. units: lines with
    units <= 0 (returns, cancellations) do not count, nor do those without a SKU. Raises DataError
    where lengths differ.
    """
    params = params or BasketParams()
    order, sku, units = np.asarray(order), np.asarray(sku, np.int64), np.asarray(units)
    if not order.shape == sku.shape == units.shape:
        raise DataError(
            f"order lines have {order.shape} orders, {sku.shape} SKUs and {units.shape} units;"
            " give one of each for every line"
        )
    bought = (units > 0) & (sku >= 0)
    baskets = _baskets(order[bought], sku[bought])
    orders, size = baskets.shape[0], np.diff(baskets.indptr).astype(np.float64)
    count = np.bincount(baskets.indices, minlength=baskets.shape[1]).astype(np.int64)
    code = np.flatnonzero(count >= params.least_orders)
    tested = len(code) * (len(code) - 1) // 2
    base = max(orders * float((size * (size - 1)).sum()) / max(float(size.sum()) ** 2, 1.0), 1.0)
    first, second, together = _together(baskets[:, code].tocsc(), params)
    first, second = code[first], code[second]
    expected = count[first] * count[second] / max(orders, 1)
    chance = special.gammainc(together, base * expected)
    kept, level = _chosen(chance, tested, params.false_discoveries)
    first, second, together, expected = (
        values[kept] for values in (first, second, together, expected)
    )
    return Pairs(
        first,
        second,
        together,
        support=together / max(orders, 1),
        confidence=together / count[first],
        confidence_back=together / count[second],
        lift=together / expected,
        lift_low=special.gammaincinv(together, level) / expected,
        orders=orders,
        base_lift=base,
        tested=tested,
    )


def _baskets(order: NDArray[Any], sku: Ints) -> sparse.csr_array:
    """(orders, SKUs) with a 1 where the order holds the SKU."""
    names, row = np.unique(order, return_inverse=True)
    width = int(sku.max(initial=-1)) + 1
    cell = np.unique(row.astype(np.int64) * max(width, 1) + sku)
    row, column = np.divmod(cell, max(width, 1))
    one = np.ones(len(cell), np.int32)
    return sparse.csr_array((one, (row, column)), (len(names), width))


def _together(baskets: sparse.csc_array, params: BasketParams) -> tuple[Ints, Ints, Ints]:
    """Columns of the pairs in enough orders, the lower first, and in how many."""
    found = list(_blocks(baskets, params))
    if not found:
        none = np.zeros(0, np.int64)
        return none, none, none
    first, second, together = (np.concatenate(part) for part in zip(*found, strict=True))
    return first, second, together


def _blocks(baskets: sparse.csc_array, params: BasketParams) -> Iterator[tuple[Ints, Ints, Ints]]:
    size = np.bincount(baskets.indices, minlength=baskets.shape[0])
    work = np.concatenate([[0], np.cumsum(size[baskets.indices])])[baskets.indptr]
    columns, start = baskets.shape[1], 0
    while start < columns:
        stop = int(np.searchsorted(work, work[start] + params.work, side="right")) - 1
        stop = min(max(stop, start + 1), columns)
        product = (baskets[:, start:stop].T @ baskets[:, start:]).tocoo()
        row, column = product.coords
        kept = (column > row) & (product.data >= params.least_orders)
        first, second = row[kept].astype(np.int64), column[kept].astype(np.int64)
        place = np.lexsort((second, first))
        yield (
            first[place] + start,
            second[place] + start,
            product.data[kept][place].astype(np.int64),
        )
        start = stop


def _chosen(chance: Floats, tested: int, rate: float) -> tuple[NDArray[np.bool_], float]:
    """Which of the chances stay at the false discovery rate among all tested, and at what level."""
    ordered = np.sort(chance)
    level = rate * np.arange(1, len(chance) + 1) / max(tested, 1)
    below = np.flatnonzero(ordered <= level)
    limit = float(level[below[-1]]) if len(below) else 0.0
    return chance <= limit if limit else np.zeros(len(chance), np.bool_), limit
