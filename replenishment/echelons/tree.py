"""A supply network that is a tree: stages, the arcs between them, and their times.

Periods are whole. A stage that orders has its units one inbound service time later, works on them
for its processing time, and promises its customers an outbound service time (Graves & Willems
2000; Snyder & Shen 2019, section 6.3).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stockwright.arrays import frozen, require
from stockwright.errors import DataError, describe

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_NO_LIMIT = -1


@dataclass(frozen=True)
class SupplyTree:
    """Stages 0 ... n - 1 and the arcs that supply them; taken without direction, a tree.

    processing: (stages,) whole periods >= 0 from having all inputs to having the unit.
    source, destination: (stages - 1,) stages at the ends of each arc; a stage may have several
        suppliers (assembly) and several customers (distribution).
    units: (arcs,) units of the source in one unit of the destination, > 0; 1 by default.
    inbound_time: (stages,) service time of suppliers outside the network, >= 0; 0 by default.
    outbound_limit: (stages,) longest service time that a stage may promise, -1 for no limit. By
        default 0 for stages without a customer in the network, and no limit for the others.
    """

    processing: Ints
    source: Ints
    destination: Ints
    units: Floats = field(default_factory=lambda: np.ones(0))
    inbound_time: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    outbound_limit: Ints = field(default_factory=lambda: np.zeros(0, np.int64))

    def __post_init__(self) -> None:
        n = len(self.processing)
        self._set("processing", self.processing, n, np.int64)
        for name in ("source", "destination"):
            self._set(name, getattr(self, name), n - 1, np.int64)
            stage = getattr(self, name)
            require((stage >= 0) & (stage < n), name, f"a stage in 0 ... {n - 1}")
        sells = np.bincount(self.source, minlength=n) == 0
        given = len(self.outbound_limit) > 0
        limit = self.outbound_limit if given else np.where(sells, 0, _NO_LIMIT)
        self._set("outbound_limit", limit, n, np.int64)
        inbound = self.inbound_time if len(self.inbound_time) else np.zeros(n)
        self._set("inbound_time", inbound, n, np.int64)
        self._set("units", self.units if len(self.units) else np.ones(n - 1), n - 1, np.float64)
        require(self.processing >= 0, "processing", ">= 0 periods")
        require(self.inbound_time >= 0, "inbound_time", ">= 0 periods")
        require(self.outbound_limit >= _NO_LIMIT, "outbound_limit", ">= 0 periods, or -1")
        require(self.units > 0, "units", "> 0")
        if len(self.leaves_first) < n:
            cases = [str(stage) for stage in range(n) if stage not in self.leaves_first]
            raise DataError(describe("stages not in one tree", cases, "connect all, in no circle"))

    def _set(self, name: str, value: ArrayLike, n: int, dtype: type) -> None:
        object.__setattr__(self, name, frozen(name, np.asarray(value), (n,), dtype))

    def __len__(self) -> int:
        return len(self.processing)

    @cached_property
    def leaves_first(self) -> tuple[int, ...]:
        """Every stage after all but at most one of its neighbors; the last one is the root."""
        n = len(self)
        degree = np.bincount(self.source, minlength=n) + np.bincount(self.destination, minlength=n)
        order: list[int] = []
        left = np.ones(n, np.bool_)
        while (free := np.flatnonzero(left & (degree <= 1))).size:
            stage = int(free[0])
            order.append(stage)
            left[stage] = False
            for other in self.suppliers(stage) + self.customers(stage):
                degree[other] -= left[other]
        return tuple(order)

    @cached_property
    def downstream(self) -> tuple[int, ...]:
        """Every stage after all its suppliers."""
        waiting = np.bincount(self.destination, minlength=len(self))
        order: list[int] = []
        ready = [*np.flatnonzero(waiting == 0).tolist()]
        while ready:
            order.append(stage := ready.pop(0))
            for customer in self.customers(stage):
                waiting[customer] -= 1
                if waiting[customer] == 0:
                    ready.append(customer)
        return tuple(order)

    def suppliers(self, stage: int) -> list[int]:
        """Stages that supply ``stage``."""
        return [*self.source[self.destination == stage].tolist()]

    def customers(self, stage: int) -> list[int]:
        """Stages that ``stage`` supplies."""
        return [*self.destination[self.source == stage].tolist()]

    @cached_property
    def longest(self) -> int:
        """Longest replenishment time of any stage: its processing and all that lies above it."""
        time = np.zeros(len(self), np.int64)
        for stage in self.downstream:
            above = [int(time[each]) for each in self.suppliers(stage)]
            time[stage] = max([int(self.inbound_time[stage]), *above]) + self.processing[stage]
        return int(time.max(initial=0))

    def passed_up(self, demand: ArrayLike, power: float = 1.0) -> Floats:
        """Demand of each stage from its own customers, passed up to all its suppliers.

        demand: (skus, stages) of customers outside the network. A supplier has the ``power``-th
        root of the summed ``power``-th powers: 1 adds means, 2 adds independent deviations.
        """
        raised = np.array(demand, np.float64) ** power
        for stage in reversed(self.downstream):
            for arc in np.flatnonzero(self.destination == stage).tolist():
                raised[:, self.source[arc]] += self.units[arc] ** power * raised[:, stage]
        return np.asarray(raised ** (1 / power), np.float64)

    def normal_bound(self, sd: ArrayLike, z: ArrayLike, pooling: float = 2.0) -> Floats:
        """Safety stock z sd sqrt(t) for each net replenishment time t, (skus, stages, times).

        sd: (skus, stages) deviation per period of the demand of customers outside the network.
        z: safety factor, broadcast to (skus, stages). pooling: 2 for independent demands of the
        stages, 1 for demands that move together (Graves & Willems 2000, section 3.1).
        """
        spread = self.passed_up(sd, pooling)
        root = np.sqrt(np.arange(self.longest + 1))
        factor = np.broadcast_to(np.asarray(z, np.float64), spread.shape)
        return np.asarray((factor * spread)[..., None] * root)

    def quantile_bound(self, quantile: Callable[[int], Floats], mean: ArrayLike) -> Floats:
        """Safety stock from quantiles of demand over t periods, (skus, stages, times).

        quantile: t >= 1 -> (skus, stages) the demand over t periods that a stage stands up to.
        mean: (skus, stages) mean demand per period at the stages, what they pass up included.
        A longer time is taken to need no less safety stock than a shorter one.
        """
        rate = np.asarray(mean, np.float64)
        parts = [np.zeros_like(rate)]
        parts += [quantile(time) - time * rate for time in range(1, self.longest + 1)]
        return np.asarray(np.maximum.accumulate(np.stack(parts, axis=-1), axis=-1))
