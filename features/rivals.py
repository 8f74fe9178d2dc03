"""Discounts of the other articles of a category: what a series may lose to its neighbors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.signal import Floats32, ratio
from features.sums import group_sums
from stockwright.panel import DemandPanel

Ints = NDArray[np.int64]
# More pairs of category and location than this are not told apart by location.
_MOST_PAIRS = 4096


@dataclass(frozen=True)
class Rivals:
    """Sums of known-ahead discounts by category and location, or by category in a large shop.

    total: (groups, periods) float64, count: (groups,) members; the last row holds the series of
    unknown category. locations: rows of a category, 1 where locations are not told apart.
    """

    total: NDArray[np.float64]
    count: Ints
    locations: int

    def rows(self, panel: DemandPanel, codes: NDArray[np.int32]) -> Ints:
        """Row of each series, by its code of the category (-1: unknown)."""
        location = panel.index.location if self.locations > 1 else 0
        row = codes.astype(np.int64) * self.locations + location
        return np.where(codes >= 0, row, len(self.count) - 1)

    def discount(self, panel: DemandPanel, codes: NDArray[np.int32], periods: Ints) -> Floats32:
        """Mean discount of the other members of each series' group, (series, periods).

        NaN where there is no other.
        """
        row = self.rows(panel, codes)
        own = panel.covariates.discount[:, periods].astype(np.float64)
        others = np.maximum(self.total[np.ix_(row, periods)] - own, 0.0)
        return ratio(others.astype(np.float32), (self.count[row] - 1).astype(np.float32)[:, None])


def learn_rivals(panel: DemandPanel, codes: NDArray[np.int32]) -> Rivals | None:
    """Sum up the discounts of the whole panel; None where nothing ever is discounted."""
    discount = panel.covariates.discount
    if not (discount > 0).any():
        return None
    groups, places = int(codes.max(initial=-1)) + 1, len(panel.index.locations)
    locations = places if groups * places <= _MOST_PAIRS else 1
    empty = np.zeros((groups * locations + 1, discount.shape[1]))
    rivals = Rivals(empty, np.zeros(len(empty), np.int64), locations)
    row = rivals.rows(panel, codes)
    count = np.bincount(row, minlength=len(empty))
    if discount.shape[0] == 1:
        members = count.astype(np.float64)[:, None]
        return Rivals(members * discount.astype(np.float64), count, locations)
    total = group_sums(row, len(empty), discount)
    return Rivals(total, count, locations)
