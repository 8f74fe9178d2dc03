"""What holds in the simulated shop: lead times, packs, capacity, shelf life, substitutes, money.

A row is one SKU at one location in one demand path. ``ShopTerms.repeated`` lays several paths of
one shop side by side.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stockwright.arrays import frozen, require
from stockwright.errors import DataError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class RandomLead:
    """Lead times drawn anew for every order.

    chance: (series, longest + 1) probability that the lead time is 0, 1, ... periods; rows sum
    to 1. crossing: a later order may arrive before an earlier one; else it arrives with it at
    the earliest (Kaplan 1970).
    """

    chance: Floats
    crossing: bool = True

    def __post_init__(self) -> None:
        shape = np.shape(self.chance)
        if len(shape) != 2 or not shape[1]:
            raise DataError(f"chance has shape {shape}, expected (series, longest + 1)")
        object.__setattr__(self, "chance", frozen("chance", self.chance, shape, np.float64))
        require(self.chance >= 0, "chance", ">= 0")
        require(np.abs(self.chance.sum(axis=1) - 1) < 1e-9, "chance", "1 in the sum of a row")

    def draw(self, rows: Ints, rng: np.random.Generator) -> Ints:
        """Lead time of one order to each of ``rows``, periods."""
        passed = np.cumsum(self.chance, axis=1)[rows, :-1]
        return np.asarray((rng.random((len(rows), 1)) >= passed).sum(axis=1), np.int64)

    def repeated(self, paths: int, n: int) -> RandomLead:
        """The same for ``paths`` copies of the rows."""
        return replace(self, chance=np.tile(self.chance, (paths, 1)))


@dataclass(frozen=True)
class Receiving:
    """Units that a location can take in a period; what is due beyond waits for the next one.

    location: (series,) codes from 0. capacity: (locations,) or (locations, period) units,
    inf for no limit.
    """

    location: Ints
    capacity: Floats

    def __post_init__(self) -> None:
        shape = np.shape(self.location)
        object.__setattr__(self, "location", frozen("location", self.location, shape, np.int64))
        shape = np.shape(self.capacity)
        object.__setattr__(self, "capacity", frozen("capacity", self.capacity, shape, np.float64))
        known = (self.location >= 0) & (self.location < len(self.capacity))
        require(known, "location", "a row of capacity")
        require(self.capacity >= 0, "capacity", ">= 0 units")

    def room(self, period: int) -> Floats:
        """Units that each location can take in ``period``, (locations,)."""
        if self.capacity.ndim == 1:
            return self.capacity
        if period >= self.capacity.shape[1]:
            raise DataError(f"capacity ends before period {period}")
        return np.asarray(self.capacity[:, period])

    def repeated(self, paths: int, n: int) -> Receiving:
        """The same for ``paths`` copies of the rows."""
        shift = np.repeat(np.arange(paths) * len(self.capacity), n)
        capacity = np.concatenate([self.capacity] * paths)
        return Receiving(np.tile(self.location, paths) + shift, capacity)


@dataclass(frozen=True)
class ShelfLife:
    """How long stock can be sold.

    periods: (series,) a unit received in period t is sold in t ... t + periods - 1 and expires
    at the close of the last; 0: it does not expire. Goods from outside come with the whole life,
    a transfer loses the periods that it is on its way. first_expired_first_out: units are issued
    by what is left of their life, else by when they were received. cost: money per unit expired.
    """

    periods: Ints
    first_expired_first_out: bool = True
    cost: Floats | float = 0.0

    def __post_init__(self) -> None:
        n = len(self.periods)
        object.__setattr__(self, "periods", frozen("periods", self.periods, (n,), np.int64))
        cost = np.broadcast_to(self.cost, (n,))
        object.__setattr__(self, "cost", frozen("cost", cost, (n,), np.float64))
        require(self.periods >= 0, "shelf life", ">= 0 periods")

    def lasting(self) -> NDArray[np.bool_]:
        """Rows that do not expire, (series,)."""
        return np.asarray(self.periods == 0)

    def classes(self) -> tuple[int, int]:
        """Classes by receipt (oldest first) and by life left (shortest first)."""
        longest = int(self.periods.max(initial=1))
        return (1 if self.first_expired_first_out else longest), max(longest, 1)

    def whole(self) -> Ints:
        """Class of life of goods that come from outside, (series,)."""
        return np.where(self.lasting(), self.classes()[1], self.periods) - 1

    def repeated(self, paths: int, n: int) -> ShelfLife:
        """The same for ``paths`` copies of the rows."""
        return replace(
            self, periods=np.tile(self.periods, paths), cost=np.tile(np.asarray(self.cost), paths)
        )


@dataclass(frozen=True)
class Substitutes:
    """Who takes something else when a SKU is out of stock.

    row: (series,) the row asked instead, -1 for none. share: (series,) of the unmet demand that
    asks for it; in whole units each customer decides alone (binomial).
    """

    row: Ints
    share: Floats

    def __post_init__(self) -> None:
        n = len(self.row)
        object.__setattr__(self, "row", frozen("substitute", self.row, (n,), np.int64))
        object.__setattr__(self, "share", frozen("share", self.share, (n,), np.float64))
        require((self.row >= -1) & (self.row < n), "substitute", "a row or -1")
        require(self.row != np.arange(n), "substitute", "another row")
        require((self.share >= 0) & (self.share <= 1), "share", "in [0, 1]")

    def repeated(self, paths: int, n: int) -> Substitutes:
        """The same for ``paths`` copies of the rows."""
        return Substitutes(repeated_rows(self.row, paths, n), np.tile(self.share, paths))


def repeated_rows(row: Ints, paths: int, n: int) -> Ints:
    """Row numbers of ``paths`` copies of ``n`` rows; -1 stays."""
    tiled = np.tile(row, paths)
    return np.where(tiled < 0, -1, tiled + np.repeat(np.arange(paths) * n, n))


def packed(units: Any, moq: Any, multiple: Any) -> Any:
    """``units`` raised to the MOQ and whole multiples, 0 for none; no units stay none."""
    raised = np.maximum(units, moq)
    lot = np.where(multiple > 0, multiple, 1)
    whole = np.where(multiple > 0, np.ceil(raised / lot) * lot, raised)
    return np.where(units > 0, whole, 0)


@dataclass(frozen=True)
class ShopTerms:
    """Terms of each row, all (series,).

    lead_time: L, periods. holding: money per unit left at a close. shortage: money per unit
    lost, or owed at a close. lost_sales: demand that finds no stock is lost; else it is owed
    (backorders). moq, multiple: an order is raised to ``moq`` units and to a whole multiple; 0
    for none. fixed_cost: money per order. unit_cost: money per unit ordered or moved.
    source: row that feeds this one, -1: a supplier, who always delivers. whole: goods are counted
    in whole units. random_lead, receiving, shelf_life, substitutes: None where there is none.
    """

    lead_time: Ints
    holding: Floats
    shortage: Floats
    lost_sales: bool = True
    moq: Floats | float = 0.0
    multiple: Floats | float = 0.0
    fixed_cost: Floats | float = 0.0
    unit_cost: Floats | float = 0.0
    source: Ints | int = -1
    whole: bool = True
    random_lead: RandomLead | None = None
    receiving: Receiving | None = None
    shelf_life: ShelfLife | None = None
    substitutes: Substitutes | None = None

    def __post_init__(self) -> None:
        n = len(self.lead_time)
        for name in ("lead_time", "source"):
            value = np.broadcast_to(getattr(self, name), (n,))
            object.__setattr__(self, name, frozen(name, value, (n,), np.int64))
        for name in ("holding", "shortage", "moq", "multiple", "fixed_cost", "unit_cost"):
            value = np.broadcast_to(getattr(self, name), (n,))
            object.__setattr__(self, name, frozen(name, value, (n,), np.float64))
            require(getattr(self, name) >= 0, name, ">= 0")
        require(self.lead_time >= 0, "lead_time", ">= 0 periods")
        source = np.asarray(self.source)
        require((source >= -1) & (source < n) & (source != np.arange(n)), "source", "a row or -1")
        law, life, taken = self.random_lead, self.shelf_life, self.substitutes
        dock = self.receiving
        lengths = [len(law.chance) if law else n, len(life.periods) if life else n]
        lengths += [len(taken.row) if taken else n, len(dock.location) if dock else n]
        if set(lengths) != {n}:
            raise DataError(f"terms of {n} rows come with parts of {sorted(set(lengths))} rows")

    @classmethod
    def same(
        cls, n: int, lead_time: int, holding: float, shortage: float, lost_sales: bool = True
    ) -> ShopTerms:
        """The same terms for ``n`` series."""
        full = np.full(n, lead_time), np.full(n, holding), np.full(n, shortage)
        return cls(*full, lost_sales)

    def __len__(self) -> int:
        return len(self.lead_time)

    @property
    def steps(self) -> int:
        """Periods that a pipeline must hold: the longest lead time plus one."""
        longest = int(self.lead_time.max(initial=0))
        drawn = self.random_lead.chance.shape[1] - 1 if self.random_lead else 0
        return max(longest, drawn) + 1

    def packed(self, units: Floats) -> Floats:
        """``units`` raised to the MOQ and whole multiples; 0 stays 0."""
        return np.asarray(packed(units, self.moq, self.multiple), np.float64)

    def repeated(self, paths: int) -> ShopTerms:
        """``paths`` copies of the shop side by side: row ``path * series + row``."""
        n = len(self)
        told: dict[str, Any] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name == "source":
                told[field.name] = repeated_rows(value, paths, n)
            elif isinstance(value, np.ndarray):
                told[field.name] = np.tile(value, paths)
            elif value is not None and not isinstance(value, bool):
                told[field.name] = value.repeated(paths, n)
        return replace(self, **told)
