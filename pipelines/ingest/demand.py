"""Order lines to demand: which lines count, and their sum by date, SKU and location."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pipelines.config.model import Config

_KEYS = ("date", "sku", "location")
# Cells of (date, sku, location) are marked in a table up to this size, and sorted beyond it.
_MARKED = 1 << 28

Ints = NDArray[Any]
Floats = NDArray[np.float64]


def demand_lines(tables: Mapping[str, pd.DataFrame], config: Config | None = None) -> pd.DataFrame:
    """Demand by date, sku and location, each at most once: units > 0 and the mean price paid.

    Only lines of order_type ``sale`` with positive units are demand: returns, refunds, exchanges,
    gifts, samples, tests and negative lines never are. price is weighted by units over the lines
    that state one, NaN where none does. sku and location stay categories of ``sales``.
    """
    sales = tables["sales"]
    chosen = (sales["units"] > 0).to_numpy() & (sales["order_type"] == "sale").to_numpy()
    lines = sales[[*_KEYS, "units", "price"]]
    if not chosen.all():
        lines = lines[chosen].reset_index(drop=True)
    return _summed(lines)


def _summed(lines: pd.DataFrame) -> pd.DataFrame:
    if lines.empty:
        return lines
    days = lines["date"].to_numpy().astype("datetime64[D]").astype(np.int32)
    first = int(days.min())
    codes = [lines[name].cat.codes.to_numpy() for name in _KEYS[1:]]
    widths = [int(days.max()) - first + 1, *(len(lines[n].cat.categories) for n in _KEYS[1:])]
    cells = np.prod(np.array(widths, np.float64))
    key = ((days - first).astype(np.int64) * widths[1] + codes[0]) * widths[2] + codes[1]
    if cells > _MARKED:
        distinct, group = np.unique(key, return_inverse=True)
        units, price = _totals(lines, group, len(distinct))
    else:
        marked = np.zeros(int(cells), np.bool_)
        marked[key] = True
        distinct = np.flatnonzero(marked)
        if len(distinct) == len(key):
            return lines
        units, price = _totals(lines, (np.cumsum(marked, dtype=np.int32) - 1)[key], len(distinct))
    if len(distinct) == len(key):
        return lines
    return _frame(lines, distinct, widths, first, units, price)


def _totals(lines: pd.DataFrame, group: Ints, n: int) -> tuple[Floats, Floats]:
    """Units of each group, and their mean price."""
    units, price = lines["units"].to_numpy(), lines["price"].to_numpy()
    total: Floats = np.bincount(group, units, n).astype(np.float64, copy=False)
    priced = np.where(np.isnan(price), 0.0, units)
    weight = np.bincount(group, priced, n)
    money = np.bincount(group, np.nan_to_num(priced * price), n)
    return total, np.divide(money, weight, out=np.full(n, np.nan), where=weight > 0)


def _frame(
    lines: pd.DataFrame, keys: Ints, widths: list[int], first: int, units: Floats, price: Floats
) -> pd.DataFrame:
    rest, location = np.divmod(keys, widths[2])
    day, sku = np.divmod(rest, widths[1])
    names = [lines[name].cat.categories for name in _KEYS[1:]]
    columns: dict[str, Any] = {
        "date": (day + first).astype("datetime64[D]").astype("datetime64[s]"),
        "sku": pd.Categorical.from_codes(sku, categories=names[0], validate=False),
        "location": pd.Categorical.from_codes(location, categories=names[1], validate=False),
        "units": units,
        "price": price,
    }
    return pd.DataFrame(columns, copy=False)
