"""Orders to suppliers under their minima, the budget and the capacity to receive."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from replenishment.capacity import inbound_limit
from replenishment.frozen import check_frozen, check_orphans
from replenishment.limits import Limit, share
from replenishment.lines import cut_findings
from replenishment.params import PlanParams
from replenishment.terms import said_frozen
from replenishment.transfers import Outcome, binding_codes, shadow_prices
from replenishment.wishes import Wishes
from stockwright.forecast import Forecast
from stockwright.network import Network
from stockwright.overrides import Overrides
from stockwright.stock import StockPosition

BUDGET = "BUDGET"


def place_orders(
    wishes: Wishes,
    forecast: Forecast,
    network: Network,
    stock: StockPosition,
    moved: Outcome,
    params: PlanParams,
    said: Overrides,
) -> Outcome:
    """Orders of tonight. Raises InfeasiblePlanError when frozen ones break a limit."""
    bought = ~wishes.transfer
    rows = np.flatnonzero(bought)
    units = np.where(bought, said_frozen(wishes.series, wishes.lane, network, said), np.nan)
    check_orphans(wishes, said.order_frozen, forecast, "orders", bought)
    cost = wishes.breaks.unit_cost(wishes.worth.terms.unit_cost, wishes.worth.terms.first)
    limits = [
        Limit(BUDGET, np.where(bought, 0, -1), cost, np.array([params.budget])),
        inbound_limit(wishes, bought, forecast, network, stock, moved.quantity),
    ]
    check_frozen(wishes, units, limits, forecast, network)
    frozen, fixed = np.isfinite(units), np.nan_to_num(units)
    wanted = np.where(bought & ~frozen, wishes.quantity, 0.0)
    left = [replace(each, room=np.maximum(each.room - each.use(fixed), 0.0)) for each in limits]
    shared = share(wishes.worth, wanted, left)
    quantity = shared.quantity + fixed
    binding = binding_codes(wishes, quantity, left, shared.prices)
    return Outcome(
        rows=rows,
        quantity=quantity,
        binding=binding,
        frozen=frozen,
        findings=cut_findings(wishes, rows[~frozen[rows]], quantity, binding),
        prices=shadow_prices(left, shared.prices),
    )
