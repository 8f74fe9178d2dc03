"""What each act is expected to bring for each item.

All acts of an item are looked at over the same weeks. What is left at their end
brings its salvage; where the goods go on selling, as many units as will be asked for in the rest of
a year bring what dating leaves of the price of then, or those of a season of next year what the
wait leaves of it. Holding is paid for every unit and week. Money is expected over the distribution
of demand, the uncertainty of the response to price included.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from replenishment.clearance.holdings import Holdings
from replenishment.clearance.markdown import (
    MarkdownParams,
    MarkdownPlan,
    plan_markdown,
    plan_markdowns,
)
from replenishment.clearance.params import Channels, ClearanceParams
from replenishment.clearance.task import MarkdownTask
from stockwright.clearance import Act
from stockwright.price_response import PriceResponse

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Texts = NDArray[np.object_]
#: Scenarios of the elasticity.
SCENARIOS = 3
#: The share below which two prices are one.
SAME = 1e-3
# Share by which numbers that should be equal may differ.
_HAIR = 1e-9
# Weeks within which a price has to fall for a markdown to be one.
_SOON = 4
# Weeks at the end of the demand whose mean goes on after it.
_TAIL = 4
_YEAR = 52.0
# Share of its price that a unit which goes on selling is worth after a year: it dates, too.
_DATED = 0.7


@dataclass(frozen=True)
class Deed:
    """One act for some of the items; all (rows,) but price, units and recovery.

    item: row of the holdings, rising. channel: code, -1 for none. money: expected. used: units of
    the channel. discount: money that lower prices give away. left: units expected at the end.
    price: (rows, weeks) that no unit is dearer than, a lower planned price aside; NaN in weeks
    without a sale. units, recovery: (rows, weeks) expected.
    """

    act: Act
    channel: int
    item: Ints
    money: Floats
    used: Floats
    discount: Floats
    left: Floats
    price: Floats
    units: Floats
    recovery: Floats

    def take(self, rows: Ints) -> Deed:
        """Some of the rows."""
        told = {each.name: getattr(self, each.name)[rows] for each in fields(self)[2:]}
        return replace(self, **told)


def deeds(
    holdings: Holdings,
    grade: Texts,
    listed: Floats,
    response: PriceResponse,
    channels: Channels,
    params: ClearanceParams,
) -> list[Deed]:
    """Every act for the items that it can be done with; the first is to keep, for all of them.

    grade: (items,) slow grade, "" of what is not slow, which is kept. listed: (items,) list price,
    at least the price of now where that is known. response: of the items.
    """
    sold = np.flatnonzero(np.isfinite(holdings.price) & (holdings.price > 0) & (holdings.weeks > 0))
    few = holdings.take(sold)
    price, start = ladder(
        few.price, np.maximum(listed[sold], few.price), params.ladder, few.floor, params.price_step
    )
    mean, weight = means_of(few, price, response.take(sold))
    kept = plan_markdown(_uncut(few, params))
    out = [_kept_by_all(holdings, sold, kept, few)]

    # Articles of a price group are marked down together (group_acts): none changes its own price.
    alone = few.price_group == -1
    for each in sorted(set(grade[sold[alone]])):
        rows = np.flatnonzero(alone & (grade[sold] == each))
        task = task_of(few.take(rows), price[rows], start[rows], mean[rows], weight, params)
        out += _planned(sold[rows], few.take(rows), task, channels, each, params)
    return [*out, *_at_once(holdings, grade)]


def _planned(
    items: Ints,
    few: Holdings,
    task: MarkdownTask,
    channels: Channels,
    grade: str,
    params: ClearanceParams,
) -> Iterator[Deed]:
    """Lower prices, by themselves and from a week in each channel that is open to the grade."""
    codes = [code for code in range(len(channels)) if grade in channels.grades[code]]
    reach, cost = channels.reach[codes], channels.cost[codes]
    alone, *promoted = plan_markdowns(
        task,
        np.append(1.0, reach),
        np.append(0.0, cost),
        MarkdownParams(least_weeks=params.least_weeks),
    )
    yield cut_soon(_sold(Act.MARK_DOWN, -1, items, few, task.price, alone), few.weekly_price)
    for code, plan in zip(codes, promoted, strict=True):
        yield _sold(Act.PROMOTE, code, items, few, task.price, plan)
    if codes and np.isfinite(params.discount_budget):
        # Channels that sell at the planned price need none of the discount budget.
        for code, plan in zip(codes, plan_markdowns(_uncut(few, params), reach, cost), strict=True):
            yield _sold(Act.PROMOTE, code, items, few, few.price[:, None], plan)


def ladder(
    price: Floats,
    listed: Floats,
    discounts: tuple[float, ...],
    floor: Floats | float = 0.0,
    step: float = 0.0,
) -> tuple[Floats, Ints]:
    """Prices of each item, (items, rungs) falling, and the rung of the price of now, (items,).

    The rungs are the list price and its discounts, rounded down to multiples of ``step``, but not
    below the floor; the price of now takes the place of the lowest rung above it, which it will
    never go back to. Rungs that rounding makes one stay a hair apart.
    """
    rungs = listed[:, None] * (1 - np.concatenate([[0.0], discounts]))
    if step > 0:
        rungs = rounded_down(rungs, np.broadcast_to(floor, listed.shape)[:, None], step)
    above = (rungs > price[:, None] * (1 + SAME)).sum(axis=1)
    same = np.abs(rungs - price[:, None]).min(axis=1) <= SAME * price
    start = np.where(same, above, np.maximum(above - 1, 0)).astype(np.int64)
    start = np.minimum(start, rungs.shape[1] - 1)
    rungs[np.arange(len(price)), start] = price
    for rung in range(1, rungs.shape[1]):
        rungs[:, rung] = np.minimum(rungs[:, rung], rungs[:, rung - 1] * (1 - _HAIR))
    return rungs, start


def rounded_down(rungs: Floats, floor: Floats, step: float) -> Floats:
    """Multiples of ``step``, >= it, that are not above the rungs where the floor allows it."""
    down = np.maximum(np.floor(rungs / step + _HAIR), 1.0) * step
    lowest = np.ceil(floor / step - _HAIR) * step
    return np.where((down < floor) & (rungs >= floor), lowest, down)


def means_of(few: Holdings, price: Floats, response: PriceResponse) -> tuple[Floats, Floats]:
    """Units wanted, (items, scenarios, weeks, rungs), and the weight of the scenarios.

    A week that is planned below a rung stays at its planned price, and its demand as forecast.
    """
    ratio = np.minimum(price / few.price[:, None], 1.0)
    factor, weight = response.scenario_factors(ratio, SCENARIOS)
    mean = few.demand[:, None, :, None] * factor[:, :, None, :]
    rows = np.flatnonzero((few.planned < 1).any(axis=1))
    if len(rows):
        ratio = np.minimum(ratio[rows, None] / few.planned[rows, :, None], 1.0)
        flat = ratio.reshape(len(rows), -1)
        factor, _ = response.take(rows).scenario_factors(flat, SCENARIOS)
        factor = factor.reshape(len(rows), SCENARIOS, *ratio.shape[1:])
        mean[rows] = few.demand[rows, None, :, None] * factor
    return mean, weight


def task_of(
    few: Holdings, price: Floats, start: Ints, mean: Floats, weight: Floats, params: ClearanceParams
) -> MarkdownTask:
    """The items on a ladder of prices, (items, rungs), with ``means_of`` demand."""
    # What all weeks share widens each of them.
    weekly = few.demand.sum(axis=1) / np.maximum(few.weeks, 1)
    late_units, late_gain = _later(few, params)
    return MarkdownTask(
        stock=few.units,
        weeks=few.weeks,
        price=price,
        mean=mean,
        weight=np.broadcast_to(weight, (len(few), len(weight))),
        dispersion=few.dispersion + few.level_variance * weekly,
        salvage=np.minimum(few.salvage, price[:, 0]),
        start=start,
        floor=few.floor,
        unit_change_cost=np.full(len(few), params.relabel_cost),
        holding=few.holding,
        locked=few.locked,
        most=few.weekly_price,
        late_units=late_units,
        late_gain=late_gain,
    )


def _uncut(few: Holdings, params: ClearanceParams) -> MarkdownTask:
    """The planned price in every week."""
    start, mean = np.zeros(len(few), np.int64), few.demand[:, None, :, None]
    return task_of(few, few.price[:, None], start, mean, np.ones(1), params)


def _later(few: Holdings, params: ClearanceParams) -> tuple[Floats, Floats]:
    """Units that would be sold after the weeks, and the money that each of them brings beyond the
    salvage; (items,) each, 0 where the goods do not go on selling.

    Those of the rest of a year at the mean of the last weeks, or those that a later season lets
    expect, whichever are worth more.
    """
    weeks = few.demand.shape[1]
    rest = max(_YEAR - weeks, float(weeks))
    usual = few.demand[:, -_TAIL:].mean(axis=1) * rest
    # A unit that sells lies for half of the time on average.
    price = few.weekly_price[:, -1] * _DATED ** ((weeks + rest / 2) / _YEAR)
    gain = np.maximum(price - few.holding * rest / 2 - few.salvage, 0.0)
    worth = np.nan_to_num(few.price) * params.carry_over ** (few.season_wait / _YEAR)
    waiting = np.maximum(few.season_wait - weeks, 0.0)
    then = np.maximum(worth - few.holding * waiting - few.salvage, 0.0)
    season = few.season_units * then > usual * gain
    units, gain = np.where(season, few.season_units, usual), np.where(season, then, gain)
    going_on = ~few.ending & ~few.declining
    return np.where(going_on, units, 0.0), np.where(going_on, gain, 0.0)


def _kept_by_all(holdings: Holdings, sold: Ints, kept: MarkdownPlan, few: Holdings) -> Deed:
    """Doing nothing: what cannot be sold any more lies until the weeks are over."""
    n, weeks = holdings.demand.shape
    money = holdings.units * (holdings.salvage - holdings.holding * weeks)
    none = np.zeros(n)
    out = Deed(
        Act.KEEP, -1, np.arange(n), money, none, none.copy(), holdings.units.copy(),
        np.full((n, weeks), np.nan), np.zeros((n, weeks)), np.zeros((n, weeks)),
    )  # fmt: skip
    live = np.arange(weeks) < few.weeks[:, None]
    out.money[sold], out.left[sold] = kept.value, kept.left
    out.price[sold] = np.where(live, few.price[:, None], np.nan)
    out.units[sold], out.recovery[sold] = kept.units, kept.recovery
    return out


def _sold(
    act: Act, channel: int, items: Ints, few: Holdings, price: Floats, plan: MarkdownPlan
) -> Deed:
    """Sales down the ladder as planned."""
    paid = np.take_along_axis(price, np.maximum(plan.path, 0), axis=1)
    paid = np.where(plan.path >= 0, paid, np.nan)
    cut = np.nan_to_num(np.maximum(few.weekly_price - paid, 0.0))
    given = (cut * plan.units).sum(axis=1)
    used = plan.units[:, 0] if channel >= 0 else np.zeros(len(items))
    return Deed(
        act, channel, items, np.array(plan.value), np.array(used), given,
        np.array(plan.left), paid, np.array(plan.units), np.array(plan.recovery),
    )  # fmt: skip


def cut_soon(deed: Deed, planned: Floats) -> Deed:
    """The rows whose price falls within the next weeks; a later cut is decided when it is due."""
    lower = (deed.price < planned * (1 - SAME))[:, :_SOON]
    return deed.take(np.flatnonzero(lower.any(axis=1)))


def _at_once(holdings: Holdings, grade: Texts) -> Iterator[Deed]:
    """What ends it tonight for slow goods: back to the supplier, to a liquidator, or away."""
    salvage = holdings.salvage
    ways = (
        (Act.RETURN, (holdings.return_weeks > 0) & (holdings.return_value > 0)),
        (Act.LIQUIDATE, salvage > 0),
        (Act.SCRAP, salvage <= 0),
    )
    for act, open_to in ways:
        rows = np.flatnonzero(open_to & (grade != ""))
        unit = holdings.return_value if act == Act.RETURN else np.maximum(salvage, 0.0)
        shape, money = (len(rows), holdings.demand.shape[1]), holdings.units[rows] * unit[rows]
        none, price = np.zeros(len(rows)), np.full(shape, np.nan)
        units, recovery = np.zeros(shape), np.zeros(shape)
        price[:, 0], units[:, 0], recovery[:, 0] = unit[rows], holdings.units[rows], money
        yield Deed(act, -1, rows, money, none, none, none, price, units, recovery)
