"""One night's plan: lanes, needs, transfers, orders, and how every key is steered."""

from __future__ import annotations

import numpy as np

from replenishment.lines.emergency import order_emergencies
from replenishment.lines.impossible import told_apart
from replenishment.lines.lateral import lateral_cuts
from replenishment.lines.moved import move_all
from replenishment.lines.orders import place_orders
from replenishment.lines.outcome import by_series, joined_prices
from replenishment.lines.promised import check_promised
from replenishment.lines.steering import steer
from replenishment.network.evening import Evening
from replenishment.network.expiry import without_expiring
from replenishment.network.pooling import worth_kept
from replenishment.params import PlanParams
from replenishment.wishes.find import Wishes
from replenishment.wishes.helped import with_help
from replenishment.wishes.overruled import cost_of_overrides
from stockwright.forecast import Forecast
from stockwright.life import LifeStages
from stockwright.network import Network
from stockwright.overrides import Overrides
from stockwright.plan import Kept, Plan
from stockwright.stock import StockPosition


def plan_night(
    forecast: Forecast,
    network: Network,
    stock: StockPosition,
    params: PlanParams,
    overrides: Overrides | None = None,
    life: LifeStages | None = None,
    life_of_sku: LifeStages | None = None,
) -> Plan:
    """Decide what to order and what to move tonight.

    All arguments hold the same series in the same order. The forecast already carries what
    planners said about demand; of ``overrides`` the blocks, targets, levels and quantities are
    used. life, life_of_sku: handed on in the plan. Raises InfeasiblePlanError when frozen
    quantities break a hard limit, DataError when the arguments do not fit together.
    """
    evening = Evening.of(forecast, network, stock, params, overrides)
    evening, expiring = without_expiring(evening)
    asked = evening.forecast
    evening, help_ = with_help(evening)
    rush = order_emergencies(evening)
    given, evening = evening, rush.after(evening)
    first = rush.wishes(evening)
    check_promised(first, evening)
    overruled = cost_of_overrides(first, evening)
    policy = steer(first, evening, asked)
    moved = move_all(first, evening, rush)
    evening, wishes = moved.evening, moved.wishes
    ordered = place_orders(wishes, evening, moved.down)
    parts = (*wishes.findings(), *moved.down.findings, *ordered.findings)
    found = told_apart(parts, wishes, given)
    n = len(stock.on_hand)
    fates = overruled.findings(*by_series(wishes, (moved.down, ordered), found, n))
    return Plan(
        policy=policy,
        orders=rush.behind(ordered.lines(wishes, policy)),
        transfers=moved.lines(first, network, policy),
        findings=(*rush.findings, *found, *lateral_cuts(moved.gone, first), *fates),
        limits=joined_prices(rush.prices, moved.down.prices, ordered.prices),
        life=life,
        life_of_sku=life_of_sku,
        override_cost=overruled.of_series(n),
        expiring=expiring,
        help=help_,
        kept=_kept(wishes, evening),
    )


def _kept(wishes: Wishes, evening: Evening) -> Kept:
    """What sources keep back of what each series alone would be sent; nothing for lines only."""
    units = np.zeros(len(evening.stock.on_hand))
    if evening.params.lines_only:
        return Kept(units, units)
    units[wishes.series] = np.where(wishes.said, 0.0, wishes.needs.kept_back)
    return Kept(units, worth_kept(evening))
