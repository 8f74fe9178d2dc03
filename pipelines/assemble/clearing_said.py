"""What planners said about clearance, for the items that it looks at."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from replenishment.clearance.holdings import Holdings
from replenishment.clearance.rules import Rules
from stockwright.overrides import Overrides
from stockwright.panel import SeriesIndex

Floats = NDArray[np.float64]


def rules_of(said: Overrides, index: SeriesIndex, places: Holdings, items: Holdings) -> Rules:
    """The rules of ``items``: ``places``, the stock of each location, or whole SKUs of them.

    A SKU with one price is held where one of its locations with stock is. Of a limit without a
    location all locations of a SKU with one price take their part together.
    """
    at = places.series
    limit = np.where(np.isnan(said.clearance_units), np.inf, said.clearance_units)[at]
    frozen = said.clearance_frozen[at]
    if items is places:
        return Rules(np.where(frozen, 0.0, limit))
    sku, n = index.sku[at], len(index.skus)
    shared = said.clearance_shared[at]
    own = np.where(shared, 0.0, np.minimum(limit, places.units))
    together = np.zeros(n)
    together[sku[shared]] = limit[shared]
    part = np.bincount(sku, np.where(shared, places.units, 0.0), n)
    most = np.bincount(sku, own, n).astype(np.float64) + np.minimum(together, part)
    most[most >= np.bincount(sku, places.units, n)] = np.inf
    most[sku[frozen]] = 0.0
    return Rules(most[index.sku[items.series]])
