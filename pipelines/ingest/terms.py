"""Terms of clearance that cannot be right: named, and counted up to what they cannot exceed."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipelines.ingest.ingested import FINDING_COLUMNS

#: Column of the products, what it cannot exceed, and the code that names it.
_LIMITS = (
    ("salvage_value", ("price", "unit_cost"), "SALVAGE_TOO_HIGH"),
    ("floor_price", ("price",), "FLOOR_TOO_HIGH"),
    ("supplier_return_value", ("unit_cost",), "RETURN_TOO_HIGH"),
)


def terms_too_high(products: pd.DataFrame) -> pd.DataFrame:
    """A finding for each figure above its limit, columns FINDING_COLUMNS; most: the limit.

    A salvage value above the price or the cost, a floor above the list price, and a return value
    above the cost. Prices and costs that are not told limit nothing.
    """
    parts = []
    for column, limits, code in _LIMITS:
        most = products[list(limits)].min(axis=1).to_numpy(np.float64)
        value = products[column].to_numpy(np.float64)
        rows = np.flatnonzero(value > most)
        content = (
            code, "medium", products["sku"].iloc[rows].astype("str").to_numpy(object), "",
            value[rows], f"products.{column}", most[rows],
        )  # fmt: skip
        parts.append(pd.DataFrame(dict(zip(FINDING_COLUMNS, content, strict=True))))
    return pd.concat(parts, ignore_index=True)
