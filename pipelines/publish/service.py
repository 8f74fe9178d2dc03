"""What the plan is expected to serve: units demanded and missed, by key and over the shop.

By key, each over its own protection interval: missed until the arrival of tonight's line is the
demand until then against all stock that can serve it; afterwards it is the demand from the arrival
on against the stock projected to be left, tonight's line and what arrives in between.

Over the shop two things come on top. A location that feeds others sells little or nothing itself;
what is ordered for it serves them later than their own intervals last. So a location at the top,
with all that it feeds, counts over its interval, as if stock could be shared by then. And what a
location misses others may serve, as ``coverage`` says, from what is left there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.publish.night import Night
from pipelines.publish.plan_findings import (
    arrivals_until,
    emergency_units,
    leaving_units,
    planned_units,
)
from stockwright.distribution import Distribution

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# Standard normal quantile at 0.95.
_SCORE_95 = 1.6449


@dataclass(frozen=True)
class Served:
    """What each key serves over its own protection interval, all (series,) units.

    demanded, missed: expected; missed by the key itself, whoever else serves. left: expected to be
    left at the end.
    """

    demanded: Floats
    missed: Floats
    left: Floats


def fill_rate(night: Night) -> float | None:
    """Units expected to be served with the plan over units demanded, wherever they are served.

    Keys that nothing feeds count over their own protection interval, a location at the top of
    others over its own with all of these. Keys of unknown stock do not count.
    """
    served, known = by_key(night), night.situation.stock.known
    missed = served.missed - served_by_others(night, served)
    top = _tops(night)
    alone = known & (top < 0)
    demanded, lost = float(served.demanded[alone].sum()), float(missed[alone].sum())
    pooled, pooled_lost = _pooled(night, top, missed)
    demanded += pooled
    return (demanded - lost - pooled_lost) / demanded if demanded > 0 else None


def local_fulfillment(night: Night) -> float | None:
    """Units expected to be served where they are local over units demanded, by key.

    Local is the share of a location's demand that comes from regions it is the first to serve;
    without coverage all of it.
    """
    local, served, known = night.situation.local_share, by_key(night), night.situation.stock.known
    share = np.ones(night.index.n_series) if local is None else local[night.index.location]
    own, whole = (served.demanded - served.missed) * share, float(served.demanded[known].sum())
    return float(own[known].sum()) / whole if whole > 0 else None


def by_key(night: Night) -> Served:
    """What each key serves over its own interval; a key that nothing supplies over the horizon.

    A location that feeds others counts its own customers and its own stock only.
    """
    policy, horizon = night.plan.policy, night.forecast.horizon
    stock, supplied = night.situation.stock, policy.lane >= 0
    lanes = night.situation.network.lanes
    lead_time = np.where(supplied, np.append(lanes.lead_time, 0)[policy.lane], horizon)
    lead_time = np.minimum(lead_time, horizon).astype(np.int64)
    end = np.where(supplied, np.clip(policy.protection, lead_time, horizon), horizon)
    before = night.forecast.total(1, lead_time)
    after = night.forecast.total(np.minimum(lead_time + 1, horizon), _spans(lead_time, end))
    arrived = arrivals_until(night, lead_time)
    later = arrivals_until(night, end.astype(np.int64)) - arrived
    leaving, fast = leaving_units(night), emergency_units(night)
    held = np.maximum(stock.on_hand - leaving, 0.0) + arrived + fast
    # The projection counts emergency orders, and no transfers of tonight.
    projected = np.maximum(policy.stock_at_arrival - leaving, 0.0)
    alone = np.maximum(held - before.mean, 0.0)
    left = np.where(night.feeds() | ~supplied, alone, projected)
    there = left + planned_units(night) - fast + later
    return Served(
        demanded=np.asarray(before.mean + after.mean, np.float64),
        missed=np.asarray(
            before.expected_shortage(held) + after.expected_shortage(there), np.float64
        ),
        left=np.maximum(np.asarray(after.expected_left(there), np.float64), 0.0),
    )


def _spans(lead_time: Ints, end: NDArray[Any]) -> Ints:
    """Last step of the time after the arrival; 0, an empty span, where there is none."""
    return np.where(end > lead_time, end, 0).astype(np.int64)


def served_by_others(night: Night, served: Served) -> Floats:
    """Units of what each key misses that other locations are expected to serve, (series,).

    Others give what is left to them at the end of their interval, and what they keep for such
    customers before, the askers of one in proportion.
    """
    network, stock, index = night.situation.network, night.situation.stock, night.index
    backs = network.fallbacks
    able = stock.known & ~night.feeds()
    pays = network.items.shortage_cost[backs.series] > backs.cost
    pays &= index.sku[backs.series] == index.sku[backs.other]
    backs = backs.take(np.flatnonzero(able[backs.series] & able[backs.other] & pays))
    help_, n = night.plan.help, index.n_series
    spare = served.left + (0.0 if help_ is None else help_.taken)
    asked = backs.share * served.missed[backs.series]
    whole = np.bincount(backs.other, asked, n)
    part = np.minimum(np.divide(spare, whole, out=np.zeros(n), where=whole > 0), 1.0)
    helped = np.bincount(backs.series, asked * part[backs.other], n)
    return np.asarray(np.minimum(helped, served.missed), np.float64)


def _tops(night: Night) -> Ints:
    """The topmost series that feeds each series or is it, (series,); -1 where there is none.

    Nor where nothing supplies it, or the stock of a series below it is not known.
    """
    parents, n = night.parents(), night.index.n_series
    top = np.arange(n)
    while (parents[top] >= 0).any():
        top = np.where(parents[top] >= 0, parents[top], top)
    whole = night.feeds() & (night.plan.policy.lane >= 0)
    whole[top[~night.situation.stock.known]] = False
    return np.where(whole[top], top, -1)


def _pooled(night: Night, top: Ints, missed: Floats) -> tuple[float, float]:
    """Units demanded and missed over the intervals of the series at the top and all they feed.

    top: (series,) see ``_tops``. missed: (series,) of each key's own interval. What is missed until
    an order of tonight can be below is at least what the keys miss in their own intervals, and what
    the projection has lost by then; afterwards all demand is held against all stock.
    """
    rows = np.flatnonzero(top >= 0)
    tops, at = np.unique(top[rows], return_inverse=True)
    policy, count = night.plan.policy, len(tops)
    horizon = night.forecast.horizon
    end = np.minimum(policy.protection[tops], horizon).astype(np.int64)
    ready = np.maximum(end - policy.review[tops], 1)
    few = night.forecast.take(rows)

    def summed(values: Floats) -> Floats:
        return np.asarray(np.bincount(at, values, count), np.float64)

    until = summed(few.total(1, ready[at]).mean)
    demanded = summed(few.total(1, end[at]).mean)
    steps = np.ones(night.index.n_series, np.int64)
    steps[rows] = ready[at]
    come = arrivals_until(night, steps)
    steps[rows] = end[at]
    later = arrivals_until(night, steps) - come
    fast = emergency_units(night)
    supply = summed((night.stock().on_hand + come + fast)[rows])
    left = policy.stock_at_arrival[tops]
    projected = np.maximum(until + left - supply, 0.0)
    lost = np.maximum(summed(missed[rows]), projected)
    ordered = planned_units(night)[tops] - fast[tops]
    spread = np.maximum(policy.demand_q95[tops] - policy.demand_mean[tops], 0.0) / _SCORE_95
    share = np.divide(demanded - until, demanded, out=np.zeros(count), where=demanded > 0)
    after = Distribution(demanded - until, spread**2 * share, night.forecast.quantum[tops])
    there = left + (lost - projected) + ordered + summed(later[rows])
    short = np.asarray(after.expected_shortage(there), np.float64)
    return float(demanded.sum()), float(np.minimum(lost + short, demanded).sum())
