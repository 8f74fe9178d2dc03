"""What keys share through the location that feeds them, and what cannot be shared any more.

All demand below a source is put together by its means and variances: noise of the level and of
steps is correlated between locations as the forecast says, what counts scatter is not. With the
standard deviations s of the correlated parts and v of all, (Eppen & Schrage 1981; Snyder & Shen
2019, section 7.2)

    Var(sum) = sum v^2 + rho ((sum s)^2 - sum s^2).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from replenishment.needs.keys import Keys
from replenishment.needs.pool import Pool
from replenishment.network.evening import Evening
from stockwright.distribution import Distribution
from stockwright.forecast import Forecast

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# Stock above its own demand by so many standard deviations is of no use to others.
_REACH = 2.0
# Pairs of a source and a location that are looked at together.
_BLOCK = 40_000


@dataclass(frozen=True)
class _Moments:
    """Mean, variance, and the part of the variance that locations share; all (pairs,)."""

    mean: Floats
    variance: Floats
    shared: Floats

    @classmethod
    def of(cls, member: Ints, level: Ints, first: Ints, last: Ints, forecast: Forecast) -> _Moments:
        """Of demand of the steps first ... last of each ``member``; all (pairs,).

        level: within one of them no series stands twice.
        """
        out = cls(*(np.zeros(len(member)) for _ in range(3)))
        for each in np.unique(level).tolist():
            rows = np.flatnonzero(level == each)
            rows = rows[np.argsort(member[rows])]
            part = forecast.take(member[rows])
            total = part.total(first[rows], last[rows])
            out.mean[rows], out.variance[rows] = total.mean, total.variance
            loose = part.linear_dispersion * total.mean
            out.shared[rows] = np.maximum(total.variance - loose, 0.0)
        return out


def _pooled_variance(variance: Floats, root: Floats, shared: Floats, rho: float) -> Floats:
    """Variance of sums, from sums of variances, of roots of shared parts, and of shared parts."""
    return np.asarray(np.maximum(variance + rho * (root**2 - shared), 0.0))


def _pairs_of(nodes: Ints, evening: Evening) -> tuple[Ints, Ints]:
    """Each of the ``nodes`` with itself and all below it whose stock is known, (pairs,).

    Returns places in ``nodes`` and series.
    """
    echelons = evening.echelons
    place = np.full(len(echelons.feeds), -1, np.int64)
    place[nodes] = np.arange(len(nodes))
    counts = evening.stock.known[echelons.member] | (echelons.member == echelons.node)
    wanted = (place[echelons.node] >= 0) & counts
    return place[echelons.node[wanted]], echelons.member[wanted]


def with_apart(keys: Keys, series: Ints, evening: Evening) -> Keys:
    """Keys of feeding ``series`` (keys,) whose last steps are served by what has been sent before.

    An order that arrives is taken to be shared out at once, so what it brings serves each location
    alone for the way down and the whole review: the allocation assumption of Eppen & Schrage
    (1981). What is kept back is shared for longer; that is left out.
    """
    if not evening.params.pooling or not len(series):
        return keys
    lanes, lane = evening.network.lanes, evening.choice.lane
    node, member = _pairs_of(series, evening)
    below = member != series[node]
    node, member = node[below], member[below]
    last = keys.protection[node]
    first = last - lanes.lead_time[lane[member]] - keys.review[node] + 1
    level = evening.echelons.depth[series[node]]
    few = _Moments.of(member, level, first, last, evening.forecast)
    n, rho = len(series), evening.forecast.location_correlation

    def summed(values: Floats) -> Floats:
        return np.bincount(node, values, n).astype(np.float64)

    together = summed(np.sqrt(few.variance)) ** 2
    root = summed(np.sqrt(few.shared))
    pooled = _pooled_variance(summed(few.variance), root, summed(few.shared), rho)
    return replace(keys, pool=replace(Pool.none(n), apart=np.maximum(together - pooled, 0.0)))


def with_shared(keys: Keys, series: Ints, evening: Evening) -> Keys:
    """Keys of ``series`` (keys,), which feed nobody, with what they share through their source.

    Keys for which a service level is asked for share nothing, and nobody does where a floor says
    how stock is shared out. Of holding only what is more than
    at the source counts: it is paid for a unit that stays there, too.
    """
    parent = evening.choice.parent[series]
    level = np.isfinite(keys.service_level) | np.isfinite(keys.fill_rate)
    rows = np.flatnonzero((parent >= 0) & ~level)
    if not evening.params.pooling or evening.params.floor > 0 or not len(rows):
        return keys
    nodes = np.unique(parent[rows])
    pool, holding = Pool.none(len(keys)), keys.holding.copy()
    at_source = evening.network.items.holding_cost[parent[rows]]
    holding[rows] = np.maximum(holding[rows] - at_source, 0.0)
    order, arrivals = rows[np.argsort(parent[rows], kind="stable")], evening.arrivals()
    for block in _blocks(nodes, evening):
        mine = order[np.isin(parent[order], block)]
        part = _Source.of(block, evening, arrivals).pool(
            series[mine], parent[mine], keys.take(mine)
        )
        for name, values in vars(part).items():
            getattr(pool, name)[mine] = values
    return replace(keys, pool=pool, holding=holding)


def worth_kept(evening: Evening) -> Floats:
    """Money that a unit kept at each feeding series is expected to save below it, (series,).

    Until more comes: what those below pay for a unit times the chance that all stock falls short.
    """
    out, nodes = np.zeros(len(evening.echelons.feeds)), np.flatnonzero(evening.echelons.feeds)
    if evening.params.pooling and len(nodes):
        arrivals = evening.arrivals()
        for block in _blocks(nodes, evening):
            out[block] = _Source.of(block, evening, arrivals).worth()
    return out


def _blocks(nodes: Ints, evening: Evening) -> Iterator[Ints]:
    """Nodes that have at most some ``_BLOCK`` pairs together."""
    place, _ = _pairs_of(nodes, evening)
    running = np.cumsum(np.bincount(place, minlength=len(nodes)))
    cuts = np.searchsorted(running, np.arange(_BLOCK, running[-1] + _BLOCK, _BLOCK), side="left")
    first = 0
    for last in np.unique(np.minimum(cuts + 1, len(nodes))).tolist():
        if last > first:
            yield nodes[first:last]
        first = last


@dataclass(frozen=True)
class _Source:
    """Sources, and what they and the locations below have and need until more comes.

    nodes: (nodes,) series. node, member: (pairs,) place in ``nodes``, series. last: (nodes,).
    needs: (pairs,) demand until then. stock: (pairs,) units that serve it.
    """

    evening: Evening
    nodes: Ints
    node: Ints
    member: Ints
    last: Ints
    needs: _Moments
    stock: Floats

    @classmethod
    def of(cls, nodes: Ints, evening: Evening, arrivals: tuple[Ints, Floats]) -> _Source:
        """Until the next arrival at the source or what is ordered tonight, which is scarcer.

        arrivals: those of the evening, taken once for all sources.
        """
        node, member = _pairs_of(nodes, evening)
        tried = [
            cls._until(step, nodes, node, member, evening, arrivals)
            for step in _receipts(nodes, evening, arrivals)
        ]
        short = np.stack([each.short() for each in tried])
        best = short.argmax(axis=0)
        which, rows = best[node], np.arange(len(node))

        def chosen(parts: list[Floats]) -> Floats:
            return np.asarray(np.stack(parts)[which, rows])

        names = tuple(vars(tried[0].needs))
        needs = _Moments(*(chosen([getattr(each.needs, name) for each in tried]) for name in names))
        last = np.stack([each.last for each in tried])[best, np.arange(len(nodes))]
        return cls(
            evening, nodes, node, member, last, needs, chosen([each.stock for each in tried])
        )

    @classmethod
    def _until(
        cls, step: Ints, nodes: Ints, node: Ints, member: Ints, evening: Evening,
        arrivals: tuple[Ints, Floats],
    ) -> _Source:  # fmt: skip
        """If more comes at ``step`` (nodes,), which is sent on after its close."""
        last = np.minimum(step + evening.echelons.way_down[nodes], evening.forecast.horizon)
        level, first = evening.echelons.depth[nodes[node]], np.ones(len(node), np.int64)
        needs = _Moments.of(member, level, first, last[node], evening.forecast)
        steps, units = arrivals
        due = np.where(member == nodes[node], step[node] - 1, last[node])
        inside = (steps[member] >= 1) & (steps[member] <= due[:, None])
        held = evening.usable[member] + (units[member] * inside).sum(axis=1)
        most = np.ceil(needs.mean + _REACH * np.sqrt(needs.variance))
        stock = np.where(member == nodes[node], held, np.minimum(held, most))
        return cls(evening, nodes, node, member, last, needs, stock)

    def summed(self, values: Floats) -> Floats:
        """Sum over all pairs of each node, (nodes,)."""
        return np.bincount(self.node, values, len(self.nodes)).astype(np.float64)

    def variance(self) -> Floats:
        """Variance of all demand below each node, (nodes,)."""
        needs = self.needs
        parts = (needs.variance, np.sqrt(needs.shared), needs.shared)
        summed = [self.summed(each) for each in parts]
        rho = self.evening.forecast.location_correlation
        return _pooled_variance(summed[0], summed[1], summed[2], rho)

    def short(self) -> Floats:
        """Probability that the stock of all does not last, (nodes,)."""
        quantum = self.evening.forecast.quantum[self.nodes]
        total = Distribution(self.summed(self.needs.mean), self.variance(), quantum)
        return 1 - total.cdf(self.summed(self.stock))

    def worth(self) -> Floats:
        """Money that one unit more would save, (nodes,)."""
        price = self.evening.network.items.price_short()[self.member]
        money, mean = self.summed(self.needs.mean * price), self.summed(self.needs.mean)
        return self.short() * np.divide(money, mean, out=np.zeros_like(mean), where=mean > 1e-9)

    def pool(self, series: Ints, parent: Ints, keys: Keys) -> Pool:
        """What keys share that the sources feed; series, parent: (keys,)."""
        size = len(self.evening.echelons.feeds)
        at, rho = np.searchsorted(self.nodes, parent), self.evening.forecast.location_correlation
        code = self.node * size + self.member
        order = np.argsort(code)
        wanted = at * size + series
        found = np.minimum(np.searchsorted(code[order], wanted), len(code) - 1)
        pair = order[found]
        own = code[pair] == wanted
        needs = self.needs
        mine = [np.where(own, each[pair], 0.0) for each in vars(needs).values()]
        mean, variance, shared = mine
        root = self.summed(np.sqrt(needs.shared))[at] - np.sqrt(shared)
        others = _pooled_variance(
            self.summed(needs.variance)[at] - variance,
            root,
            self.summed(needs.shared)[at] - shared,
            rho,
        )
        left = np.maximum(self.summed(needs.mean)[at] - mean, 0.0)
        price = self.evening.network.items.price_short()
        money = self.summed(needs.mean * price[self.member])[at] - mean * price[series]
        spread = np.sqrt(np.maximum(variance * others, 1e-300))
        return Pool(
            last=np.maximum(self.last[at], keys.protection),
            room=self.summed(self.stock)[at] - np.where(own, self.stock[pair], 0.0),
            mean=left,
            variance=np.where(left > 0, others, 0.0),
            correlation=np.clip(rho * np.sqrt(shared) * root / spread, 0.0, 0.99),
            price=np.divide(money, left, out=np.zeros(len(at)), where=left > 1e-9),
            apart=np.zeros(len(at)),
        )


def _receipts(nodes: Ints, evening: Evening, arrivals: tuple[Ints, Floats]) -> list[Ints]:
    """Steps at which each of ``nodes`` may get more: the next arrival, tonight's order."""
    lanes, lane = evening.network.lanes, evening.choice.lane[nodes]
    horizon = evening.forecast.horizon
    bought = lanes.lead_time[lane] + 1 + np.where(lanes.open_tonight[lane], 0, lanes.review[lane])
    bought = np.where(lane >= 0, bought, horizon).astype(np.int64)
    steps, units = (each[nodes] for each in arrivals)
    coming = np.where((steps >= 1) & (units > 0), steps, bought[:, None])
    first = np.minimum(coming.min(axis=1, initial=horizon), bought)
    return [np.asarray(np.minimum(each, horizon), np.int64) for each in (first, bought)]
