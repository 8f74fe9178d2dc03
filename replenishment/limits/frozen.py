"""Quantities that planners froze: no limit may change them, and none may be broken by them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from replenishment.limits.prices import Limit
from replenishment.wishes.find import Wishes
from replenishment.wishes.lots import whole_up
from stockwright.errors import InfeasiblePlanError, describe
from stockwright.forecast import Forecast
from stockwright.network import Network

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def check_frozen(
    wishes: Wishes, units: Floats, limits: list[Limit], forecast: Forecast, network: Network
) -> None:
    """Raise InfeasiblePlanError that names the frozen lines which break a hard limit.

    units: (keys,) frozen units, NaN where none. Hard limits: the lane's lots, its smallest and its
    largest order, and the shared ``limits``.
    """
    frozen, amount = np.isfinite(units), np.nan_to_num(units)
    lot, first = wishes.worth.terms.lot, wishes.worth.terms.first
    below = (amount > 0) & (amount < first - 1e-6 * lot)
    reasons = {
        "below the lane's smallest order": frozen & below,
        "no whole number of lots": frozen & (np.abs(whole_up(amount, lot) - amount) > 1e-6 * lot),
        "above the lane's largest order": frozen & (amount > network.lanes.max_units[wishes.lane]),
    }
    for limit in limits:
        over = np.append(limit.broken(amount), False)[limit.group]
        reasons[f"beyond {limit.code}"] = frozen & over & (amount > 0)
    names = forecast.index.take(wishes.series)
    labels = names.sku_names() + " at " + names.location_names()
    cases = [
        f"{label} {units:g} ({reason})"
        for reason, which in reasons.items()
        for label, units in zip(labels[which].tolist(), amount[which].tolist(), strict=True)
    ]
    if cases:
        advice = "thaw or lower them, or raise the limit"
        raise InfeasiblePlanError(describe("frozen lines break hard limits", cases, advice))


def check_orphans(
    wishes: Wishes, frozen: Floats, forecast: Forecast, what: str, right: Bools
) -> None:
    """Raise InfeasiblePlanError for frozen units of keys that have no lane to carry them.

    frozen: (series,) units, NaN where none. right: (keys,) keys with such a lane.
    """
    carried = np.zeros(len(frozen), np.bool_)
    carried[wishes.series[right]] = True
    lost = np.flatnonzero((frozen > 0) & ~carried)
    if len(lost):
        names = forecast.index.take(lost)
        cases = [*map("{} at {}".format, names.sku_names(), names.location_names())]
        advice = "take the freeze back or add a lane"
        raise InfeasiblePlanError(describe(f"frozen {what} without a lane", cases, advice))
