"""Lines that no plan can have: the smallest order is above the whole of a limit.

They are told apart from lines that a limit cut tonight: whatever other lines give up, and however
often one waits, such a line is never ordered until its smallest order or the limit changes. A limit
of 0 is no such case: it closes tonight for all lines alike.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from replenishment.limits.capacity import CAPACITY
from replenishment.limits.frozen import LANE_MAX
from replenishment.limits.money import CASH, money_limits
from replenishment.limits.prices import Limit, at_most
from replenishment.limits.storage import STORAGE
from replenishment.network.evening import Evening
from replenishment.wishes.find import Wishes
from stockwright.plan import Finding

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def told_apart(
    findings: tuple[Finding, ...], wishes: Wishes, evening: Evening
) -> tuple[Finding, ...]:
    """The findings with LINE_IMPOSSIBLE where a LIMIT_CUT could not have been anything else.

    evening: with the limits as they are given, before anything of tonight has used them.
    """
    cut = [
        each.series for each in findings if each.code == "LIMIT_CUT" and not each.message["kept"]
    ]
    wanted = np.searchsorted(wishes.series, np.array(cut, np.int64))
    never = _impossible(wishes, wanted, evening)
    named = {each.series for each in never}
    kept = (each for each in findings if each.code != "LIMIT_CUT" or each.series not in named)
    return (*kept, *never)


def _impossible(wishes: Wishes, wanted: Ints, evening: Evening) -> tuple[Finding, ...]:
    """LINE_IMPOSSIBLE for the keys in ``wanted`` whose smallest order no limit allows."""
    network, index = evening.network, evening.forecast.index
    first = wishes.worth.terms.first[wanted]
    lane, place = wishes.lane[wanted], index.location[wishes.series[wanted]]
    volume = network.items.volume[wishes.series[wanted]]
    # The cash of a week is no whole limit: what falls due for earlier orders has been taken off.
    shared = money_limits(wishes, np.full(len(wishes.series), np.nan), evening)
    rooms = [
        (CAPACITY, network.locations.inbound_capacity[place]),
        (LANE_MAX, network.lanes.max_units[lane]),
        (STORAGE, _parted(network.locations.storage_volume[place], volume)),
        *((limit.code, _alone(limit.take(wanted))) for limit in shared if limit.code != CASH),
    ]
    room = np.stack([units for _, units in rooms])
    tightest = room.argmin(axis=0)
    least = room.min(axis=0, initial=np.inf)
    rows = np.flatnonzero((least > 0) & (first > at_most(least)))
    names, stake = [code for code, _ in rooms], wishes.worth.stake()[wanted]
    need = np.maximum(wishes.needs.quantity[wanted], 0.0)
    return tuple(
        Finding(
            "LINE_IMPOSSIBLE",
            "high",
            int(wishes.series[wanted[row]]),
            float(stake[row]),
            {
                "need": float(need[row]),
                "units": float(first[row]),
                "room": float(least[row]),
                "limit": names[tightest[row]],
            },
        )
        for row in rows.tolist()
    )


def _alone(limit: Limit) -> Floats:
    """Units that each key could have if it had the whole of a limit, (keys,)."""
    return _parted(np.append(limit.room, np.inf)[limit.group], limit.weight)


def _parted(room: Floats, weight: Floats) -> Floats:
    """Units that fit into a room, inf where they need none of it."""
    units = np.full(len(room), np.inf)
    return np.asarray(np.divide(room, weight, out=units, where=weight > 0), np.float64)
