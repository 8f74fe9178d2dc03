"""Which article customers take where another has run out, by the products table."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.assemble.items import by_series
from pipelines.assemble.keys import Keys
from stockwright.network import Fallbacks


def article_fallbacks(
    products: pd.DataFrame, shortage_cost: NDArray[np.float64], keys: Keys
) -> Fallbacks:
    """Every article with a substitute at the locations that keep both.

    shortage_cost: (series,) price of a unit short. A unit of the substitute that is sold in place
    of another earns its own; what it earns less is what the unit short still costs.
    """
    code = np.full(len(keys.index.skus) + 1, -1, np.int64)
    code[keys.skus(products["sku"])] = keys.skus(products["substitute"])
    code[-1] = -1
    share = np.nan_to_num(by_series(products, "substitute_share", keys))
    other = keys.index.find(code[keys.index.sku], keys.index.location.astype(np.int64))
    series = np.flatnonzero((other >= 0) & (share > 0)).astype(np.int64)
    other = other[series]
    cost = np.maximum(shortage_cost[series] - shortage_cost[other], 0.0)
    return Fallbacks(series, other, share[series], cost)


def substitute_notes(products: pd.DataFrame) -> list[str]:
    """What is said of substitutes without a share."""
    named = (products["substitute"] != "").to_numpy(dtype=bool)
    told = products["substitute_share"].to_numpy(np.float64) > 0
    alone = int((named & ~told).sum())
    if not alone:
        return []
    return [
        f"products: {alone} articles name a substitute without a substitute_share above 0; "
        "nothing is expected of it"
    ]
