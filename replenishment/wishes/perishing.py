"""What shelf life takes from an order: the same order wished for as if the goods kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from replenishment.network.evening import Evening
from replenishment.wishes.find import Wishes


def with_shelf_cut(wishes: Wishes, evening: Evening, find: Callable[[Evening], Wishes]) -> Wishes:
    """The wishes with what shelf life takes from each order that there is.

    find: the way the wishes were found. Only keys whose goods expire are found anew; none for
    lines only.
    """
    series, life = wishes.series, evening.network.items.shelf_life
    cut = np.flatnonzero(np.isfinite(life[series]) & (wishes.quantity > 0) & ~wishes.said)
    if evening.params.lines_only or not len(cut):
        return wishes
    # Whole SKUs, for locations of one SKU share stock.
    sku = evening.forecast.index.sku
    items = replace(evening.network.items, shelf_life=np.full(len(life), np.inf))
    keeping = replace(evening, network=replace(evening.network, items=items))
    kept = find(keeping.only(np.isin(sku, sku[series[cut]])))
    more = kept.quantity[np.searchsorted(kept.series, series[cut])] - wishes.quantity[cut]
    taken = np.zeros(len(series))
    taken[cut] = np.maximum(more, 0.0)
    return replace(wishes, shelf_cut=taken)
