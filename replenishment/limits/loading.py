"""Orders in whole trucks: first truck by truck, then the last lots by the integer program."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from replenishment.limits.minima import Minima, fill_alone
from replenishment.limits.prices import Limit, Shared, toll_of
from replenishment.limits.repair import net_worth, repair
from replenishment.limits.trucks import Trucks, whole_trucks
from replenishment.params import PlanParams
from replenishment.wishes.lots import Worth

Floats = NDArray[np.float64]


def in_trucks(
    worth: Worth,
    shared: Shared,
    fixed: Floats,
    limits: list[Limit],
    minima: Minima,
    trucks: Trucks,
    params: PlanParams,
) -> Shared:
    """Orders of most worth less the room that trucks send empty.

    shared: orders without a thought of trucks, which keep limits and minima; so do those returned,
    and their bound holds, for no room is less than empty. fixed: (keys,) units ordered anyway.
    """
    if not (trucks.group >= 0).any():
        return shared
    trucks = trucks.counted(shared.quantity + fixed)
    toll = toll_of(limits, shared.prices, len(worth)) - trucks.saves()
    ceiling = np.maximum(fill_alone(worth, fixed, minima, limits), trucks.most(worth, toll))
    loaded = whole_trucks(worth, shared.quantity, fixed, limits, minima, trucks, toll)
    quantity = repair(
        worth, loaded, ceiling, limits, minima, fixed, toll,
        params.core_lots, params.solver_effort, trucks,
    )  # fmt: skip
    empty = float(trucks.empty(quantity + fixed).sum())
    change = net_worth(worth, quantity, fixed, minima)
    change -= net_worth(worth, shared.quantity, fixed, minima) + empty
    return replace(shared, quantity=quantity, worth=shared.worth + change)
