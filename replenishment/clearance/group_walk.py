"""Walking paths of common prices week by week: what is sold, and what money that brings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replenishment.clearance.task import MarkdownTask
from stockwright.distribution import Distribution
from stockwright.errors import DataError, describe

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class PriceGroup:
    """Items on one path. mean: as in the task, 0 after an item's last week. live: (items, weeks)
    weeks in which an item is sold. open: (open rungs,) rungs that the path may be on.
    locked: weeks that the price in force stays. after: weeks that a price stays beyond the week of
    its change.
    """

    task: MarkdownTask
    mean: Floats
    live: NDArray[np.bool_]
    open: Ints
    locked: int
    after: int

    @classmethod
    def of(cls, task: MarkdownTask, least_weeks: int) -> PriceGroup:
        """The items of a task as one group."""
        if len(rungs := np.unique(task.start).tolist()) > 1:
            raise DataError(describe("rungs in force in one price group", rungs, "give one"))
        live = np.arange(int(task.weeks.max())) < task.weeks[:, None]
        mean = task.mean[:, :, : live.shape[1]] * live[:, None, :, None]
        open_ = np.flatnonzero(task.open_rungs().all(axis=0))
        return cls(task, mean, live, open_, int(task.locked.max()), max(least_weeks, 1) - 1)

    @property
    def weeks(self) -> int:
        """Weeks of the path: those of the item with the most."""
        return int(self.live.shape[1])

    @property
    def start(self) -> int:
        """Rung of the prices in force."""
        return int(self.task.start[0])

    def sold(self, mean: Floats) -> Floats:
        """E min(stock, demand) for demand of a mean, (..., items, scenarios)."""
        return expected_sold(self.task.stock, mean, self.task.dispersion)

    def mixed(self, amount: Floats) -> Floats:
        """Mean over the scenarios, (..., items)."""
        return np.asarray((amount * self.task.weight).sum(axis=-1))


@dataclass(frozen=True)
class Walk:
    """Beginnings of paths: mean demand and sales so far, (paths, items, scenarios); money so far,
    (paths, items); rung, (paths,); weeks that it has to stay, (paths,).
    """

    mean: Floats
    sold: Floats
    money: Floats
    rung: Ints
    stays: Ints

    @classmethod
    def start(cls, group: PriceGroup, paths: int = 1) -> Walk:
        """Before the first week."""
        none = np.zeros((paths, *group.task.weight.shape))
        rung, stays = np.full(paths, group.start), np.full(paths, group.locked)
        return cls(none, none, none[:, :, 0], rung, stays)

    def take(self, paths: NDArray[Any]) -> Walk:
        """Some of the paths."""
        return Walk(*(value[paths] for value in vars(self).values()))

    def choices(self, group: PriceGroup) -> tuple[Ints, Ints]:
        """All ways to go on: (ways,) path and rung."""
        same = group.open == self.rung[:, None]
        lower = (group.open > self.rung[:, None]) & (self.stays == 0)[:, None]
        parent, at = np.nonzero(same | lower)
        return parent, group.open[at]

    def step(self, group: PriceGroup, week: int, rung: Ints) -> Walk:
        """One week on, each path at its ``rung``, (paths,)."""
        task, live = group.task, group.live[:, week]
        changed = rung != self.rung
        paid = live * (
            task.change_cost + task.unit_change_cost * (task.stock - group.mixed(self.sold))
        )
        mean = self.mean + np.moveaxis(group.mean[:, :, week, rung], -1, 0)
        sold = group.sold(mean)
        price = np.minimum(task.price[:, rung], task.most[:, week, None])
        revenue = price.T * group.mixed(sold - self.sold)
        holding = live * task.holding * (task.stock - group.mixed(sold))
        stays = np.where(changed, group.after, np.maximum(self.stays - 1, 0))
        money = self.money + revenue - holding - changed[:, None] * paid
        return replace(self, mean=mean, sold=sold, money=money, rung=rung, stays=stays)

    def worth(self, group: PriceGroup) -> Floats:
        """Money of all items with what is left in the end, (paths,)."""
        task, left = group.task, group.task.stock - group.mixed(self.sold)
        end = task.salvage * left
        if (task.late_gain > 0).any():
            later = np.minimum(task.late_units, task.stock)
            few = expected_sold(task.stock - later, self.mean, task.dispersion)
            end = end + task.late_gain * (later + group.mixed(few - self.sold))
        return np.asarray((self.money + end).sum(axis=-1))


def expected_sold(stock: Floats, mean: Floats, dispersion: Floats) -> Floats:
    """E min(stock, demand) for demand of a mean, (..., items, any); the rest (items,)."""
    most = np.broadcast_to(stock[:, None], mean.shape)
    total = Distribution(mean.ravel(), (mean * dispersion[:, None]).ravel(), np.ones(1))
    return mean - total.expected_shortage(most.ravel()).reshape(mean.shape)
