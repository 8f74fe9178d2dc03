"""A night whose tables hold one key, sold once a day, as rows to change."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

NIGHT = date(2024, 3, 10)  # a Sunday
TONIGHT = NIGHT.isoformat()


def on(offset: int) -> str:
    """The date ``offset`` days after the night."""
    return (NIGHT + timedelta(days=offset)).isoformat()


def stock_row(**fields: Any) -> dict[str, Any]:
    """A row of ``inventory``."""
    return {"sku": "a", "location": "X", "on_hand": 10, "date": TONIGHT, **fields}


SALES = [{"date": on(-d), "sku": "a", "location": "X", "units": 1} for d in range(20)]
