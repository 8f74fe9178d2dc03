"""The stock position at the close of one date."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stockwright.arrays import frozen, require

Floats = NDArray[np.float64]


def _none() -> NDArray[np.bool_]:
    return np.zeros(0, np.bool_)


def _no_rows() -> NDArray[np.int32]:
    return np.zeros(0, np.int32)


@dataclass(frozen=True)
class Expiring:
    """Stock on hand that is expected to expire unsold, all (series,).

    units: by the end of the forecast. uncounted: before the interval ends that tonight's order is
    for; the plan does not count on them. step: the first at whose close any expire, 0 for none.
    """

    units: Floats
    uncounted: Floats
    step: NDArray[np.int32]


@dataclass(frozen=True)
class StockPosition:
    """Stock of every series as of the close of the origin period.

    on_hand: (series,) units free to serve demand: good, own or consigned, less reserved; >= 0.
    reserved: (series,) units sold but not shipped. age_days: (series,) mean age of the stock on
        hand, NaN where unknown.
    known: (series,) False where the location reports no stock at all, or the
        key's own row could not be read.
    arrival_series, arrival_step, arrival_units: (arrivals,) stock on order. Step k >= 1 means
        that the units can serve demand from period origin + k on.
    arrival_expected: (arrivals,) what customers are expected to send back: an arrival like any
        other in a projection, but nothing that is on order. Empty: none is.
    expiring_series, expiring_step, expiring_units: (batches,) what of the stock on hand expires:
        the last step >= 1 whose demand it can serve. Empty: it keeps.
    moved_in, moved_out: (series,) it got, or gave, stock by a lateral transfer lately. Empty:
        none did.
    """

    on_hand: Floats
    reserved: Floats
    age_days: Floats
    known: NDArray[np.bool_]
    arrival_series: NDArray[np.int32]
    arrival_step: NDArray[np.int32]
    arrival_units: Floats
    arrival_expected: NDArray[np.bool_] = field(default_factory=_none)
    expiring_series: NDArray[np.int32] = field(default_factory=_no_rows)
    expiring_step: NDArray[np.int32] = field(default_factory=_no_rows)
    expiring_units: Floats = field(default_factory=lambda: np.zeros(0))
    moved_in: NDArray[np.bool_] = field(default_factory=_none)
    moved_out: NDArray[np.bool_] = field(default_factory=_none)

    def __post_init__(self) -> None:
        n, m = len(self.on_hand), len(self.arrival_series)
        for name in ("on_hand", "reserved", "age_days"):
            object.__setattr__(self, name, frozen(name, getattr(self, name), (n,), np.float64))
        object.__setattr__(self, "known", frozen("known", self.known, (n,), np.bool_))
        for name in ("arrival_series", "arrival_step"):
            object.__setattr__(self, name, frozen(name, getattr(self, name), (m,), np.int32))
        units = frozen("arrival_units", self.arrival_units, (m,), np.float64)
        object.__setattr__(self, "arrival_units", units)
        shape = (m if len(self.arrival_expected) else 0,)
        expected = frozen("arrival_expected", self.arrival_expected, shape, np.bool_)
        object.__setattr__(self, "arrival_expected", expected)
        shape = (len(self.expiring_series),)
        for name, dtype in (("series", np.int32), ("step", np.int32), ("units", np.float64)):
            name = f"expiring_{name}"
            object.__setattr__(self, name, frozen(name, getattr(self, name), shape, dtype))
        require(self.expiring_step >= 1, "expiring_step", ">= 1")
        require(self.expiring_units >= 0, "expiring_units", ">= 0")
        for name in ("moved_in", "moved_out"):
            told = getattr(self, name) if len(getattr(self, name)) else np.zeros(n, np.bool_)
            object.__setattr__(self, name, frozen(name, told, (n,), np.bool_))
        require(np.isfinite(self.on_hand) & (self.on_hand >= 0), "on_hand", "finite and >= 0")
        require(self.arrival_step >= 1, "arrival_step", ">= 1")

    def is_expected(self) -> NDArray[np.bool_]:
        """Whether an arrival is what customers are expected to send back, (arrivals,)."""
        none = np.zeros(len(self.arrival_series), np.bool_)
        return self.arrival_expected if len(self.arrival_expected) else none

    def with_arrivals(
        self, series: NDArray[Any], step: NDArray[Any], units: Floats, expected: bool = False
    ) -> StockPosition:
        """The position with ``units`` of some series, (more,), arriving for some steps as well.

        expected: customers are expected to send them back.
        """
        return replace(
            self,
            arrival_series=np.concatenate([self.arrival_series, series]),
            arrival_step=np.concatenate([self.arrival_step, step]),
            arrival_units=np.concatenate([self.arrival_units, units]),
            arrival_expected=np.concatenate([self.is_expected(), np.full(len(units), expected)]),
        )

    def on_order(self) -> Floats:
        """Units on order of each series, whenever they arrive, without expected returns."""
        n, units = len(self.on_hand), np.where(self.is_expected(), 0.0, self.arrival_units)
        total = np.bincount(self.arrival_series, units, minlength=n)
        return total.astype(np.float64)
