"""Figures of today that no key of its size has: named, and nothing is ordered on them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.config.model import GatesConfig
from pipelines.pulse.state import PulseState
from pipelines.pulse.today import Today

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Implausible:
    """One figure per key, by key; all (figures,): its table, its units and the most plausible."""

    key: Ints
    table: NDArray[np.object_]
    units: Floats
    most: Floats


def implausible_today(state: PulseState, today: Today, gates: GatesConfig) -> Implausible:
    """Units of one order, held or received beyond what a key's own forecast lets expect.

    That is ``gates.plausible_ratio`` times the forecast of today, or as many units where it is
    below one, and at most ``gates.plausible_units``. Of several figures of a key the sale is named.
    """
    mean = np.maximum(state.daily["mean"][:, 0], 1.0)
    most = np.minimum(gates.plausible_ratio * mean, gates.plausible_units)
    order = np.zeros(len(state))
    np.maximum.at(order, today.order_key, today.order_units)
    tables = {"sales_today": order, "reservations": today.held, "received": today.received}
    rows = [np.flatnonzero(units > most) for units in tables.values()]
    names = np.repeat(np.array(list(tables), object), [len(each) for each in rows])
    units = np.concatenate([u[each] for u, each in zip(tables.values(), rows, strict=True)])
    key, first = np.unique(np.concatenate(rows), return_index=True)
    return Implausible(key.astype(np.int64), names[first], units[first], most[key])
