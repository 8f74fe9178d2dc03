"""What is to be done with stock that does not sell: part of a night's plan."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stockwright.arrays import frozen, require

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Act(IntEnum):
    """What can be done with stock on hand."""

    KEEP = 0  #: wait, at the price of now
    MARK_DOWN = 1  #: lower the price, by itself
    PROMOTE = 2  #: sell through a channel of clearance, then mark down
    RETURN = 3  #: give back to the supplier
    LIQUIDATE = 4  #: sell at once for what it still brings
    SCRAP = 5  #: give up
    BUNDLE = 6  #: a lower price for those who buy a companion with it


@dataclass(frozen=True)
class Clearance:
    """The slow items and the act chosen for each; all (items,) but the steps.

    series: row of the index. grade: slow grade "S", "A", "B" or "C", "" of what is not slow. act:
    Act. channel: name of the channel that sells, "" for the shop's own.
    units: on hand. age_days: NaN where unknown. cover_days: inf where the stock never runs out.
    ends: the end of its sale is in sight. event: code of an event that it is left of, 0 for none.
    unit_cost, price, floor: money per unit; 0 for no floor.
    recovery: money expected from the act. nothing: from doing nothing. next_act, next_recovery:
    the best other act and its money. discount: money that lower prices are expected to give away.
    left: units expected to be left when the weeks are over.
    cancelled: units on order that the act makes useless.
    common: the price is that of the whole price group.
    partner: series of the companion in a bundle, -1 for none. confidence: share of its orders that
    hold the item; lift: that over the item's share of all orders, lift_low its lower limit; NaN
    without a companion.
    step_item: (steps,) row of the item. step: (steps,) week, from 1. step_price: (steps,) money per
    unit then, but where less is planned; NaN of what is kept and can no longer be sold, which has
    its first week alone. step_planned: what is paid then if nothing is done. step_units,
    step_recovery: (steps,) expected in that week.
    most: units that people allow to be cleared: inf where they say nothing, 0 where they hold it as
    it is.
    whole: items are whole SKUs, at one price in all their locations; series is then the first.
    """

    series: Ints
    grade: NDArray[np.object_]
    act: Ints
    channel: NDArray[np.object_]
    units: Floats
    age_days: Floats
    cover_days: Floats
    ends: NDArray[np.bool_]
    event: Ints
    unit_cost: Floats
    price: Floats
    floor: Floats
    recovery: Floats
    nothing: Floats
    next_act: Ints
    next_recovery: Floats
    discount: Floats
    left: Floats
    cancelled: Floats
    common: NDArray[np.bool_]
    partner: Ints
    confidence: Floats
    lift: Floats
    lift_low: Floats
    most: Floats
    step_item: Ints
    step: Ints
    step_price: Floats
    step_planned: Floats
    step_units: Floats
    step_recovery: Floats
    whole: bool = False

    def __post_init__(self) -> None:
        n, steps = len(self.series), len(self.step_item)
        for each in fields(self)[:-1]:
            shape = (steps if each.name.startswith("step") else n,)
            values = getattr(self, each.name)
            object.__setattr__(self, each.name, frozen(each.name, values, shape, values.dtype))
        require((self.step_item >= 0) & (self.step_item < max(n, 1)), "step_item", "an item")
        require(self.step >= 1, "step", ">= 1")

    @classmethod
    def none(cls) -> Clearance:
        """Nothing is slow."""
        whole = {"series", "act", "next_act", "event", "partner", "step_item", "step"}
        kinds: dict[str, Any] = dict.fromkeys(whole, np.int64)
        kinds |= dict.fromkeys(("grade", "channel"), object) | {
            "ends": np.bool_,
            "common": np.bool_,
        }
        names = [each.name for each in fields(cls)[:-1]]
        empty: dict[str, Any] = {n: np.zeros(0, kinds.get(n, np.float64)) for n in names}
        return cls(**empty)

    def __len__(self) -> int:
        return len(self.series)

    def take(self, items: Ints) -> Clearance:
        """Some of the items, rising."""
        place = np.full(len(self), -1)
        place[items] = np.arange(len(items))
        steps = np.flatnonzero(place[self.step_item] >= 0)
        told: dict[str, Any] = {}
        for each in fields(self)[:-1]:
            told[each.name] = getattr(self, each.name)[
                steps if each.name.startswith("step") else items
            ]
        return replace(self, **told | {"step_item": place[told["step_item"]]})
