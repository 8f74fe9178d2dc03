"""How far launches lie from what like products let expect, and what first sales tell of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from forecasting.launch.cells import WEEKS, Young
from forecasting.spread.spread import tail_variance
from stockwright.distribution import Distribution

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
#: Weeks of life after which totals are judged.
AGES = (0, 1, 2, 4)
# Weeks of a total.
_SPAN = 4
_MOST_CASES = 1500
_LARGEST_SHARE, _LARGEST_RATIO = 0.3, 8.0
# Logarithms of variance, dispersion - 1 and drift; logits of sibling weight, tail share and ratio.
_START = np.array([0.4, 0.5, -2.0, 0.0, -1.0, -1.0])
_PRIOR_SD = np.array([1.0, 1.5, 1.0, 1.0, 2.0, 2.0])


@dataclass(frozen=True)
class LaunchSpread:
    """variance: relative, of the level of launches around what like products let expect.

    dispersion: variance over mean of counts at a given level. drift: relative variance of the level
    between what was seen and what is to come. sibling: weight of a unit sold at another location
    of the SKU. tail: probability and ratio of a raised level (see Distribution).
    """

    variance: float
    dispersion: float
    drift: float
    sibling: float
    tail: tuple[float, float]

    def update(
        self, prior: Floats, units: Floats, seen: Floats, others: Floats, others_seen: Floats
    ) -> tuple[Floats, Floats]:
        """Level after the first sales, and its relative variance; all (rows,).

        prior: expected level. units, seen: sold, and what level 1 would have sold; others: at
        other locations. A gamma prior of shape a = 1 / variance and Poisson counts give
        prior * (a + units) / (a + prior * seen) (Gelman et al. 2013, section 2.6); counts weigh
        1 / (dispersion + drift * prior * seen).
        """
        sold = units + self.sibling * others
        mean = prior * (seen + self.sibling * others_seen)
        trust = 1.0 / (self.dispersion + self.drift * mean)
        shape = 1.0 / self.variance
        level = prior * (shape + trust * sold) / (shape + trust * mean)
        left = 1.0 / (shape + trust * sold) + self.drift
        return level, left + tail_variance(*self.tail)


@dataclass(frozen=True)
class LaunchSpreads:
    """seen: how far launches lie from what is expected; unseen: the same before anything could be
    seen of them.
    """

    seen: LaunchSpread
    unseen: LaunchSpread

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, found: Mapping[str, Any]) -> LaunchSpreads:
        """The inverse of ``to_dict``."""
        both = (found[name] for name in ("seen", "unseen"))
        return cls(*(LaunchSpread(**{**one, "tail": tuple(one["tail"])}) for one in both))


@dataclass(frozen=True)
class Cases:
    """Totals of launches to come: see ``LaunchSpread.update``; mean_one: expected at level 1."""

    prior: Floats
    units: Floats
    seen: Floats
    others: Floats
    others_seen: Floats
    mean_one: Floats
    total: Floats
    weight: Floats

    def distribution(self, spread: LaunchSpread) -> Distribution:
        """What the spread makes of the totals."""
        level, variance = spread.update(
            self.prior, self.units, self.seen, self.others, self.others_seen
        )
        mean = level * self.mean_one
        share, ratio = (np.full(1, value) for value in spread.tail)
        whole = spread.dispersion * mean + variance * mean**2
        return Distribution(mean, whole, np.ones(len(mean)), share, ratio)


def fit_launch_spread(
    young: Young,
    expected: Floats,
    prior: Floats,
    sku: Ints,
    origin: int,
    width: int,
    ages: tuple[int, ...],
) -> LaunchSpread:
    """Maximum likelihood with a wide prior, on totals of four weeks from some ages (weeks) on.

    expected: (launches, BINS) units at level 1. prior: (launches,) level that like products,
    without the SKU itself, let expect. sku: (launches,).
    """
    cases = launch_cases(young, expected, prior, sku, origin, width, ages)
    if not len(cases.total):
        return _spread(_START)

    def loss(x: Floats) -> float:
        found = cases.distribution(_spread(x))
        mass = found.cdf(cases.total) - found.cdf(cases.total - 1.0)
        fit = cases.weight @ np.log(np.maximum(mass, 1e-10))
        return float(0.5 * np.sum(((x - _START) / _PRIOR_SD) ** 2) - fit)

    found = optimize.minimize(loss, _START, method="L-BFGS-B", options={"maxiter": 20})
    return _spread(np.asarray(found.x))


def _spread(x: Floats) -> LaunchSpread:
    variance, dispersion, drift = np.exp(np.clip(x[:3], -8.0, 6.0))
    share = _LARGEST_SHARE * special.expit(x[4])
    ratio = 1 + (1 / max(share, 1 / _LARGEST_RATIO) - 1) * special.expit(x[5])
    tail = (float(share), float(ratio))
    sibling = float(special.expit(x[3]))
    return LaunchSpread(float(variance), 1 + float(dispersion), float(drift), sibling, tail)


def launch_cases(
    young: Young,
    expected: Floats,
    prior: Floats,
    sku: Ints,
    origin: int,
    width: int,
    ages: tuple[int, ...],
) -> Cases:
    """All launches at some ages whose next four weeks are over."""
    sold = np.concatenate([np.zeros((len(sku), 1)), np.cumsum(young.units, axis=1)], axis=1)
    seen = np.concatenate([np.zeros((len(sku), 1)), np.cumsum(expected, axis=1)], axis=1)
    skus, place = np.unique(sku, return_inverse=True)
    first = np.full(len(skus), np.iinfo(np.int64).max)
    np.minimum.at(first, place, young.launch)
    together = young.launch - first[place] < width
    parts = []
    for age in ages:
        stop = min(age + _SPAN, WEEKS)
        over = np.flatnonzero(young.launch + stop * width - 1 <= origin)
        known = np.where(together, 1.0, 0.0)
        all_sold = np.bincount(place, known * sold[:, age], len(skus))[place]
        all_seen = np.bincount(place, known * seen[:, age], len(skus))[place]
        columns = (
            prior,
            sold[:, age],
            seen[:, age],
            np.maximum(all_sold - known * sold[:, age], 0.0),
            np.maximum(all_seen - known * seen[:, age], 0.0),
            seen[:, stop] - seen[:, age],
            sold[:, stop] - sold[:, age],
        )
        parts.append([each[over] for each in columns])
    joined = [np.concatenate(column) for column in zip(*parts, strict=True)]
    kept = np.flatnonzero(joined[5] > 0)
    step = max(len(kept) // _MOST_CASES, 1)
    kept = kept[::step]
    weight = np.full(len(kept), 1.0 / len(ages))
    return Cases(*[*(each[kept] for each in joined), weight])
