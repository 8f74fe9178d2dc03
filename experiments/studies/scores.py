"""What a variant scored at a rung, and who is ahead of whom beyond noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from experiments.metrics.bootstrap import Interval, paired_interval

#: Draws of a bootstrap, and its seed: the same scores give the same intervals.
DRAWS, SEED = 2000, 0


@dataclass(frozen=True)
class Scores:
    """One variant at one rung.

    sku: names, (cells,). worth: (cells,) what each SKU brought, in ``unit``; higher is better.
    metrics: figures of the whole shop, of money and of error.
    """

    sku: tuple[str, ...]
    worth: NDArray[np.float64]
    unit: str
    metrics: Mapping[str, float] = field(default_factory=dict)

    @property
    def total(self) -> float:
        """What all SKUs brought."""
        return float(self.worth.sum())


def difference(base: Scores, value: Scores) -> Interval:
    """What ``value`` brought more than ``base``, paired by SKU, with its 95 % interval.

    A SKU that only one of them has brings nothing in the other. SKUs are the blocks that are drawn:
    the weeks of a SKU hang together.
    """
    names = sorted({*base.sku, *value.sku})
    place = {name: number for number, name in enumerate(names)}
    aligned = []
    for one in (base, value):
        worth = np.zeros(len(names))
        np.add.at(worth, [place[name] for name in one.sku], one.worth)
        aligned.append(worth)
    return paired_interval(aligned[0], aligned[1], np.arange(len(names)), DRAWS, SEED)


def ranked(scores: Mapping[str, Scores]) -> list[str]:
    """Names, the best first; of equal ones the first in ``scores``."""
    order = list(scores)
    return sorted(order, key=lambda name: (-scores[name].total, order.index(name)))


def dropped(scores: Mapping[str, Scores], keep: float, spared: Sequence[str] = ()) -> list[str]:
    """Variants that are hopeless: behind the best beyond noise, and not among the best.

    keep: share, rounded up, of the best that are never dropped (Jamieson & Talwalkar 2016 drop all
    the others; here one is dropped only where its paired interval against the best lies wholly
    below 0). spared: never dropped.
    """
    order = ranked(scores)
    kept = int(np.ceil(keep * len(order)))
    best = scores[order[0]]
    return [
        name
        for name in order[kept:]
        if name not in spared and difference(best, scores[name]).high < 0
    ]
