"""Where and whether the demand of a series could be seen."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from features.context import LOCATION, FeatureContext
from features.params import FeatureParams
from stockwright.panel import DemandPanel, Status

# Most series from which it is seen what the aggregates ask for.
_MOST = 3000


def sells_at(panel: DemandPanel, context: FeatureContext) -> NDArray[np.bool_]:
    """Whether any demand could ever be seen at the location of each series."""
    return np.asarray(context.tables[LOCATION].exposure[panel.index.location] > 0)


def seen_before(panel: DemandPanel, features: FeatureParams) -> NDArray[np.bool_]:
    """Whether demand of a series could be seen in any of the periods that features read."""
    recent = slice(max(panel.n_periods - features.long, 0), None)
    seen = (panel.status[:, recent] == Status.OBSERVED) | (panel.demand[:, recent] > 0)
    return np.asarray(seen.any(axis=1))


def some_on_sale(panel: DemandPanel, context: FeatureContext) -> NDArray[np.int64]:
    """Rows of series on sale in the first step, at most ``_MOST``, by a hash of their keys."""
    on_sale = panel.on_sale(1)[:, 0] & sells_at(panel, context)
    order = np.argsort(panel.index.key_hash(), kind="stable")
    return np.sort(order[on_sale[order]][:_MOST])
