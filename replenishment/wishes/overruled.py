"""What an override is expected to cost: the planner's order against the engine's own.

Both are priced on the key's own cost curve, that of the tables without any override: the worth of
the order the engine would have wished for less the worth of the one the planner asks for. Limits
that lines share are left out on both sides. What the planner knows beyond the tables is not in it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from replenishment.network.evening import Evening
from replenishment.wishes.find import Breaks, Wishes, quantity_of, sides_of, within_lifetime
from replenishment.wishes.lots import Worth
from replenishment.wishes.terms import lifetime_demand, lot_terms, may_order, said_frozen
from stockwright.overrides import Overrides
from stockwright.plan import Finding

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_LEAST = 0.01


@dataclass(frozen=True)
class Overruled:
    """Keys that a planner decided, all (overruled,): series, units of both, and the money.

    asked: units that the planner's word leads to. own: units without it. cost: money, >= 0.
    """

    series: Ints
    asked: Floats
    own: Floats
    cost: Floats

    def of_series(self, n: int) -> Floats:
        """Cost of each series, NaN where no planner said anything."""
        out = np.full(n, np.nan)
        out[self.series] = self.cost
        return out

    def findings(self, lines: Floats, limits: NDArray[np.object_]) -> tuple[Finding, ...]:
        """OVERRIDE_COST for every override that is expected to cost something, and what became of
        it: it is kept, raised above what was asked, cut by a limit, or dropped with no line left.

        lines: (series,) units of tonight's lines. limits: (series,) code of the limit that took
        units from them, "" for none.
        """
        rows = np.flatnonzero(self.cost >= _LEAST)
        kept, asked = lines[self.series], self.asked
        gone = np.where(kept <= 0, "dropped", "cut")
        fate = np.where(kept < asked - 1e-6, gone, np.where(kept > asked + 1e-6, "raised", "kept"))
        columns = (self.series, asked, self.own, kept, fate, limits[self.series], self.cost)
        return tuple(
            Finding(
                "OVERRIDE_COST",
                "low",
                series,
                cost,
                {"asked": asked, "own": own, "kept": kept, "fate": fate, "cut_by": limit},
            )
            for series, asked, own, kept, fate, limit, cost in zip(
                *(c[rows].tolist() for c in columns), strict=True
            )
        )


def cost_of_overrides(wishes: Wishes, evening: Evening) -> Overruled:
    """What the overrides of orders, transfers and policy cost, of the keys that have any."""
    network, said = evening.network, evening.said
    rows = np.flatnonzero(_spoken(said)[wishes.series])
    nothing = np.zeros(0)
    if not len(rows):
        return Overruled(np.zeros(0, np.int64), nothing, nothing, nothing)
    series, lane = wishes.series[rows], wishes.lane[rows]
    silent, params = evening.unsaid(), evening.params
    allowed = may_order(series, lane, silent)
    lifetime = lifetime_demand(silent)[series]
    sides = sides_of(wishes.series, silent)
    keeps = np.isinf(network.items.shelf_life[wishes.series])
    in_time = np.minimum(sides.sold_in_time(~keeps, params.level_cap)[rows], lifetime)
    terms, _, _ = within_lifetime(lot_terms(lane, network, allowed), in_time, keeps[rows])
    worth = Worth(sides.needs_of(rows, params, terms), terms)
    breaks = Breaks.of(network.lanes, lane)
    own = quantity_of(worth, breaks, np.zeros(len(rows), np.bool_))
    frozen = said_frozen(series, lane, evening)
    wished = np.where(said.blocked[series], 0.0, wishes.quantity[rows])
    asked = np.where(np.isfinite(frozen), frozen, wished)

    def value(units: Floats) -> Floats:
        saved = terms.unit_cost - breaks.unit_cost(terms.unit_cost, units)
        return np.asarray(worth.of(units) + saved * units, np.float64)

    return Overruled(series, asked, own, np.maximum(value(own) - value(asked), 0.0))


def _spoken(said: Overrides) -> NDArray[np.bool_]:
    """(series,) whether a planner decided on its orders, transfers or policy."""
    policy = (said.service_level, said.target)
    quantities = (said.order_units, said.order_frozen, said.transfer_units, said.transfer_frozen)
    told = [np.isfinite(each) for each in (*policy, *quantities)]
    return np.asarray(np.logical_or.reduce([said.blocked, *told]), np.bool_)
