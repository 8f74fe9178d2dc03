"""Why each key has a line tonight, or none: one code for each key."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.publish.night import Night

_NAMED = ("LINE_IMPOSSIBLE", "LIMIT_CUT", "MOQ_TOO_LARGE")


def decisions(night: Night) -> NDArray[np.object_]:
    """The decision on each key, (series,); the first code that applies.

    ORDER, TRANSFER: it has a line. NOT_STOCKED: presale or dropship goods. STOCK_UNKNOWN: its
    location reports no stock. BLOCKED: an override blocks it. NO_LANE: nothing can supply it.
    NOT_TONIGHT: its source takes no order on this order date. LINE_IMPOSSIBLE: its smallest order
    is above the whole of a limit. LIMIT_CUT: a limit took all of its line. MOQ_TOO_LARGE: the
    smallest order would outlast all demand. NO_DEMAND: none is expected in its protection
    interval. ENOUGH: stock and orders are above the reorder point. NOT_WORTH_IT: they are not,
    but counting the sales that will be lost before it arrives, the smallest order costs more than
    it saves.
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
        *((code, _found(night, code)) for code in _NAMED),
        ("NO_DEMAND", policy.demand_mean <= 0),
        ("ENOUGH", policy.position > policy.reorder_point),
    ]
    conditions = [condition for _, condition in rules]
    codes = np.select(conditions, np.arange(len(rules)), default=len(rules))
    names = np.array([*(code for code, _ in rules), "NOT_WORTH_IT"], dtype=object)
    return np.asarray(names[codes], object)


def _found(night: Night, code: str) -> NDArray[np.bool_]:
    """Whether the plan has a finding of a code for each series."""
    series = [finding.series for finding in night.plan.findings if finding.code == code]
    return _holds(np.array([each for each in series if each >= 0], np.int64), night.index.n_series)


def _holds(series: NDArray[Any], n: int) -> NDArray[np.bool_]:
    return np.bincount(series, minlength=n) > 0
