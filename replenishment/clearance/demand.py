"""Demand of a week in lots of stock: how likely it is that 0, 1, 2, ... lots are wanted.

Demand of each scenario is negative binomial (Poisson where the variance is the mean) and is
stepped through unit by unit (Panjer 1981). Stock up to ``points`` units is kept in single units.
More is cut into ``points`` lots, and a demand between two lots is split between them so that its
mean is kept (Gerber 1982): the same as reading the value of stock between two lots off a straight
line.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from replenishment.clearance.task import MarkdownTask

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# Demand beyond which less than this probability is left is not told apart.
TAIL = 1e-12
# A mean of more steps than this is counted in larger steps: its weeks scatter by 2 % or less.
_MOST_STEPS = 2500.0
# Powers of e between which a probability is kept on its way up from very small ones.
_LOWEST, _LOW, _LIFT = 600.0, -200.0, 400.0


@dataclass(frozen=True)
class StockLots:
    """count: (items,) lots in stock. lot: (items,) units in a lot. step: (items,) units in a step
    of demand, 1 unless demand is large. cut: (items,) demand in steps that is told apart at most.
    """

    count: Ints
    lot: Floats
    step: Floats
    cut: Ints

    @classmethod
    def of(cls, task: MarkdownTask, points: int) -> StockLots:
        """The stock of each item in at most ``points`` lots."""
        lots = np.minimum(np.ceil(task.stock), points)
        top = task.mean.max(axis=(1, 2, 3), initial=0.0)
        step = np.maximum(np.minimum(task.stock, top) / _MOST_STEPS, 1.0)
        dispersion = np.maximum(task.dispersion / step, 1.0)
        most = np.minimum(_last_step(top / step, dispersion), np.ceil(task.stock / step))
        return cls(lots.astype(np.int64), task.stock / lots, step, most.astype(np.int64))

    def take(self, items: NDArray[Any]) -> StockLots:
        """Some of the items."""
        return StockLots(*(getattr(self, each.name)[items] for each in fields(self)))

    def reach(self) -> Ints:
        """Lots that demand is told apart to, (items,), at most the lots in stock."""
        return np.minimum(np.ceil(self.cut * self.step / self.lot).astype(np.int64), self.count)


def _last_step(mean: Floats, dispersion: Floats) -> Floats:
    """Demand that is exceeded with probability TAIL, (items,)."""
    out = stats.poisson.isf(TAIL, mean)
    wide = (dispersion > 1) & (mean > 0)
    share = 1 / dispersion[wide]
    out[wide] = stats.nbinom.isf(TAIL, mean[wide] * share / (1 - share), share)
    return np.asarray(out, np.float64)


def step_chances(mean: Floats, dispersion: Floats, weight: Floats) -> Iterator[Floats]:
    """``weight`` times the probability that 0, 1, 2, ... steps are wanted, of the mean's shape.

    The array that is yielded is overwritten by the next one.

    Panjer's recursion (1981) for the negative binomial law of variance ``dispersion * mean``:
    p(k + 1) = p(k) (mean / dispersion + k (1 - 1 / dispersion)) / (k + 1). Where p(0) is too small
    for a float, part of its logarithm is owed, and paid as the probabilities grow.
    """
    excess = dispersion - 1
    rate = np.where(excess > 0, np.log1p(excess) / np.where(excess > 0, excess, 1.0), 1.0)
    owed = mean * rate
    paid = np.minimum(owed, _LOWEST)
    chance, owed = weight * np.exp(-paid), owed - paid
    first, slope = mean / dispersion, excess / dispersion
    late, ratio = bool(owed.any()), np.empty_like(chance)
    for k in count():
        yield np.where(owed > 0, 0.0, chance) if late else chance
        np.multiply(first, 1 / (k + 1), out=ratio)
        ratio += slope * (k / (k + 1))
        chance *= ratio
        if late:
            paid = np.where(chance > np.exp(_LOW), np.minimum(owed, _LIFT), 0.0)
            chance, owed = chance * np.exp(-paid), owed - paid
            late = bool(owed.any())


def lot_chances(task: MarkdownTask, lots: StockLots, weeks: int) -> Floats:
    """Probability that 0, 1, ... lots are wanted in a week, (weeks, rungs, lots, items).

    What is missing to 1 is the probability of more. The scenarios are mixed week by week.
    """
    mean = np.moveaxis(task.mean[:, :, :weeks], 0, -1) / lots.step
    dispersion = np.maximum(task.dispersion / lots.step, 1.0)
    depth, n = int(lots.reach().max()) + 1, len(task)
    table = np.zeros((*mean.shape[1:3], depth + 2, n))
    items = np.arange(n)
    single = bool((lots.lot == 1).all() and (lots.step == 1).all())
    steps = step_chances(mean, dispersion, task.weight.T[:, None, None, :])
    for k, chance in zip(range(int(lots.cut.max()) + 1), steps, strict=False):
        mixed = chance.sum(axis=0) * (k <= lots.cut)
        if single:
            table[:, :, k] = mixed
            continue
        at = np.minimum(k * lots.step / lots.lot, depth)
        low = at.astype(np.int64)
        table[:, :, low, items] += mixed * (low + 1 - at)
        table[:, :, low + 1, items] += mixed * (at - low)
    return table[:, :, :depth]
