"""What a markdown plan is asked about: items with stock, weeks left and a ladder of prices."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stockwright.arrays import frozen, one_each, require
from stockwright.errors import DataError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def _zero() -> Any:
    return np.zeros(1)


@dataclass(frozen=True)
class MarkdownTask:
    """Items to sell off, each by itself. One number stands for all items in (items,) fields.

    stock: (items,) units, > 0. weeks: (items,) whole weeks left to sell in, >= 1.
    price: (items, rungs) >= 0, falling from rung to rung.
    mean: (items, scenarios, weeks, rungs) or (items, weeks, rungs) units that customers want in a
        week at a rung, >= 0, of what is not known of the response to price; as many weeks as the
        item with the most. dispersion: (items,) variance over mean of a week's demand, >= 1; 1 is
        Poisson.
    weight: (items, scenarios) probability of the scenarios, rows sum to 1; all alike by default.
    salvage: (items,) money for a unit that is left after the last week, at most the highest price;
        negative where disposal costs money.
    late_units, late_gain: (items,) units that would still be sold after the last week, and the
        money beyond the salvage that each of them brings, >= 0. What is left counts as these
        first, and only the rest as salvage.
    start: (items,) rung of the price in force. A price never goes up from there.
    floor: (items,) no rung with a lower price is gone to, >= 0.
    change_cost, unit_change_cost: (items,) money for a change of price while there is stock, and
        for each unit in stock then, >= 0.
    holding: (items,) money for a unit left at the end of a week, >= 0.
    most: (items, weeks) most that a customer pays in a week, whatever the rung: a promotion that is
        planned anyway, > 0. The means hold it in already.
    locked: (items,) weeks that the price in force has to stay, >= 0.
    """

    stock: Floats
    weeks: Ints
    price: Floats
    mean: Floats
    salvage: Floats = field(default_factory=_zero)
    dispersion: Floats = field(default_factory=lambda: np.ones(1))
    weight: Floats = field(default_factory=lambda: np.ones((1, 1)))
    start: Ints = field(default_factory=_zero)
    floor: Floats = field(default_factory=_zero)
    change_cost: Floats = field(default_factory=_zero)
    unit_change_cost: Floats = field(default_factory=_zero)
    holding: Floats = field(default_factory=_zero)
    locked: Ints = field(default_factory=_zero)
    late_units: Floats = field(default_factory=_zero)
    late_gain: Floats = field(default_factory=_zero)
    most: Floats = field(default_factory=lambda: np.full((1, 1), np.inf))

    def __post_init__(self) -> None:
        price, mean = np.asarray(self.price, np.float64), np.asarray(self.mean, np.float64)
        if price.ndim != 2 or not price.shape[1]:
            raise DataError(f"price has shape {price.shape}, expected (items, rungs)")
        mean = mean[:, None] if mean.ndim == 3 else mean
        if mean.ndim != 4:
            raise DataError(
                f"mean has shape {mean.shape}, expected (items, scenarios, weeks, rungs)"
            )
        n, rungs = price.shape
        self._set("price", frozen("price", price, price.shape, np.float64))
        self._set("mean", frozen("mean", mean, (n, *mean.shape[1:3], rungs), np.float64))
        for each in fields(self):
            if each.name not in ("price", "mean", "weight", "most"):
                self._set(each.name, one_each(each.name, getattr(self, each.name), n))
        for name in ("weeks", "start", "locked"):
            value = getattr(self, name)
            require(value == np.rint(value), name, "whole numbers")
            self._set(name, frozen(name, value, (n,), np.int64))
        self._set("weight", self._weights(n, mean.shape[1]))
        most, wide = np.asarray(self.most, np.float64), (n, mean.shape[2])
        most = np.broadcast_to(most, wide) if most.size == 1 else most
        self._set("most", frozen("most", most, wide, np.float64))
        self._check()

    def _set(self, name: str, value: NDArray[Any]) -> None:
        object.__setattr__(self, name, value)

    def _weights(self, n: int, scenarios: int) -> Floats:
        weight = np.asarray(self.weight, np.float64)
        if weight.size == 1:
            weight = np.full((n, scenarios), 1.0 / scenarios)
        checked: Floats = frozen("weight", weight, (n, scenarios), np.float64)
        require(checked >= 0, "weight", ">= 0")
        require(np.abs(checked.sum(axis=1) - 1) <= 1e-9, "sums of weight", "1")
        return checked

    def _check(self) -> None:
        longest, rungs = self.mean.shape[2:]
        require(np.isfinite(self.stock) & (self.stock > 0), "stock", "finite and > 0")
        require((self.weeks >= 1) & (self.weeks <= longest), "weeks", f"from 1 to {longest}")
        require(np.isfinite(self.price) & (self.price >= 0), "price", "finite and >= 0")
        require(
            np.diff(self.price, axis=1) < 0, "price", "lower on each rung than on the one before"
        )
        require(np.isfinite(self.mean) & (self.mean >= 0), "mean", "finite and >= 0")
        require(np.isfinite(self.dispersion) & (self.dispersion >= 1), "dispersion", ">= 1")
        most = np.isfinite(self.salvage) & (self.salvage <= self.price[:, 0])
        require(most, "salvage", "at most the highest price (sell the stock there at once)")
        require((self.start >= 0) & (self.start < rungs), "start", f"from 0 to {rungs - 1}")
        require(self.locked >= 0, "locked", ">= 0")
        require(self.most > 0, "most", "> 0")
        costs = ("floor", "change_cost", "unit_change_cost", "holding", "late_units", "late_gain")
        for name in costs:
            value = getattr(self, name)
            require(np.isfinite(value) & (value >= 0), name, "finite and >= 0")

    def __len__(self) -> int:
        return len(self.stock)

    @property
    def rungs(self) -> int:
        """Number of prices of each item."""
        return int(self.price.shape[1])

    def take(self, items: NDArray[Any] | slice) -> MarkdownTask:
        """Some of the items."""
        return MarkdownTask(**{each.name: getattr(self, each.name)[items] for each in fields(self)})

    def open_rungs(self) -> NDArray[np.bool_]:
        """Rungs that a price may be on from now on, (items, rungs)."""
        rung = np.arange(self.rungs)
        lower = (rung > self.start[:, None]) & (self.price >= self.floor[:, None])
        return np.asarray(lower | (rung == self.start[:, None]))
