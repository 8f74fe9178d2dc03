"""What each location can still receive in the period of tonight's arrivals, and send tonight."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from replenishment.limits.prices import Limit
from replenishment.wishes.find import Wishes
from stockwright.forecast import Forecast
from stockwright.network import Network
from stockwright.stock import StockPosition

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

CAPACITY, OUTBOUND = "CAPACITY", "OUTBOUND"


def inbound_limit(
    wishes: Wishes,
    takes_part: Bools,
    forecast: Forecast,
    network: Network,
    stock: StockPosition,
    settled: Floats | None,
) -> Limit:
    """Units that each (location, arrival period) can receive beyond what is on order for it.

    takes_part: (keys,) keys that are being decided. settled: (keys,) units decided before, which
    arrive as well; None for none.
    """
    capacity = network.locations.inbound_capacity
    step = 1 + network.lanes.lead_time[wishes.lane].astype(np.int64)
    place = forecast.index.location[wishes.series].astype(np.int64)
    width = int(max(step.max(initial=1), stock.arrival_step.max(initial=1))) + 1
    code = place * width + step
    coming_place = forecast.index.location[stock.arrival_series].astype(np.int64)
    coming = np.bincount(
        coming_place * width + stock.arrival_step,
        stock.arrival_units,
        len(capacity) * width,
    ).astype(np.float64)
    if settled is not None:
        coming += np.bincount(code, settled, len(coming))
    used, first, group = np.unique(code, return_index=True, return_inverse=True)
    room = np.maximum(capacity[used // width] - coming[used], 0.0)
    limited = np.isfinite(capacity[place]) & takes_part
    places, dates = forecast.index.locations, network.lanes.available_date[wishes.lane]

    def label(which: int) -> str:
        return f"of {places[used[which] // width]} for arrivals of {dates[first[which]]}"

    return Limit(CAPACITY, np.where(limited, group, -1), np.ones(len(code)), room, label)


def outbound_limit(
    wishes: Wishes,
    source: NDArray[np.int64],
    forecast: Forecast,
    network: Network,
    leaving: Floats,
) -> Limit:
    """Units that each location can send tonight, beyond what leaves it already.

    source: (keys,) series that a key's transfers are taken from, -1 for none. leaving: (keys,)
    units that leave each key.
    """
    capacity = network.locations.outbound_capacity
    place = forecast.index.location.astype(np.int64)
    gone = np.bincount(place[wishes.series], leaving, len(capacity))
    group = np.where(source >= 0, place[source], -1)
    limited = np.append(np.isfinite(capacity), False)[group]
    room = np.maximum(capacity - gone, 0.0)
    names = forecast.index.locations
    return Limit(
        OUTBOUND,
        np.where(limited, group, -1),
        np.ones(len(group)),
        room,
        lambda g: f"of {names[g]}",
    )
