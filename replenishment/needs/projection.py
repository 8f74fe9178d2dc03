"""Stock projected with lost sales through sampled futures to the arrival of tonight's order.

Between two arrivals of stock, lost sales leave max(stock - demand, 0): so demand is sampled as
totals of the few segments between arrivals and closes, not step by step. With the demand C and
arrivals A of steps L + 1 ... j, the stock that must be there when the order arrives to have
anything left at close j is M_j = max over i <= j of (C_i - A_i) (reflection, Asmussen 2003, IX.2),
so with the projected stock S the order must exceed T_j = M_j - S.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from replenishment.needs.keys import Keys
from stockwright.forecast import Forecast
from stockwright.lattice import keyed_uniforms
from stockwright.panel import mix_hash

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Projection:
    """Sampled futures of each key.

    thresholds: (keys, closes + 1, paths) T_j of every counted close; the last but one is L + R,
        the last one ``Keys.final_step``.
    demand: (keys, paths) demand of the protection interval.
    cycle: (keys, paths) demand of the steps that the order alone serves.
    weights: (keys, closes) periods that each close stands for.
    at_arrival: (keys,) mean stock at the close before the arrival.
    lost_before: (keys,) mean units lost before the arrival.
    """

    thresholds: Floats
    demand: Floats
    cycle: Floats
    weights: Floats
    at_arrival: Floats
    lost_before: Floats


def project(forecast: Forecast, keys: Keys, paths: int, closes: int, seed: int) -> Projection:
    """Sample ``paths`` futures of every key at up to ``closes`` closes of its review interval."""
    steps, weights = keys.close_steps(closes)
    last = keys.protection
    final = keys.final_step(forecast.horizon)
    counted = np.concatenate([steps, final[:, None]], axis=1)
    edges = _edges(keys, counted)
    sample = forecast.segment_paths(edges, paths, seed).swapaxes(1, 2)
    walk = _Walk(keys, sample)
    n, count = counted.shape
    needed = np.empty((n, count, paths))
    demand, cycle = np.empty((n, paths)), np.empty((n, paths))
    for segment in range(sample.shape[1]):
        end = edges[:, segment + 1]
        moved = walk.step(edges[:, segment], end, sample[:, segment])
        hit, close = np.nonzero(moved[:, None] & (counted == end[:, None]))
        needed[hit, close] = walk.needed[hit]
        done = np.flatnonzero(moved & (end == last))
        demand[done], cycle[done] = walk.total[done], walk.cycle[done]
    delay = _delay(forecast, keys, paths, seed)
    return Projection(
        thresholds=needed - walk.arrived[:, None] + delay,
        demand=demand + delay[:, 0],
        cycle=cycle,
        weights=weights,
        at_arrival=walk.arrived.mean(axis=1),
        lost_before=walk.lost.mean(axis=1),
    )


def _edges(keys: Keys, counted: Ints) -> Ints:
    """Segment ends: the closes before other arrivals, the order's own, and the counted ones."""
    before = np.where(
        (keys.arrival_steps >= 2) & (keys.arrival_steps <= keys.protection[:, None]),
        keys.arrival_steps - 1,
        counted[:, -1:],
    )
    zero = np.zeros((len(keys), 1), np.int64)
    parts = [zero, before, keys.lead_time[:, None], counted]
    return np.sort(np.concatenate(parts, axis=1), axis=1)


class _Walk:
    """All paths of all keys, moved on one segment at a time."""

    def __init__(self, keys: Keys, sample: Floats) -> None:
        shape = (len(keys), sample.shape[2])
        self.keys = keys
        self.received = np.zeros(len(keys))
        self.arrived = np.repeat(keys.on_hand[:, None], shape[1], axis=1)
        self.total, self.lost = np.zeros(shape), np.zeros(shape)
        self.cycle, self.net = np.zeros(shape), np.zeros(shape)
        self.needed = np.full(shape, -np.inf)

    def step(self, first: Ints, last: Ints, demand: Floats) -> NDArray[np.bool_]:
        """Demand of steps first + 1 ... last of each key, after what arrives on first + 1.

        Returns the keys of which anything has changed, (keys,).
        """
        steps, lead = self.keys.arrival_steps, self.keys.lead_time
        until = np.where(last <= lead, np.minimum(first + 1, lead), first + 1)
        inside = (steps >= 1) & (steps <= np.minimum(until, self.keys.protection)[:, None])
        received = (self.keys.arrival_units * inside).sum(axis=1)
        incoming, self.received = received - self.received, received
        moved = (last > first) | (incoming != 0) | (first == 0)
        some = np.flatnonzero(moved)
        self.total[some] += demand[some]
        early = last[some] <= lead[some]
        before, after = some[early], some[~early]
        stock = self.arrived[before] + incoming[before, None] - demand[before]
        self.arrived[before] = np.maximum(stock, 0.0)
        self.lost[before] += np.maximum(-stock, 0.0)
        self.cycle[after] += demand[after]
        self.net[after] += demand[after] - incoming[after, None]
        self.needed[after] = np.maximum(self.needed[after], self.net[after])
        return np.asarray(moved)


def _delay(forecast: Forecast, keys: Keys, paths: int, seed: int) -> Floats:
    """Demand met by an earlier or missed by a later delivery, (keys, 1, paths).

    Mean demand times a normal deviation of the lead time, as in Silver, Pyke & Thomas (2017,
    section 6.10): sigma^2 = L sigma_D^2 + D^2 sigma_L^2.
    """
    out = np.zeros((len(keys), 1, paths))
    spread = mean_rate(forecast, keys) * keys.lead_time_sd
    rows = np.flatnonzero(spread > 0)
    if len(rows):
        scores = special.ndtri((np.arange(paths) + 0.5) / paths)
        salt = mix_hash(forecast.index.take(rows).key_hash() ^ np.uint64(0x5EED))
        order = np.argsort(keyed_uniforms(salt, seed, paths), axis=1)
        out[rows, 0] = spread[rows, None] * scores[order]
    return out


def mean_rate(forecast: Forecast, keys: Keys) -> Floats:
    """Mean demand per period over the protection interval, (keys,)."""
    return np.asarray(forecast.total(1, keys.protection).mean / keys.protection)
