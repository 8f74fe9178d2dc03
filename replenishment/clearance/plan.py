"""The night's clearance: what is done with each slow item."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replenishment.clearance.acts import Deed, deeds
from replenishment.clearance.bundles import Bundles, bundle
from replenishment.clearance.choose import Options
from replenishment.clearance.group_acts import choose_together, common_cut
from replenishment.clearance.holdings import Holdings
from replenishment.clearance.params import Channels, ClearanceParams
from replenishment.clearance.rules import Rules
from stockwright.clearance import Act, Clearance
from stockwright.price_response import PriceResponse

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Texts = NDArray[np.object_]
Bools = NDArray[np.bool_]


def plan_clearance(
    holdings: Holdings,
    grade: Texts,
    cover_days: Floats,
    listed: Floats,
    response: PriceResponse,
    channels: Channels,
    params: ClearanceParams,
    rules: Rules | None = None,
    bundles: Bundles | None = None,
) -> Clearance:
    """The act of most expected money for each item, under the channels' capacity and the budget.

    holdings: the slow items, and all other items of their price groups, which are only named where
    their group is marked down. grade, cover_days, listed, response: of them; see ``deeds``. rules:
    what people say about them; money and weeks are those of the units that they allow, and of all
    units where the item is kept. bundles:
    their companions.
    """
    if not len(holdings):
        return Clearance.none()
    pairs = bundles or Bundles.none(len(holdings))
    rules = rules or Rules.none(len(holdings), len(channels))
    few = replace(holdings, units=rules.units(holdings))
    done = deeds(few, grade, listed, response, channels, params)
    if (few.price_group >= 0).any():
        common, rows, kept = common_cut(few, grade != "", listed, response, params)
        done[0].money[rows] = kept
        done.append(common)
    if (pairs.partner >= 0).any():
        done.append(bundle(few, pairs, listed, response, channels, params))
    table = _Table.of(done, few, params, rules)
    taken = choose_together(
        table.options, table.common, few.price_group, channels.capacity, params.discount_budget
    )
    tied = table.act[taken] == Act.BUNDLE
    facts = _facts(holdings, grade, cover_days) | _said(holdings, rules) | _partners(pairs, tied)
    waits = np.flatnonzero((table.act[taken] == Act.KEEP) & (few.units < holdings.units))
    if len(waits):
        # Nothing is held back of what is kept: all of it goes on selling.
        own = replace(holdings.take(waits), price_group=np.full(len(waits), -2))
        given = (grade[waits], listed[waits], response.take(waits), channels, params)
        table = table.kept_whole(waits, deeds(own, *given)[0])
        facts["left"][waits] = 0.0
    plan = _plan_of(channels, facts, table, taken)
    return plan.take(np.flatnonzero((plan.grade != "") | (plan.act != Act.KEEP)))


def _plan_of(
    channels: Channels,
    facts: dict[str, Any],
    table: _Table,
    taken: Ints,
) -> Clearance:
    """The options taken, one for each item, in numbers."""
    other = _next_best(table.options, taken)
    names = np.array([*channels.names, ""], dtype=object)
    money, act = table.options.value, table.act[taken]
    facts["left"] = table.left[taken] + facts["left"]
    facts["cancelled"] = np.where(act == Act.KEEP, 0.0, facts["cancelled"])
    return Clearance(
        act=act,
        channel=names[table.options.channel[taken]],
        recovery=money[taken],
        nothing=money[np.flatnonzero(np.diff(table.options.item, prepend=-1))],
        next_act=table.act[other],
        next_recovery=money[other],
        discount=table.options.discount[taken],
        common=table.common[taken],
        **facts,
        **table.steps(taken),
    )


def _facts(holdings: Holdings, grade: Texts, cover_days: Floats) -> dict[str, Any]:
    """What the plan repeats of the items."""
    own = {"grade": np.asarray(grade, object), "cover_days": np.asarray(cover_days, np.float64)}
    same = ("series", "units", "age_days", "unit_cost", "price", "floor", "event")
    own |= {"ends": holdings.ending, "cancelled": np.where(grade == "", 0.0, holdings.on_order)}
    return own | {name: getattr(holdings, name) for name in same}


def _said(holdings: Holdings, rules: Rules) -> dict[str, Any]:
    """What people say about the items: their limit, and the units that it holds back."""
    return {
        "left": holdings.units - rules.units(holdings),
        "most": np.where(rules.most < holdings.units, rules.most, np.inf),
    }


def _partners(pairs: Bundles, tied: Bools) -> dict[str, Any]:
    """The companions of the items that are in a bundle."""
    told = {name: getattr(pairs, name) for name in ("confidence", "lift", "lift_low")}
    told = {name: np.where(tied, values, np.nan) for name, values in told.items()}
    return told | {"partner": np.where(tied, pairs.partner, -1)}


@dataclass(frozen=True)
class _Table:
    """Everything that could be done, by item, and where it stands; all (options,).

    deed, row: place in ``done`` and in the deed. act, left: of the deed. common: the price of a
    whole group. planned: (items, weeks) prices if nothing is done.
    """

    done: list[Deed]
    options: Options
    deed: Ints
    row: Ints
    act: Ints
    left: Floats
    common: Bools
    planned: Floats

    @classmethod
    def of(cls, done: list[Deed], few: Holdings, params: ClearanceParams, rules: Rules) -> _Table:
        count = np.array([len(each.item) for each in done])
        deed = np.repeat(np.arange(len(done)), count)
        row = np.concatenate([np.arange(each) for each in count])
        item, money, used, discount, left = (
            np.concatenate([getattr(each, name) for each in done])
            for name in ("item", "money", "used", "discount", "left")
        )
        act = np.array([int(each.act) for each in done])[deed]
        group = few.price_group
        common = (act == Act.MARK_DOWN) & (group[item] >= 0)
        order = np.lexsort((deed, item))
        together = np.where(common, group[item], -1)[order]
        channel = np.array([each.channel for each in done])[deed]
        allowed = rules.allow(item[order], act[order], channel[order])
        order = order[_worth(item[order], together, money[order], allowed, params)]
        columns = (item, money, channel, used, discount)
        options = Options(*(each[order] for each in columns))
        told = (deed[order], row[order], act[order], left[order], common[order])
        return cls(done, options, *told, few.weekly_price)

    def kept_whole(self, items: Ints, whole: Deed) -> _Table:
        """The table where ``items`` wait with all their stock, as ``whole`` tells; their other
        acts bring as much more.
        """
        first, item = self.done[0], self.options.item
        told = {
            name: getattr(first, name).copy()
            for name in ("money", "left", "price", "units", "recovery")
        }
        for name, values in told.items():
            values[items] = getattr(whole, name)
        value = self.options.value + (told["money"] - first.money)[item]
        return replace(
            self,
            done=[replace(first, **told), *self.done[1:]],
            options=replace(self.options, value=value),
            left=np.where(self.deed == 0, told["left"][item], self.left),
        )

    def steps(self, taken: Ints) -> dict[str, Any]:
        """The weeks of the options taken, item by item."""
        deed, row = self.deed[taken], self.row[taken]
        shape = (len(taken), self.done[0].price.shape[1])
        names = ("price", "units", "recovery")
        out = {name: np.empty(shape) for name in names}
        for code, each in enumerate(self.done):
            mine = np.flatnonzero(deed == code)
            for name in names:
                out[name][mine] = getattr(each, name)[row[mine]]
        told_of = np.isfinite(out["price"])
        # What can no longer be sold has its first week, without a price.
        told_of[:, 0] = True
        item, week = np.nonzero(told_of)
        out["planned"] = self.planned
        told = {f"step_{name}": values[item, week] for name, values in out.items()}
        return {"step_item": item, "step": week + 1} | told


def _worth(
    item: Ints, group: Ints, money: Floats, allowed: Bools, params: ClearanceParams
) -> Bools:
    """What may be done instead of the first option of its item, for the gain asked for.

    group: (options,) options with the same number are judged by their sum, and allowed all or
    none; -1 by themselves.
    """
    first = np.diff(item, prepend=-1) > 0
    nothing = money[first][item]
    gain, joint = money - nothing, group >= 0
    for values in (gain, nothing):
        values[joint] = np.bincount(group[joint], values[joint], group.max() + 1)[group[joint]]
    least = np.maximum(params.least_gain, params.least_share * np.abs(nothing))
    barred = np.isin(group, group[joint & ~allowed])
    return np.asarray(first | (gain >= least) & allowed & ~(joint & barred), np.bool_)


def _next_best(options: Options, taken: Ints) -> Ints:
    """Row of the best option of each item beside the one taken, or itself where it has no other."""
    value = options.value.copy()
    value[taken] = -np.inf
    order = np.lexsort((-value, options.item))
    first = np.flatnonzero(np.diff(options.item[order], prepend=-1))
    best = order[first]
    return np.where(np.isfinite(value[best]), best, taken)
