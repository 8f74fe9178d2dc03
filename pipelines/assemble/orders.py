"""The order lines of the last while: what was bought together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.assemble.keys import Keys


@dataclass(frozen=True)
class OrderLines:
    """Sales that name their order, all (lines,). order: a number for each. sku: code of the
    night's index, -1 for a kit or another article without a key. units: > 0.
    """

    order: NDArray[np.int32]
    sku: NDArray[np.int32]
    units: NDArray[np.float64]


def order_lines(
    sales: pd.DataFrame, keys: Keys, as_of: np.datetime64, days: int
) -> OrderLines | None:
    """The lines of the last ``days`` that are demand, None where none names an order."""
    order = sales["order_id"].to_numpy()
    named = order >= 0
    if not named.any():
        return None
    recent = (sales["date"] > as_of - np.timedelta64(days, "D")).to_numpy()
    sold = (sales["units"] > 0).to_numpy() & (sales["order_type"] == "sale").to_numpy()
    rows = np.flatnonzero(named & recent & sold)
    units = sales["units"].to_numpy()[rows]
    return OrderLines(order[rows], keys.skus(sales["sku"])[rows], units)
