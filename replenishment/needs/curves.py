"""Expected cost of tonight's order of each key, as a function of the quantity.

With thresholds T_1 <= ... <= T_J of one sampled future (the stock that must be there at the
order's arrival to have anything left at close j), an order q leaves (q - T_j)+ units at close j
and loses (T_J - q)+ units. The expected cost is thus convex and piecewise linear in q:

    G(q) = sum_j w_j E[(q - T_j)+] + p E[(T_J - q)+].
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class CostCurves:
    """One convex piecewise linear cost per key.

    knots: (keys, knots) rising quantities at which the slope changes.
    slopes: (keys, knots) slope right of each knot, rising; left of the first it is -shortage.
    levels: (keys, knots) cost at each knot.
    shortage: (keys,) price of a lost unit.
    """

    knots: Floats
    slopes: Floats
    levels: Floats
    shortage: Floats

    @classmethod
    def from_thresholds(
        cls,
        thresholds: Floats,
        weights: Floats,
        shortage: Floats,
        lost: int = -1,
        cap: Floats | float = 1.0,
        least: Floats | float = -np.inf,
    ) -> CostCurves:
        """Curves of sampled thresholds.

        thresholds: (keys, closes, paths). weights: (keys, closes) cost per unit left at each
            close. shortage: (keys,) price of a unit that is short at close ``lost``.
        cap: (keys,) share of the futures beyond which a unit more saves nothing, so that none is
            bought for the rarest ones; 1 for all futures.
        least: (keys,) quantity below which the cap does not count.
        """
        n, closes, paths = thresholds.shape
        # Merging the sorted futures of each close is faster than sorting all of them, and the
        # same: only the close counts of those that are equal.
        flat = np.sort(thresholds, axis=2).reshape(n, closes * paths)
        steps = weights.copy()
        steps[:, lost] += shortage
        steps = steps / paths
        if closes == 1:
            points, jumps = flat, np.repeat(steps, paths, axis=1)
            covered = np.broadcast_to(np.arange(1, paths + 1) / paths, points.shape)
        else:
            order = np.argsort(flat, axis=1, kind="stable")
            points = np.take_along_axis(flat, order, axis=1)
            close = order // paths
            jumps = np.take_along_axis(steps, close, axis=1)
            covered = np.cumsum(close == lost % closes, axis=1) / paths
        slopes = np.cumsum(jumps, axis=1) - shortage[:, None]
        enough = covered >= np.broadcast_to(cap, (n,))[:, None] - 1e-9
        enough &= points >= np.broadcast_to(least, (n,))[:, None] - 1e-9
        slopes = np.where(enough, np.maximum(slopes, 0.0), slopes)
        first = shortage * (thresholds[:, lost].mean(axis=1) - points[:, 0])
        return cls._integrated(points, slopes, first, shortage)

    @classmethod
    def flat(cls, n: int) -> CostCurves:
        """Curves of ``n`` keys to which no order costs or saves anything."""
        zero = np.zeros((n, 1))
        return cls(zero, zero, zero, np.zeros(n))

    @classmethod
    def stacked(cls, parts: list[CostCurves]) -> CostCurves:
        """The curves of several lists of keys, one after the other."""
        width = max(part.knots.shape[1] for part in parts)
        grown = [part._widened(width) for part in parts if len(part)] or parts[:1]
        names = ("knots", "slopes", "levels", "shortage")
        return cls(*(np.concatenate([getattr(part, name) for part in grown]) for name in names))

    def _widened(self, width: int) -> CostCurves:
        """The same curves with the last knot repeated up to ``width`` knots."""
        extra = ((0, 0), (0, width - self.knots.shape[1]))
        return CostCurves(
            np.pad(self.knots, extra, mode="edge"),
            np.pad(self.slopes, extra, mode="edge"),
            np.pad(self.levels, extra, mode="edge"),
            self.shortage,
        )

    def shifted(self, units: Floats) -> CostCurves:
        """The curves of keys that need ``units`` more, (keys,)."""
        return replace(self, knots=self.knots + units[:, None])

    def in_orders(self, share: Floats) -> CostCurves:
        """The curves as functions of units ordered, of which only ``share``, (keys,), is good."""
        part = share[:, None]
        return replace(
            self,
            knots=self.knots / part,
            slopes=self.slopes * part,
            shortage=self.shortage * share,
        )

    def dearer(self, price: Floats) -> CostCurves:
        """The curves when each unit of the order costs ``price``, (keys,), more."""
        more = price[:, None]
        return replace(
            self,
            slopes=self.slopes + more,
            levels=self.levels + more * self.knots,
            shortage=self.shortage - price,
        )

    @classmethod
    def _integrated(
        cls, points: Floats, slopes: Floats, first: Floats, shortage: Floats
    ) -> CostCurves:
        rise = np.cumsum(slopes[:, :-1] * np.diff(points, axis=1), axis=1)
        levels = np.concatenate([first[:, None], first[:, None] + rise], axis=1)
        return cls(points, slopes, levels, shortage)

    def __len__(self) -> int:
        return len(self.knots)

    def take(self, keys: NDArray[Any] | slice) -> CostCurves:
        """The curves of some of the keys."""
        return CostCurves(
            self.knots[keys], self.slopes[keys], self.levels[keys], self.shortage[keys]
        )

    def merged(self, knots: int) -> CostCurves:
        """Curves with at most ``knots`` knots: runs of neighbors meet at their weighted mean."""
        count = self.knots.shape[1]
        size = -(-count // knots)
        if size <= 1:
            return self
        starts = np.arange(0, count, size)
        ends = np.minimum(starts + size, count) - 1
        before = np.concatenate([-self.shortage[:, None], self.slopes[:, :-1]], axis=1)
        jump = np.maximum(self.slopes - before, 0.0) + 1e-300
        weight = np.add.reduceat(jump, starts, axis=1)
        points = np.add.reduceat(jump * self.knots, starts, axis=1) / weight
        first = self.levels[:, 0] - self.shortage * (points[:, 0] - self.knots[:, 0])
        return self._integrated(points, self.slopes[:, ends], first, self.shortage)

    def _segment(self, quantity: Floats, rows: Ints) -> Ints:
        """Number of knots <= quantity, by bisection in every row at once."""
        count = self.knots.shape[1]
        knots, start = self.knots.ravel(), rows * count
        low, high = np.zeros(len(rows), np.int64), np.full(len(rows), count, np.int64)
        for _ in range(count.bit_length()):
            middle = (low + high) >> 1
            # Where both have met, the knot there is known to be above the quantity.
            right = knots.take(start + np.minimum(middle, count - 1)) <= quantity
            right &= middle < count
            low, high = np.where(right, middle + 1, low), np.where(right, high, middle)
        return low

    def cost(self, quantity: Floats, keys: Ints | None = None) -> Floats:
        """G at one quantity per key, (keys,), or at quantities of the named ``keys``."""
        rows = np.arange(len(self.knots)) if keys is None else keys
        place = self._segment(quantity, rows)
        at = np.maximum(place - 1, 0)
        slope = np.where(place > 0, self.slopes[rows, at], -self.shortage[rows])
        value: Floats = self.levels[rows, at] + slope * (quantity - self.knots[rows, at])
        return value

    def cheapest(self) -> Floats:
        """The smallest quantity of least cost, (keys,); below 0 where stock is ample."""
        scale = np.abs(self.slopes).max(axis=1, keepdims=True)
        falling = (self.slopes < -1e-9 * scale).sum(axis=1)
        at = np.minimum(falling, self.knots.shape[1] - 1)
        best: Floats = self.knots[np.arange(len(self.knots)), at]
        return best
