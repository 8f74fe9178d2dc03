"""Stock of feeding locations shared out tonight among the keys that they feed.

What each key would like is moved while the source has it. Where it has not, lots go where the next
one is worth most, which for concave worth is the best split (Fox 1966); demand of the source's own
customers takes part with what keeping a unit back is worth. A floor goes before that, if there is
one.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from replenishment.limits.capacity import inbound_limit, outbound_limit
from replenishment.limits.prices import Limit, Shared, share
from replenishment.limits.storage import storage_limits
from replenishment.lines.binding import binding_codes
from replenishment.lines.floor import ALLOCATION_FLOOR, floor_units, share_above
from replenishment.lines.outcome import Outcome, shadow_prices
from replenishment.lines.promised import source_limit, source_of
from replenishment.lines.rows import cut_findings
from replenishment.needs.find import find_needs, join_needs
from replenishment.needs.keys import Keys
from replenishment.network.evening import Evening
from replenishment.wishes.find import Wishes
from replenishment.wishes.lots import LotTerms, Worth
from replenishment.wishes.terms import said_frozen

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def move_stock(wishes: Wishes, evening: Evening, leaving: Floats) -> Outcome:
    """Transfers of tonight down the chosen lanes, under the stock of their sources and the room.

    leaving: (keys,) units that go sideways.
    """
    rows = np.flatnonzero(wishes.transfer)
    units, source = said_frozen(wishes.series, wishes.lane, evening), source_of(wishes, evening)
    decided = np.isfinite(units) | wishes.transfer
    limits = [
        source_limit(wishes, evening),
        inbound_limit(wishes, decided, evening, None),
        *storage_limits(wishes, decided, evening, None),
        outbound_limit(wishes, source, evening, leaving),
    ]
    # Frozen orders keep their room to receive.
    frozen, fixed = np.isfinite(units), np.nan_to_num(units)
    wanted = np.where(wishes.transfer & ~frozen & (source >= 0), wishes.quantity, 0.0)
    left = [replace(each, room=np.maximum(each.room - each.use(fixed), 0.0)) for each in limits]
    sells = evening.forecast.expected.max(axis=1) > 0
    keepers = np.flatnonzero((left[0].use(wanted) > 0) & sells)
    worth, asked, grown = _with_keepers(wishes, keepers, wanted, left, evening)
    shared, moved = _shared(worth, wanted, asked, grown, evening.params.floor)
    quantity = shared.quantity[: len(source)] + np.where(wishes.transfer, fixed, 0.0)
    binding = binding_codes(wishes, quantity, shared, grown, worth)
    binding[moved[: len(source)]] = ALLOCATION_FLOOR
    return Outcome(
        rows=rows,
        quantity=quantity,
        binding=binding,
        frozen=frozen,
        findings=cut_findings(wishes, rows[~frozen[rows]], quantity, binding),
        prices=shadow_prices(limits, shared.prices),
    )


def room_left(wishes: Wishes, evening: Evening, sent: Floats) -> list[Limit]:
    """What places can still take of transfers when ``sent``, (keys,), is on its way to them."""
    everyone = wishes.transfer | np.isfinite(said_frozen(wishes.series, wishes.lane, evening))
    limits = [
        inbound_limit(wishes, everyone, evening, None),
        *storage_limits(wishes, everyone, evening, None),
    ]
    return [replace(each, room=np.maximum(each.room - each.use(sent), 0.0)) for each in limits]


def _shared(
    worth: Worth, wanted: Floats, asked: Floats, limits: list[Limit], floor: float
) -> tuple[Shared, NDArray[np.bool_]]:
    """The transfers of most worth above the floor, and those that the floor has moved.

    wanted: (transfers,). asked: the same and, behind it, what sources may keep; they have no floor.
    """
    plain = share(worth, asked, limits)
    short = limits[0].broken(asked)
    if floor <= 0 or not short.any():
        return plain, np.zeros(len(asked), np.bool_)
    lines = np.where(np.arange(len(asked)) < len(wanted), asked, 0.0)
    base = floor_units(lines, limits[0], short, worth.terms, floor)
    above = share_above(worth, asked, limits, base)
    return above, np.abs(above.quantity - plain.quantity) > 1e-9


def _with_keepers(
    wishes: Wishes, keepers: Ints, wanted: Floats, limits: list[Limit], evening: Evening
) -> tuple[Worth, Floats, list[Limit]]:
    """The transfers, and behind them a line for what each source may keep for its own demand.

    Keeping back is worth what it saves until the transfers of tonight have been used up.
    """
    if not len(keepers):
        return wishes.worth, wanted, limits
    forecast = evening.forecast
    span = np.ones(forecast.index.n_series, np.int64)
    moved = limits[0].group >= 0
    np.maximum.at(span, limits[0].group[moved], (wishes.lead_time + wishes.review)[moved])
    review = np.minimum(span[keepers], forecast.horizon)
    own = find_needs(forecast.take(keepers), _kept_keys(keepers, review, evening), evening.params)
    needs = join_needs([wishes.needs, own], np.arange(len(wishes.series) + len(keepers)))
    lot = forecast.quantum[keepers]
    life = review.astype(np.float64)
    kept = LotTerms(lot, lot, limits[0].room[keepers], 0 * lot, life, np.ones(len(lot)))
    worth = Worth(needs, wishes.worth.terms.joined(kept))
    asked = np.concatenate([wanted, worth.best()[len(wanted) :]])
    outside = np.full(len(keepers), -1)
    groups = (keepers, *(outside for _ in limits[1:]))
    grown = [
        replace(
            limit,
            group=np.concatenate([limit.group, group]),
            weight=np.concatenate([limit.weight, np.ones(len(keepers))]),
        )
        for limit, group in zip(limits, groups, strict=True)
    ]
    return worth, asked, grown


def _kept_keys(keepers: Ints, review: Ints, evening: Evening) -> Keys:
    """Own demand of sources over the life of tonight's transfers, with no stock yet."""
    nothing, items = np.zeros(len(keepers)), evening.network.items
    no_arrivals = np.zeros((len(keepers), 0))
    return Keys(
        lead_time=nothing.astype(np.int64),
        review=review,
        lead_time_sd=nothing,
        on_hand=nothing,
        arrival_steps=no_arrivals.astype(np.int64),
        arrival_units=no_arrivals,
        holding=items.holding_cost[keepers],
        shortage=items.shortage_cost[keepers],
        overage=nothing,
        ends=np.full(len(keepers), evening.forecast.horizon + 1),
        service_level=items.service_level[keepers],
        fill_rate=items.fill_rate[keepers],
    )
