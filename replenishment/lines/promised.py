"""What planners froze, held against every hard limit before anything else is decided.

Frozen orders and frozen transfers are looked at together: both use the room to receive.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from replenishment.limits.capacity import inbound_limit, outbound_limit
from replenishment.limits.frozen import check_frozen, check_orphans
from replenishment.limits.money import money_limits
from replenishment.limits.prices import Limit
from replenishment.network.echelon import usable
from replenishment.network.lanes import LaneChoice
from replenishment.params import PlanParams
from replenishment.wishes.find import Wishes
from replenishment.wishes.terms import said_frozen
from stockwright.forecast import Forecast
from stockwright.network import Network
from stockwright.overrides import Overrides
from stockwright.stock import StockPosition

Floats = NDArray[np.float64]

CENTRAL_STOCK = "CENTRAL_STOCK"


def source_limit(wishes: Wishes, on_hand: Floats, choice: LaneChoice, forecast: Forecast) -> Limit:
    """Stock on hand at the source of each transfer, one group for each series."""
    source = np.where(wishes.transfer, choice.parent[wishes.series], -1)

    def label(series: int) -> str:
        one = forecast.index.take(np.array([series]))
        return f"of {one.sku_names()[0]} at {one.location_names()[0]}"

    return Limit(CENTRAL_STOCK, source, np.ones(len(source)), on_hand, label)


def check_promised(
    wishes: Wishes,
    forecast: Forecast,
    network: Network,
    stock: StockPosition,
    choice: LaneChoice,
    params: PlanParams,
    said: Overrides,
) -> None:
    """Raise InfeasiblePlanError where frozen orders and transfers cannot be kept together."""
    check_orphans(wishes, said.order_frozen, forecast, "orders", ~wishes.transfer)
    check_orphans(wishes, said.transfer_frozen, forecast, "transfers", wishes.transfer)
    units = said_frozen(wishes.series, wishes.lane, network, said)
    source = np.where(wishes.transfer, choice.parent[wishes.series], -1)
    everything = np.ones(len(units), np.bool_)
    limits = [
        *money_limits(wishes, units, network, params),
        source_limit(wishes, usable(stock, network, forecast), choice, forecast),
        inbound_limit(wishes, everything, forecast, network, stock, None),
        outbound_limit(wishes, source, forecast, network, np.zeros(len(units))),
    ]
    check_frozen(wishes, units, limits, forecast, network)
