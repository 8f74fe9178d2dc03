"""The supply network: locations, suppliers, the lanes that can serve each key, and item terms."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stockwright.arrays import frozen, one_each, require
from stockwright.funds import Funds

Floats = NDArray[np.float64]


class LocationKind(IntEnum):
    """What a location is for."""

    CENTRAL = 0
    REGIONAL = 1
    STORE = 2


class LaneKind(IntEnum):
    """How a lane supplies its destination."""

    REGULAR = 0  #: from a supplier
    TRANSFER = 1  #: from another location
    EXPEDITED = 2  #: a faster, dearer way


def _freeze(instance: Any, n: int, dtypes: dict[str, Any]) -> None:
    for name, dtype in dtypes.items():
        object.__setattr__(instance, name, frozen(name, getattr(instance, name), (n,), dtype))


@dataclass(frozen=True)
class Locations:
    """Parallel to ``SeriesIndex.locations``.

    kind: LocationKind. parent: location code, -1 for none. sells: takes demand of its own.
    counts_stock: its on-hand stock is usable. inbound_capacity: units per period it can receive,
    inf for no limit. region and tier: free text, "" for none. outbound_capacity: units per period
    that can leave for other locations, inf for no limit. Empty: no location has one.
    storage_volume: volume of the stock that it can hold, in the unit of the items' volume, inf for
    no limit. Empty: no location has one.
    """

    kind: NDArray[np.uint8]
    parent: NDArray[np.int32]
    sells: NDArray[np.bool_]
    counts_stock: NDArray[np.bool_]
    inbound_capacity: Floats
    region: tuple[str, ...]
    tier: tuple[str, ...]
    outbound_capacity: Floats = field(default_factory=lambda: np.zeros(0))
    storage_volume: Floats = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        bools = {"sells": np.bool_, "counts_stock": np.bool_}
        later = ("outbound_capacity", "storage_volume")
        rates = dict.fromkeys(("inbound_capacity", *later), np.float64)
        n = len(self.kind)
        for name in later:
            if not len(getattr(self, name)):
                object.__setattr__(self, name, np.full(n, np.inf))
        _freeze(self, n, {"kind": np.uint8, "parent": np.int32, **bools, **rates})


@dataclass(frozen=True)
class Suppliers:
    """The suppliers. Minima and fixed cost per order, 0 for none; of a supplier with trucks the
    fixed cost is paid for each truck.

    min_order_value: money. min_order_units: sales units. fixed_cost: money per order.
    expedited_units: most units of one period's orders on expedited lanes; empty: no limit.
    truck_volume, truck_weight: what a truck takes, in the units of the items, > 0, inf for no
    limit; a supplier with neither has no trucks. Empty: none has.
    """

    names: tuple[str, ...]
    min_order_value: Floats
    min_order_units: Floats
    fixed_cost: Floats
    expedited_units: Floats = field(default_factory=lambda: np.zeros(0))
    truck_volume: Floats = field(default_factory=lambda: np.zeros(0))
    truck_weight: Floats = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        n = len(self.names)
        _freeze(
            self,
            n,
            dict.fromkeys(("min_order_value", "min_order_units", "fixed_cost"), np.float64),
        )
        limits = ("expedited_units", "truck_volume", "truck_weight")
        for name in limits:
            if not len(getattr(self, name)):
                object.__setattr__(self, name, np.full(n, np.inf))
        _freeze(self, n, dict.fromkeys(limits, np.float64))
        require(self.truck_volume > 0, "truck_volume", "> 0")
        require(self.truck_weight > 0, "truck_weight", "> 0")

    @property
    def has_trucks(self) -> NDArray[np.bool_]:
        """Suppliers whose orders come in trucks, (suppliers,)."""
        return np.isfinite(self.truck_volume) | np.isfinite(self.truck_weight)


@dataclass(frozen=True)
class Lanes:
    """Every way to supply a key tonight or later: one row per (series, source, kind).

    series: series the lane supplies. kind: LaneKind.
    source: supplier code for REGULAR and EXPEDITED, location code for TRANSFER.
    lead_time: L, whole periods; lead_time_sd: periods. review: R, whole periods >= 1, already
        run to the supplier's next order weekday.
    open_tonight: the source takes an order released on the morning of D + 1.
    available_date: first date tonight's order can be sold, datetime64[D].
    moq: sales units, 0 for none. multiple: lcm(order_unit, order_multiple), sales units > 0.
    unit_cost: money per unit bought (0 for transfers, whose stock is already owned).
    unit_freight: money per unit. max_units: most units one period's order may have, inf for none.
    priority: of lanes of one landed cost the lower is used, inf where none is given.
    break_start: (lanes + 1,) offsets into break_units and break_cost: all-units price breaks,
        thresholds in sales units rising.
    supplier_sku: the supplier's own code, "" for none.
    order_days: (lanes, 7) whether the source takes an order 1 ... 7 days after tonight's; empty
        where it does on all of them.
    good_share: units of one ordered that are expected to come and to be good, in (0, 1]; empty: 1.
    payment_date: date on which tonight's order is paid, datetime64[D], NaT where none is; empty:
        nowhere.
    """

    series: NDArray[np.int32]
    kind: NDArray[np.uint8]
    source: NDArray[np.int32]
    lead_time: NDArray[np.int32]
    lead_time_sd: Floats
    review: NDArray[np.int32]
    open_tonight: NDArray[np.bool_]
    available_date: NDArray[np.datetime64]
    moq: Floats
    multiple: Floats
    unit_cost: Floats
    unit_freight: Floats
    max_units: Floats
    priority: Floats
    break_start: NDArray[np.int64]
    break_units: Floats
    break_cost: Floats
    supplier_sku: tuple[str, ...]
    order_days: NDArray[np.bool_] = field(default_factory=lambda: np.zeros((0, 7), np.bool_))
    good_share: Floats = field(default_factory=lambda: np.zeros(0))
    payment_date: NDArray[np.datetime64] = field(
        default_factory=lambda: np.zeros(0, "datetime64[D]")
    )

    def __post_init__(self) -> None:
        n = len(self.series)
        if not len(self.payment_date):
            object.__setattr__(self, "payment_date", np.full(n, "NaT", "datetime64[D]"))
        if not len(self.good_share):
            object.__setattr__(self, "good_share", np.ones(n))
        _freeze(self, n, {"good_share": np.float64})
        require((self.good_share > 0) & (self.good_share <= 1), "good_share", "in (0, 1]")
        _freeze(self, n, dict.fromkeys(("series", "source", "lead_time", "review"), np.int32))
        _freeze(self, n, {"kind": np.uint8, "open_tonight": np.bool_})
        dates = ("available_date", "payment_date")
        _freeze(self, n, dict.fromkeys(dates, "datetime64[D]"))
        money = ("lead_time_sd", "moq", "multiple", "unit_cost", "unit_freight", "max_units")
        _freeze(self, n, dict.fromkeys((*money, "priority"), np.float64))
        require(self.lead_time >= 0, "lead_time", ">= 0 periods")
        require(self.review >= 1, "review", ">= 1 period")
        require(self.multiple > 0, "multiple", "> 0")
        require(np.diff(self.series) >= 0, "lanes", "sorted by series")
        start = frozen("break_start", self.break_start, (n + 1,), np.int64)
        object.__setattr__(self, "break_start", start)

    def __len__(self) -> int:
        return len(self.series)


@dataclass(frozen=True)
class ItemTerms:
    """Money and packing of each series, all (series,).

    unit_cost, price: money per unit; price NaN where unknown.
    holding_cost: per unit left at the close of a period. shortage_cost: per unit not served.
    order_unit: sales units, whole. units_per_case: NaN where unknown.
    stock_mode: True where stock is kept; False for presale and dropship goods, never ordered.
    ends: period (relative to the panel) after which the item is not sold, or a large number.
    service_level: cycle-service target in (0, 1), NaN where money decides.
    fill_rate: fill-rate target in (0, 1), NaN where money decides.
    most_cover: most periods of cover that a line may raise a series to, inf for no limit.
    shelf_life: periods, >= 1, in which a unit can be sold after its arrival, inf where it keeps.
    salvage: money that a unit still brings when it can no longer be sold.
    helped_shortage: the most that a unit not served costs a series that feeds no other, because
        others serve part of its customers; inf where nobody does.
    volume, weight: of a unit, 0 where unknown.
    units_per_layer, units_per_pallet: NaN where unknown.
    """

    unit_cost: Floats
    price: Floats
    holding_cost: Floats
    shortage_cost: Floats
    order_unit: Floats
    units_per_case: Floats
    stock_mode: NDArray[np.bool_]
    ends: NDArray[np.int64]
    service_level: Floats
    fill_rate: Floats
    most_cover: Floats = field(default_factory=lambda: np.full(1, np.inf))
    shelf_life: Floats = field(default_factory=lambda: np.full(1, np.inf))
    salvage: Floats = field(default_factory=lambda: np.zeros(1))
    helped_shortage: Floats = field(default_factory=lambda: np.full(1, np.inf))
    volume: Floats = field(default_factory=lambda: np.zeros(1))
    weight: Floats = field(default_factory=lambda: np.zeros(1))
    units_per_layer: Floats = field(default_factory=lambda: np.full(1, np.nan))
    units_per_pallet: Floats = field(default_factory=lambda: np.full(1, np.nan))

    def __post_init__(self) -> None:
        n = len(self.unit_cost)
        costs = ("unit_cost", "price", "holding_cost", "shortage_cost", "order_unit")
        targets = ("units_per_case", "service_level", "fill_rate")
        _freeze(self, n, dict.fromkeys((*costs, *targets), np.float64))
        _freeze(self, n, {"stock_mode": np.bool_, "ends": np.int64})
        loads = ("units_per_layer", "units_per_pallet", "volume", "weight")
        for name in ("most_cover", "shelf_life", "salvage", "helped_shortage", *loads):
            object.__setattr__(self, name, one_each(name, getattr(self, name), n))
        require(self.shelf_life >= 1, "shelf_life", ">= 1 period")
        require(self.most_cover > 0, "most_cover", "> 0")
        require(self.volume >= 0, "volume", ">= 0")
        require(self.weight >= 0, "weight", ">= 0")
        require(self.holding_cost >= 0, "holding_cost", ">= 0")
        require(self.shortage_cost >= 0, "shortage_cost", ">= 0")

    def price_short(self) -> Floats:
        """Money per unit not served of each series, (series,), with the help of others."""
        return np.minimum(self.shortage_cost, self.helped_shortage)


@dataclass(frozen=True)
class Fallbacks:
    """Who else serves customers of a series that is out of stock: one row per (series, other).

    series, other: the series without stock, and the one that serves in its place. share: of the
    units short that it is asked for, in (0, 1]. cost: money that a unit so served still costs of
    the price of a unit short, >= 0: freight, or what the other article earns less.
    """

    series: NDArray[np.int64]
    other: NDArray[np.int64]
    share: Floats
    cost: Floats

    def __post_init__(self) -> None:
        n = len(self.series)
        _freeze(self, n, {"series": np.int64, "other": np.int64})
        _freeze(self, n, {"share": np.float64, "cost": np.float64})
        require(self.series != self.other, "other", "another series")
        require((self.share > 0) & (self.share <= 1), "share", "in (0, 1]")
        require(self.cost >= 0, "cost", ">= 0")

    def __len__(self) -> int:
        return len(self.series)

    @classmethod
    def none(cls) -> Fallbacks:
        """Every series serves its own customers, or nobody does."""
        nobody, nothing = np.zeros(0, np.int64), np.zeros(0)
        return cls(nobody, nobody, nothing, nothing)

    def take(self, rows: NDArray[Any]) -> Fallbacks:
        """Some of the rows."""
        return Fallbacks(self.series[rows], self.other[rows], self.share[rows], self.cost[rows])

    def joined(self, more: Fallbacks) -> Fallbacks:
        """These rows and, behind them, others."""
        names = ("series", "other", "share", "cost")
        return Fallbacks(*(np.append(getattr(self, n), getattr(more, n)) for n in names))


@dataclass(frozen=True)
class Network:
    """Locations, suppliers, lanes, item terms and funds of a run, and who helps out whom."""

    locations: Locations
    suppliers: Suppliers
    lanes: Lanes
    items: ItemTerms
    funds: Funds = field(default_factory=Funds.none)
    fallbacks: Fallbacks = field(default_factory=Fallbacks.none)
