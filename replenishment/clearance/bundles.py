"""Slow goods at a lower price for those who buy a companion, an article that is often in one order
with them.

Of the demand for a slow article at the price of now, a share comes in orders that hold its
companion too. In a bundle only these customers pay the lower price and answer to it; the others
pay the price of now. The weeks are then planned as for a markdown, at the mean price that is paid
on each rung.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replenishment.clearance.acts import SCENARIOS, Deed, cut_soon, ladder, means_of, task_of
from replenishment.clearance.holdings import Holdings
from replenishment.clearance.markdown import MarkdownPlan, plan_markdown
from replenishment.clearance.params import Channels, ClearanceParams
from stockwright.arrays import frozen, require
from stockwright.clearance import Act
from stockwright.price_response import PriceResponse

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# Less of the demand is none.
_LEAST = 1e-6


@dataclass(frozen=True)
class Bundles:
    """The companion of each item, all (items,) but channel.

    partner: series of the companion, -1 for none. share: of the item's demand at the price of now
    that comes in orders with the companion, in [0, 1]. confidence: share of the companion's orders
    that hold the item. lift: that over the item's share of all orders, and lift_low its lower
    limit. channel: code of the channel that sells bundles, -1 for the shop itself: its reach
    multiplies the demand in bundles, and its cost is paid for each unit sold in one.
    """

    partner: Ints
    share: Floats
    confidence: Floats
    lift: Floats
    lift_low: Floats
    channel: int = -1

    def __post_init__(self) -> None:
        n = len(self.partner)
        object.__setattr__(self, "partner", frozen("partner", self.partner, (n,), np.int64))
        for each in fields(self)[1:-1]:
            value = frozen(each.name, getattr(self, each.name), (n,), np.float64)
            object.__setattr__(self, each.name, value)
        require((self.share >= 0) & (self.share <= 1), "share", "in [0, 1]")

    @classmethod
    def none(cls, n: int) -> Bundles:
        """No companions."""
        unknown = np.full(n, np.nan)
        return cls(np.full(n, -1), np.zeros(n), unknown, unknown, unknown)

    def take(self, rows: Ints) -> Bundles:
        """Those of some of the items."""
        told: dict[str, Any] = {
            each.name: getattr(self, each.name)[rows] for each in fields(self)[:-1]
        }
        return replace(self, **told)


def bundle(
    holdings: Holdings,
    bundles: Bundles,
    listed: Floats,
    response: PriceResponse,
    channels: Channels,
    params: ClearanceParams,
) -> Deed:
    """Bundles with the companions, where their price falls soon.

    Units and money are those of all sales of the item, price is that in the bundle. Nothing is
    relabeled. listed, response: of the items, see ``deeds``.
    """
    few, code = holdings, bundles.channel
    sold = np.isfinite(few.price) & (few.price > 0) & (few.weeks > 0) & (few.price_group == -1)
    rows = np.flatnonzero(sold & (bundles.partner >= 0) & (bundles.share > _LEAST))
    few, share = few.take(rows), bundles.share[rows]
    price, start = ladder(
        few.price, np.maximum(listed[rows], few.price), params.ladder, few.floor, params.price_step
    )
    ratio = np.minimum(price / few.price[:, None], 1.0)
    factor, weight = response.take(rows).scenario_factors(ratio, SCENARIOS)
    reached = share * (channels.reach[code] if code >= 0 else 1.0)
    alone = (1 - share)[:, None]
    # Units of bundles, and the share of all units, for each that is wanted at the price of now.
    inside = reached[:, None] * np.einsum("isr,s->ir", factor, weight)
    part = inside / (alone + inside)
    paid = np.where(ratio < 1, (1 - part) * few.price[:, None] + part * price, price)
    deepest = start + ((price >= few.floor[:, None]) & (ratio < 1)).sum(axis=1)
    mean, _ = means_of(few, price, response.take(rows))
    mean = mean * reached[:, None, None, None]
    mean += few.demand[:, None, :, None] * alone[..., None, None]
    task = replace(
        task_of(few, paid, start, mean, weight, params),
        floor=np.take_along_axis(paid, deepest[:, None], axis=1)[:, 0],
        unit_change_cost=np.zeros(len(few)),
    )
    deed = _deed(rows, few, price, part, plan_markdown(task), channels, code)
    return cut_soon(deed, few.weekly_price)


def _deed(
    rows: Ints,
    few: Holdings,
    price: Floats,
    part: Floats,
    plan: MarkdownPlan,
    channels: Channels,
    code: int,
) -> Deed:
    """Sales as planned, of which a ``part`` (items, rungs) is in bundles."""
    rung = np.maximum(plan.path, 0)
    within = plan.units * np.take_along_axis(part, rung, axis=1)
    asked = np.where(plan.path >= 0, np.take_along_axis(price, rung, axis=1), np.nan)
    cut = np.nan_to_num(np.maximum(few.weekly_price - asked, 0.0))
    given = (cut * within).sum(axis=1)
    cost = within * (channels.cost[code] if code >= 0 else 0.0)
    used = within[:, 0] if code >= 0 else np.zeros(len(few))
    return Deed(
        Act.BUNDLE, code, rows, plan.value - cost.sum(axis=1), used, given,
        np.array(plan.left), asked, np.array(plan.units), plan.recovery - cost,
    )  # fmt: skip
