"""What a night no longer buys because it is only sold at a loss."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from pipelines.night.clearing import _at_a_loss


def _situation(price: list[list[float]], listed: list[float], cost: list[float]) -> Any:
    """Series with the prices of tonight and of the days ahead."""
    told = np.asarray(price, np.float32)
    n = len(cost)
    return SimpleNamespace(
        panel=SimpleNamespace(origin=0, covariates=SimpleNamespace(price=told)),
        network=SimpleNamespace(
            items=SimpleNamespace(price=np.asarray(listed), unit_cost=np.asarray(cost))
        ),
        overrides=SimpleNamespace(
            clearance_frozen=np.zeros(n, np.bool_), clearance_units=np.full(n, np.nan)
        ),
    )


def test_a_price_that_is_the_cost_is_no_loss() -> None:
    """9.9 in single precision is a little less than 9.9 in double precision."""
    found = _at_a_loss(_situation([[1, 9.9, 9.9], [1, 9.8, 9.8]], [12.0, 12.0], [9.9, 9.9]))
    assert found.tolist() == [False, True]


def test_days_without_a_planned_price_have_the_list_price() -> None:
    nan = np.nan
    price = [[1, 5, nan], [1, 5, nan], [1, nan, nan], [1, nan, nan], [1, 8, nan]]
    listed = [8.0, 6.0, 8.0, nan, 6.0]
    assert _at_a_loss(_situation(price, listed, [7.0] * 5)).tolist() == [
        False, True, False, False, False,
    ]  # fmt: skip


def test_one_row_of_prices_that_all_share_is_that_of_each() -> None:
    found = _at_a_loss(_situation([[1, np.nan, np.nan]], [8.0, 6.0, np.nan], [7.0] * 3))
    assert found.tolist() == [False, True, False]
