"""The night's clearance: what is done with each slow item."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replenishment.clearance.acts import Deed, deeds
from replenishment.clearance.bundles import Bundles, bundle
from replenishment.clearance.choose import Options
from replenishment.clearance.group_acts import choose_together, common_cut
from replenishment.clearance.holdings import Holdings
from replenishment.clearance.params import Channels, ClearanceParams
from stockwright.clearance import Act, Clearance
from stockwright.price_response import PriceResponse

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Texts = NDArray[np.object_]


def plan_clearance(
    holdings: Holdings,
    grade: Texts,
    cover_days: Floats,
    listed: Floats,
    response: PriceResponse,
    channels: Channels,
    params: ClearanceParams,
    bundles: Bundles | None = None,
) -> Clearance:
    """The act of most expected money for each item, under the channels' capacity and the budget.

    holdings: the slow items, and all other items of their price groups, which are only named where
    their group is marked down. grade, cover_days, listed, response: of them; see ``deeds``.
    bundles: their companions.
    """
    if not len(holdings):
        return Clearance.none()
    pairs = bundles or Bundles.none(len(holdings))
    done = deeds(holdings, grade, listed, response, channels, params)
    if (holdings.price_group >= 0).any():
        common, rows, kept = common_cut(holdings, grade != "", listed, response, params)
        done[0].money[rows] = kept
        done.append(common)
    if (pairs.partner >= 0).any():
        done.append(bundle(holdings, pairs, listed, response, channels, params))
    table = _Table.of(done, holdings.price_group, params)
    taken = choose_together(
        table.options, table.common, holdings.price_group, channels.capacity, params.discount_budget
    )
    plan = _plan_of(holdings, grade, cover_days, channels, pairs, table, taken)
    return plan.take(np.flatnonzero((plan.grade != "") | (plan.act != Act.KEEP)))


def _plan_of(
    holdings: Holdings,
    grade: Texts,
    cover_days: Floats,
    channels: Channels,
    pairs: Bundles,
    table: _Table,
    taken: Ints,
) -> Clearance:
    """The options taken, one for each item, in numbers."""
    other = _next_best(table.options, taken)
    names = np.array([*channels.names, ""], dtype=object)
    money, act = table.options.value, table.act[taken]
    tied = act == Act.BUNDLE
    return Clearance(
        series=holdings.series,
        grade=np.asarray(grade, object),
        act=act,
        channel=names[table.options.channel[taken]],
        units=holdings.units,
        age_days=holdings.age_days,
        cover_days=np.asarray(cover_days, np.float64),
        ends=holdings.ending,
        unit_cost=holdings.unit_cost,
        price=holdings.price,
        floor=holdings.floor,
        recovery=money[taken],
        nothing=money[np.flatnonzero(np.diff(table.options.item, prepend=-1))],
        next_act=table.act[other],
        next_recovery=money[other],
        discount=table.options.discount[taken],
        left=table.left[taken],
        cancelled=np.where((act == Act.KEEP) | (grade == ""), 0.0, holdings.on_order),
        common=table.common[taken],
        partner=np.where(tied, pairs.partner, -1),
        confidence=np.where(tied, pairs.confidence, np.nan),
        lift=np.where(tied, pairs.lift, np.nan),
        lift_low=np.where(tied, pairs.lift_low, np.nan),
        **table.steps(taken),
    )


@dataclass(frozen=True)
class _Table:
    """Everything that could be done, by item, and where it stands; all (options,).

    deed, row: place in ``done`` and in the deed. act, left: of the deed. common: the price of a
    whole group.
    """

    done: list[Deed]
    options: Options
    deed: Ints
    row: Ints
    act: Ints
    left: Floats
    common: NDArray[np.bool_]

    @classmethod
    def of(cls, done: list[Deed], group: Ints, params: ClearanceParams) -> _Table:
        count = np.array([len(each.item) for each in done])
        deed = np.repeat(np.arange(len(done)), count)
        row = np.concatenate([np.arange(each) for each in count])
        item, money, used, discount, left = (
            np.concatenate([getattr(each, name) for each in done])
            for name in ("item", "money", "used", "discount", "left")
        )
        act = np.array([int(each.act) for each in done])[deed]
        common = (act == Act.MARK_DOWN) & (group[item] >= 0)
        order = np.lexsort((deed, item))
        together = np.where(common, group[item], -1)
        order = order[_worth(item[order], together[order], money[order], params)]
        channel = np.array([each.channel for each in done])[deed]
        columns = (item, money, channel, used, discount)
        options = Options(*(each[order] for each in columns))
        return cls(done, options, deed[order], row[order], act[order], left[order], common[order])

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
        item, week = np.nonzero(np.isfinite(out["price"]))
        told = {f"step_{name}": values[item, week] for name, values in out.items()}
        return {"step_item": item, "step": week + 1} | told


def _worth(item: Ints, group: Ints, money: Floats, params: ClearanceParams) -> NDArray[np.bool_]:
    """What is done instead of the first option of its item only for the gain asked for.

    group: (options,) options with the same number are judged by their sum, -1 by themselves.
    """
    first = np.diff(item, prepend=-1) > 0
    nothing = money[first][item]
    gain, joint = money - nothing, group >= 0
    for values in (gain, nothing):
        values[joint] = np.bincount(group[joint], values[joint], group.max() + 1)[group[joint]]
    least = np.maximum(params.least_gain, params.least_share * np.abs(nothing))
    return np.asarray(first | (gain >= least), np.bool_)


def _next_best(options: Options, taken: Ints) -> Ints:
    """Row of the best option of each item beside the one taken, or itself where it has no other."""
    value = options.value.copy()
    value[taken] = -np.inf
    order = np.lexsort((-value, options.item))
    first = np.flatnonzero(np.diff(options.item[order], prepend=-1))
    best = order[first]
    return np.where(np.isfinite(value[best]), best, taken)
