"""Plan lines with their reasons in numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from replenishment.limits.trucks import RAISED_TO_TRUCK
from replenishment.wishes.find import Wishes
from stockwright.plan import Finding, Lines, Policy

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Why a line exists: stock is below its target, the stock of all that a location feeds is, a
#: planner said so, the supplier's minimum or a truck that goes anyway is filled up with what comes
#: next, or part of what is due later cannot be received then.
BELOW_TARGET, NETWORK_BELOW_TARGET = "BELOW_TARGET", "NETWORK_BELOW_TARGET"
PLANNER, FILLS_MINIMUM, BUILD_UP = "PLANNER", "FILLS_MINIMUM", "BUILD_UP"
FILLS_TRUCK = "FILLS_TRUCK"
#: What moved a line up instead of cutting it: the supplier's minimum.
RAISED_TO_MINIMUM = "RAISED_TO_MINIMUM"


def trigger_codes(
    wishes: Wishes, frozen: NDArray[np.bool_], binding: NDArray[np.object_]
) -> NDArray[np.object_]:
    """The trigger of each key's line, (keys,)."""
    code = np.where(wishes.feeds, NETWORK_BELOW_TARGET, BELOW_TARGET).astype(object)
    fills = np.where(binding == RAISED_TO_TRUCK, FILLS_TRUCK, FILLS_MINIMUM)
    code = np.where(wishes.needs.quantity <= 0, fills, code).astype(object)
    code[wishes.built_up > 0] = BUILD_UP
    code[wishes.said | frozen] = PLANNER
    return code


def make_lines(
    wishes: Wishes,
    policy: Policy,
    rows: Ints,
    quantity: Floats,
    binding: NDArray[np.object_],
    frozen: NDArray[np.bool_],
) -> Lines:
    """Lines of the keys in ``rows`` that have a quantity above 0; all others (keys,)."""
    rows = rows[quantity[rows] > 0]
    series, needs, units = wishes.series[rows], wishes.needs, quantity[rows]
    wanted, share = np.maximum(needs.quantity[rows], 0.0), needs.share[rows]
    # What a supplier's minimum adds counts as rounding, too.
    before = np.maximum(np.where(frozen, quantity, wishes.asked), quantity)[rows]
    raised = ~frozen[rows] & (units > wishes.asked[rows]) & (binding[rows] == "")
    unit_cost = wishes.breaks.unit_cost(wishes.worth.terms.unit_cost, quantity)[rows]
    price = np.where(wishes.transfer[rows], wishes.freight[rows], unit_cost)
    saved = needs.lost - needs.loss.cost(quantity)
    return Lines(
        series=series.astype(np.int32),
        lane=wishes.lane[rows].astype(np.int32),
        units=units,
        unit_cost=unit_cost,
        value=units * price,
        reason=trigger_codes(wishes, frozen, binding)[rows],
        binding=np.where(raised, RAISED_TO_MINIMUM, binding[rows]),
        available=wishes.available[rows],
        inbound=wishes.on_order[rows],
        stock_at_arrival=needs.at_arrival[rows],
        target=wishes.available[rows] + wishes.inbound[rows] + wanted * share,
        need=wanted * share,
        yield_added=wanted * (1 - share),
        rounding_added=before - wanted,
        limit_cut=before - units,
        money_at_risk=np.maximum(saved, 0.0)[rows] * needs.loss_cost[rows],
        **steered(policy, series, units * share),
        ahead=wishes.built_up[rows],
        ahead_step=wishes.built_step[rows].astype(np.int32),
        shelf_cut=wishes.shelf_cut[rows],
    )


def steered(policy: Policy, series: Ints, good: Floats) -> dict[str, Any]:
    """The columns of lines that bring ``good`` (lines,) units which say how a key is steered."""
    rate = np.maximum(policy.demand_mean[series] / np.maximum(policy.protection[series], 1), 1e-12)
    return {
        "demand_mean": policy.demand_mean[series],
        "demand_bought": policy.order_up_to[series],
        "cover_before": policy.cover_before[series],
        "cover_after": policy.cover_before[series] + good / rate,
        "stockout_step": policy.stockout_step[series],
    }


def cut_findings(
    wishes: Wishes, rows: Ints, quantity: Floats, binding: NDArray[np.object_], way: str = ""
) -> tuple[Finding, ...]:
    """LIMIT_CUT: keys whose whole order a limit took away.

    way: what a key could have beside its own line, "" for that line itself.
    """
    told: dict[str, float | str] = {"way": way} if way else {}
    gone = rows[(wishes.asked[rows] > 0) & (quantity[rows] <= 0)]
    columns = (
        wishes.series[gone],
        wishes.asked[gone],
        binding[gone],
        wishes.worth.stake()[gone],
    )
    return tuple(
        Finding(
            "LIMIT_CUT", "medium", key, money, {"units": units, "kept": 0.0, "limit": limit} | told
        )
        for key, units, limit, money in zip(*(c.tolist() for c in columns), strict=True)
    )
