"""When an order can be placed and when it is there, around days on which somebody is closed.

Day 0 is the order date of tonight. The clock of a lead time runs on days on which the source
ships; what comes on a day on which the destination receives nothing is there on the next one on
which it does. Tonight's order lasts until the order after it is there: with a closure ahead that is
later, and the order before the closure covers it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class OpenDays:
    """What each party does on each day, all (parties, days): take orders, ship, receive.

    The last day counts as open. Parties are suppliers and locations.
    """

    takes: Bools
    ships: Bools
    receives: Bools


@dataclass(frozen=True)
class Times:
    """Days after tonight's order date, all (lanes,).

    there: tonight's order can be sold. next_there: the next possible order can. open_tonight:
    the source takes an order tonight.
    """

    there: Ints
    next_there: Ints
    open_tonight: Bools


def next_open(is_open: Bools) -> Ints:
    """First open day at or after each day, (parties, days); the last day where there is none."""
    last = is_open.shape[1] - 1
    day = np.where(is_open, np.arange(last + 1), last)
    return np.minimum.accumulate(day[:, ::-1], axis=1)[:, ::-1].astype(np.int64)


def days_worked(ships: Bools) -> tuple[Ints, Ints]:
    """Open days before each day, (parties, days), and the day by which k of them are over,
    (parties, days) by k: the smallest day with k open days before it.
    """
    count = np.cumsum(ships, axis=1, dtype=np.int64)
    before = np.concatenate([np.zeros((len(ships), 1), np.int64), count[:, :-1]], axis=1)
    last = ships.shape[1] - 1
    done = np.full(ships.shape, last, np.int64)
    party, day = np.nonzero(ships)
    done[:, 0] = 0
    kept = count[party, day] <= last
    done[party[kept], count[party, day][kept]] = np.minimum(day[kept] + 1, last)
    return before, done


def times_of(days: OpenDays, source: Ints, destination: Ints, lead: Ints, review: Ints) -> Times:
    """When tonight's order of each lane and the next one are there.

    source, destination: (lanes,) parties. lead: (lanes,) days of work from the order to the first
    day of sale. review: (lanes,) least days to the next order, >= 1; where none can go out tonight
    the next one goes out on the first day that takes one.
    """
    open_tonight = days.takes[source, 0]
    from_day = np.where(open_tonight, review, 1)
    last = days.takes.shape[1] - 1
    order = next_open(days.takes)[source, np.minimum(from_day, last)]
    start, received = next_open(days.ships), next_open(days.receives)
    before, done = days_worked(days.ships)

    def there(day: Ints) -> Ints:
        begun = start[source, day]
        work = np.minimum(before[source, begun] + lead, last)
        over = np.where(lead > 0, done[source, work], begun)
        return np.asarray(received[destination, over], np.int64)

    return Times(there(np.zeros_like(order)), there(order), np.asarray(open_tonight, np.bool_))
