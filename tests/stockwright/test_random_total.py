"""Totals until a random step are the mixture that they say they are."""

from __future__ import annotations

import numpy as np
import pytest

from stockwright.errors import DataError
from stockwright.forecast import Forecast
from stockwright.panel import SeriesIndex
from stockwright.random_total import RandomTotal, random_total

LAST = (2, 3, 6)
CHANCE = np.array([[0.2, 0.5, 0.3], [0.0, 1.0, 0.0], [0.6, 0.0, 0.4]])


def make_forecast(scale: float = 1.0, quantum: float = 1.0) -> Forecast:
    mean = np.array([[0.4] * 8, [3.0, 2, 4, 1, 5, 2, 2, 2], [120.0] * 8]) * scale
    index = SeriesIndex(
        ("a", "b", "c"), ("x",), np.arange(3, dtype=np.int32), np.zeros(3, np.int32)
    )
    return Forecast(
        index=index,
        origin=10,
        mean=mean.astype(np.float32),
        linear_dispersion=np.full(3, 1.5 * quantum),
        step_variance=np.full(3, 0.1),
        level_variance=np.full(3, 0.2),
        quantum=np.full(3, quantum),
        model=np.zeros(3, np.uint8),
    )


@pytest.fixture(scope="module")
def total() -> RandomTotal:
    return random_total(make_forecast(), 1, LAST, CHANCE)


def test_moments_are_those_of_total_expectation_and_variance(total: RandomTotal) -> None:
    """Both held against a sum over the lattice of the mixture's probabilities."""
    points = np.arange(6000.0)
    below = np.stack([total.cdf(x) for x in points], axis=1)
    mass = np.diff(below, axis=1, prepend=0.0)
    mean = mass @ points
    assert np.allclose(total.mean, mean, rtol=1e-6)
    assert np.allclose(total.variance, mass @ points**2 - mean**2, rtol=1e-4)


def test_quantiles_are_the_first_points_that_reach_the_level(total: RandomTotal) -> None:
    """Brute force over the lattice."""
    points = np.arange(6000.0)
    below = np.stack([total.cdf(x) for x in points], axis=1)
    levels = (0.05, 0.5, 0.8, 0.95, 0.99)
    for level, found in zip(levels, total.quantile(levels).T, strict=True):
        assert np.array_equal(found, points[np.argmax(below >= level, axis=1)])


def test_a_certain_step_is_the_total_itself(total: RandomTotal) -> None:
    certain = make_forecast().total(1, 3)
    assert total.quantile(0.9)[1] == certain.quantile(0.9)[1]
    assert total.expected_shortage(8.0)[1] == pytest.approx(certain.expected_shortage(8.0)[1])


def test_shortage_and_rest_differ_by_stock_less_mean(total: RandomTotal) -> None:
    stock = np.array([2.0, 9.0, 400.0])
    difference = total.expected_left(stock) - total.expected_shortage(stock)
    assert np.allclose(difference, stock - total.mean)


def test_shortage_is_the_area_above_the_distribution_function(total: RandomTotal) -> None:
    """E[(X - s)+] is the sum of P(X > x) over x >= s on the lattice."""
    above = np.stack([1 - total.cdf(x) for x in np.arange(5.0, 6000.0)], axis=1)
    assert np.allclose(total.expected_shortage(5.0), above.sum(axis=1), rtol=1e-6)


def test_weighed_goods_scale_with_their_unit() -> None:
    """A tenth of the unit: a tenth of every quantile."""
    pieces = random_total(make_forecast(), 1, LAST, CHANCE)
    weighed = random_total(make_forecast(0.1, 0.1), 1, LAST, CHANCE)
    levels = (0.5, 0.9, 0.99)
    assert np.allclose(10 * weighed.quantile(levels), pieces.quantile(levels), atol=1.001)
    assert np.allclose(10 * weighed.mean, pieces.mean, rtol=1e-5)


def test_chances_that_are_none_are_refused() -> None:
    with pytest.raises(DataError, match="1 in sum"):
        random_total(make_forecast(), 1, LAST, np.array([0.5, 0.5, 0.5]))
    with pytest.raises(DataError, match="one row of chances"):
        RandomTotal((make_forecast().total(1, 2),), np.ones((2, 3)) / 2)
