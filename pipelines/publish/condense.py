"""Many small exceptions of one cause, put together so that a person can read them.

Every line carries its own cut and limit, and every key its decision: nothing is lost here.
The same holds of stock that does not sell.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

#: Codes of which the smaller rows are counted in one row of the code with ``REST`` behind it: cuts
#: of each limit by themselves.
MANY = (
    *("LIMIT_CUT", "COVER_ABOVE_THRESHOLD", "LEFT_AT_THE_END"),
    *("COST_UNKNOWN", "SOLD_AT_A_LOSS", "STOCK_AFTER_END"),
    *("FORECAST_DRIFT", "FORECAST_FALLBACK"),
)
REST = "_REST"
#: Rows are named one by one until they make up this share of their money, and no more than so many
#: of them.
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
    """The rows with the smaller ones of each code of MANY, and limit, counted in one row, and with
    those that say the same of many keys of a location in one, SAME_REST.
    """
    rows = _counted(rows)
    out = [row for row in rows if row.code not in MANY]
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        if row.code in MANY:
            groups.setdefault((row.code, _limit(row)), []).append(row)
    for _, group in sorted(groups.items()):
        out += _of_one_cause(group)
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


def _of_one_cause(rows: list[Row]) -> list[Row]:
    """The largest rows of one code and limit, and the rest of them in one row."""
    code, limit = rows[0].code, _limit(rows[0])
    cuts = sorted(rows, key=lambda row: (-row.money, row.sku, row.location))
    before = np.cumsum([0.0, *(row.money for row in cuts)])
    wanted = int((before[:-1] < NAMED_SHARE * before[-1]).sum())
    named = max(min(wanted, MOST_NAMED), 1)
    rest = cuts[named:]
    if len(rest) < 2:
        return cuts
    money = float(sum(row.money for row in rest))
    counts: dict[str, Any] = {
        **({"limit": limit} if limit else {}),
        "keys": len(rest),
        "skus": len({row.sku for row in rest}),
        "units": float(sum(float(row.message.get("units", 0.0)) for row in rest)),
        "named": named,
        "group": limit,
    }
    return [*cuts[:named], Row(code + REST, "low", -1, "", "", money, counts)]
