"""What shelf life takes from an order: the same order wished for as if the goods kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from replenishment.network.evening import Evening
from replenishment.network.lanes import LaneChoice
from replenishment.wishes.find import Wishes


def with_shelf_cut(wishes: Wishes, evening: Evening, find: Callable[[Evening], Wishes]) -> Wishes:
    """The wishes with what shelf life takes from each order that there is.

    find: the way the wishes were found. Only keys whose goods expire are found anew.
    """
    series, life = wishes.series, evening.network.items.shelf_life
    cut = np.isfinite(life[series]) & (wishes.quantity > 0) & ~wishes.said
    if not cut.any():
        return wishes
    mine = np.zeros(len(life), np.bool_)
    mine[series[cut]] = True
    items = replace(evening.network.items, shelf_life=np.full(len(life), np.inf))
    # Who feeds whom stays as it is, or a location would forget what it feeds.
    lane, parent = (np.where(mine, each, -1) for each in vars(evening.choice).values())
    kept = find(
        replace(
            evening,
            network=replace(evening.network, items=items),
            choice=LaneChoice(lane, parent),
        )
    )
    taken = np.zeros(len(series))
    taken[cut] = np.maximum(kept.quantity - wishes.quantity[cut], 0.0)
    return replace(wishes, shelf_cut=taken)
