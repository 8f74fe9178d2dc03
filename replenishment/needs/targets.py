"""The order-up-to level that money asks for, and the price that a service level stands for.

With everything backordered until tonight's order arrives, raising the position to y costs

    G(y) = sum_j w_j E[(y - D_j)+] + p E[(D_R - y)+]

over the periods that the order alone serves, D_j being demand from tonight to the j-th of their
closes. Its minimum solves sum_j w_j F_j(y) = p (1 - F_R(y)): for one close the critical ratio
p / (p + h) of Arrow, Harris & Marschak (1951); Snyder & Shen (2019), section 4.3.

When sales are lost, a unit that is left over comes on top of orders that are under way already, so
it lies longer than one review. Holding is therefore counted 1 + (L / (L + R))^2 times: no more for
L = 0, where the next order can answer at once, and near twice for L far above R. The form was
fitted by simulation to optimal policies (see docs/methods/replenishment.md); the order of a plain
one-cycle view is an upper bound on the optimal one (Morton 1969).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from replenishment.needs.keys import Keys
from replenishment.needs.projection import mean_rate
from stockwright.distribution import Distribution
from stockwright.forecast import Forecast

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
_LITTLE_LATER = 0.8
# Above this level a quantile is beyond what any forecast knows.
_HIGHEST_LEVEL = 0.999


@dataclass(frozen=True)
class Targets:
    """Targets of each key, all (keys,), units in sales units.

    order_up_to: position to raise to when demand before the arrival is not lost. It never falls
        when the lead time doubles.
    balanced: the same, of this lead time alone: the quantile of demand at ``level``.
    shortage: price of a lost unit, no less than a service target stands for.
    holding: per unit and close, raised where the price would buy a level above .999.
    level: share of futures that the money lets the order cover.
    cap: the level that money may not pass; a service target that money would pass; 1 where a
        higher one is asked for, or where units only move.
    """

    order_up_to: Floats
    balanced: Floats
    shortage: Floats
    holding: Floats
    level: Floats
    cap: Floats

    def lowered(self, units: Floats, needed: Floats, order: Floats) -> Targets:
        """The targets less ``units`` (keys,) that a later loss makes not worth buying.

        needed: (keys, paths) order that covers the demand. order: (keys,) what is ordered.
        """
        covered = (needed <= order[:, None] + 1e-9).mean(axis=1)
        fewer = units > 0
        target = np.maximum(self.order_up_to - units, 0.0)
        return replace(
            self,
            order_up_to=np.where(fewer, target, self.order_up_to),
            level=np.where(fewer, np.minimum(self.level, covered), self.level),
        )


def smallest(enough: Callable[[Floats, Ints], Bools], low: Ints, high: Ints) -> Ints:
    """Smallest whole number from low to high of each key at which ``enough`` holds.

    ``enough(numbers, keys)`` is asked for some of the keys, must be rising in the number, and is
    taken for granted at ``high``.
    """
    low, high = low.copy(), np.maximum(low, high)
    while True:
        rows = np.flatnonzero(low < high)
        if not len(rows):
            return high
        middle = (low[rows] + high[rows]) // 2
        ok = enough(middle.astype(np.float64), rows)
        high[rows] = np.where(ok, middle, high[rows])
        low[rows] = np.where(ok, low[rows], middle + 1)


def lost_sales_carry(keys: Keys) -> Floats:
    """How many times the holding cost of one review counts, (keys,), in [1, 2)."""
    return np.asarray(1 + (keys.lead_time / keys.protection) ** 2, np.float64)


def least_holding(shortage: Floats, closes: Floats | Ints | int = 1) -> Floats:
    """Money per unit that is counted at least, (keys,), see ``Targets``: of a review interval, or
    of one of the ``closes`` in it.
    """
    return np.asarray(shortage * (1 - _HIGHEST_LEVEL) / (closes * _HIGHEST_LEVEL), np.float64)


def find_targets(forecast: Forecast, keys: Keys, closes: int, level_cap: float) -> Targets:
    """Order-up-to level, price and level of every key; see the module for the equation."""
    steps, weights = keys.close_steps(closes)
    least = least_holding(keys.shortage, keys.review)
    holding = np.maximum(keys.holding * lost_sales_carry(keys), least)
    asked = np.isfinite(keys.service_level) | np.isfinite(keys.fill_rate)
    # Moving buys nothing: what a unit sent may cost the others is in the curve.
    cap = np.where(asked | keys.shares(), 1.0, level_cap)
    totals = _totals(forecast, keys, steps)
    held = _Held(totals, weights * holding[:, None])
    shortage, cap = _translated(forecast, keys, held, cap)
    target = held.cheapest(shortage, cap)
    return Targets(
        order_up_to=np.maximum(target, _at_shorter(forecast, keys, closes, level_cap)),
        balanced=target,
        shortage=shortage,
        holding=holding,
        level=np.minimum(held.level(target, shortage), held.passed(target, cap)),
        cap=cap,
    )


def _at_shorter(forecast: Forecast, keys: Keys, closes: int, level_cap: float) -> Floats:
    """Targets at half the lead time where little demand comes later, else 0, (keys,).

    There the longer carrying could outweigh the longer interval.
    """
    out = np.zeros(len(keys))
    half = keys.lead_time // 2
    early = forecast.total(1, half + keys.review).mean
    whole = forecast.total(1, keys.protection).mean
    rows = np.flatnonzero((keys.lead_time > 0) & (early > _LITTLE_LATER * whole))
    if len(rows):
        few = replace(keys.take(rows), lead_time=half[rows])
        out[rows] = find_targets(forecast.take(rows), few, closes, level_cap).order_up_to
    return out


def protection_total(forecast: Forecast, keys: Keys) -> Distribution:
    """Demand of the protection interval, with all that widens it."""
    return _totals(forecast, keys, keys.protection[:, None])[0]


def _totals(forecast: Forecast, keys: Keys, steps: Ints) -> list[Distribution]:
    """Demand from tonight to each close, with the scatter of the lead time and ``Pool.apart``."""
    spread = (mean_rate(forecast, keys) * keys.lead_time_sd) ** 2
    spread = spread if keys.pool is None else spread + keys.pool.apart
    plain = [forecast.total(1, close) for close in steps.T]
    return [each.widened(spread) for each in plain]


class _Held:
    """The cost G of each key with exact distributions."""

    def __init__(self, totals: list[Distribution], weights: Floats) -> None:
        self.totals, self.weights = totals, weights
        self.quantum = totals[-1].quantum

    def holding_slope(self, units: Floats, rows: Ints) -> Floats:
        """sum_j w_j F_j(units) for some of the keys."""
        parts = [
            weight[rows] * total.take(rows).cdf(units)
            for weight, total in zip(self.weights.T, self.totals, strict=True)
        ]
        return np.asarray(np.sum(parts, axis=0), np.float64)

    def level(self, units: Floats, shortage: Floats) -> Floats:
        """F_R at which lost and held units balance when ``units`` cover the demand, (keys,)."""
        held = self.holding_slope(units, np.arange(len(units)))
        missed = np.divide(held, shortage, out=np.ones_like(held), where=shortage > 0)
        share: Floats = np.clip(1 - missed, 0.0, 1.0)
        return share

    def passed(self, target: Floats, cap: Floats) -> Floats:
        """The cap, or what the first unit covers where no stock at all would keep the cap."""
        last = self.totals[-1]
        none = last.cdf(np.zeros(len(cap)))
        return np.asarray(np.where(none >= cap, np.maximum(last.cdf(target), cap), cap))

    def cheapest(self, shortage: Floats, cap: Floats) -> Floats:
        """Smallest lattice point of least cost, bracketed by two quantiles and bisected.

        cap: (keys,) level beyond which no unit but the first is bought.
        """
        whole = self.weights.sum(axis=1)
        priced = shortage + whole > 0
        high = np.divide(shortage, shortage + whole, out=np.zeros_like(whole), where=priced)
        ratio = np.divide(whole, shortage, out=np.ones_like(whole), where=shortage > 0)
        low, high = np.minimum(np.clip(1 - ratio, 0.0, 1.0), cap), np.minimum(high, cap)
        last = self.totals[-1]
        levels = np.minimum(np.stack([low, high], axis=1), 1 - 1e-9)
        points = _quantiles(last, levels) / self.quantum[:, None]
        ends = np.ceil(points - 1e-9).astype(np.int64)
        ends[:, 1] = np.maximum(ends[:, 1], 1)

        def enough(number: Floats, rows: Ints) -> Bools:
            units = number * self.quantum[rows]
            served = last.take(rows).cdf(units)
            lost = shortage[rows] * (1 - served)
            pays = self.holding_slope(units, rows) < lost * (1 - 1e-12)
            return np.asarray(~pays | ((served >= cap[rows]) & (number > 0)))

        return smallest(enough, ends[:, 0], ends[:, 1]) * self.quantum


def _quantiles(total: Distribution, levels: Floats) -> Floats:
    """Quantile of each element at its own levels, (n, levels)."""
    return np.stack([total.quantile_at(level) for level in levels.T], axis=1)


def _translated(forecast: Forecast, keys: Keys, held: _Held, cap: Floats) -> tuple[Floats, Floats]:
    """The price of a lost unit, and the level that money may not pass.

    A service target stands for the price at which it is the cheapest. Where a lost unit costs more
    than that it keeps its own price, and the target is what money may not pass: so what is asked
    for is bought, and what is scarce goes where it is worth most.
    """
    price, cap, target = keys.shortage.copy(), cap.copy(), np.zeros(len(keys))
    cycle = np.flatnonzero(np.isfinite(keys.service_level))
    fill = np.flatnonzero(np.isfinite(keys.fill_rate) & ~np.isfinite(keys.service_level))
    if len(cycle):
        level = np.minimum(keys.service_level[cycle], _HIGHEST_LEVEL)
        target[cycle] = held.totals[-1].take(cycle).quantile_at(level)
        price[cycle] = held.holding_slope(target[cycle], cycle) / (1 - level)
    if len(fill):
        target[fill], price[fill] = _target_of_fill(
            forecast.take(fill), keys.take(fill), held, fill
        )
    dearer = np.flatnonzero((price < keys.shortage) & (target > 0))
    if len(dearer):
        price[dearer] = keys.shortage[dearer]
        total, below = held.totals[-1].take(dearer), target[dearer] - held.quantum[dearer]
        # Between the levels of the target and of one unit less, where no rounding matters.
        cap[dearer] = (total.cdf(below) + total.cdf(target[dearer])) / 2
    return price, cap


def _target_of_fill(
    forecast: Forecast, keys: Keys, held: _Held, rows: Ints
) -> tuple[Floats, Floats]:
    """The smallest target that loses no more than 1 - fill rate of the demand, and its price.

    Demand short over the review interval is E[(D(L+R) - y)+] - E[(D(L) - y)+] (Zipkin 2000,
    chapter 6).
    """
    total, quantum = held.totals[-1].take(rows), held.quantum[rows]
    before = forecast.total(1, keys.lead_time)
    allowed = (1 - keys.fill_rate) * (total.mean - before.mean)
    top = total.quantile_at(np.full(len(rows), _HIGHEST_LEVEL))

    def enough(number: Floats, some: Ints) -> Bools:
        units = number * quantum[some]
        short = total.take(some).expected_shortage(units)
        return np.asarray(short - before.take(some).expected_shortage(units) <= allowed[some])

    high = np.ceil(top / quantum - 1e-9).astype(np.int64)
    target = smallest(enough, np.zeros(len(rows), np.int64), high) * quantum
    missed = np.maximum(1 - total.cdf(target), 1 - _HIGHEST_LEVEL)
    return target, np.asarray(held.holding_slope(target, rows) / missed)
