"""Orders to come: the order-up-to rule of tonight walked forward over sampled demand.

At the end of each week the position has lost the week's demand; where it then lies as far below the
target as an order takes, the order raises it to the target in whole lots. The target moves with the
mean demand of the protection interval ahead (beyond the horizon its median week goes on), its
safety stock stays. Orders within a week are counted together.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stockwright.forecast import Forecast

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# Keys whose paths are held at once.
_KEYS = 10_000


@dataclass(frozen=True)
class Rule:
    """How each key orders, all (keys,), units in sales units.

    position: good units on hand and on order, tonight's lines included. safety_stock: target less
    mean demand of the protection interval. least_need: smallest gap to the target at which an order
    pays. protection: periods. first, lot: smallest order and further units, as ordered.
    share: good units of one ordered.
    """

    position: Floats
    safety_stock: Floats
    least_need: Floats
    protection: Ints
    first: Floats
    lot: Floats
    share: Floats

    def take(self, keys: NDArray[Any]) -> Rule:
        """The rules of some of the keys."""
        return Rule(**{each.name: getattr(self, each.name)[keys] for each in fields(self)})


@dataclass(frozen=True)
class Outlook:
    """Units ordered in each of the coming weeks, (keys, weeks).

    mean: expected. upper: quantile over the futures.
    """

    mean: Floats
    upper: Floats


def orders_ahead(
    forecast: Forecast, rule: Rule, week: int, level: float, paths: int, seed: int
) -> Outlook:
    """Orders of every whole week within the horizon.

    forecast: of the keys, of all that they feed. week: periods in a week. level: of ``upper``.
    """
    weeks = forecast.horizon // week
    mean, upper = np.zeros((2, len(rule.position), weeks))
    for start in range(0, len(mean), _KEYS):
        rows = np.arange(start, min(start + _KEYS, len(mean)))
        few = forecast.take(rows)
        ordered = _walk(few, rule.take(rows), week, weeks, paths, seed)
        mean[rows] = ordered.mean(axis=1)
        upper[rows] = np.quantile(ordered, level, axis=1, method="higher")
    return Outlook(mean, upper)


def _walk(forecast: Forecast, rule: Rule, week: int, weeks: int, paths: int, seed: int) -> Floats:
    """Units ordered by (keys, paths, weeks)."""
    edges = np.broadcast_to(week * np.arange(weeks + 1), (len(rule.position), weeks + 1))
    demand = forecast.segment_paths(edges, paths, seed)
    target = _targets(forecast, rule, week, weeks)
    position = np.repeat(rule.position[:, None], paths, axis=1)
    least, share = rule.least_need[:, None], rule.share[:, None]
    first, lot = rule.first[:, None], rule.lot[:, None]
    out = np.zeros_like(demand)
    for k in range(weeks):
        position = np.maximum(position - demand[:, :, k], 0.0)
        need = target[:, k, None] - position
        lots = np.ceil(np.maximum(need / share - first, 0.0) / lot - 1e-6)
        out[:, :, k] = np.where((need > 1e-9) & (need >= least), first + lots * lot, 0.0)
        position = position + out[:, :, k] * share
    return out


def _targets(forecast: Forecast, rule: Rule, week: int, weeks: int) -> Floats:
    """Order-up-to level at the end of each week, (keys, weeks)."""
    mean = forecast.expected.astype(np.float64)
    horizon = mean.shape[1]
    before = np.concatenate([np.zeros((len(mean), 1)), np.cumsum(mean, axis=1)], axis=1)
    last = mean[:, horizon - week * weeks :].reshape(len(mean), weeks, week).mean(axis=2)
    late = np.quantile(last, 0.5, axis=1, method="lower")
    start = week * np.arange(1, weeks + 1)[None, :]
    end = start + rule.protection[:, None]
    inside = np.take_along_axis(before, np.minimum(end, horizon), axis=1)
    beyond = np.maximum(end - horizon, 0) * late[:, None]
    total = inside + beyond - np.take_along_axis(before, np.broadcast_to(start, end.shape), axis=1)
    return np.asarray(total + rule.safety_stock[:, None])
