"""The past of every key: demand, exposure, listing and status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.assemble.demand import Sold, Window, reported
from pipelines.assemble.exposure import exposure_of
from pipelines.assemble.keys import Keys
from pipelines.assemble.listing import Listing, listing_of, statuses, told_periods
from pipelines.assemble.notices import listed
from pipelines.assemble.onhand import OnHand
from stockwright.errors import counted


@dataclass(frozen=True)
class Past:
    """status, in_stock: (series, period), see DemandPanel."""

    status: NDArray[np.uint8]
    in_stock: NDArray[np.float32]
    listing: Listing
    notes: tuple[str, ...]


def past_of(
    tables: Mapping[str, pd.DataFrame],
    sales: Sold,
    held: OnHand,
    sells: NDArray[np.bool_],
    keys: Keys,
    window: Window,
    selling_profile: Sequence[float],
) -> Past:
    """What is known of every cell. ``sells``: (locations,) whether anything was ever sold there."""
    told_by = [tables[name] for name in ("sales", "availability", "stock_history")]
    exposure = exposure_of(
        tables["availability"], tables["stock_history"], told_by[0], keys, window, selling_profile
    )
    unsold = (held.units > 0) & sells[keys.index.location]
    listing = listing_of(
        tables["products"], held.received, unsold, sells, sales, exposure, keys, window
    )
    told, small = told_periods(reported(told_by, keys, window), keys)
    status = statuses(sales, exposure, listing, told, keys, window)
    return Past(status, exposure.in_stock, listing, tuple(_notes(small, window)))


def location_has_sales(sales: Sold, keys: Keys) -> NDArray[np.bool_]:
    """(locations,) whether anything was sold there inside the window."""
    sold_here = np.zeros(keys.n_locations, np.bool_)
    sold_here[keys.index.location[~np.isnat(sales.first)]] = True
    return sold_here


def _notes(small: list[str], window: Window) -> list[str]:
    if not small:
        return []
    places = counted(len(small), "location has", "locations have")
    whose = "its" if len(small) == 1 else "their"
    unit = "weeks" if window.calendar.days > 1 else "days"
    return [
        f"sales: {places} rows on fewer than half of {whose} {unit}; {unit} "
        f"without a row count there as {unit} without demand ({listed(small)})"
    ]
