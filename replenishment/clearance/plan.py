"""The night's clearance: what is done with each slow item."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replenishment.clearance.acts import Deed, deeds
from replenishment.clearance.choose import Options, choose
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
) -> Clearance:
    """The act of most expected money for each item, under the channels' capacity and the budget.

    holdings: the slow items. grade, cover_days, listed, response: of them; see ``deeds``. rules:
    what people say about them; money and weeks are those of the units that they allow.
    """
    if not len(holdings):
        return Clearance.none()
    rules = rules or Rules.none(len(holdings))
    units = rules.units(holdings)
    few = replace(holdings, units=units)
    done = deeds(few, grade, listed, response, channels, params)
    table = _Table.of(done, params, rules, holdings.weekly_price)
    taken = choose(table.options, channels.capacity, params.discount_budget).option
    other = _next_best(table.options, taken)
    names = np.array([*channels.names, ""], dtype=object)
    money, act = table.options.value, table.act[taken]
    return Clearance(
        grade=np.asarray(grade, object),
        act=act,
        channel=names[table.options.channel[taken]],
        cover_days=np.asarray(cover_days, np.float64),
        recovery=money[taken],
        nothing=money[np.flatnonzero(np.diff(table.options.item, prepend=-1))],
        next_act=table.act[other],
        next_recovery=money[other],
        discount=table.options.discount[taken],
        left=table.left[taken] + holdings.units - units,
        cancelled=np.where(act == Act.KEEP, 0.0, holdings.on_order),
        most=np.where(rules.most < holdings.units, rules.most, np.inf),
        **_facts(holdings),
        **table.steps(taken),
    )


def _facts(holdings: Holdings) -> dict[str, Any]:
    """What the plan repeats of the items."""
    same = ("series", "units", "age_days", "unit_cost", "price", "floor", "event")
    return {name: getattr(holdings, name) for name in same} | {"ends": holdings.ending}


@dataclass(frozen=True)
class _Table:
    """Everything that could be done, by item, and where it stands; all (options,).

    deed, row: place in ``done`` and in the deed. act, left: of the deed. planned: (items, weeks)
    prices if nothing is done.
    """

    done: list[Deed]
    options: Options
    deed: Ints
    row: Ints
    act: Ints
    left: Floats
    planned: Floats

    @classmethod
    def of(cls, done: list[Deed], params: ClearanceParams, rules: Rules, planned: Floats) -> _Table:
        count = np.array([len(each.item) for each in done])
        deed = np.repeat(np.arange(len(done)), count)
        row = np.concatenate([np.arange(each) for each in count])
        item, money, used, discount, left = (
            np.concatenate([getattr(each, name) for each in done])
            for name in ("item", "money", "used", "discount", "left")
        )
        order = np.lexsort((deed, item))
        channel = np.array([each.channel for each in done])[deed]
        act = np.array([int(each.act) for each in done])[deed]
        allowed = rules.allow(item[order], act[order], channel[order])
        order = order[_worth(item[order], money[order], allowed, params)]
        columns = (item, money, channel, used, discount)
        options = Options(*(each[order] for each in columns))
        return cls(done, options, deed[order], row[order], act[order], left[order], planned)

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
        out["planned"] = self.planned
        told = {f"step_{name}": values[item, week] for name, values in out.items()}
        return {"step_item": item, "step": week + 1} | told


def _worth(item: Ints, money: Floats, allowed: Bools, params: ClearanceParams) -> Bools:
    """What may be done instead of the first option of its item, for the gain asked for."""
    first = np.diff(item, prepend=-1) > 0
    nothing = money[first][item]
    least = np.maximum(params.least_gain, params.least_share * np.abs(nothing))
    return np.asarray(first | (money >= nothing + least) & allowed, np.bool_)


def _next_best(options: Options, taken: Ints) -> Ints:
    """Row of the best option of each item beside the one taken, or itself where it has no other."""
    value = options.value.copy()
    value[taken] = -np.inf
    order = np.lexsort((-value, options.item))
    first = np.flatnonzero(np.diff(options.item[order], prepend=-1))
    best = order[first]
    return np.where(np.isfinite(value[best]), best, taken)
