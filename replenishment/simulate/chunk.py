"""Some series of one lead time, run through all periods in place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replenishment.simulate.policies import OrderUpTo
from replenishment.simulate.state import ShopState
from replenishment.simulate.terms import ShopTerms, packed

Reals = NDArray[np.floating[Any]]
Ints = NDArray[np.int64]
#: Whole numbers up to here are exact in float32.
EXACT = 2.0**24
SUMS = ("demand", "sold", "missed", "left", "ordered", "orders")


@dataclass
class Chunk:
    """Working arrays of one chunk, all of one float type.

    demand: (period, rows). net: (rows,) on hand less owed. position: (rows,). ring: (lead time +
    1, rows); slot t % (lead time + 1) is received in period t. late: (columns, rows) what the
    first pipeline holds beyond the ring. target, reorder_point, most, moq, multiple: (rows,),
    None where they never bind.
    """

    demand: NDArray[Any]
    net: Reals
    position: Reals
    ring: Reals
    late: Reals
    target: Reals
    reorder_point: Reals | None
    most: Reals | None
    moq: Reals | None
    multiple: Reals | None
    lost_sales: bool
    review: int
    sums: dict[str, Reals] = field(init=False)
    spare: tuple[Reals, Reals] = field(init=False)

    def __post_init__(self) -> None:
        self.sums = {name: np.zeros_like(self.net) for name in SUMS}
        self.spare = np.empty_like(self.net), np.empty_like(self.net)

    def run(self, warm_up: int) -> dict[str, Reals]:
        """Sums over the periods from ``warm_up`` on, by the names of ``Totals``, without cost."""
        before = self.position.copy(), np.minimum(self.net, 0)
        plain = self.reorder_point is self.most is self.moq is self.multiple is None
        steady = False
        for period, demand in enumerate(self.demand):
            if period == warm_up:
                before = self.position.copy(), np.minimum(self.net, 0)
                for total in self.sums.values():
                    total.fill(0)
            slot = self.ring[period % len(self.ring)]
            if steady:
                self.repeat(slot, demand)
                continue
            self.position -= self.sell(slot, demand)
            self.order(period, slot)
            steady = (
                plain
                and self.review == 1
                and period >= len(self.late)
                and bool((self.position == self.target).all())
            )
        return self.closed(*before)

    def sell(self, slot: Reals, demand: Reals) -> Reals:
        """Receive and sell; returns the units by which the position falls."""
        sums, (sold, owed) = self.sums, self.spare
        self.net += slot
        sums["demand"] += demand
        if self.lost_sales:
            np.minimum(self.net, demand, out=sold)
            self.net -= sold
            sums["sold"] += sold
            sums["left"] += self.net
            return sold
        self.net -= demand
        sums["left"] += self.net
        np.minimum(self.net, 0, out=owed)
        sums["missed"] -= owed
        return demand

    def order(self, period: int, slot: Reals) -> None:
        """Order at the close of ``period`` into the slot that was just received."""
        if (period + 1) % self.review:
            slot.fill(0)
        else:
            np.subtract(self.target, self.position, out=slot)
            np.maximum(slot, 0, out=slot)
            if self.most is not None:
                np.minimum(slot, self.most, out=slot)
            if self.reorder_point is not None:
                slot *= self.position <= self.reorder_point
            if self.moq is not None or self.multiple is not None:
                none = np.zeros_like(slot)
                moq = none if self.moq is None else self.moq
                slot[:] = packed(slot, moq, none if self.multiple is None else self.multiple)
            self.position += slot
            self.count(slot)
        if period < len(self.late):
            slot += self.late[period]

    def repeat(self, slot: Reals, demand: Reals) -> None:
        """A period of a shop whose position is at its target: what leaves it is ordered again."""
        sums = self.sums
        self.net += slot
        sums["demand"] += demand
        if self.lost_sales:
            np.minimum(self.net, demand, out=slot)
            self.net -= slot
            sums["sold"] += slot
        else:
            slot[:] = demand
            self.net -= slot
            np.minimum(self.net, 0, out=self.spare[0])
            sums["missed"] -= self.spare[0]
        sums["left"] += self.net
        self.count(slot)

    def count(self, ordered: Reals) -> None:
        """Count the orders."""
        np.sign(ordered, out=self.spare[1])
        self.sums["orders"] += self.spare[1]

    def closed(self, position: Reals, owed: Reals) -> dict[str, Reals]:
        """The sums that follow from others, position and units owed at the first counted close."""
        sums = self.sums
        if self.lost_sales:
            sums["missed"] = sums["demand"] - sums["sold"]
            sums["ordered"] = self.position - position + sums["sold"]
            return sums
        sums["left"] += sums["missed"]
        sums["sold"] = sums["demand"] + np.minimum(self.net, 0) - owed
        sums["ordered"] = self.position - position + sums["demand"]
        return sums


def chunk_of(
    demand: NDArray[Any],
    rows: slice | Ints,
    policy: OrderUpTo,
    terms: ShopTerms,
    start: ShopState,
) -> Chunk:
    """The chunk of ``rows``, whose demand is (period, rows)."""
    told: dict[str, Any] = {
        "target": policy.target,
        "reorder_point": policy.reorder_point,
        "most": policy.most,
        "moq": terms.moq,
        "multiple": terms.multiple,
    }
    own: dict[str, Reals] = {
        name: np.broadcast_to(part, (len(terms),))[rows] for name, part in told.items()
    }
    net, pipeline = start.on_hand[rows], start.pipeline[rows].T
    kind = _kind(demand, [net, pipeline.sum(axis=0), *own.values()], pipeline, terms.lost_sales)
    if kind is np.float32:
        own["reorder_point"] = np.floor(own["reorder_point"])
    free = {"reorder_point": np.inf, "most": np.inf, "moq": 0.0, "multiple": 0.0}
    limits: dict[str, Any] = {
        name: None if (own[name] == value).all() else own[name].astype(kind)
        for name, value in free.items()
    }
    slots = int(terms.lead_time[rows][0]) + 1
    return Chunk(
        demand=np.ascontiguousarray(demand, kind) if demand.dtype != kind else demand,
        net=net.astype(kind),
        position=(net + pipeline.sum(axis=0)).astype(kind),
        ring=np.array(pipeline[:slots], kind, order="C"),
        late=np.array(pipeline[slots:], kind),
        target=own["target"].astype(kind),
        **limits,
        lost_sales=terms.lost_sales,
        review=policy.review,
    )


def _kind(
    demand: NDArray[Any], parts: list[Reals], pipeline: Reals, lost_sales: bool
) -> type[np.float32] | type[np.float64]:
    """float32 where all numbers are whole and no sum of them can pass ``EXACT``."""
    finite = [part[np.isfinite(part)] for part in parts]
    if not all((part == np.rint(part)).all() for part in (*finite, pipeline)):
        return np.float64
    units = float(demand.max(initial=0))
    largest = units + sum(float(np.abs(part).max(initial=0)) for part in finite)
    periods = len(demand) + 1
    if largest * periods * (1 if lost_sales else periods) >= EXACT:
        return np.float64
    if demand.dtype.kind in "iub" or all((row == np.rint(row)).all() for row in demand):
        return np.float32
    return np.float64
