"""What each key needs tonight: its cost curve, from sampled futures and exact tails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replenishment.needs.closes import Closes, Final, final_of
from replenishment.needs.curves import CostCurves
from replenishment.needs.keys import Keys
from replenishment.needs.projection import Projection, project
from replenishment.needs.targets import Targets, find_targets, protection_total
from replenishment.params import PlanParams
from stockwright.distribution import Distribution
from stockwright.forecast import Forecast

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# Curves that are kept for the shared limits have at most this many knots.
_KEPT_KNOTS = 256
_LOSS_KNOTS = 64
# Keys with no more arrivals than this are sampled together. (Below 8 columns numpy sums from the
# left, so that padding rounds nothing anew.)
_FEW_ARRIVALS = 4


@dataclass(frozen=True)
class Needs:
    """All (keys,) except the curves; units in sales units.

    curves: expected cost of the review interval as a function of tonight's order.
    quantity: cheapest order without packs and limits, negative where stock is ample.
    order_up_to, level: see Targets. shortage, holding: prices in force, service levels translated.
    loss_cost: money that a lost unit costs by the tables, which no service level replaces.
    at_arrival: projected stock when the order arrives. lost_before: units lost before that.
    loss: units lost in the cycle as a function of tonight's order.
    lost: units lost in the cycle if nothing is ordered.
    demand: mean demand of the cycle (steps L + 1 ... L + R).
    settled: what ``settle`` made of the full curve; the curves that are kept have fewer knots.
    kept_back: units that the source keeps for others out of what the key alone would be sent.
    share: good units of one ordered. Curves, quantity, prices, lost and demand count units ordered
        once ``in_orders`` has been taken, and good units before; the others always good units.
    """

    curves: CostCurves
    loss: CostCurves
    quantity: Floats
    order_up_to: Floats
    level: Floats
    shortage: Floats
    holding: Floats
    loss_cost: Floats
    at_arrival: Floats
    lost_before: Floats
    lost: Floats
    demand: Floats
    settled: Floats
    kept_back: Floats
    share: Floats

    def take(self, keys: NDArray[Any] | slice) -> Needs:
        """Some of the keys."""
        rest = {name: getattr(self, name)[keys] for name in _PLAIN}
        return Needs(self.curves.take(keys), self.loss.take(keys), **rest)

    def overruled(self, quantity: Floats, target: Floats | None = None) -> Needs:
        """Needs moved to the quantities that a planner asked for, NaN where nothing was said.

        target: (keys,) order-up-to levels that a planner gave, NaN for none. Sales that are lost
        before the arrival do not raise such a level.
        """
        shift = np.where(np.isfinite(quantity), quantity - self.quantity, 0.0)
        level = np.maximum(self.order_up_to + shift * self.share, 0.0)
        if target is not None:
            level = np.where(np.isfinite(target), target, level)
        return replace(
            self,
            curves=self.curves.shifted(shift),
            quantity=self.quantity + shift,
            order_up_to=level,
        )

    def dearer(self, price: Floats) -> Needs:
        """The needs when each unit of the order costs ``price``, (keys,), more."""
        curves = self.curves.dearer(price)
        shortage = self.shortage - price
        return replace(self, curves=curves, quantity=curves.cheapest(), shortage=shortage)

    def in_good_units(self) -> Needs:
        """The needs in good units again, as a transfer meets them; the inverse of ``in_orders``."""
        return replace(self.in_orders(1 / self.share), share=np.ones(len(self.share)))

    def in_orders(self, share: Floats) -> Needs:
        """The needs in units ordered, of which only ``share``, (keys,), comes and is good."""
        scaled = {"quantity": 1 / share, "lost": 1 / share, "demand": 1 / share}
        scaled |= {"shortage": share, "holding": share, "loss_cost": share}
        return replace(
            self,
            curves=self.curves.in_orders(share),
            loss=replace(
                self.loss,
                knots=self.loss.knots / share[:, None],
                levels=self.loss.levels / share[:, None],
            ),
            **{name: getattr(self, name) * factor for name, factor in scaled.items()},
            share=share,
        )


#: Turns the needs of some keys, and their places in the list of keys, into orders.
Settle = Callable[[Needs, Ints], Floats]
_PLAIN = tuple(f.name for f in fields(Needs) if f.name not in ("curves", "loss"))
# What needs take over from the targets.
_OF_TARGETS = ("order_up_to", "level", "shortage", "holding")


def cheapest(needs: Needs, keys: Ints) -> Floats:
    """Orders of least cost, without lots."""
    return np.maximum(needs.quantity, 0.0)


def find_needs(
    forecast: Forecast,
    keys: Keys,
    params: PlanParams,
    settle: Settle = cheapest,
    idle: NDArray[np.bool_] | None = None,
) -> Needs:
    """Cost curve and cheapest order of every key, in chunks of bounded memory.

    Where no sampled future runs out before the arrival the order is the exact order-up-to level
    less the position; where some do, the lost sales of those futures lower it.

    idle: (keys,) those that order nothing and of which only targets and prices are read; they get
    no sample.
    """
    targets = find_targets(forecast, keys, params.close_points, params.level_cap)
    left = _left_out(forecast, keys, idle)
    parts, rows = [_idle_needs(keys.take(left), _take(targets, left))], [left]
    for chunk, width, final in _chunks(forecast, keys, params, left):
        few = _with_arrivals(keys.take(chunk), width)
        needs = _chunk_needs(forecast.take(chunk), few, _take(targets, chunk), final, params)
        kept = needs.curves.merged(_KEPT_KNOTS)
        parts.append(replace(needs, curves=kept, settled=settle(needs, chunk)))
        rows.append(chunk)
    return join_needs(parts, np.argsort(np.concatenate(rows), kind="stable"))


def _left_out(forecast: Forecast, keys: Keys, idle: NDArray[np.bool_] | None) -> Ints:
    """The idle keys, (idle,), but those whose level a markdown lowers, which takes a sample."""
    if idle is None:
        return np.zeros(0, np.int64)
    return np.flatnonzero(idle & (final_of(keys, forecast.horizon) != Final.MARKED_DOWN))


def _idle_needs(keys: Keys, targets: Targets) -> Needs:
    """Needs with targets and prices, and nothing to order."""
    nothing = np.zeros(len(keys))
    told = {name: getattr(targets, name) for name in _OF_TARGETS}
    none = CostCurves.flat(len(keys))
    plain = dict.fromkeys(_PLAIN, nothing) | told | {"loss_cost": keys.shortage}
    return Needs(none, none, **plain | {"share": nothing + 1})


def _take(targets: Targets, rows: Ints) -> Targets:
    return Targets(**{f.name: getattr(targets, f.name)[rows] for f in fields(targets)})


def _chunks(
    forecast: Forecast, keys: Keys, params: PlanParams, left_out: Ints
) -> Iterator[tuple[Ints, int, Final]]:
    """Rows that share the layout of their sample, which depends on a key's own data alone.

    left_out: (some,) keys that get no sample.
    """
    mine = (keys.arrival_steps >= 1) & (keys.arrival_steps <= keys.protection[:, None])
    last = np.where(mine, np.arange(1, mine.shape[1] + 1), 0).max(axis=1, initial=0)
    width = 2 ** np.ceil(np.log2(np.maximum(last, _FEW_ARRIVALS))).astype(np.int64)
    closes = np.minimum(keys.review, params.close_points)
    final = final_of(keys, forecast.horizon)
    sampled = np.delete(np.arange(len(keys)), left_out)
    layouts, which = np.unique(
        np.stack([width, closes, final], axis=1)[sampled], axis=0, return_inverse=True
    )
    for code, (arrivals, count, end) in enumerate(layouts.tolist()):
        rows = sampled[which.ravel() == code]
        size = max(1, params.cells // (params.paths * (arrivals + 3 * count + 4)))
        for first in range(0, len(rows), size):
            yield rows[first : first + size], arrivals, Final(end)


def _with_arrivals(keys: Keys, width: int) -> Keys:
    """Keys whose arrival table is exactly ``width`` columns wide."""
    missing = ((0, 0), (0, max(width - keys.arrival_steps.shape[1], 0)))
    return replace(
        keys,
        arrival_steps=np.pad(keys.arrival_steps[:, :width], missing),
        arrival_units=np.pad(keys.arrival_units[:, :width], missing),
    )


def _chunk_needs(
    forecast: Forecast, keys: Keys, targets: Targets, final: Final, params: PlanParams
) -> Needs:
    sample = project(forecast, keys, params.paths, params.close_points, params.seed)
    exact = protection_total(forecast, keys)
    thresholds = sample.thresholds + _correction(sample, exact, targets)[:, None]
    closes = Closes.of(thresholds, sample, targets)
    kept_back = np.zeros(len(keys))
    if final == Final.END:
        closes = closes.ending(thresholds[:, -1], keys)
    alone = closes
    if final in (Final.SHARED, Final.MARKED_DOWN):
        closes = _with_last(closes, thresholds[:, -1], sample, forecast, keys, targets, params)
    curves = closes.curves(keys, targets, exact.quantum)
    quantity = curves.cheapest()
    if final == Final.MARKED_DOWN or (final == Final.SHARED and not params.lines_only):
        best = alone.curves(keys, targets, exact.quantum).cheapest()
        if final == Final.SHARED:
            kept_back = np.maximum(best, 0.0) - np.maximum(quantity, 0.0)
        else:
            targets = targets.lowered(best - quantity, thresholds[:, -2], quantity)
    units = np.ones(len(keys))
    loss = CostCurves.from_thresholds(thresholds[:, -2:-1], 0 * units[:, None], units)
    return Needs(
        curves=curves,
        loss=loss.merged(_LOSS_KNOTS),
        quantity=quantity,
        **{name: getattr(targets, name) for name in _OF_TARGETS},
        loss_cost=keys.shortage,
        at_arrival=sample.at_arrival,
        lost_before=sample.lost_before,
        lost=loss.cost(np.zeros(len(keys))),
        demand=np.maximum(sample.cycle.mean(axis=1), 0.0),
        settled=np.zeros(len(keys)),
        kept_back=np.maximum(kept_back, 0.0),
        share=np.ones(len(keys)),
    )


def _with_last(
    closes: Closes, last: Floats, sample: Projection, forecast: Forecast, keys: Keys,
    targets: Targets, params: PlanParams,
) -> Closes:  # fmt: skip
    """The closes with what comes after them; last: (keys, paths) the threshold then."""
    if keys.pool is None or not keys.shares().any():
        return closes.marked_down(last, keys)
    quantum, salt = forecast.quantum, forecast.index.key_hash()
    others = keys.pool.left_by_others(sample.demand, quantum, salt, params.seed)
    return closes.shared(last, others, keys, targets.shortage)


def _correction(sample: Projection, exact: Distribution, targets: Targets) -> Floats:
    """Units that each future's total demand must change by to be an exact quantile, (keys, paths).

    The totals of a sample of segments are those of the forecast up to sampling noise. Replaced by
    evenly spaced exact quantiles in the same order, one of which lies at the level that money
    buys, they give the exact order-up-to level however few futures are sampled.
    """
    n, paths = sample.demand.shape
    place = np.clip(np.ceil(targets.level * paths - 1e-9), 1, paths).astype(np.int64)
    shift = np.clip(targets.level * paths - place + 1, 1e-6, 1 - 1e-6)
    rising = exact.stratified(shift, paths)
    bought, column = targets.balanced[:, None], np.arange(1, paths + 1)
    rising = np.where(column < place[:, None], np.minimum(rising, bought), rising)
    rising = np.where(column > place[:, None], np.maximum(rising, bought), rising)
    rising[np.arange(n), place - 1] = targets.balanced
    order = np.argsort(sample.demand, axis=1, kind="stable")
    out = np.empty_like(rising)
    np.put_along_axis(out, order, rising, axis=1)
    return np.asarray(out - sample.demand)


def join_needs(parts: list[Needs], order: Ints) -> Needs:
    """Several lists of keys as one, taken in the given order."""
    rest = {name: np.concatenate([getattr(part, name) for part in parts])[order] for name in _PLAIN}
    curves = CostCurves.stacked([part.curves for part in parts])
    loss = CostCurves.stacked([part.loss for part in parts])
    return Needs(curves.take(order), loss.take(order), **rest)
