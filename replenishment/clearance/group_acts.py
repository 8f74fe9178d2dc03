"""What one relative price for all articles of a price group brings, and the choice for it.

All articles of a group with stock count. One that is not slow and goes on selling is ordered
again: each unit that it sells brings its price less its cost, however many are on hand.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from replenishment.clearance.acts import (
    SAME,
    Deed,
    cut_soon,
    ladder,
    means_of,
    rounded_down,
    task_of,
)
from replenishment.clearance.choose import Options, choose
from replenishment.clearance.group_climb import GroupPlans, plan_groups
from replenishment.clearance.group_walk import expected_sold
from replenishment.clearance.holdings import Holdings
from replenishment.clearance.params import ClearanceParams
from replenishment.clearance.task import MarkdownTask
from stockwright.clearance import Act
from stockwright.price_response import PriceResponse

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
# Standard deviations of demand that stock which never runs out covers.
_WIDE = 8.0
# As many groups are settled to proof; of more, what is missing to it does not pay its time.
_PROVEN = 4


def common_cut(
    holdings: Holdings,
    slow: Bools,
    listed: Floats,
    response: PriceResponse,
    params: ClearanceParams,
) -> tuple[Deed, Ints, Floats]:
    """The markdown of each price group whose price falls soon, all its articles at once; and of
    all articles of groups, the row and the money at the price of now.

    slow, listed, response: of the items, see ``deeds``. Slow goods that bring more tonight, from
    supplier or liquidator, than at any price stay out of their group.
    """
    few = holdings
    sold = (few.price_group >= 0) & np.isfinite(few.price) & (few.price > 0) & (few.weeks > 0)
    rows = np.flatnonzero(sold)
    rows = rows[np.argsort(few.price_group[rows], kind="stable")]
    few, slow = few.take(rows), slow[rows]
    price, start = group_ladders(few, np.maximum(listed[rows], few.price), params.ladder)
    mean, weight = means_of(few, price, response.take(rows))
    task = task_of(few, price, start, mean, weight, params)
    stays = ~slow
    stays[slow] = ~_better_tonight(few.take(slow), task.take(slow))
    again = ~(slow | few.ending | few.declining)[stays]
    rows, few, task = rows[stays], few.take(stays), task.take(stays)
    _, group = np.unique(few.price_group, return_inverse=True)
    endless = _ordered_again(task, few.unit_cost, again)
    plans = _on_hand(plan_groups(endless, group, _PROVEN, params.least_weeks), task, endless)
    deed = _deed(rows, few, task, plans, plans.path[group], params.price_step)
    order = np.argsort(rows)
    return cut_soon(deed.take(order), few.weekly_price[order]), rows[order], plans.kept[order]


def group_ladders(
    few: Holdings, listed: Floats, discounts: tuple[float, ...]
) -> tuple[Floats, Ints]:
    """Prices of each article, (items, rungs) falling, and the rung of the price of now, (items,).

    A group is on the rung of its mean price over its mean list price, by units; all its articles
    fall by the same share of their price of now.
    """
    _, group = np.unique(few.price_group, return_inverse=True)
    now, full = (np.bincount(group, few.units * each) for each in (few.price, listed))
    relative, start = ladder(now / full, np.ones(len(now)), discounts)
    relative = relative / np.take_along_axis(relative, start[:, None], axis=1)
    return few.price[:, None] * relative[group], start[group]


def _better_tonight(few: Holdings, task: MarkdownTask) -> Bools:
    """Items that bring more at once than on any path of prices of their own, (items,)."""
    back = np.where(few.return_weeks > 0, few.return_value, 0.0)
    tonight = few.units * np.maximum(few.salvage, back)
    # The price of now brings at least this.
    sold = expected_sold(few.units, few.demand.sum(axis=1)[:, None], task.dispersion)[:, 0]
    least = few.price * sold + task.salvage * (few.units - sold)
    least -= few.holding * few.units * few.demand.shape[1]
    doubtful = np.flatnonzero(tonight >= least)
    best = plan_groups(task.take(doubtful), np.arange(len(doubtful))).value
    out = np.zeros(len(few), np.bool_)
    out[doubtful] = tonight[doubtful] >= best
    return out


def _ordered_again(task: MarkdownTask, cost: Floats, again: Bools) -> MarkdownTask:
    """The task where the stock of some never runs out, and what is left of it is worth its cost."""
    asked = task.mean.max(axis=(1, 3)).sum(axis=1)
    wide = _WIDE * (np.sqrt(asked * task.dispersion) + task.dispersion)
    relabel = task.unit_change_cost * task.stock
    told = {
        "stock": (task.stock + asked + wide, task.stock),
        "salvage": (np.minimum(cost, task.price[:, 0]), task.salvage),
        "change_cost": (relabel, task.change_cost),
        "unit_change_cost": (0.0, task.unit_change_cost),
        "holding": (0.0, task.holding),
        "late_units": (0.0, task.late_units),
    }
    return replace(task, **{name: np.where(again, *each) for name, each in told.items()})


def _on_hand(plans: GroupPlans, task: MarkdownTask, endless: MarkdownTask) -> GroupPlans:
    """Plans of stock without end as plans of what is on hand, the rest being bought when needed."""
    extra = endless.stock - task.stock
    cost = np.where(extra > 0, endless.salvage, 0.0)
    sold = np.cumsum(plans.units, axis=1)
    bought = np.maximum(sold - task.stock[:, None], 0.0)
    return GroupPlans(
        path=plans.path,
        value=plans.value - cost * extra,
        kept=plans.kept - cost * extra,
        units=plans.units,
        recovery=plans.recovery - cost[:, None] * np.diff(bought, axis=1, prepend=0.0),
        left=np.where(extra > 0, np.maximum(task.stock - sold[:, -1], 0.0), plans.left),
    )


def _deed(
    rows: Ints, few: Holdings, task: MarkdownTask, plans: GroupPlans, path: Ints, step: float
) -> Deed:
    """The articles of all groups on their common paths, (items, weeks); their prices are told in
    multiples of ``step``.
    """
    live = np.arange(path.shape[1]) < few.weeks[:, None]
    paid = np.where(live, np.take_along_axis(task.price, path, axis=1), np.nan)
    cut = np.nan_to_num(np.maximum(few.weekly_price - paid, 0.0))
    given = (cut * plans.units).sum(axis=1)
    if step > 0:
        lower = paid < few.price[:, None] * (1 - SAME)
        paid = np.where(lower, rounded_down(paid, few.floor[:, None], step), paid)
    none = np.zeros(len(rows))
    return Deed(
        Act.MARK_DOWN, -1, rows, plans.value, none, given,
        plans.left, paid, plans.units, plans.recovery,
    )  # fmt: skip


def choose_together(
    options: Options,
    common: Bools,
    group: Ints,
    channel_units: Floats,
    discount_budget: float = np.inf,
) -> Ints:
    """Row of the option of each item, chosen by ``choose``, where items have options in common.

    common: (options,) the items of a group take theirs all together, or none does; one of an item.
    group: (items,). The other options of such items use neither channel nor discount.
    """
    tied = np.zeros(len(group), np.bool_)
    tied[options.item[common]] = True
    if not tied.any():
        return choose(options, channel_units, discount_budget).option
    # Of such items, the best that each can do by itself makes one option, and what all do another.
    best = np.lexsort((-options.value, options.item))
    best = best[(tied[options.item] & ~common)[best]]
    alone = best[np.diff(options.item[best], prepend=-1) > 0]
    rows = np.concatenate([np.flatnonzero(~tied[options.item]), alone, np.flatnonzero(common)])
    _, unit = np.unique(
        np.where(tied, len(group) + group, np.arange(len(group))), return_inverse=True
    )
    rows = rows[np.lexsort((rows, common[rows], unit[options.item[rows]]))]
    item = options.item[rows]
    new = ~tied[item] | (np.diff(unit[item], prepend=-1) > 0)
    new |= np.diff(common[rows].astype(np.int64), prepend=0) > 0
    option = np.cumsum(new) - 1
    value, units, discount = (
        np.bincount(option, each[rows]).astype(np.float64)
        for each in (options.value, options.units, options.discount)
    )
    joined = Options(unit[item[new]], value, options.channel[rows[new]], units, discount)
    taken = choose(joined, channel_units, discount_budget).option
    mine = rows[np.isin(option, taken)]
    out = np.empty(len(group), np.int64)
    out[options.item[mine]] = mine
    return out
