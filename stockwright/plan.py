"""The plan: what to order, what to move, how each key is steered, and why, in numbers."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

import numpy as np
from numpy.typing import NDArray

from stockwright.clearance import Clearance
from stockwright.life import LifeStages
from stockwright.stock import Expiring

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Policy:
    """How each series is steered; all arrays (series,), units in sales units.

    lane: row of ``Network.lanes`` in use, -1 for none.
    lead_time, review, protection: periods (protection = lead_time + review; for central stock
        the transfer's lead time is added).
    service_level: probability that demand of the protection interval is covered by the target.
    safety_stock = order_up_to - demand_mean, not below 0.
    reorder_point: an order is due when the projected position falls to it or below.
    order_up_to: the position that an order raises to.
    demand_mean, demand_q50, demand_q90, demand_q95: demand of the protection interval.
    stock_at_arrival: stock projected with lost sales to the close before tonight's order arrives.
    position: units on hand, and on order within the protection interval; of a location that feeds
        others, with those of all that it feeds.
    cover_before: periods until the available stock and what is on order run out at mean demand.
    stockout_step: first step at whose close the mean projection is empty, 0 for none; of the
        echelon for feeding locations.
    money_at_risk: shortage cost expected over the protection interval if nothing is ordered.
    """

    lane: NDArray[np.int32]
    lead_time: NDArray[np.int32]
    review: NDArray[np.int32]
    protection: NDArray[np.int32]
    service_level: Floats
    safety_stock: Floats
    reorder_point: Floats
    order_up_to: Floats
    demand_mean: Floats
    demand_q50: Floats
    demand_q90: Floats
    demand_q95: Floats
    stock_at_arrival: Floats
    position: Floats
    cover_before: Floats
    stockout_step: NDArray[np.int32]
    money_at_risk: Floats


@dataclass(frozen=True)
class Lines:
    """Order or transfer lines with their reasons; all arrays (lines,).

    series: the destination's series. lane: row of ``Network.lanes``.
    units: whole multiples of the lane's multiple. value: money (goods for orders, freight for
    transfers). reason: the trigger code. binding: the limit that cut or raised the line, "" for
    none.
    available, inbound: units on hand and on order before the line.
    stock_at_arrival: units projected to be left when the line arrives.
    demand_mean, demand_bought: demand of the protection interval: mean, and the quantile bought.
    target: order-up-to level. need: good units wanted before rounding and limits. yield_added:
    units on top of it for those that will not come or will be rejected.
    rounding_added: units that MOQ and packs added. limit_cut: units that limits took away.
    unit_cost: money per unit at the quantity ordered. money_at_risk: shortage cost that the line
    is expected to avoid. cover_before, cover_after: periods. stockout_step: see Policy.
    ahead: units that are wanted later and come now; ahead_step: the first step in which they are
    wanted, 0 for none. shelf_cut: units that the order would have more if the goods kept. All three
    may be empty: none of it holds for any line.
    """

    series: NDArray[np.int32]
    lane: NDArray[np.int32]
    units: Floats
    unit_cost: Floats
    value: Floats
    reason: NDArray[np.object_]
    binding: NDArray[np.object_]
    available: Floats
    inbound: Floats
    stock_at_arrival: Floats
    demand_mean: Floats
    demand_bought: Floats
    target: Floats
    need: Floats
    yield_added: Floats
    rounding_added: Floats
    limit_cut: Floats
    money_at_risk: Floats
    cover_before: Floats
    cover_after: Floats
    stockout_step: NDArray[np.int32]
    ahead: Floats = field(default_factory=lambda: np.zeros(0))
    ahead_step: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    shelf_cut: Floats = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        for name in ("ahead", "ahead_step", "shelf_cut"):
            told = getattr(self, name)
            if len(told) < len(self.series):
                object.__setattr__(self, name, np.zeros(len(self.series), told.dtype))

    def joined(self, other: Lines) -> Lines:
        """These lines and, behind them, others."""
        names = [each.name for each in fields(self)]
        pairs = {name: (getattr(self, name), getattr(other, name)) for name in names}
        return Lines(**{name: np.concatenate(pair) for name, pair in pairs.items()})


@dataclass(frozen=True)
class Finding:
    """Something a person should look at: a row of the exceptions.

    code: stable English code. severity: "high", "medium" or "low". series: -1 for none.
    """

    code: str
    severity: str
    series: int
    money: float
    message: dict[str, float | str]


@dataclass(frozen=True)
class Help:
    """How series serve one another's customers, all (series,).

    shortage: the most that a unit short counts because others serve part of the customers, inf
    where that changes nothing. given, taken: units expected to be missed here and asked for
    elsewhere, and missed elsewhere and asked for here, before an order can prevent it.
    """

    shortage: Floats
    given: Floats
    taken: Floats


@dataclass(frozen=True)
class Kept:
    """What sources keep for others, all (series,).

    units: that a series alone would be sent and its source keeps for others, 0 where none.
    worth: money that a unit at a feeding series is expected to save below it before more comes.
    """

    units: Floats
    worth: Floats


@dataclass(frozen=True)
class Plan:
    """Tonight's plan. Limits maps each shared limit to its shadow price and use.

    life: of each series; life_of_sku: of its SKU over all locations, (series,) too. None where
    nobody told it. override_cost: (series,) money that a planner's word on orders, transfers or
    policy is expected to cost against the plan's own, NaN where none was said; None for none.
    expiring: stock that will expire unsold; None where no stock expires. kept: what sources keep
    back; None where nobody told it. help: None where no series serves customers of another.
    clearance: what is done with slow stock; None where nobody looked for it.
    """

    policy: Policy
    orders: Lines
    transfers: Lines
    findings: tuple[Finding, ...]
    limits: dict[str, float]
    life: LifeStages | None = None
    life_of_sku: LifeStages | None = None
    override_cost: Floats | None = None
    expiring: Expiring | None = None
    kept: Kept | None = None
    help: Help | None = None
    clearance: Clearance | None = None
