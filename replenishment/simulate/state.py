"""Stock of the simulated shop at a close, and the books of a period."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from replenishment.simulate.terms import ShopTerms
from stockwright.errors import DataError
from stockwright.stock import StockPosition

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class ShopState:
    """The shop at a close.

    on_hand: (series,); below 0 units are owed. pipeline: (series, steps) on order: column k is
    received at the start of the (k + 1)-th period from now. period: periods run so far.
    lots: (series, receipt, life) stock by when it was received (oldest first) and periods of life
    left less one; coming: (series, steps, life) the same of the pipeline. None without shelf life.
    """

    on_hand: Floats
    pipeline: Floats
    period: int = 0
    lots: Floats | None = None
    coming: Floats | None = None

    @classmethod
    def of(cls, on_hand: ArrayLike, steps: int) -> ShopState:
        """Stock on hand and an empty pipeline of ``steps`` periods, of goods that last."""
        held = np.array(on_hand, np.float64)
        return cls(held, np.zeros((len(held), steps)))

    @classmethod
    def opening(cls, on_hand: ArrayLike, terms: ShopTerms) -> ShopState:
        """Fresh stock on hand and an empty pipeline as long as the terms ask for."""
        state = cls.of(np.broadcast_to(on_hand, (len(terms),)), terms.steps)
        life = terms.shelf_life
        if life is None:
            return state
        receipts, classes = life.classes()
        lots = np.zeros((len(terms), receipts, classes))
        lots[np.arange(len(terms)), -1, life.whole()] = np.maximum(state.on_hand, 0.0)
        coming = np.zeros((*state.pipeline.shape, classes))
        return cls(state.on_hand, state.pipeline, 0, lots, coming)

    def position(self) -> Floats:
        """Units on hand and on order, less those owed, (series,)."""
        return np.asarray(self.on_hand + self.pipeline.sum(axis=1))

    def arrivals(self) -> tuple[Ints, Ints, Floats]:
        """Units on order: row, periods from now until they are received (>= 1), units."""
        row, step = np.nonzero(self.pipeline)
        return row, step + 1, np.asarray(self.pipeline[row, step])

    def stock(self) -> StockPosition:
        """The state as a night sees it."""
        row, step, units = self.arrivals()
        n = len(self.on_hand)
        return StockPosition(
            on_hand=np.maximum(self.on_hand, 0.0),
            reserved=np.zeros(n),
            age_days=np.full(n, np.nan),
            known=np.ones(n, np.bool_),
            arrival_series=row.astype(np.int32),
            arrival_step=step.astype(np.int32),
            arrival_units=units,
        )

    def check(self, terms: ShopTerms) -> None:
        """Raise DataError unless the state fits the terms."""
        if self.pipeline.shape[1] < terms.steps:
            raise DataError("the pipeline must hold the longest lead time plus one periods")
        if len(self.on_hand) != len(terms):
            raise DataError(f"state of {len(self.on_hand)} rows, terms of {len(terms)}")
        if terms.lost_sales and (self.on_hand < 0).any():
            raise DataError("units are owed in a shop that loses sales: raise on_hand to 0")
        if (terms.shelf_life is None) != (self.lots is None):
            raise DataError("stock with a shelf life needs lots: use ShopState.opening")


@dataclass(frozen=True)
class Placing:
    """What was sent off at a close, all (series,) units.

    ordered: from suppliers to the row. moved: from other rows to it. short: asked of other rows
    for it and not sent, because they had too little; it is not owed. shipped: sent from the row to
    others. charge: money for orders and units.
    """

    ordered: Floats
    moved: Floats
    short: Floats
    shipped: Floats
    charge: Floats


@dataclass(frozen=True)
class Closing:
    """What a period brought, all (series,) units.

    received: taken in. waiting: due, but beyond the room to receive. sold: left the row's stock to
    customers, ``stood_in`` of them to customers who wanted another row. elsewhere: customers of
    this row who took another one. missed: lost, or, with backorders, owed at the close.
    expired: thrown away at the close. left: on hand after that. charge: money for units left,
    missed and expired.

    Units are conserved: left = left before - shipped + received - sold - expired, and with lost
    sales demand = sold - stood_in + elsewhere + missed.
    """

    received: Floats
    waiting: Floats
    sold: Floats
    stood_in: Floats
    elsewhere: Floats
    missed: Floats
    expired: Floats
    left: Floats
    charge: Floats
