"""Order lines to demand: which lines count, and their sum by date, SKU and location."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.ingest.row_keys import KEYS, Ints, row_keys

if TYPE_CHECKING:
    from pipelines.config.model import Config

Floats = NDArray[np.float64]


def demand_lines(tables: Mapping[str, pd.DataFrame], config: Config | None = None) -> pd.DataFrame:
    """Demand by date, sku and location, each at most once: units > 0 and the mean price paid.

    Only lines of order_type ``sale`` with positive units are demand: returns, refunds, exchanges,
    gifts, samples, tests and negative lines never are. price is weighted by units over the lines
    that state one, NaN where none does. sku and location stay categories of ``sales``. The rows
    stay as they are where none repeats, else they are sorted by date, sku and location.
    """
    sales = tables["sales"]
    chosen = (sales["units"] > 0).to_numpy() & (sales["order_type"] == "sale").to_numpy()
    lines = sales[[*KEYS, "units", "price"]]
    if not chosen.all():
        lines = lines[chosen].reset_index(drop=True)
    return _summed(lines)


def _summed(lines: pd.DataFrame) -> pd.DataFrame:
    keys = row_keys(lines)
    if not keys.repeat():
        return lines
    distinct, group = keys.groups()
    units, price = _totals(lines, group, len(distinct))
    columns = {**keys.columns(distinct, lines), "units": units, "price": price}
    return pd.DataFrame(columns, copy=False)


def _totals(lines: pd.DataFrame, group: Ints, n: int) -> tuple[Floats, Floats]:
    """Units of each group, and their mean price."""
    units, price = lines["units"].to_numpy(), lines["price"].to_numpy()
    total: Floats = np.bincount(group, units, n).astype(np.float64, copy=False)
    priced = np.where(np.isnan(price), 0.0, units)
    weight = np.bincount(group, priced, n)
    money = np.bincount(group, np.nan_to_num(priced * price), n)
    return total, np.divide(money, weight, out=np.full(n, np.nan), where=weight > 0)
