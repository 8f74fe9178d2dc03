"""What each location can still receive in the period of tonight's arrivals, and send tonight."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from replenishment.limits.prices import Limit
from replenishment.network.evening import Evening
from replenishment.wishes.find import Wishes

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

CAPACITY, OUTBOUND = "CAPACITY", "OUTBOUND"


def coming_units(evening: Evening, last: int) -> Floats:
    """Units on order that each location receives for steps 0 ... ``last``, (locations, steps)."""
    stock, width = evening.stock, last + 1
    near = stock.arrival_step <= last
    place = evening.forecast.index.location[stock.arrival_series[near]].astype(np.int64)
    code = place * width + stock.arrival_step[near]
    size = len(evening.network.locations.inbound_capacity) * width
    units = np.bincount(code, stock.arrival_units[near], size).astype(np.float64)
    return units.reshape(-1, width)


def inbound_limit(
    wishes: Wishes, takes_part: Bools, evening: Evening, settled: Floats | None
) -> Limit:
    """Units that each (location, arrival period) can receive beyond what is on order for it.

    takes_part: (keys,) keys that are being decided. settled: (keys,) units decided before, which
    arrive as well; None for none.
    """
    index, lanes = evening.forecast.index, evening.network.lanes
    capacity = evening.network.locations.inbound_capacity
    step = 1 + lanes.lead_time[wishes.lane].astype(np.int64)
    place = index.location[wishes.series].astype(np.int64)
    last = int(step.max(initial=1))
    width = last + 1
    code = place * width + step
    coming = coming_units(evening, last).ravel()
    if settled is not None:
        coming += np.bincount(code, settled, len(coming))
    used, first, group = np.unique(code, return_index=True, return_inverse=True)
    room = np.maximum(capacity[used // width] - coming[used], 0.0)
    limited = np.isfinite(capacity[place]) & takes_part
    places, dates = index.locations, lanes.available_date[wishes.lane]

    def label(which: int) -> str:
        return f"of {places[used[which] // width]} for arrivals of {dates[first[which]]}"

    return Limit(CAPACITY, np.where(limited, group, -1), np.ones(len(code)), room, label)


def outbound_limit(
    wishes: Wishes, source: NDArray[np.int64], evening: Evening, leaving: Floats
) -> Limit:
    """Units that each location can send tonight, beyond what leaves it already.

    source: (keys,) series that a key's transfers are taken from, -1 for none. leaving: (keys,)
    units that leave each key.
    """
    index, capacity = evening.forecast.index, evening.network.locations.outbound_capacity
    place = index.location.astype(np.int64)
    gone = np.bincount(place[wishes.series], leaving, len(capacity))
    group = np.where(source >= 0, place[source], -1)
    limited = np.append(np.isfinite(capacity), False)[group]
    room = np.maximum(capacity - gone, 0.0)
    names = index.locations
    return Limit(
        OUTBOUND,
        np.where(limited, group, -1),
        np.ones(len(group)),
        room,
        lambda g: f"of {names[g]}",
    )
