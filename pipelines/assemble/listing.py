"""Launch, end of life, and what every cell of the panel says about demand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.assemble.demand import Sold, Window, days_of
from pipelines.assemble.exposure import Exposure
from pipelines.assemble.keys import Ints, Keys
from stockwright.calendar import Dates
from stockwright.panel import Status

#: ``ItemTerms.ends`` of an item without an end date.
NO_END = np.int64(1 << 40)
#: ``Listing.launch`` of a series whose launch no date tells: later than any horizon.
NO_LAUNCH = np.int64(1 << 30)
# A location with rows in fewer than this share of its periods is small rather than unreported.
_DENSE = 0.5
_LONG_AGO = 365


@dataclass(frozen=True)
class Listing:
    """Since when and until when each series can sell.

    launch: (series,) int32 period, may lie before 0 or in the future; NO_LAUNCH where no date is
    known yet, ``periods`` where nothing ever sells. ends: (series,) last period on sale, NO_END
    without an end date.
    """

    launch: NDArray[np.int32]
    ends: Ints


def listing_of(
    products: pd.DataFrame,
    received: Dates,
    unsold_stock: NDArray[np.bool_],
    sells: NDArray[np.bool_],
    sales: Sold,
    exposure: Exposure,
    keys: Keys,
    window: Window,
) -> Listing:
    """First of sale, receipt, first seen stock and launch date; end date.

    received: (series,) earliest date of receipt of the stock on hand. unsold_stock: (series,)
    stock on hand at a location that sells: without any date it counts as launched a year before
    the window, so that its unsold days are seen. sells: (locations,) whether anything was ever sold
    there; keys of other locations have no demand of their own and never launch.
    """
    launched = product_dates(products, "launch_date", keys)
    first = _earliest(sales.first, received, exposure.first_seen, launched)
    period = window.calendar.index_of(np.where(np.isnat(first), window.calendar.start, first))
    unknown = np.where(unsold_stock, -_LONG_AGO // window.calendar.days, NO_LAUNCH)
    launch = np.where(np.isnat(first), unknown, period)
    launch = np.where(sells[keys.index.location], launch, window.periods)
    return Listing(launch.astype(np.int32), _ends(products, keys, window))


def statuses(
    sales: Sold,
    exposure: Exposure,
    listing: Listing,
    told: NDArray[np.bool_],
    keys: Keys,
    window: Window,
) -> NDArray[np.uint8]:
    """Status of every cell; what comes later in this list wins over what comes before.

    OBSERVED; CENSORED where in stock for less than the whole period; MISSING where the location
    has no row in the period (``told``); NOT_LISTED before the launch, after the end, or where not
    listed. Cells with demand are never MISSING or NOT_LISTED.
    """
    period = np.arange(window.periods, dtype=np.int32)
    status = np.where(exposure.in_stock < 1, np.uint8(Status.CENSORED), np.uint8(Status.OBSERVED))
    nothing = sales.units == 0
    status[~told[keys.index.location] & nothing] = Status.MISSING
    outside = period < listing.launch[:, None]
    outside |= period > np.minimum(listing.ends, _LAST)[:, None]
    if exposure.unlisted is not None:
        outside |= exposure.unlisted
    outside &= nothing
    status[outside] = Status.NOT_LISTED
    return status


_LAST = np.int64(np.iinfo(np.int32).max)


def told_periods(reported: NDArray[np.bool_], keys: Keys) -> tuple[NDArray[np.bool_], list[str]]:
    """Periods that count as told at each location, and the names of the small locations.

    From its first row on, a location with rows in fewer than half of its periods is taken to be
    small: its periods without a row are periods without demand, not periods without data.
    """
    begun = np.logical_or.accumulate(reported, axis=1)
    share = reported.sum(axis=1) / np.maximum(begun.sum(axis=1), 1)
    small = (share < _DENSE) & reported.any(axis=1)
    told = np.where(small[:, None], begun, reported)
    return told, [keys.index.locations[i] for i in np.flatnonzero(small)]


def product_dates(products: pd.DataFrame, column: str, keys: Keys) -> Dates:
    """A date column of the products for every series, NaT where empty."""
    dates = np.full(len(keys.index.skus) + 1, np.datetime64("NaT", "D"))
    dates[keys.skus(products["sku"])] = days_of(products[column])
    dates[-1] = np.datetime64("NaT", "D")
    found: Dates = dates[keys.index.sku]
    return found


def _ends(products: pd.DataFrame, keys: Keys, window: Window) -> Ints:
    dates = product_dates(products, "end_date", keys)
    none = np.isnat(dates)
    period = window.calendar.index_of(np.where(none, window.calendar.start, dates))
    return np.where(none, NO_END, period)


def _earliest(*candidates: Dates) -> Dates:
    first = candidates[0]
    for dates in candidates[1:]:
        first = np.fmin(first, dates)
    return first
