"""The night's clearance: what is done with each slow item."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from replenishment.clearance.acts import Deed, deeds
from replenishment.clearance.choose import Options, choose
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
) -> Clearance:
    """The act of most expected money for each item, under the channels' capacity and the budget.

    holdings: the slow items. grade, cover_days, listed, response: of them; see ``deeds``.
    """
    if not len(holdings):
        return Clearance.none()
    done = deeds(holdings, grade, listed, response, channels, params)
    item, deed, row = _places(done)
    parts = [np.concatenate([getattr(each, name) for each in done]) for name in _MONEY]
    order = np.lexsort((deed, item))
    order = order[_worth(item[order], parts[0][order], params)]
    money, used, discount = (part[order] for part in parts)
    item, deed, row = item[order], deed[order], row[order]
    channel = np.array([each.channel for each in done])[deed]
    options = Options(item, money, channel, used, discount)
    taken = choose(options, channels.capacity, params.discount_budget).option
    others = _next_best(options, taken)
    acts = np.array([int(each.act) for each in done])[deed]
    names = np.array([*channels.names, ""], dtype=object)
    first = np.flatnonzero(np.diff(item, prepend=-1))
    left = np.concatenate([each.left for each in done])[order]
    act = acts[taken]
    return Clearance(
        series=holdings.series,
        grade=np.asarray(grade, object),
        act=act,
        channel=names[channel[taken]],
        units=holdings.units,
        age_days=holdings.age_days,
        cover_days=np.asarray(cover_days, np.float64),
        ends=holdings.ending,
        unit_cost=holdings.unit_cost,
        price=holdings.price,
        floor=holdings.floor,
        recovery=money[taken],
        nothing=money[first],
        next_act=acts[others],
        next_recovery=money[others],
        discount=discount[taken],
        left=left[taken],
        cancelled=np.where(act == Act.KEEP, 0.0, holdings.on_order),
        **_steps(done, deed[taken], row[taken]),
    )


_MONEY = ("money", "used", "discount")


def _worth(item: Ints, money: Floats, params: ClearanceParams) -> NDArray[np.bool_]:
    """What is done instead of the first option of its item only for the gain asked for."""
    first = np.diff(item, prepend=-1) > 0
    nothing = money[first][item]
    least = np.maximum(params.least_gain, params.least_share * np.abs(nothing))
    return np.asarray(first | (money >= nothing + least), np.bool_)


def _places(done: list[Deed]) -> tuple[Ints, Ints, Ints]:
    """Item, deed and row within the deed of everything that could be done."""
    count = np.array([len(each.item) for each in done])
    deed = np.repeat(np.arange(len(done)), count)
    row = np.concatenate([np.arange(each) for each in count])
    return np.concatenate([each.item for each in done]), deed, row


def _next_best(options: Options, taken: Ints) -> Ints:
    """Row of the best option of each item beside the one taken, or itself where it has no other."""
    value = options.value.copy()
    value[taken] = -np.inf
    order = np.lexsort((-value, options.item))
    first = np.flatnonzero(np.diff(options.item[order], prepend=-1))
    best = order[first]
    return np.where(np.isfinite(value[best]), best, taken)


def _steps(done: list[Deed], deed: Ints, row: Ints) -> dict[str, Any]:
    """The weeks of the acts taken, item by item."""
    weeks = done[0].price.shape[1]
    shape = (len(deed), weeks)
    price, units, recovery = np.empty(shape), np.empty(shape), np.empty(shape)
    for code, each in enumerate(done):
        mine = np.flatnonzero(deed == code)
        for out, values in ((price, each.price), (units, each.units), (recovery, each.recovery)):
            out[mine] = values[row[mine]]
    item, week = np.nonzero(np.isfinite(price))
    return {
        "step_item": item, "step": week + 1, "step_price": price[item, week],
        "step_units": units[item, week], "step_recovery": recovery[item, week],
    }  # fmt: skip
