"""The keys of a night: every (sku, location) that any table knows stock or sales of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stockwright.panel import SeriesIndex

Ints = NDArray[np.int64]
Codes = NDArray[np.int32]
# Pairs are marked in a table of all skus x locations up to this size, and sorted beyond it.
_MARKED = 1 << 28


def codes_in(column: pd.Series, names: pd.Index) -> Codes:
    """Position of each text in ``names``, -1 where it is not there; (rows,) int32."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes, texts = column.cat.codes.to_numpy(), column.cat.categories
    else:
        codes, texts = pd.factorize(column)
    place = names.get_indexer(texts.astype(object))
    found: Codes = np.append(place, -1).astype(np.int32)[codes]
    return found


def texts_of(column: pd.Series) -> NDArray[np.object_]:
    """The distinct texts of a column that are not empty, in no order."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        used = np.bincount(
            column.cat.codes.to_numpy() + 1, minlength=len(column.cat.categories) + 1
        )
        texts = column.cat.categories.to_numpy(dtype=object)[used[1:] > 0]
    else:
        texts = column.unique().astype(object)
    kept: NDArray[np.object_] = texts[(texts != "") & ~pd.isna(texts)]
    return kept


@dataclass(frozen=True)
class Keys:
    """The index of a night and the way from texts to its codes."""

    index: SeriesIndex
    sku_names: pd.Index
    location_names: pd.Index

    @property
    def n_series(self) -> int:
        """Number of keys."""
        return self.index.n_series

    @property
    def n_locations(self) -> int:
        """Number of named locations, with keys or without."""
        return len(self.index.locations)

    def skus(self, column: pd.Series) -> Codes:
        """SKU code of each row, -1 for none."""
        return codes_in(column, self.sku_names)

    def locations(self, column: pd.Series) -> Codes:
        """Location code of each row, -1 for none."""
        return codes_in(column, self.location_names)

    def series(self, frame: pd.DataFrame, location: str = "location") -> Ints:
        """Series of each row of ``frame`` (columns sku and ``location``), -1 for none."""
        sku = self.skus(frame["sku"]).astype(np.int64)
        place = self.locations(frame[location]).astype(np.int64)
        table = self._table
        if table is None or len(frame) < len(table):
            return self.index.find(sku, place)
        flat = np.where((sku >= 0) & (place >= 0), sku * self.n_locations + place, -1)
        return table[flat]

    @cached_property
    def _table(self) -> Ints | None:
        """Series of every (sku, location), -1 for none; None where the table would be too big."""
        size = len(self.index.skus) * self.n_locations
        if size > _MARKED >> 3:
            return None
        # The last slot, beyond every pair, is the answer for no pair.
        table = np.full(size + 1, -1, np.int64)
        flat = self.index.sku.astype(np.int64) * self.n_locations + self.index.location
        table[flat] = np.arange(self.n_series)
        return table


def build_keys(tables: Mapping[str, pd.DataFrame]) -> Keys:
    """The union of the keys of sales, inventory, inbound and commitments.

    A sales line of type "test" makes no key. Where a lane moves stock of a key from another
    location, and that location reports stock, the key at that source is one too: its stock is 0
    when the inventory does not name it.
    """
    sales = _without_tests(tables["sales"])
    sources = [
        (sales, "location"),
        (tables["inventory"], "location"),
        (tables["inbound"], "destination"),
        (tables["commitments"], "location"),
    ]
    places = [texts_of(frame[name]) for frame, name in sources]
    places.append(texts_of(tables["locations"]["location"]))
    skus = _names(texts_of(frame["sku"]) for frame, _ in sources)
    locations = _names(places)
    pairs = [_pairs(frame, name, skus, locations) for frame, name in sources]
    flat = _union(pairs, len(skus) * max(len(locations), 1))
    flat = _with_transfer_sources(flat, tables, skus, locations)
    width = max(len(locations), 1)
    index = SeriesIndex(
        tuple(skus),
        tuple(locations),
        (flat // width).astype(np.int32),
        (flat % width).astype(np.int32),
    )
    return Keys(index, skus, locations)


def _without_tests(sales: pd.DataFrame) -> pd.DataFrame:
    kinds = sales["order_type"]
    test = (kinds == "test").to_numpy(dtype=bool)
    return sales[~test] if test.any() else sales


def _names(parts: Iterable[NDArray[np.object_]]) -> pd.Index:
    return pd.Index(sorted(set().union(*(map(str, part) for part in parts))), dtype=object)


def _pairs(frame: pd.DataFrame, location: str, skus: pd.Index, locations: pd.Index) -> Ints:
    sku, place = codes_in(frame["sku"], skus), codes_in(frame[location], locations)
    flat = sku.astype(np.int64) * max(len(locations), 1) + place
    return flat[(sku >= 0) & (place >= 0)]


def _union(pairs: list[Ints], size: int) -> Ints:
    if size > _MARKED:
        return np.unique(np.concatenate([np.unique(part) for part in pairs]))
    seen = np.zeros(size, np.bool_)
    for part in pairs:
        seen[part] = True
    return np.flatnonzero(seen)


def _with_transfer_sources(
    flat: Ints, tables: Mapping[str, pd.DataFrame], skus: pd.Index, locations: pd.Index
) -> Ints:
    """Add (sku, source) for every lane that can move a key's stock from a reporting location."""
    lanes = tables["lanes"]
    source, destination = (codes_in(lanes[n], locations) for n in ("source", "destination"))
    item = codes_in(lanes["sku"], skus)
    reports = np.zeros(len(locations) + 1, np.bool_)
    reports[codes_in(tables["inventory"]["location"], locations)] = True
    any_sku = (lanes["sku"] == "").to_numpy(dtype=bool)
    usable = (source >= 0) & (destination >= 0) & reports[source] & (any_sku | (item >= 0))
    links = pd.DataFrame(
        {"source": source, "place": destination, "item": np.where(any_sku, -1, item)}
    )[usable].drop_duplicates()
    width = max(len(locations), 1)
    for _ in range(len(locations)):
        keys = pd.DataFrame({"sku": flat // width, "place": flat % width})
        fed = keys.merge(links, on="place")
        fed = fed[(fed["item"] < 0) | (fed["item"] == fed["sku"])]
        wider = np.union1d(flat, fed["sku"].to_numpy() * width + fed["source"].to_numpy())
        if len(wider) == len(flat):
            break
        flat = wider.astype(np.int64)
    return flat
