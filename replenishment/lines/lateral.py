"""Plan lines of lateral transfers with their reasons in numbers."""

from __future__ import annotations

import numpy as np

from replenishment.allocation.room import Moves
from replenishment.lines.rows import steered
from replenishment.wishes.find import Wishes
from stockwright.network import Network
from stockwright.plan import Finding, Lines, Policy

#: Why a line exists: the units are worth more at the destination than where they lie.
REBALANCE = "REBALANCE"


def lateral_lines(moves: Moves, wishes: Wishes, network: Network, policy: Policy) -> Lines:
    """One line per move; a line's need is what would be moved if no location were too full."""
    target, units = moves.target, moves.units
    series, needs = wishes.series[target], wishes.needs
    need = units + moves.cut
    return Lines(
        series=series.astype(np.int32),
        lane=moves.lane.astype(np.int32),
        units=units,
        unit_cost=np.zeros(len(units)),
        value=units * network.lanes.unit_freight[moves.lane],
        reason=np.full(len(units), REBALANCE, object),
        binding=moves.binding,
        available=wishes.available[target],
        inbound=wishes.on_order[target],
        stock_at_arrival=needs.at_arrival[target],
        target=wishes.available[target] + wishes.inbound[target] + need,
        need=need,
        yield_added=np.zeros(len(units)),
        rounding_added=np.zeros(len(units)),
        limit_cut=moves.cut,
        money_at_risk=moves.saved,
        **steered(policy, series, units),
    )


def lateral_cuts(gone: Moves, wishes: Wishes) -> tuple[Finding, ...]:
    """LIMIT_CUT: keys to which a limit lets none of the units move; one finding for each key."""
    target, first, place = np.unique(gone.target, return_index=True, return_inverse=True)
    units = np.bincount(place, gone.units, len(target))
    money = np.bincount(place, gone.saved, len(target))
    columns = (wishes.series[target], units, money, gone.binding[first])
    return tuple(
        Finding(
            "LIMIT_CUT",
            "medium",
            key,
            saved,
            {"units": cut, "kept": 0.0, "limit": limit, "way": "sideways"},
        )
        for key, cut, saved, limit in zip(*(each.tolist() for each in columns), strict=True)
    )
