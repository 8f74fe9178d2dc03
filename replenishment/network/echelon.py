"""What each location feeds: echelons of stock and demand.

A location that feeds others through their chosen transfer lanes is steered on echelon stock, its
own and that of everything below it, against the demand of all of them over its own lead time plus
the longest way down (Clark & Scarf 1960; Snyder & Shen 2019, section 6.2). Stock of the upper
location counts from when it can have reached the lower ones. Stock below is taken as if it could
be shared, which flatters the projection a little.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from replenishment.network.lanes import LaneChoice
from stockwright.network import Network

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Echelons:
    """Who feeds whom.

    feeds: (series,) it is the parent of another series.
    way_down: (series,) periods of the longest chain of transfers below.
    depth: (series,) number of transfers above.
    node, member: (pairs,) every feeding series with itself and each series below it.
    """

    feeds: Bools
    way_down: Ints
    depth: Ints
    node: Ints
    member: Ints

    def summed(self, units: Floats) -> Floats:
        """Units of each series and of all that it feeds, (series,)."""
        total = np.bincount(self.node, units[self.member], len(units))
        return np.where(self.feeds, total, units)


def build_echelons(choice: LaneChoice, network: Network) -> Echelons:
    """Walk the chosen transfer lanes from the bottom up, one level at a time."""
    parent, n = choice.parent, len(choice.parent)
    moved = np.flatnonzero(parent >= 0)
    transfer_time = np.zeros(n, np.int64)
    transfer_time[moved] = network.lanes.lead_time[choice.lane[moved]]
    depth, way_down = np.zeros(n, np.int64), np.zeros(n, np.int64)
    nodes, members = [], []
    walk, time, below = parent.copy(), transfer_time.copy(), np.arange(n)
    while len(walk):
        linked = walk >= 0
        walk, time, below = walk[linked], time[linked], below[linked]
        depth[below] += 1
        np.maximum.at(way_down, walk, time)
        nodes.append(walk)
        members.append(below)
        time, walk = time + transfer_time[walk], parent[walk]
    feeds = np.bincount(parent[parent >= 0], minlength=n) > 0
    own = np.flatnonzero(feeds)
    node = np.concatenate([own, *nodes])
    member = np.concatenate([own, *members])
    order = np.lexsort((member, node))
    return Echelons(feeds, way_down, depth, node[order], member[order])
