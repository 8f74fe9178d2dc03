"""Means of few observations, pulled down a tree of groups.

A lane has seen a handful of orders, its supplier more, the shop many. Each level's mean is drawn
towards that of the level above by Z = n / (n + s2 / t2), s2 being the variance within a group and
t2 the variance between groups of one parent: the credibility estimator of Buhlmann & Straub (1970;
Buhlmann & Gisler 2005, section 4), which is the empirical Bayes estimate of a normal mean (Efron &
Morris 1975). t2 is estimated by moments (DerSimonian & Laird 1986), and is 0 where the groups
differ no more than chance explains.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stockwright.arrays import require

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Level:
    """One level of the tree, from the top down.

    group: (observations,) group of each observation. parent: (groups,) group of the level above
    (0 for the first level). weight: (observations,) how much each observation counts here, > 0;
    observations that always agree, such as lines of one order, share a weight of 1.
    """

    group: Ints
    parent: Ints
    weight: Floats

    def __post_init__(self) -> None:
        require(np.asarray(self.weight) > 0, "weight", "> 0")

    def summed(self, values: Floats) -> Floats:
        """Weighted sum of each group, (groups,)."""
        total = np.bincount(self.group, self.weight * values, len(self.parent))
        return np.asarray(total, np.float64)

    def shrunk(self, values: Floats, above: Floats) -> Floats:
        """Mean of each group drawn towards its parent's value ``above``, (groups,)."""
        n = self.summed(np.ones(len(values)))
        seen = n > 0
        start = above[self.parent]
        mean = np.divide(self.summed(values), n, out=start.copy(), where=seen)
        freedom = n.sum() - seen.sum()
        if freedom <= 0:
            return start
        within = self.summed((values - mean[self.group]) ** 2).sum() / freedom
        between = self._between(n, mean, within)
        if between <= 0:
            return start
        trust = n / (n + within / between)
        return np.asarray(trust * mean + (1 - trust) * start, np.float64)

    def _between(self, n: Floats, mean: Floats, within: float) -> float:
        """Variance between the groups of one parent, by moments; 0 where chance explains all."""
        parents = int(self.parent.max(initial=0)) + 1
        total = np.bincount(self.parent, n, parents)
        squares = np.bincount(self.parent, n**2, parents)
        sums = np.bincount(self.parent, n * mean, parents)
        used = total > 0
        center = np.divide(sums, total, out=np.zeros(parents), where=used)
        spread = (n * (mean - center[self.parent]) ** 2).sum()
        scale = (total[used] - squares[used] / total[used]).sum()
        groups = (n > 0).sum() - used.sum()
        return float((spread - groups * within) / scale) if scale > 1e-12 else 0.0


def shrunk_means(
    values: Floats, levels: Sequence[Level], prior: float, prior_weight: float
) -> list[Floats]:
    """Mean of each group of each level, drawn towards the level above; the first level's parent is
    the mean of all observations and of ``prior_weight`` more at ``prior``.

    values: (observations,) finite. Groups without observations take their parent's value. Raises
    DataError for weights that are not above 0.
    """
    top = levels[0].weight
    center = (prior_weight * prior + (top * values).sum()) / (prior_weight + top.sum())
    above = np.array([center])
    out = []
    for level in levels:
        above = level.shrunk(values, above)
        out.append(above)
    return out


def whole_periods(days: Floats, period_days: int) -> Ints:
    """Whole periods that a mean lead time of ``days`` takes, rounded to the nearest.

    Goods serve the first period that lies wholly after they came, so a lead time of T whole days
    takes ceil(T / P) periods, whose mean lies (P - 1) / 2P above the mean of T / P.
    """
    return np.rint(days / period_days + (period_days - 1) / (2 * period_days)).astype(np.int64)


def remaining_delay(
    late: Ints, group: Ints, delays: Floats, delay_group: Ints, least: int
) -> Floats:
    """Days until orders that are ``late`` days past their date are expected, (orders,), >= 1.

    The mean of what past deliveries that were later still took beyond that, E[X - t | X > t] (the
    mean residual life), over those of the order's own group where there are ``least`` of them,
    else over all, else 1. delays: (deliveries,) days past their date. group, delay_group: codes.
    """
    out = np.ones(len(late))
    for code, days in np.unique(np.stack([group, late], axis=1), axis=0).tolist():
        later = delays > days
        own = later & (delay_group == code)
        used = own if own.sum() >= least else later
        if used.sum() >= least:
            out[(group == code) & (late == days)] = max(float((delays[used] - days).mean()), 1.0)
    return out


def still_open_share(lead: Floats, stated: Floats, share: float) -> float:
    """How many times its stated lead time an order takes at most, but for 1 - ``share`` of them.

    lead, stated: (observations,) days. Orders younger than that are known only where they were
    quick (right truncation), and are left out of what is learnt.
    """
    if not len(lead):
        return 1.0
    return float(max(np.quantile(lead / np.maximum(stated, 1.0), share), 1.0))
