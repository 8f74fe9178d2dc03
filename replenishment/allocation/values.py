"""What a lot is worth to a key, more or less of it: the money of a lateral transfer.

Until the next ordered supply of a key can arrive, the cost of the units it has is the cost curve
of orders, taken over the steps from the arrival of the transfer (or from tonight, where units
leave) to the close before that supply: shortage avoided, less holding. What is left then saves
buying as much: a unit within the key's need is worth its landed cost c, a unit k beyond it waits
for (k - need) / d periods (d: mean demand per period) and is worth c - h (k - need) / d, nothing
once that is below 0 or the item will not sell so many any more. Both are concave, so a further lot
is worth less to a key the more it has.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from replenishment.allocation.lateral_lanes import Waiting
from replenishment.needs.curves import CostCurves
from replenishment.needs.find import Needs, find_needs
from replenishment.network.evening import Evening
from replenishment.network.positions import leaf_keys
from replenishment.wishes.find import Wishes
from stockwright.network import Network

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# Lots are priced one by one up to this many, more of them in as many bundles of equal worth.
SEGMENTS = 32


@dataclass(frozen=True)
class Later:
    """What units are worth that outlast the wait for the next supply, all (keys,).

    cost: landed money per unit. holding: money per unit and period. rate: units per period.
    need: units that would be bought. sold: units that can still be sold, beyond the position.
    """

    cost: Floats
    holding: Floats
    rate: Floats
    need: Floats
    sold: Floats

    def unit(self, units: Floats) -> Floats:
        """Worth of the unit that comes after ``units`` more (or, below 0, fewer), (keys,)."""
        wait = np.maximum(units - self.need, 0.0) / np.maximum(self.rate, 1e-12)
        worth = np.maximum(self.cost - self.holding * wait, 0.0)
        return np.where(units < self.sold, worth, 0.0)


def later_of(wishes: Wishes, wait: Waiting, lifetime: Floats, network: Network) -> Later:
    """The worth of units left; lifetime: (series,) units that can still be sold."""
    goods = np.where(
        wishes.transfer,
        network.items.unit_cost[wishes.series],
        wishes.worth.terms.unit_cost,
    )
    rate = wishes.needs.demand / np.maximum(wishes.review, 1)
    longer = np.maximum(wait.until - wishes.lead_time, 0)
    return Later(
        cost=goods + wishes.freight,
        holding=network.items.holding_cost[wishes.series],
        rate=rate,
        need=wishes.needs.quantity + rate * longer - wait.share,
        sold=lifetime[wishes.series] - wishes.available - wishes.inbound,
    )


def window_needs(wishes: Wishes, rows: Ints, lead: Ints, wait: Waiting, evening: Evening) -> Needs:
    """Cost curves of units that arrive ``lead`` periods after tonight, until the next supply.

    rows: (some,) keys of the wishes with ``wait.until`` above ``lead``.
    """
    forecast, series = evening.forecast, wishes.series[rows]
    sent = wait.share[rows] > 0
    arrives = evening.network.lanes.lead_time[wishes.lane[rows]] + 1
    known = evening.stock.with_arrivals(series[sent], arrives[sent], wait.share[rows][sent])
    keys = leaf_keys(series, replace(evening, stock=known))
    none = np.full(len(rows), np.nan)
    keys = replace(
        keys, lead_time=lead, review=wait.until[rows] - lead, lead_time_sd=np.zeros(len(rows)),
        shortage=wishes.needs.shortage[rows], service_level=none, fill_rate=none,
        ends=np.full(len(rows), forecast.horizon + 1),
    )  # fmt: skip
    return find_needs(forecast.take(series), keys, evening.params)


def priced(
    curves: CostCurves, helps: NDArray[np.bool_], later: Later, lot: Floats, lots: Ints, sign: int
) -> tuple[Floats, Ints]:
    """Money of each further lot, and lots at that money, (keys, segments).

    curves: of the keys that ``helps`` marks. lots: (keys,) most lots. sign: 1 for the worth of lots
    that arrive, falling; -1 for the loss with lots that leave, rising.
    """
    bundle = np.maximum(-(-lots // SEGMENTS), 1)
    ends = np.minimum(bundle[:, None] * np.arange(SEGMENTS + 1), lots[:, None])
    count = np.diff(ends, axis=1)
    money = np.zeros(count.shape)
    before = curves.cost(np.zeros(len(curves)))
    for place in range(SEGMENTS):
        units = sign * ends[:, place + 1] * lot
        middle = sign * (ends[:, place] + ends[:, place + 1]) / 2 * lot
        money[:, place] = lot * later.unit(middle)
        after = curves.cost(units[helps])
        saved = sign * (before - after) / np.maximum(count[helps, place], 1)
        money[helps, place] += saved
        before = after
    # Sampled curves are convex up to rounding.
    ordered = np.minimum.accumulate if sign > 0 else np.maximum.accumulate
    return np.asarray(ordered(money, axis=1)), count
