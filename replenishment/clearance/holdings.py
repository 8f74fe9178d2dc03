"""The stock that is on hand tonight, as clearance looks at it."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stockwright.arrays import frozen, one_each, require
from stockwright.errors import DataError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_WHOLE = ("series", "weeks", "return_weeks", "price_group", "locked", "event")
_FLAGS = ("hit", "declining")
_SHARED = ("locked", "event", "season_units", "season_wait")
_WIDE = ("demand", "planned")
_UNKNOWN = ("age_days", "price")
# Weeks at either end of the demand that are compared, and the share that tells an end.
_SPAN, _FADED = 4, 0.25
#: Days in a week of ``demand``.
WEEK = 7


def _zero() -> Ints:
    return np.zeros(1, np.int64)


@dataclass(frozen=True)
class Holdings:
    """Stock on hand, one row for each item: a SKU at a location; all (items,) but ``demand`` and
    ``planned``.

    series: row of the night's index, rising. units: on hand and free, > 0. age_days: mean age of
        the stock, NaN where unknown.
    unit_cost: money per unit. price: the highest that a customer pays in the weeks ahead if nothing
        is done, NaN where unknown. planned: (items, weeks) share of it that is the price of each
        week, in (0, 1]: less than 1 in the week of a promotion or before a price rises. floor:
        lowest price allowed, 0 for none. salvage: money that a unit still brings at the end, >= 0.
    holding: money per unit and week, the whole of it.
    demand: (items, weeks) mean units of each week ahead at its planned price; of a location that
        feeds others, what they will ask of it. dispersion: variance over mean of one week's
        demand, >= 1, without level_variance: the relative variance that all weeks share.
    sold: units sold since the stock was received. on_order: units on order, expected returns left
        out.
    weeks: in which units can still be sold, at most the width of ``demand``: as many mean that no
        end is known within it. perishing: units of batches that are expected to expire unsold
        before that.
    return_value: money per unit from the supplier, 0 for none; return_weeks: in which it is paid.
    price_group: items that share one number are marked down by the same share, -1 for an item by
        itself, -2 for one whose price has to stay.
    locked: weeks that the price of now still has to stay.
    event: code of an event that is over and that the stock was for, 0 for none.
    hit: sells beyond what its past explains. declining: its demand falls for good.
    season_units: that a season after the weeks looked at lets expect, 0 for none; season_wait:
        weeks from tonight until they are sold, in the mean.
    """

    series: Ints
    units: Floats
    age_days: Floats
    unit_cost: Floats
    price: Floats
    floor: Floats
    salvage: Floats
    holding: Floats
    demand: Floats
    dispersion: Floats
    level_variance: Floats
    sold: Floats
    on_order: Floats
    weeks: Ints
    perishing: Floats
    return_value: Floats
    return_weeks: Ints
    price_group: Ints
    hit: NDArray[np.bool_]
    declining: NDArray[np.bool_]
    planned: Floats = field(default_factory=lambda: np.ones((1, 1)))
    locked: Ints = field(default_factory=_zero)
    event: Ints = field(default_factory=_zero)
    season_units: Floats = field(default_factory=lambda: np.zeros(1))
    season_wait: Floats = field(default_factory=lambda: np.zeros(1))

    def __post_init__(self) -> None:
        n, demand = len(self.series), np.asarray(self.demand)
        if demand.ndim != 2 or demand.shape[1] < 1:
            raise DataError(f"demand has shape {demand.shape}, expected (items, weeks)")
        shape = (n, demand.shape[1])
        planned = np.asarray(self.planned)
        planned = np.broadcast_to(planned, shape) if planned.size == 1 else planned
        for name, values in (("demand", demand), ("planned", planned)):
            object.__setattr__(self, name, frozen(name, values, shape, np.float64))
        for name in _SHARED:
            value = np.asarray(getattr(self, name))
            value = np.broadcast_to(value, (n,)) if value.size == 1 else value
            object.__setattr__(self, name, value)
        for name in (*_WHOLE, *_FLAGS):
            dtype = np.bool_ if name in _FLAGS else np.int64
            object.__setattr__(self, name, frozen(name, getattr(self, name), (n,), dtype))
        for each in fields(self):
            if each.name in (*_WHOLE, *_FLAGS, *_WIDE):
                continue
            values = one_each(each.name, getattr(self, each.name), n)
            object.__setattr__(self, each.name, values)
            told = np.isfinite(values) | (np.isnan(values) & (each.name in _UNKNOWN))
            require(told & ~(values < 0), each.name, "finite and >= 0")
        self._check()

    def _check(self) -> None:
        require(np.isfinite(self.demand) & (self.demand >= 0), "demand", "finite and >= 0")
        require((self.planned > 0) & (self.planned <= 1), "planned", "in (0, 1]")
        require(self.units > 0, "units", "> 0")
        require(self.dispersion >= 1, "dispersion", ">= 1")
        width = self.demand.shape[1]
        require((self.weeks >= 0) & (self.weeks <= width), "weeks", f"in 0 ... {width}")
        require(self.return_weeks >= 0, "return_weeks", ">= 0")
        for name in _SHARED:
            require(getattr(self, name) >= 0, name, ">= 0")
        require(self.price_group >= -2, "price_group", ">= -2")
        require(np.diff(self.series) > 0, "series", "rising")

    def __len__(self) -> int:
        return len(self.series)

    @property
    def value(self) -> Floats:
        """Stock at cost, (items,)."""
        return self.units * self.unit_cost

    @property
    def weekly_price(self) -> Floats:
        """What a customer pays in each week if nothing is done, (items, weeks)."""
        return self.price[:, None] * self.planned

    @property
    def fading(self) -> NDArray[np.bool_]:
        """Whether demand is about to fall below a quarter, as at the end of a season, (items,)."""
        soon, late = self.demand[:, :_SPAN], self.demand[:, -_SPAN:]
        return np.asarray(late.mean(axis=1) < _FADED * soon.mean(axis=1), np.bool_)

    @property
    def ending(self) -> NDArray[np.bool_]:
        """Whether the end of sale falls within the weeks looked at, (items,)."""
        return np.asarray(self.weeks < self.demand.shape[1], np.bool_)

    def take(self, rows: NDArray[Any] | slice) -> Holdings:
        """Some of the items."""
        return Holdings(*(getattr(self, each.name)[rows] for each in fields(self)))
