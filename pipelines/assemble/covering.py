"""What the coverage table tells: which demand is local, and who serves a region in whose place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.assemble.demand import days_of, row_parts
from pipelines.assemble.keys import Keys, codes_in
from pipelines.config.model import TierConfig
from stockwright.network import Fallbacks, Locations

_Floats = NDArray[np.float64]
_Flags = NDArray[np.bool_]
#: Days of sales that tell from which regions the demand of a location comes.
_DAYS = 365


@dataclass(frozen=True)
class Covered:
    """What coverage tells of the locations.

    local: (locations,) share of each location's demand that it serves first, 0 to 1; None without
        coverage.
    place, other: (links,) a location, and one that serves part of its customers in its place.
    share: (links,) that part of the location's demand, in (0, 1]. freight: (links,) money that a
        unit costs more from the other, >= 0.
    """

    local: _Floats | None
    place: NDArray[np.int64]
    other: NDArray[np.int64]
    share: _Floats
    freight: _Floats


def covered_of(
    tables: Mapping[str, pd.DataFrame],
    places: Locations,
    keys: Keys,
    as_of: np.datetime64,
    tiers: Mapping[str, TierConfig],
) -> Covered:
    """Local demand, and who helps whom.

    A unit of a region is local where the region's first location took it. The regions of the
    demand are those of the buyers over the last 365 days, by units; a sale that names none, and a
    location without sales, has the location's own region. A region without a row of ``coverage``
    is local wherever its demand arises. When a location is short, each of its regions is served
    by the first of its other locations that is not slower than the hours of the location's tier.
    """
    coverage = tables["coverage"]
    if coverage.empty:
        nowhere, nothing = np.zeros(0, np.int64), np.zeros(0)
        return Covered(None, nowhere, nowhere, nothing, nothing)
    regions = pd.Index(sorted(set(coverage["region"].astype(object))), dtype=object)
    own = regions.get_indexer(pd.Index(places.region, dtype=object))
    units = _units_by_region(tables["sales"], regions, own, keys, as_of)
    silent = np.flatnonzero(units.sum(axis=1) <= 0)
    units[silent, own[silent]] = 1.0
    mix = units / units.sum(axis=1, keepdims=True)
    local = (mix * first_locations(coverage, regions, keys)).sum(axis=1)
    promised = np.array([_hours(tiers, name) for name in places.tier])
    return Covered(np.asarray(local, np.float64), *_links(coverage, regions, mix, promised, keys))


def _hours(tiers: Mapping[str, TierConfig], name: str) -> float:
    hours = tiers[name].hours if name in tiers else None
    return np.inf if hours is None else hours


def _links(
    coverage: pd.DataFrame, regions: pd.Index, mix: _Floats, promised: _Floats, keys: Keys
) -> tuple[NDArray[np.int64], NDArray[np.int64], _Floats, _Floats]:
    """place, other, share and freight, see ``Covered``."""
    rows = _ranked(coverage, keys)
    rows = rows.assign(region=regions.get_indexer(rows["region"].astype(object)))
    place, region = np.nonzero(mix[:, :-1] > 0)
    asked = pd.DataFrame({"place": place, "region": region, "share": mix[place, region]})
    own = rows[["place", "region", "unit_freight"]].rename(columns={"unit_freight": "usual"})
    asked = asked.merge(own, how="left", on=["place", "region"])
    offers = rows.rename(columns={"place": "other"})
    found = asked.merge(offers, on="region")
    late = found["hours"].fillna(0.0).to_numpy() > promised[found["place"].to_numpy(np.int64)]
    found = found[(found["place"] != found["other"]).to_numpy() & ~late]
    found = found.sort_values(["place", "region", "rank"]).drop_duplicates(["place", "region"])
    usual, freight = (found[n].fillna(0.0).to_numpy(np.float64) for n in ("usual", "unit_freight"))
    more = np.maximum(freight - usual, 0.0)
    found = found.assign(paid=more * found["share"])
    links = found.groupby(["place", "other"], as_index=False)[["share", "paid"]].sum()
    share = links["share"].to_numpy(np.float64)
    here, there = (links[name].to_numpy(np.int64) for name in ("place", "other"))
    return here, there, np.minimum(share, 1.0), links["paid"].to_numpy(np.float64) / share


def location_fallbacks(covered: Covered, keys: Keys) -> Fallbacks:
    """The links between locations for every article that both keep."""
    sku = np.arange(len(keys.index.skus))
    item, link = (
        np.repeat(sku, len(covered.place)),
        np.tile(np.arange(len(covered.place)), len(sku)),
    )
    series = keys.index.find(item, covered.place[link])
    other = keys.index.find(item, covered.other[link])
    both = np.flatnonzero((series >= 0) & (other >= 0))
    link = link[both]
    return Fallbacks(series[both], other[both], covered.share[link], covered.freight[link])


def _ranked(coverage: pd.DataFrame, keys: Keys) -> pd.DataFrame:
    """Rows of known locations with ``place`` and, by region, their ``rank``.

    The lowest priority is first, none given last; then the lowest freight, then the fewest hours,
    then the upper row.
    """
    ranks = ["priority", "unit_freight", "hours"]
    order = coverage.assign(place=keys.locations(coverage["location"]).astype(np.int64))
    order = order[order["place"] >= 0].sort_values(ranks, kind="stable", na_position="last")
    return order.assign(rank=np.arange(len(order)))


def first_locations(coverage: pd.DataFrame, regions: pd.Index, keys: Keys) -> _Flags:
    """(locations, regions + 1): whether a location is the region's first; the last is no region.

    The last column, for regions that are not covered, is all true.
    """
    order = _ranked(coverage, keys).drop_duplicates("region")
    first = np.zeros((keys.n_locations, len(regions) + 1), np.bool_)
    first[order["place"].to_numpy(), regions.get_indexer(order["region"].astype(object))] = True
    first[:, ~first.any(axis=0)] = True
    return first


def _units_by_region(
    sales: pd.DataFrame, regions: pd.Index, own: NDArray[np.intp], keys: Keys, as_of: np.datetime64
) -> _Floats:
    """Units of the last 365 days, (locations, regions + 1), the last column of no such region."""
    width = len(regions) + 1
    total = np.zeros(keys.n_locations * width)
    for part in row_parts(len(sales)):
        rows = sales.iloc[part]
        place, units = keys.locations(rows["location"]), rows["units"].to_numpy(np.float64)
        region = codes_in(rows["region"], regions)
        region = np.where((rows["region"] == "").to_numpy(), own[place], region) % width
        recent = days_of(rows["date"]) > as_of - np.timedelta64(_DAYS, "D")
        counted = (place >= 0) & (units > 0) & recent & (rows["order_type"] == "sale").to_numpy()
        cell = place.astype(np.int64) * width + region
        total += np.bincount(cell[counted], units[counted], len(total))
    return total.reshape(keys.n_locations, width)
