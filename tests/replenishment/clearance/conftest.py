"""Stock on hand with plain numbers, changed at will."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from replenishment.clearance.holdings import Holdings

WEEKS = 13
Builder = Callable[..., Holdings]


def build(n: int = 1, **changes: Any) -> Holdings:
    """``n`` items of 100 units, 10 a week asked for, cost 6, price 10; nothing ends."""
    plain: dict[str, Any] = {
        "units": 100.0, "age_days": 30.0, "unit_cost": 6.0, "price": 10.0, "floor": 0.0,
        "salvage": 0.6, "holding": 0.03, "dispersion": 1.5, "level_variance": 0.1, "sold": 50.0,
        "on_order": 0.0, "weeks": WEEKS, "perishing": 0.0, "return_value": 0.0, "return_weeks": 0,
        "price_group": -1, "hit": False, "declining": False,
    }  # fmt: skip
    values = {name: np.broadcast_to(changes.get(name, each), (n,)) for name, each in plain.items()}
    demand = np.asarray(changes.get("demand", 10.0), np.float64)
    wide = demand if demand.ndim == 2 else np.broadcast_to(demand.reshape(-1, 1), (n, WEEKS))
    return Holdings(series=np.arange(n), demand=wide, **values)


@pytest.fixture(scope="session")
def holdings() -> Builder:
    """``holdings(n, **changes)``."""
    return build
