"""What was decided for orders or transfers: quantities, what bound them, and at what price."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from replenishment.limits.prices import Limit
from replenishment.lines.rows import make_lines
from replenishment.wishes.find import Wishes
from stockwright.plan import Finding, Lines, Policy

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Outcome:
    """What was decided for some keys of the wishes.

    rows: the keys that were decided. quantity: (keys,) units of all keys, 0 for others.
    binding: (keys,) code of the limit that moved the line, "" for none. frozen: (keys,).
    prices: shadow price and use of each limit by name.
    """

    rows: Ints
    quantity: Floats
    binding: NDArray[np.object_]
    frozen: NDArray[np.bool_]
    findings: tuple[Finding, ...]
    prices: dict[str, float]

    def lines(self, wishes: Wishes, policy: Policy) -> Lines:
        """The plan lines of the keys that were decided."""
        return make_lines(wishes, policy, self.rows, self.quantity, self.binding, self.frozen)


def by_series(
    wishes: Wishes, outcomes: tuple[Outcome, ...], findings: tuple[Finding, ...], n: int
) -> tuple[Floats, NDArray[np.object_]]:
    """Units of the lines of each series, and the limit that took units from them, (series,).

    findings: those that tell why a series has no line.
    """
    units, codes = np.zeros(n), np.full(n, "", object)
    for each in outcomes:
        series = wishes.series[each.rows]
        units[series], codes[series] = each.quantity[each.rows], each.binding[each.rows]
    for found in findings:
        if found.code in ("LIMIT_CUT", "LINE_IMPOSSIBLE"):
            codes[found.series] = found.message["limit"]
    return units, codes


def shadow_prices(limits: list[Limit], prices: list[Floats]) -> dict[str, float]:
    """Highest shadow price of each limit, and how many of its groups are short."""
    parts = [
        {
            f"{limit.code}.shadow_price": float(price.max(initial=0.0)),
            f"{limit.code}.binding_groups": float((price > 0).sum()),
        }
        for limit, price in zip(limits, prices, strict=True)
    ]
    return joined_prices(*parts)


def joined_prices(*parts: dict[str, float]) -> dict[str, float]:
    """Prices of transfers and orders as one: the highest price, and all groups that are short.

    A place that both of them fill counts twice.
    """
    out: dict[str, float] = {}
    for name, value in (item for part in parts for item in part.items()):
        both = max if name.endswith(".shadow_price") else float.__add__
        out[name] = both(out[name], value) if name in out else value
    return out
