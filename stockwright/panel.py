"""The demand panel: what was demanded, where, when, and how much of it could be seen."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stockwright.arrays import frozen, require
from stockwright.calendar import Calendar
from stockwright.errors import DataError


class Status(IntEnum):
    """What a cell of the panel says about demand."""

    OBSERVED = 0  #: demand is what was sold
    CENSORED = 1  #: out of stock for part or all of the period: demand was at least this
    CLOSED = 2  #: the location did not sell
    NOT_LISTED = 3  #: before the first sale, receipt or launch, or after the end of life
    MISSING = 4  #: no data of the whole location for the period


def text_hash(texts: Sequence[str] | NDArray[Any]) -> NDArray[np.uint64]:
    """A 64-bit FNV-1a hash of each text's UTF-8 bytes: the same on every machine and run.

    All texts are walked at once, byte by byte (Fowler, Noll & Vo).
    """
    raw = [str(text).encode() for text in texts]
    size = np.array([len(each) for each in raw], np.int64)
    start, letters = np.cumsum(size) - size, np.frombuffer(b"".join(raw), np.uint8)
    out = np.full(len(raw), 0xCBF29CE484222325, np.uint64)
    left = np.arange(len(raw))
    for place in range(int(size.max(initial=0))):
        left = left[size[left] > place]
        out[left] = (out[left] ^ letters[start[left] + place]) * np.uint64(0x100000001B3)
    return out


def mix_hash(value: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Scramble 64-bit integers (the finalizer of SplitMix64, Steele et al. 2014)."""
    with np.errstate(over="ignore"):
        z = value + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return np.asarray(z ^ (z >> np.uint64(31)), np.uint64)


@dataclass(frozen=True)
class SeriesIndex:
    """The keys of a run: (sku, location) pairs, sorted by sku then location, unique.

    ``skus`` and ``locations`` are sorted name tables; ``sku`` and ``location`` (int32, one per
    series) point into them.
    """

    skus: tuple[str, ...]
    locations: tuple[str, ...]
    sku: NDArray[np.int32]
    location: NDArray[np.int32]

    def __post_init__(self) -> None:
        n = len(self.sku)
        object.__setattr__(self, "sku", frozen("sku", self.sku, (n,), np.int32))
        object.__setattr__(self, "location", frozen("location", self.location, (n,), np.int32))
        for name in ("skus", "locations"):
            names = getattr(self, name)
            if not all(map(operator.lt, names, names[1:])):
                raise DataError(f"the names of {name} must be sorted and unique")
        key = self.sku.astype(np.int64) * max(len(self.locations), 1) + self.location
        require(np.diff(key) > 0, "series keys", "sorted by sku and location, and unique")

    @property
    def n_series(self) -> int:
        """Number of series."""
        return len(self.sku)

    def sku_names(self) -> NDArray[np.object_]:
        """SKU of each series, as text."""
        return np.array(self.skus, dtype=object)[self.sku]

    def location_names(self) -> NDArray[np.object_]:
        """Location of each series, as text."""
        return np.array(self.locations, dtype=object)[self.location]

    def key_hash(self) -> NDArray[np.uint64]:
        """A stable 64-bit hash of each series' names, whatever else is in the index."""
        # A block keeps the name tables of the whole run: only its own names are hashed.
        used, place = np.unique(self.sku, return_inverse=True)
        sku = text_hash([self.skus[code] for code in used.tolist()])[place]
        location = text_hash(self.locations)[self.location]
        return mix_hash(sku ^ mix_hash(location))

    def find(self, sku: NDArray[np.int64], location: NDArray[np.int64]) -> NDArray[np.int64]:
        """Series of each (sku code, location code) pair, -1 where the pair is no key."""
        width = max(len(self.locations), 1)
        keys = self.sku.astype(np.int64) * width + self.location
        wanted = np.asarray(sku, np.int64) * width + np.asarray(location, np.int64)
        place = np.searchsorted(keys, wanted)
        inside = np.minimum(place, max(len(keys) - 1, 0))
        if not len(keys):
            return np.full(wanted.shape, -1, np.int64)
        found = (keys[inside] == wanted) & (np.asarray(sku) >= 0) & (np.asarray(location) >= 0)
        return np.where(found, inside, -1)

    def take(self, series: NDArray[Any] | slice) -> SeriesIndex:
        """The index of some of the series, in their order; the name tables stay."""
        return replace(self, sku=self.sku[series], location=self.location[series])


@dataclass(frozen=True)
class Covariates:
    """What is known ahead: periods 0 ... T + H - 1, T of history and H of future.

    Each array has shape (series, T + H), or (1, T + H) where all series share it.

    price: selling price per unit, planned prices in the future; NaN where unknown. float32.
    discount: share off the list price through an event or a price cut, in [0, 1]. float32.
    event: 0 for none, else 1 + position in ``event_names`` ("double11"). int16.
    phase: 0 for none, else 1 + position in ``phase_names`` ("burst"). int16.
    signals: further numbers by name ("clicks"), float32, NaN where unknown. Only those in
        ``known_ahead`` may be known beyond the history.
    """

    price: NDArray[np.float32]
    discount: NDArray[np.float32]
    event: NDArray[np.int16]
    phase: NDArray[np.int16]
    event_names: tuple[str, ...] = ()
    phase_names: tuple[str, ...] = ()
    signals: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    known_ahead: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        dtypes: dict[str, Any] = {
            "price": np.float32,
            "discount": np.float32,
            "event": np.int16,
            "phase": np.int16,
        }
        for name, dtype in dtypes.items():
            value = np.asarray(getattr(self, name))
            object.__setattr__(self, name, frozen(name, value, value.shape, dtype))
        found = {k: np.asarray(v) for k, v in sorted(self.signals.items())}
        signals = {k: frozen(k, v, v.shape, np.float32) for k, v in found.items()}
        object.__setattr__(self, "signals", MappingProxyType(signals))
        widths = {getattr(self, name).shape[1] for name in dtypes}
        widths |= {values.shape[1] for values in signals.values()}
        if len(widths) != 1:
            raise DataError(f"covariates cover different numbers of periods: {sorted(widths)}")
        require((self.discount >= 0) & (self.discount <= 1), "discount", "in [0, 1]")
        for name, values in signals.items():
            require(~np.isinf(values), f"signal {name}", "finite, or NaN where unknown")
        if unknown := sorted(self.known_ahead - set(signals)):
            raise DataError(f"known ahead, but no signals: {unknown[:5]}")

    @property
    def n_periods(self) -> int:
        """Periods covered, history and future."""
        return int(self.price.shape[1])

    def take(self, series: NDArray[Any] | slice) -> Covariates:
        """The covariates of some of the series; shared rows stay shared."""
        names = ("price", "discount", "event", "phase")
        rows: dict[str, Any] = {n: _taken(getattr(self, n), series) for n in names}
        signals = {name: _taken(values, series) for name, values in self.signals.items()}
        return replace(self, **rows, signals=signals)

    def until(self, origin: int) -> Covariates:
        """What was known at the close of period ``origin``: no later value of any signal that is
        not known ahead."""
        hidden = {k: v for k, v in self.signals.items() if k not in self.known_ahead}
        if not hidden:
            return self
        past = np.arange(self.n_periods) <= origin
        shown = {k: np.where(past, v, np.float32(np.nan)) for k, v in hidden.items()}
        return replace(self, signals={**self.signals, **shown})


def _taken(values: NDArray[Any], series: NDArray[Any] | slice) -> NDArray[Any]:
    """Rows of some of the series; a row that all of them share stays."""
    return values if len(values) == 1 else values[series]


@dataclass(frozen=True)
class DemandPanel:
    """Demand of every series in every period of the history, and what is known of it.

    demand: (series, period) float32, sales units per period, >= 0; 0 where nothing is known.
    status: (series, period) uint8 of Status.
    in_stock: (series, period) float32, share of the selling time in stock, in [0, 1].
    calendar: dates of the periods; period 0 is the first of the history.
    covariates: known-ahead arrays over history and future.
    attributes: static integer codes per series, int32, -1 for unknown ("category", "brand", ...).
    launch: (series,) int32, period of the launch (first sale, receipt or launch date); may lie
        before 0 or, not launched yet, after the history.
    The last period of the history is the origin of the forecast.
    """

    index: SeriesIndex
    calendar: Calendar
    demand: NDArray[np.float32]
    status: NDArray[np.uint8]
    in_stock: NDArray[np.float32]
    covariates: Covariates
    launch: NDArray[np.int32]
    attributes: Mapping[str, NDArray[np.int32]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n, periods = self.index.n_series, np.asarray(self.demand).shape[-1]
        for name, dtype in (("demand", np.float32), ("in_stock", np.float32), ("status", np.uint8)):
            checked = frozen(name, getattr(self, name), (n, periods), dtype)
            object.__setattr__(self, name, checked)
        object.__setattr__(self, "launch", frozen("launch", self.launch, (n,), np.int32))
        codes = {k: frozen(k, v, (n,), np.int32) for k, v in self.attributes.items()}
        object.__setattr__(self, "attributes", MappingProxyType(codes))
        require(np.isfinite(self.demand) & (self.demand >= 0), "demand", "finite and >= 0")
        require((self.in_stock >= 0) & (self.in_stock <= 1), "in_stock", "in [0, 1]")
        require(self.status <= max(Status), "status", "a Status")
        if self.covariates.n_periods < periods:
            raise DataError(
                f"covariates cover {self.covariates.n_periods} periods, the history has {periods}"
            )
        for name in sorted(set(self.covariates.signals) - self.covariates.known_ahead):
            later = self.covariates.signals[name][:, periods:]
            require(
                np.isnan(later), f"signal {name} after the origin", "NaN: it is not known ahead"
            )

    @property
    def n_series(self) -> int:
        """Number of series."""
        return self.index.n_series

    @property
    def n_periods(self) -> int:
        """Periods of history, T."""
        return int(self.demand.shape[1])

    @property
    def horizon(self) -> int:
        """Periods of known-ahead covariates beyond the history, H."""
        return self.covariates.n_periods - self.n_periods

    @property
    def origin(self) -> int:
        """Index of the last period of the history."""
        return self.n_periods - 1

    def on_sale(self, steps: int) -> NDArray[np.bool_]:
        """Whether each series sells in steps 1 ... ``steps`` after the origin, (series, steps): not
        before its launch, not after its end."""
        ended = (self.status[:, -1] == Status.NOT_LISTED) & (self.launch <= self.origin)
        periods = self.origin + np.arange(1, steps + 1)
        return np.asarray((periods >= self.launch[:, None]) & ~ended[:, None])

    def take(self, series: NDArray[Any] | slice) -> DemandPanel:
        """The panel of some of the series."""
        return replace(
            self,
            index=self.index.take(series),
            demand=self.demand[series],
            status=self.status[series],
            in_stock=self.in_stock[series],
            covariates=self.covariates.take(series),
            launch=self.launch[series],
            attributes={k: v[series] for k, v in self.attributes.items()},
        )

    def until(self, origin: int) -> DemandPanel:
        """The panel as it stood at the close of period ``origin``.

        The known-ahead covariates stay as they are known now; later values of signals that are
        not known ahead are hidden.
        """
        stop = origin + 1
        if not 0 < stop <= self.n_periods:
            raise DataError(f"origin {origin} is outside the history of {self.n_periods} periods")
        return replace(
            self,
            demand=self.demand[:, :stop],
            status=self.status[:, :stop],
            in_stock=self.in_stock[:, :stop],
            covariates=self.covariates.until(origin),
        )
