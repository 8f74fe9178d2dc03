"""Stock that does not sell: what each slow grade holds, and which items a person should look at."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.publish.night import Night
from replenishment.clearance.health import cover_band
from replenishment.clearance.slow_grades import SlowGrade, slow_units
from stockwright.plan import Finding

Floats = NDArray[np.float64]
# Days of cover beyond this are said to be more than it.
_MOST_DAYS = 3650.0
_SEVERITY = {SlowGrade.S: "high", SlowGrade.A: "medium", SlowGrade.B: "medium", SlowGrade.C: "low"}


def slow_shares(night: Night) -> dict[str, dict[str, float | int]]:
    """Of each slow grade, S to C: items; value, its stock at cost, and share, that of all stock on
    hand; left_value and left_share, what of it is not expected to sell in time, at cost; holding,
    what it still costs to hold. Empty where nobody looked.
    """
    if night.slow is None:
        return {}
    holdings, health, grade = night.slow.holdings, night.slow.health, night.slow.grade
    whole = float(health.value.sum())
    left = np.minimum(slow_units(holdings, health), holdings.units) * holdings.unit_cost
    out: dict[str, dict[str, float | int]] = {}
    for each in [one for one in SlowGrade if one]:
        rows = grade == each
        value = float(health.value[rows].sum())
        out[each.name] = {
            "items": int(rows.sum()),
            "value": round(value, 2),
            "share": round(value / whole, 4) if whole > 0 else 0.0,
            "left_value": round(float(left[rows].sum()), 2),
            "left_share": round(float(left[rows].sum()) / whole, 4) if whole > 0 else 0.0,
            "holding": round(float(health.holding[rows].sum()), 2),
        }
    return out


def slow_findings(night: Night) -> list[Finding]:
    """COVER_ABOVE_THRESHOLD and, of goods whose end comes, LEFT_AT_THE_END, for every slow item.

    Money: the units not expected to sell in time, at cost. Of goods whose end is over
    STOCK_AFTER_END speaks.
    """
    if night.slow is None:
        return []
    ended = night.situation.network.items.ends <= night.forecast.origin
    slow = np.flatnonzero((night.slow.grade > 0) & ~ended[night.slow.holdings.series])
    holdings, grade = night.slow.holdings.take(slow), night.slow.grade[slow]
    left = np.minimum(slow_units(night.slow.holdings, night.slow.health)[slow], holdings.units)
    early, late = cover_band(holdings)
    columns = {
        "units": holdings.units.tolist(),
        "left": left.tolist(),
        "cover": _day_texts(night.slow.health.cover_days[slow]),
        "early": _day_texts(early),
        "late": _day_texts(late),
        "threshold": night.slow.threshold[slow].tolist(),
        "weeks": holdings.weeks.tolist(),
        "grade": [SlowGrade(code).name for code in grade.tolist()],
    }
    money = (left * holdings.unit_cost).tolist()
    rows: Any = zip(*columns.values(), strict=True)
    return [
        Finding(
            "LEFT_AT_THE_END" if ending else "COVER_ABOVE_THRESHOLD",
            _SEVERITY[SlowGrade(code)],
            series,
            stake,
            dict(zip(columns, row, strict=True)),
        )
        for series, code, ending, stake, row in zip(
            holdings.series.tolist(), grade.tolist(), holdings.ending.tolist(), money, rows,
            strict=True,
        )
    ]  # fmt: skip


def _day_texts(days: Floats) -> list[str]:
    """Whole days, ">3650" where there are more."""
    return [f"{day:.0f}" if day <= _MOST_DAYS else f">{_MOST_DAYS:.0f}" for day in days.tolist()]
