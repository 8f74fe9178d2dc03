"""Rows of the same date, SKU and location."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

KEYS = ("date", "sku", "location")
# Cells of (date, sku, location) are marked in a table up to this size, and sorted beyond it.
_MARKED = 1 << 28

Ints = NDArray[Any]


@dataclass(frozen=True)
class RowKeys:
    """One number per row for its date, SKU and location: (rows,) int64 below ``cells``.

    first: day of the first date. widths: numbers of dates, SKUs and locations.
    """

    key: Ints
    first: int
    widths: tuple[int, int, int]

    @property
    def cells(self) -> float:
        """How many keys there could be."""
        return float(np.prod(np.array(self.widths, np.float64)))

    def repeat(self) -> bool:
        """Whether any key stands twice."""
        if self.cells > _MARKED:
            return len(np.unique(self.key)) < len(self.key)
        return int(np.count_nonzero(self._marked())) < len(self.key)

    def groups(self) -> tuple[Ints, Ints]:
        """The distinct keys, and for each row its place in them."""
        if self.cells > _MARKED:
            distinct, group = np.unique(self.key, return_inverse=True)
            return distinct, group
        marked = self._marked()
        return np.flatnonzero(marked), np.cumsum(marked, dtype=np.int32)[self.key] - 1

    def _marked(self) -> NDArray[np.bool_]:
        marked = np.zeros(int(self.cells), np.bool_)
        marked[self.key] = True
        return marked

    def columns(self, keys: Ints, frame: pd.DataFrame) -> dict[str, Any]:
        """date, sku and location of keys, with the categories of ``frame``."""
        rest, location = np.divmod(keys, self.widths[2])
        day, sku = np.divmod(rest, self.widths[1])
        dates = (day + self.first).astype("datetime64[D]").astype("datetime64[s]")
        columns: dict[str, Any] = {"date": dates}
        for name, codes in (("sku", sku), ("location", location)):
            names = frame[name].cat.categories
            columns[name] = pd.Categorical.from_codes(codes, categories=names, validate=False)
        return columns


def row_keys(frame: pd.DataFrame) -> RowKeys:
    """The keys of a frame with a date and categories sku and location."""
    days = frame["date"].to_numpy().astype("datetime64[D]").astype(np.int64)
    first = int(days.min()) if len(days) else 0
    last = int(days.max()) if len(days) else 0
    widths = [max(len(frame[name].cat.categories), 1) for name in KEYS[1:]]
    sku, location = (frame[name].cat.codes.to_numpy() for name in KEYS[1:])
    key = ((days - first) * widths[0] + sku) * widths[1] + location
    return RowKeys(key, first, (last - first + 1, widths[0], widths[1]))


def replaced_rows(frame: pd.DataFrame) -> NDArray[np.bool_]:
    """Rows that a later row of the same date, SKU and location replaces."""
    keys = row_keys(frame)
    if not keys.repeat():
        return np.zeros(len(frame), np.bool_)
    again: NDArray[np.bool_] = pd.Series(keys.key).duplicated(keep="last").to_numpy()
    return again
