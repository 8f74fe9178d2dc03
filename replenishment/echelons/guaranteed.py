"""Guaranteed service: how long each stage of a tree should let its customers wait.

Every stage promises an outbound service time S and always keeps it, for demand up to a bound. It
has its inputs after the inbound service time SI, the longest of its suppliers' promises, and needs
safety stock for the net replenishment time SI + T - S. The promises of least holding cost come out
of a dynamic programme over the tree, one stage after the other from the leaves inwards, each with
one function of the time that it shares with the neighbor still to come (Graves & Willems 2000,
corrected 2003; Snyder & Shen 2019, section 6.3.6). All SKUs of one tree are solved at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from replenishment.echelons.tree import SupplyTree
from stockwright.arrays import require
from stockwright.errors import DataError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# Numbers held at once for the cost of a stage over all pairs of times.
_CELLS = 4_000_000


@dataclass(frozen=True)
class ServicePlan:
    """Promises of least cost, all (skus, stages) unless said.

    outbound, inbound: service times S and SI, periods. net_time: SI + T - S, periods.
    safety: units of safety stock. cost: (skus,) holding cost of the safety stock per period.
    """

    outbound: Ints
    inbound: Ints
    net_time: Ints
    safety: Floats
    cost: Floats

    def base_stock(self, mean: ArrayLike) -> Floats:
        """Local base-stock levels for mean demand per period at the stages, (skus, stages)."""
        return np.asarray(np.asarray(mean, np.float64) * self.net_time + self.safety)


class _Solved(NamedTuple):
    """cost: (skus, times) of a stage and all behind it. choice: (skus, times) its other time."""

    cost: Floats
    choice: Ints


def place_safety_stock(tree: SupplyTree, holding: ArrayLike, bound: Floats) -> ServicePlan:
    """The cheapest service times of every stage, exactly.

    holding: (skus, stages) money per unit and period, >= 0. bound: (skus, stages, times) safety
    stock for net replenishment times 0 ... ``tree.longest``, >= 0 and never falling with time.
    """
    shape = (len(bound), len(tree), tree.longest + 1)
    if bound.shape != shape:
        raise DataError(f"bound must have the shape (skus, stages, times) {shape}: {bound.shape}")
    price = np.broadcast_to(np.asarray(holding, np.float64), shape[:2])
    require(price >= 0, "holding", ">= 0")
    require(np.diff(bound, axis=2, prepend=0.0) >= 0, "bound", ">= 0 and never falling")
    size = max(1, _CELLS // shape[2] ** 2)
    parts = [
        _promises(tree, price[first : first + size, :, None] * bound[first : first + size])
        for first in range(0, len(bound), size)
    ]
    outbound = np.concatenate([np.zeros((0, len(tree)), np.int64), *parts])
    return follow(tree, outbound, price, bound)


def follow(tree: SupplyTree, promised: Ints, holding: Floats, bound: Floats) -> ServicePlan:
    """What given outbound service times (skus, stages) cost; promises nobody needs are cut."""
    outbound, inbound = promised.copy(), np.zeros_like(promised)
    for stage in tree.downstream:
        above = [outbound[:, each] for each in tree.suppliers(stage)]
        inbound[:, stage] = np.max([*above, np.full(len(outbound), tree.inbound_time[stage])], 0)
        ready = inbound[:, stage] + tree.processing[stage]
        outbound[:, stage] = np.minimum(outbound[:, stage], ready)
    net_time = inbound + tree.processing - outbound
    safety = np.take_along_axis(bound, net_time[..., None], axis=2)[..., 0]
    return ServicePlan(outbound, inbound, net_time, safety, (holding * safety).sum(axis=1))


def _promises(tree: SupplyTree, cost: Floats) -> Ints:
    """Outbound service times of least cost, (skus, stages); cost (skus, stages, times)."""
    order = tree.leaves_first
    place = {stage: at for at, stage in enumerate(order)}
    # Functions of a stage's shared time, and where the neighbor still to come takes its value.
    solved: dict[int, _Solved] = {}
    seen: dict[int, _Solved] = {}
    root = order[-1]
    for stage in order:
        table = _stage_cost(tree, stage, cost[:, stage], seen)
        later = [each for each in tree.customers(stage) if place[each] > place[stage]]
        if later or stage == root:
            solved[stage] = _Solved(table.min(axis=2), table.argmin(axis=2))
            seen[stage] = _least_until(solved[stage].cost)
        else:
            solved[stage] = _Solved(table.min(axis=1), table.argmin(axis=1))
            seen[stage] = _least_from(solved[stage].cost)
    return _walk_back(tree, place, solved, seen)


def _stage_cost(tree: SupplyTree, stage: int, cost: Floats, seen: dict[int, _Solved]) -> Floats:
    """Cost of a stage and all solved behind it for each (S, SI), (skus, times, times)."""
    times = np.arange(cost.shape[1])
    net = times[None, :] + tree.processing[stage] - times[:, None]
    limit = tree.outbound_limit[stage]
    allowed = (net >= 0) & (net < len(times)) & (times >= tree.inbound_time[stage])[None, :]
    allowed &= (times <= limit)[:, None] | (limit < 0)
    table = np.where(allowed, cost[:, np.where(allowed, net, 0)], np.inf)
    for supplier in tree.suppliers(stage):
        if supplier in seen:
            table += seen[supplier].cost[:, None, :]
    for customer in tree.customers(stage):
        if customer in seen:
            table += seen[customer].cost[:, :, None]
    return table


def _least_until(cost: Floats) -> _Solved:
    """Least cost over all times up to each one, and the first time that has it."""
    least = np.minimum.accumulate(cost, axis=1)
    first = np.concatenate([np.ones((len(cost), 1), np.bool_), least[:, 1:] < least[:, :-1]], 1)
    at = np.where(first, np.arange(cost.shape[1]), 0)
    return _Solved(least, np.maximum.accumulate(at, axis=1))


def _least_from(cost: Floats) -> _Solved:
    """Least cost over all times from each one on, and the last time that has it."""
    turned = _least_until(cost[:, ::-1])
    return _Solved(turned.cost[:, ::-1], cost.shape[1] - 1 - turned.choice[:, ::-1])


def _walk_back(
    tree: SupplyTree, place: dict[int, int], solved: dict[int, _Solved], seen: dict[int, _Solved]
) -> Ints:
    """Read the times off, from the last stage solved to the first."""
    order = tree.leaves_first
    skus = len(solved[order[-1]].cost)
    rows = np.arange(skus)
    outbound = np.zeros((skus, len(order)), np.int64)
    inbound = np.zeros_like(outbound)
    for stage in reversed(order):
        above = [each for each in tree.suppliers(stage) if place[each] > place[stage]]
        below = [each for each in tree.customers(stage) if place[each] > place[stage]]
        if above:
            inbound[:, stage] = seen[stage].choice[rows, outbound[:, above[0]]]
            outbound[:, stage] = solved[stage].choice[rows, inbound[:, stage]]
            continue
        if below:
            outbound[:, stage] = seen[stage].choice[rows, inbound[:, below[0]]]
        else:
            outbound[:, stage] = solved[stage].cost.argmin(axis=1)
        inbound[:, stage] = solved[stage].choice[rows, outbound[:, stage]]
    return outbound
