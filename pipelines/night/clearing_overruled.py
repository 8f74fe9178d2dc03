"""What the word of planners about clearance is expected to cost."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from replenishment.clearance.bundles import Bundles
from replenishment.clearance.holdings import Holdings
from replenishment.clearance.params import Channels, ClearanceParams
from replenishment.clearance.plan import plan_clearance
from replenishment.clearance.rules import Rules
from stockwright.clearance import Act
from stockwright.plan import Finding
from stockwright.price_response import PriceResponse

Floats = NDArray[np.float64]
_LEAST = 0.01


def clearance_overruled(
    slow: Holdings,
    grade: NDArray[np.object_],
    listed: Floats,
    response: PriceResponse,
    channels: Channels,
    params: ClearanceParams,
    rules: Rules,
    bundles: Bundles,
) -> list[Finding]:
    """CLEARANCE_OVERRULED for each of the slow items where a planner's limit costs money.

    Money: what the plan's own act brings beyond doing nothing, less what the act within the limit
    does. As of orders, room and money that items share are left out on both sides.
    """
    # What only shares the price of its group is in no plan by itself.
    rows = np.flatnonzero((rules.most < slow.units) & (grade != ""))
    few, limits = slow.take(rows), rules.take(rows)
    # A group without its other articles has no price of its own.
    few = replace(few, price_group=np.where(few.price_group >= 0, -2, few.price_group))
    free = replace(channels, capacity=np.full(len(channels), np.inf))
    given = (few, grade[rows], np.zeros(len(rows)), listed[rows], response.take(rows), free)
    params = replace(params, discount_budget=np.inf)
    own, kept = (
        plan_clearance(*given, params, each, bundles.take(rows)) for each in (None, limits)
    )
    cost = np.maximum((own.recovery - own.nothing) - (kept.recovery - kept.nothing), 0.0)
    return [
        Finding(
            "CLEARANCE_OVERRULED",
            "low",
            int(few.series[at]),
            float(cost[at]),
            {
                "units": float(few.units[at]),
                "most": float(limits.most[at]),
                "own_act": Act(own.act[at]).name.lower(),
                "kept_act": Act(kept.act[at]).name.lower(),
            },
        )
        for at in np.flatnonzero(cost >= _LEAST).tolist()
    ]
