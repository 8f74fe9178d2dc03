"""What a planner's limit of clearance costs is told of the item that it limits."""

from __future__ import annotations

import numpy as np

from pipelines.night.clearing_overruled import clearance_overruled
from replenishment.clearance.bundles import Bundles
from replenishment.clearance.holdings import Holdings
from replenishment.clearance.params import Channels, ClearanceParams
from replenishment.clearance.rules import Rules
from stockwright.price_response import PriceResponse

WEEKS = 13


def _group(grade: list[str]) -> Holdings:
    """Articles of one price group that hardly sell and end with the weeks but one."""
    n = len(grade)
    one, none = np.ones(n), np.zeros(n)
    return Holdings(
        series=np.arange(n) + 5, units=100 * one, age_days=90 * one, unit_cost=6 * one,
        price=10 * one, floor=none, salvage=0.6 * one, holding=none, dispersion=1.5 * one,
        level_variance=0.1 * one, sold=50 * one, on_order=none, weeks=np.full(n, WEEKS - 1),
        perishing=none, return_value=5 * one, return_weeks=np.full(n, 4),
        price_group=none.astype(np.int64), hit=np.zeros(n, np.bool_),
        declining=np.zeros(n, np.bool_), demand=np.ones((n, WEEKS)),
    )  # fmt: skip


def _told(grade: list[str], most: list[float]) -> list[tuple[int, float]]:
    """Series and limit of each finding."""
    n, items = len(grade), _group(grade)
    found = clearance_overruled(
        items, np.array(grade, object), items.price,
        PriceResponse(np.full(n, 2.5), np.full(n, 0.3)), Channels(), ClearanceParams(),
        Rules.of(np.array(most)), Bundles.none(n),
    )  # fmt: skip
    return [(each.series, float(each.message["most"])) for each in found]


def test_what_only_shares_the_price_of_slow_goods_costs_nothing() -> None:
    """The limit of an article that is not slow is not taken for that of the slow one after it."""
    assert _told(["A"], [20.0]) == [(5, 20.0)]
    assert _told(["", "A"], [30.0, 20.0]) == [(6, 20.0)]
    assert _told([""], [30.0]) == []
