"""The one simulated shop: stock of many series through time, under any way of ordering.

Inside a period: receive, sell, close, review, order. An order placed at the close of period t on
a lane with lead time L is received at the start of period t + 1 + L. Cost of a period: holding
per unit left at its close and shortage per unit lost (or, with backorders, per unit owed at it).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stockwright.arrays import frozen, require
from stockwright.errors import DataError
from stockwright.stock import StockPosition

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class ShopTerms:
    """Lead time in periods and costs of each series, all (series,).

    holding: money per unit left at a close. shortage: money per unit lost, or owed at a close.
    lost_sales: demand that finds no stock is lost; else it is owed (backorders).
    """

    lead_time: Ints
    holding: Floats
    shortage: Floats
    lost_sales: bool = True

    def __post_init__(self) -> None:
        n = len(self.lead_time)
        object.__setattr__(self, "lead_time", frozen("lead_time", self.lead_time, (n,), np.int64))
        for name in ("holding", "shortage"):
            object.__setattr__(self, name, frozen(name, getattr(self, name), (n,), np.float64))
        require(self.lead_time >= 0, "lead_time", ">= 0 periods")

    @classmethod
    def same(
        cls, n: int, lead_time: int, holding: float, shortage: float, lost_sales: bool = True
    ) -> ShopTerms:
        """The same terms for ``n`` series."""
        full = np.full(n, lead_time), np.full(n, holding), np.full(n, shortage)
        return cls(*full, lost_sales)


@dataclass(frozen=True)
class ShopState:
    """on_hand: (series,) at a close; below 0 units are owed. pipeline: (series, steps) on order:
    column k is received at the start of the (k + 1)-th period from now.
    """

    on_hand: Floats
    pipeline: Floats

    @classmethod
    def of(cls, on_hand: ArrayLike, steps: int) -> ShopState:
        """Stock on hand and an empty pipeline of ``steps`` periods."""
        held = np.array(on_hand, np.float64)
        return cls(held, np.zeros((len(held), steps)))

    def position(self) -> Floats:
        """Units on hand and on order, (series,)."""
        return np.asarray(self.on_hand + self.pipeline.sum(axis=1))

    def stock(self) -> StockPosition:
        """The state as a night sees it."""
        series, step = np.nonzero(self.pipeline)
        n = len(self.on_hand)
        return StockPosition(
            on_hand=np.maximum(self.on_hand, 0.0),
            reserved=np.zeros(n),
            age_days=np.full(n, np.nan),
            known=np.ones(n, np.bool_),
            arrival_series=series.astype(np.int32),
            arrival_step=(step + 1).astype(np.int32),
            arrival_units=self.pipeline[series, step],
        )


class Ordering(Protocol):
    """Decides what to order at the close of a period."""

    def __call__(self, period: int, state: ShopState) -> Floats:
        """Units to order at the close of ``period`` (-1: before the first), (series,) >= 0."""


@dataclass(frozen=True)
class Replay:
    """What happened; all (series, period) but ``end``.

    ordered[:, t]: units ordered at the close of period t. cost: holding and shortage.
    """

    received: Floats
    sold: Floats
    missed: Floats
    left: Floats
    ordered: Floats
    cost: Floats
    end: ShopState


def simulate(
    demand: NDArray[np.floating],
    order: Ordering,
    terms: ShopTerms,
    start: ShopState,
    opening: bool = False,
) -> Replay:
    """Run the shop through ``demand`` (series, period).

    opening: also order at the close before the first period. Raises DataError when the pipeline
    of ``start`` is shorter than the longest lead time plus one, or an order is negative.
    """
    n, periods = demand.shape
    if start.pipeline.shape[1] <= terms.lead_time.max(initial=0):
        raise DataError("the pipeline must hold the longest lead time plus one periods")
    names = ("received", "sold", "missed", "left", "ordered", "cost")
    log = {name: np.zeros((n, periods)) for name in names}
    state = _after_order(start, order(-1, start), terms) if opening else start
    for period in range(periods):
        state = _one_period(state, np.asarray(demand[:, period], np.float64), terms, log, period)
        units = order(period, state)
        log["ordered"][:, period] = units
        state = _after_order(state, units, terms)
    return Replay(**log, end=state)


def _one_period(
    state: ShopState, demand: Floats, terms: ShopTerms, log: dict[str, Floats], period: int
) -> ShopState:
    received = state.pipeline[:, 0]
    there = state.on_hand + received
    left = np.maximum(there - demand, 0.0) if terms.lost_sales else there - demand
    short = np.maximum(demand - there, 0.0) if terms.lost_sales else np.maximum(-left, 0.0)
    log["received"][:, period] = received
    log["left"][:, period] = np.maximum(left, 0.0)
    log["missed"][:, period] = short
    log["sold"][:, period] = np.minimum(demand, np.maximum(there, 0.0))
    log["cost"][:, period] = terms.holding * np.maximum(left, 0.0) + terms.shortage * short
    later = np.concatenate([state.pipeline[:, 1:], np.zeros((len(left), 1))], axis=1)
    return ShopState(left, later)


def _after_order(state: ShopState, units: Floats, terms: ShopTerms) -> ShopState:
    require(np.asarray(units) >= 0, "orders", ">= 0")
    pipeline = state.pipeline.copy()
    pipeline[np.arange(len(units)), terms.lead_time] += units
    return ShopState(state.on_hand, pipeline)


class BaseStock:
    """Order up to a fixed position every period (Snyder & Shen 2019, section 4.3)."""

    def __init__(self, target: ArrayLike) -> None:
        self._target = np.asarray(target, np.float64)

    def __call__(self, period: int, state: ShopState) -> Floats:
        """Units that raise the position to the target."""
        return np.maximum(self._target - state.position(), 0.0)
