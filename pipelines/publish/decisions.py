"""Why each key has a line tonight, or none: one code for each key."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipelines.publish.night import Night


def decisions(night: Night) -> NDArray[np.object_]:
    """The decision on each key, (series,); the first code that applies.

    ORDER, TRANSFER: it has a line. NOT_STOCKED: presale or dropship goods. STOCK_UNKNOWN: its
    location reports no stock. BLOCKED: an override blocks it. NO_LANE: nothing can supply it.
    NOT_TONIGHT: its source takes no order on this order date. NO_DEMAND: none is expected in its
    protection interval. ENOUGH: the stock left at arrival is above the reorder point.
    NOT_WORTH_IT: something was needed, but limits, minimum or pack made it not worth its price.
    """
    plan, situation = night.plan, night.situation
    policy, network = plan.policy, situation.network
    n = night.index.n_series
    open_tonight = np.append(network.lanes.open_tonight, False)[policy.lane]
    rules = [
        ("ORDER", _holds(plan.orders.series, n)),
        ("TRANSFER", _holds(plan.transfers.series, n)),
        ("NOT_STOCKED", ~network.items.stock_mode),
        ("STOCK_UNKNOWN", ~situation.stock.known),
        ("BLOCKED", situation.overrides.blocked),
        ("NO_LANE", policy.lane < 0),
        ("NOT_TONIGHT", ~open_tonight),
        ("NO_DEMAND", policy.demand_mean <= 0),
        ("ENOUGH", position(night) > policy.reorder_point),
    ]
    conditions = [condition for _, condition in rules]
    codes = np.select(conditions, np.arange(len(rules)), default=len(rules))
    names = np.array([*(code for code, _ in rules), "NOT_WORTH_IT"], dtype=object)
    return np.asarray(names[codes], object)


def position(night: Night) -> NDArray[np.float64]:
    """Stock projected to the arrival, (series,): what the reorder point is held against."""
    return night.plan.policy.stock_at_arrival


def _holds(series: NDArray[np.int32], n: int) -> NDArray[np.bool_]:
    return np.bincount(series, minlength=n) > 0
