"""Orders to suppliers under their minima, the budget and the capacity to receive."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from replenishment.limits.capacity import inbound_limit
from replenishment.limits.joint import best_orders
from replenishment.limits.loading import in_trucks
from replenishment.limits.minima import Minima
from replenishment.limits.money import money_limits
from replenishment.limits.prices import Limit, Shared
from replenishment.limits.storage import storage_limits
from replenishment.limits.trucks import RAISED_TO_TRUCK, TRUCKS, Trucks
from replenishment.lines.binding import binding_codes
from replenishment.lines.outcome import Outcome, shadow_prices
from replenishment.lines.rows import cut_findings
from replenishment.network.evening import Evening
from replenishment.wishes.find import Wishes
from replenishment.wishes.lots import Worth
from replenishment.wishes.terms import said_frozen
from stockwright.network import Network
from stockwright.plan import Finding

Floats = NDArray[np.float64]

SUPPLIER_MINIMUM = "SUPPLIER_MINIMUM"


def place_orders(wishes: Wishes, evening: Evening, moved: Outcome) -> Outcome:
    """Orders of tonight, under their suppliers' minima, the money, and the room at their ends."""
    bought, params = ~wishes.transfer, evening.params
    rows = np.flatnonzero(bought)
    units = np.where(bought, said_frozen(wishes.series, wishes.lane, evening), np.nan)
    limits = [
        *money_limits(wishes, units, evening),
        inbound_limit(wishes, bought, evening, moved.quantity),
        *storage_limits(wishes, bought, evening, moved.quantity),
    ]
    frozen, fixed = np.isfinite(units), np.nan_to_num(units)
    left = [replace(each, room=np.maximum(each.room - each.use(fixed), 0.0)) for each in limits]
    worth = wishes.worth.closed(frozen | ~bought)
    wanted = np.where(bought & ~frozen, wishes.quantity, 0.0)
    minima, full = _at_minima(wishes, worth, wanted, fixed, evening)
    without = best_orders(worth, wanted, fixed, left, minima, params)
    trucks = Trucks.of(wishes, evening)
    shared = in_trucks(worth, without, fixed, left, minima, trucks, params)
    quantity = shared.quantity + fixed
    binding = binding_codes(wishes, quantity, shared, left, worth)
    gone = (wanted > 0) & (quantity <= 0)
    binding = _of_dropped(binding, gone, quantity, full, left, minima)
    _, size = worth.next_lot(shared.quantity)
    spilt = (binding == "") | trucks.spills(quantity, size)
    binding[(shared.quantity < without.quantity) & spilt] = TRUCKS
    binding[shared.quantity > np.maximum(without.quantity, wishes.asked)] = RAISED_TO_TRUCK
    return Outcome(
        rows=rows,
        quantity=quantity,
        binding=binding,
        frozen=frozen,
        findings=(
            *cut_findings(wishes, rows[~frozen[rows]], quantity, binding),
            *_below_minimum(wishes, quantity, fixed, minima, evening.network),
        ),
        prices={**shadow_prices(left, shared.prices), **_gap(shared), **trucks.figures(quantity)},
    )


def _gap(shared: Shared) -> dict[str, float]:
    """What the orders are worth, the most that any could be, and the part that lies between."""
    gap = max(shared.bound - shared.worth, 0.0)
    share = gap / shared.bound if shared.bound > 0 else 0.0
    return {"ORDERS.worth": shared.worth, "ORDERS.bound": shared.bound, "ORDERS.gap": share}


def _at_minima(
    wishes: Wishes, worth: Worth, wanted: Floats, fixed: Floats, evening: Evening
) -> tuple[Minima, Floats]:
    """The suppliers' minima, and orders that meet them, (keys,).

    Lines count at what they cost: where filling up reaches a price break the value falls, so the
    minima are met anew at the lower price until no price falls any more.
    """
    network, params = evening.network, evening.params
    supplier = np.where(wishes.transfer, -1, network.lanes.source[wishes.lane])
    base = wishes.worth.terms.unit_cost
    price = wishes.breaks.unit_cost(base, wanted + fixed)
    while True:
        minima = Minima.of(supplier, price, network.suppliers)
        full = best_orders(worth, wanted, fixed, [], minima, params).quantity
        lower = np.minimum(price, wishes.breaks.unit_cost(base, full + fixed))
        if np.array_equal(lower, price):
            return minima, full
        price = lower


def _of_dropped(
    binding: NDArray[np.object_],
    gone: NDArray[np.bool_],
    quantity: Floats,
    full: Floats,
    limits: list[Limit],
    minima: Minima,
) -> NDArray[np.object_]:
    """The codes with those of the lines that are ``gone`` with their whole supplier, (keys,).

    full: (keys,) the orders that meet every minimum, before the limits.
    """
    dropped = gone & (minima.of_keys(minima.sums(quantity)) <= 0)
    codes = np.where(dropped, _pushing(binding, full, limits, minima), binding)
    return np.where(gone & (full <= 0), SUPPLIER_MINIMUM, codes).astype(object)


def _pushing(
    binding: NDArray[np.object_], full: Floats, limits: list[Limit], minima: Minima
) -> NDArray[np.object_]:
    """The limit that pushes the supplier of each key below its minimum, (keys,).

    That is one which the supplier's lines in ``full``, the orders that meet every minimum, break:
    the one in ``binding`` if it is among them, else the first that the key or its supplier meets.
    """
    own, any_line = binding.copy(), binding.copy()
    found, found_any = np.zeros((2, len(full)), np.bool_)
    kept = found.copy()
    for limit in limits:
        broken = np.append(limit.broken(full), False)[limit.group] & (full > 0)
        around = minima.keys_of(minima.sums(broken.astype(np.float64)) > 0)
        kept |= around & (binding == limit.code)
        own[broken & ~found], any_line[around & ~found_any] = limit.code, limit.code
        found, found_any = found | broken, found_any | around
    return np.where(kept, binding, np.where(found, own, any_line))


def _below_minimum(
    wishes: Wishes, quantity: Floats, fixed: Floats, minima: Minima, network: Network
) -> tuple[Finding, ...]:
    """BELOW_MINIMUM: frozen lines are ordered though their supplier's minimum is not reached."""
    short = minima.short(quantity) & (minima.sums(fixed) > 0)
    rows = np.flatnonzero(minima.keys_of(short) & (fixed > 0))
    value, units = minima.sums(quantity * minima.cost), minima.sums(quantity)
    found = []
    for row in rows.tolist():
        code = int(minima.supplier[row])
        message: dict[str, float | str] = {
            "supplier": network.suppliers.names[code],
            "units": float(fixed[row]),
            "order_units": float(units[code]),
            "order_value": float(value[code]),
            "least_units": float(minima.units[code]),
            "least_value": float(minima.value[code]),
        }
        money = float(fixed[row] * minima.cost[row])
        found.append(Finding("BELOW_MINIMUM", "medium", int(wishes.series[row]), money, message))
    return tuple(found)
