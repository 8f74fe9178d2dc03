"""What orders of some articles may cost together."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipelines.assemble.keys import Keys
from pipelines.assemble.notices import listed
from pipelines.assemble.situation import Texts
from pipelines.config import Config
from stockwright.funds import Funds


def funds_of(category: Texts, keys: Keys, config: Config) -> Funds:
    """The budgets of categories; ``category``: (skus,) path of each SKU, "" where unknown.

    A budget holds for its category and all below it: that of "toys" for "toys/cars", too.
    """
    budgets = config.budget.category
    names = pd.Index(list(budgets), dtype=object)
    layers = [
        names.get_indexer(_path(category, depth))[keys.index.sku] for depth in _depths(config)
    ]
    shape = (len(layers), keys.n_series)
    return Funds(
        names=tuple(names),
        amount=np.array([*budgets.values()], np.float64),
        category=np.array(layers, np.int32).reshape(shape),
        weeks=np.zeros(0, "datetime64[D]"),
        cash=np.zeros(0),
    )


def unknown_categories(category: Texts, config: Config) -> list[str]:
    """A note on budgets of categories that no article has."""
    known = {path for depth in _depths(config) for path in _path(category, depth).unique()}
    lost = [name for name in config.budget.category if name not in known]
    if not lost:
        return []
    return [f"budget.category: {len(lost)} are the category of no article ({listed(lost)})"]


def _depths(config: Config) -> list[int]:
    """Depths at which there are budgets, 1 for a category that is below none."""
    return sorted({name.count("/") + 1 for name in config.budget.category})


def _path(category: Texts, depth: int) -> pd.Index:
    """(skus,) the path of each SKU down to some depth, "" where it does not go so deep."""
    parts = pd.Series(category, dtype=object).str.split("/")
    path = parts.str[:depth].str.join("/").where(parts.str.len() >= depth, "")
    return pd.Index(path.to_numpy(object), dtype=object)
