"""Holdings are checked once, and cut by rows."""

from __future__ import annotations

import numpy as np
import pytest

from stockwright.errors import DataError


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"units": 0.0}, "units must be > 0"),
        ({"unit_cost": np.nan}, "unit_cost must be finite"),
        ({"salvage": -1.0}, "salvage must be finite and >= 0"),
        ({"price": -1.0}, "price must be finite and >= 0"),
        ({"dispersion": 0.9}, "dispersion must be >= 1"),
        ({"weeks": 14}, "weeks must be in 0 ... 13"),
        ({"return_weeks": -1}, "return_weeks must be >= 0"),
        ({"price_group": -3}, "price_group must be >= -2"),
        ({"demand": np.full((2, 13), np.nan)}, "demand must be finite"),
        ({"demand": np.ones((3, 13))}, "demand has shape"),
        ({"demand": np.ones((2, 0))}, "demand has shape"),
    ],
)
def test_a_figure_that_cannot_be_is_refused_by_name(holdings, change, what) -> None:
    with pytest.raises(DataError, match=what.replace("(", r"\(")):
        holdings(2, **change)


def test_unknown_age_and_price_are_known_to_be_unknown(holdings) -> None:
    stock = holdings(2, age_days=np.nan, price=np.nan)
    assert np.isnan(stock.age_days).all()
    assert np.isnan(stock.price).all()


def test_some_items_keep_all_of_theirs(holdings) -> None:
    stock = holdings(3, units=np.array([1.0, 2, 3]), weeks=np.array([13, 2, 0]))
    part = stock.take(np.array([1, 2]))
    np.testing.assert_array_equal(part.series, [1, 2])
    np.testing.assert_array_equal(part.value, [12, 18])
    np.testing.assert_array_equal(stock.ending, [False, True, True])
    assert part.demand.shape == (2, 13)
