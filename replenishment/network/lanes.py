"""Which lane supplies each key."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stockwright.errors import DataError, describe
from stockwright.network import LaneKind, LocationKind, Network
from stockwright.panel import SeriesIndex

Ints = NDArray[np.int64]
#: The rank of a lane between two locations of one kind.
LATERAL = 2
_UNUSABLE = 9


@dataclass(frozen=True)
class LaneChoice:
    """One lane per key.

    lane: (series,) row of ``Network.lanes``, -1 for none.
    parent: (series,) series that the key's transfers are taken from, -1 where it has no transfer
        lane or its source does not keep the SKU.
    """

    lane: Ints
    parent: Ints

    def supplied(self) -> tuple[Ints, Ints]:
        """The series that have a lane, and its row."""
        series = np.flatnonzero(self.lane >= 0)
        return series, self.lane[series]


def lane_ranks(network: Network, index: SeriesIndex) -> NDArray[np.int8]:
    """How each lane is preferred: 0 regular, 1 transfer, 2 lateral transfer, 9 never."""
    lanes, kinds = network.lanes, network.locations.kind
    transfer = lanes.kind == LaneKind.TRANSFER
    destination = kinds[index.location[lanes.series]]
    source = kinds[np.where(transfer, lanes.source, 0)]
    lateral = transfer & (source != LocationKind.CENTRAL) & (destination == source)
    rank = np.where(lateral, LATERAL, np.where(transfer, 1, 0))
    return np.where(lanes.kind == LaneKind.EXPEDITED, _UNUSABLE, rank).astype(np.int8)


def choose_lanes(network: Network, index: SeriesIndex) -> LaneChoice:
    """Regular before transfer, then lowest landed cost, lowest priority, name of the source.

    Expedited lanes are never chosen, lateral ones only where no other lane exists. Raises
    DataError when the chosen lanes run in a circle.
    """
    lanes, n = network.lanes, index.n_series
    rank = lane_ranks(network, index)
    names = np.argsort(np.argsort(np.array(network.suppliers.names, dtype=str), kind="stable"))
    by_name = lanes.source.astype(np.int64)
    bought = lanes.kind != LaneKind.TRANSFER
    by_name[bought] = names[lanes.source[bought]]
    landed = lanes.unit_cost + lanes.unit_freight
    order = np.lexsort((by_name, lanes.priority, landed, rank, lanes.series))
    order = order[rank[order] < _UNUSABLE]
    first = np.flatnonzero(np.diff(lanes.series[order], prepend=-1))
    chosen = np.full(n, -1, np.int64)
    chosen[lanes.series[order[first]]] = order[first]
    parent = _parents(network, index, chosen)
    _reject_circles(parent, index)
    return LaneChoice(chosen, parent)


def _parents(network: Network, index: SeriesIndex, chosen: Ints) -> Ints:
    """Series at the other end of each key's transfer lane, -1 for none."""
    lanes = network.lanes
    parent = np.full(len(chosen), -1, np.int64)
    moved = np.flatnonzero(chosen >= 0)
    moved = moved[lanes.kind[chosen[moved]] == LaneKind.TRANSFER]
    source = lanes.source[chosen[moved]].astype(np.int64)
    parent[moved] = index.find(index.sku[moved].astype(np.int64), source)
    return parent


def _reject_circles(parent: Ints, index: SeriesIndex) -> None:
    walk, steps = parent.copy(), 0
    while (walk >= 0).any():
        walk = np.where(walk >= 0, parent[walk], -1)
        steps += 1
        if steps > len(index.locations):
            keys = index.take(np.flatnonzero(walk >= 0))
            cases = [*map("{} at {}".format, keys.sku_names(), keys.location_names())]
            raise DataError(
                describe("keys supplied in a circle", cases, "remove one lane of each circle")
            )
