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
from replenishment.limits.storage import storage_limits
from replenishment.network.evening import Evening
from replenishment.wishes.find import Wishes
from replenishment.wishes.terms import said_frozen

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CENTRAL_STOCK = "CENTRAL_STOCK"


def source_limit(wishes: Wishes, evening: Evening) -> Limit:
    """Stock on hand at the source of each transfer, one group for each series."""
    source = source_of(wishes, evening)

    def label(series: int) -> str:
        one = evening.forecast.index.take(np.array([series]))
        return f"of {one.sku_names()[0]} at {one.location_names()[0]}"

    return Limit(CENTRAL_STOCK, source, np.ones(len(source)), evening.usable, label)


def source_of(wishes: Wishes, evening: Evening) -> Ints:
    """The series that each key's transfers are taken from, (keys,), -1 for none."""
    return np.where(wishes.transfer, evening.choice.parent[wishes.series], -1)


def check_promised(wishes: Wishes, evening: Evening) -> None:
    """Raise InfeasiblePlanError where frozen orders and transfers cannot be kept together."""
    index, said = evening.forecast.index, evening.said
    check_orphans(wishes, said.order_frozen, index, "orders", ~wishes.transfer)
    check_orphans(wishes, said.transfer_frozen, index, "transfers", wishes.transfer)
    units = said_frozen(wishes.series, wishes.lane, evening)
    everything = np.ones(len(units), np.bool_)
    limits = [
        *money_limits(wishes, units, evening),
        source_limit(wishes, evening),
        inbound_limit(wishes, everything, evening, None),
        *storage_limits(wishes, everything, evening, None),
        outbound_limit(wishes, source_of(wishes, evening), evening, np.zeros(len(units))),
    ]
    check_frozen(wishes, units, limits, evening)
