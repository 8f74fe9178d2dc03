"""The trade-off of service against stock for the whole shop.

In the long run a key is raised to S at each review. Of the demand of a protection interval
L + R is then missed E[(D(L + R) - S)+] - E[(D(L) - S)+] between two arrivals, and S less the mean
demand until then is on hand after an arrival, before the next one (Silver, Pyke & Thomas 2017,
section 6.7). Central stock is steered on all that it feeds and serves nobody itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.whatif.figures import published
from experiments.whatif.night import Planned
from stockwright.distribution import Distribution

Floats = NDArray[np.float64]
#: One level for all keys, and how many times its price a unit short counts.
LEVELS = (0.5, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99, 0.995)
PRICES = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
SAME_LEVEL, PRICED, PLANNED = "one level for all", "priced by money", "as planned"
_LEAST, _MOST = 0.5, 0.999
# Standard normal quantile at 0.95.
_SCORE_95 = 1.6449


@dataclass(frozen=True)
class Point:
    """A way to steer the whole shop.

    way: SAME_LEVEL, PRICED, or PLANNED with tonight's levels. at: the level, or the multiple of the
    shortage cost, or the mean level. fill_rate: share of the units that is served in the long run.
    stock_value: mean stock on hand, money at cost.
    """

    way: str
    at: float
    fill_rate: float
    stock_value: float


def trade_off(planned: Planned) -> list[Point]:
    """The curve for one level everywhere, for levels by money, and where the plan stands."""
    keys = _Keys.of(planned)
    points = [keys.point(SAME_LEVEL, at, np.full(keys.n, at)) for at in LEVELS]
    points += [keys.point(PRICED, at, keys.priced(at)) for at in PRICES]
    if keys.n:
        points.append(keys.point(PLANNED, float(keys.level.mean()), keys.level))
    return points


@dataclass(frozen=True)
class _Keys:
    """Keys that are supplied, all (keys,).

    until, whole: demand of L, and of L + R. review: periods. level: tonight's. sells: whether it
    serves customers.
    """

    until: Distribution
    whole: Distribution
    review: Floats
    level: Floats
    sells: NDArray[np.bool_]
    unit_cost: Floats
    holding_cost: Floats
    shortage_cost: Floats

    @property
    def n(self) -> int:
        """Number of keys."""
        return len(self.review)

    @classmethod
    def of(cls, planned: Planned) -> _Keys:
        """The keys of a plan that a lane supplies."""
        policy, forecast = planned.plan.policy, planned.forecast
        items = planned.situation.network.items
        rows = np.flatnonzero((policy.lane >= 0) & items.stock_mode)
        feeds = published(planned).feeds()[rows]
        last = np.clip(policy.protection[rows].astype(np.int64), 1, forecast.horizon)
        lead = np.clip(last - policy.review[rows], 0, forecast.horizon).astype(np.int64)
        own = forecast.take(rows)
        whole, until = own.total(1, last), own.total(1, lead)
        # Of what a source feeds the policy tells the mean and the 95 % quantile.
        spread = np.maximum(policy.demand_q95 - policy.demand_mean, 0.0)[rows] / _SCORE_95
        mean = np.where(feeds, policy.demand_mean[rows], whole.mean)
        share = np.divide(lead, last, out=np.zeros(len(rows)), where=last > 0)
        variance = np.where(feeds, spread**2, whole.variance)
        return cls(
            until=Distribution(
                np.where(feeds, mean * share, until.mean),
                np.where(feeds, variance * share, until.variance),
                whole.quantum,
            ),
            whole=Distribution(mean, variance, whole.quantum),
            review=policy.review[rows].astype(np.float64),
            level=np.clip(policy.service_level[rows], 0.0, _MOST),
            sells=~feeds,
            unit_cost=items.unit_cost[rows],
            holding_cost=items.holding_cost[rows],
            shortage_cost=items.shortage_cost[rows],
        )

    def priced(self, times: float) -> Floats:
        """Levels at which a unit more costs in a review period what it saves, (keys,)."""
        lost = np.maximum(times * self.shortage_cost, 1e-12)
        return np.clip(1.0 - self.holding_cost * self.review / lost, _LEAST, _MOST)

    def point(self, way: str, at: float, level: Floats) -> Point:
        """Fill rate and mean stock where every key is raised to a quantile of its demand."""
        target = self.whole.quantile_at(level)
        short = self.whole.expected_shortage(target) - self.until.expected_shortage(target)
        cycle = self.whole.mean - self.until.mean
        missed = np.clip(short, 0.0, cycle)
        after = self.until.expected_left(target)
        held = 0.5 * (after + self.whole.expected_left(target))
        fill = 1.0 - float(missed[self.sells].sum()) / max(float(cycle[self.sells].sum()), 1e-12)
        return Point(way, at, fill, float((held * self.unit_cost).sum()))
