"""Which part of the demand of each location is its own to serve, by the coverage table."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.assemble.demand import days_of, row_parts
from pipelines.assemble.keys import Keys, codes_in

_Floats = NDArray[np.float64]
_Flags = NDArray[np.bool_]
#: Days of sales that tell from which regions the demand of a location comes.
_DAYS = 365


def local_shares(
    tables: Mapping[str, pd.DataFrame],
    own_region: tuple[str, ...],
    keys: Keys,
    as_of: np.datetime64,
) -> _Floats | None:
    """Share of each location's demand that the location serves first, (locations,), 0 to 1.

    A unit of a region is local where the region's first location took it. The regions of the
    demand are those of the buyers over the last 365 days, by units; a sale that names none, and a
    location without sales, has the location's own region (``own_region``, "" for none). A region
    without a row of ``coverage`` is local wherever its demand arises. None without coverage.
    """
    coverage = tables["coverage"]
    if coverage.empty:
        return None
    regions = pd.Index(sorted(set(coverage["region"].astype(object))), dtype=object)
    own = regions.get_indexer(pd.Index(own_region, dtype=object))
    units = _units_by_region(tables["sales"], regions, own, keys, as_of)
    silent = np.flatnonzero(units.sum(axis=1) <= 0)
    units[silent, own[silent]] = 1.0
    local = (units * first_locations(coverage, regions, keys)).sum(axis=1)
    return np.asarray(local / units.sum(axis=1), np.float64)


def first_locations(coverage: pd.DataFrame, regions: pd.Index, keys: Keys) -> _Flags:
    """(locations, regions + 1): whether a location is the region's first; the last is no region.

    The lowest priority is first, none given last; then the lowest freight, then the fewest hours,
    then the upper row. The last column, for regions that are not covered, is all true.
    """
    ranks = ["priority", "unit_freight", "hours"]
    order = coverage.assign(place=keys.locations(coverage["location"]))
    order = order[order["place"] >= 0].sort_values(ranks, kind="stable", na_position="last")
    order = order.drop_duplicates("region")
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
