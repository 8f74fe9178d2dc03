"""Many small exceptions of one cause, put together so that a person can read them.

Every line carries its own cut and limit, and every key its decision: nothing is lost here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

LIMIT_CUT, LIMIT_CUT_REST = "LIMIT_CUT", "LIMIT_CUT_REST"
#: Cuts are named one by one until they make up this share of a limit's money, and no more than so
#: many of them.
NAMED_SHARE, MOST_NAMED = 0.8, 50
#: What many keys of one location say in the same words, as it is the location's matter or is in
#: the decision of every key: so many are named, the rest is counted.
SAME, SAME_REST, MOST_ALIKE = ("NO_LANE", "STALE_STOCK", "STOCK_UNKNOWN"), "SAME_REST", 20


class Row(NamedTuple):
    """One exception before its texts: ``series`` is -1 where the key is none of the night's."""

    code: str
    severity: str
    series: int
    sku: str
    location: str
    money: float
    message: dict[str, Any]


def condensed(rows: Sequence[Row]) -> list[Row]:
    """The rows with the smaller cuts of each limit counted in one row, LIMIT_CUT_REST, and with
    those that say the same of many keys of a location in one, SAME_REST.
    """
    rows = _counted(rows)
    limits = sorted({_limit(row) for row in rows if row.code == LIMIT_CUT})
    out = [row for row in rows if row.code != LIMIT_CUT]
    for limit in limits:
        cuts = [row for row in rows if row.code == LIMIT_CUT and _limit(row) == limit]
        out += _of_one_limit(limit, cuts)
    return out


def _counted(rows: Sequence[Row]) -> list[Row]:
    """The rows with what is alike beyond the first, by money, counted for each location."""
    out = [row for row in rows if row.code not in SAME]
    alike: dict[tuple[str, str, str], list[Row]] = {}
    for row in (row for row in rows if row.code in SAME):
        alike.setdefault((row.code, row.location, repr(row.message)), []).append(row)
    for (code, location, _), same in sorted(alike.items()):
        same.sort(key=lambda row: (-row.money, row.sku))
        rest = same[MOST_ALIKE:]
        if len(rest) < 2:
            out += same
            continue
        counts = {"alike": code, "keys": len(rest), "named": MOST_ALIKE, "group": code}
        money = float(sum(row.money for row in rest))
        out += [*same[:MOST_ALIKE], Row(SAME_REST, "low", -1, "", location, money, counts)]
    return out


def _limit(row: Row) -> str:
    return str(row.message.get("limit", ""))


def _of_one_limit(limit: str, cuts: list[Row]) -> list[Row]:
    """The largest cuts of a limit, and the rest of them in one row."""
    cuts = sorted(cuts, key=lambda row: (-row.money, row.sku, row.location))
    before = np.cumsum([0.0, *(row.money for row in cuts)])
    wanted = int((before[:-1] < NAMED_SHARE * before[-1]).sum())
    named = max(min(wanted, MOST_NAMED), 1)
    rest = cuts[named:]
    if len(rest) < 2:
        return cuts
    money = float(sum(row.money for row in rest))
    counts: dict[str, Any] = {
        "limit": limit,
        "keys": len(rest),
        "skus": len({row.sku for row in rest}),
        "units": float(sum(float(row.message.get("units", 0.0)) for row in rest)),
        "named": named,
        "group": limit,
    }
    return [*cuts[:named], Row(LIMIT_CUT_REST, "low", -1, "", "", money, counts)]
