"""The metrics of the forecast benchmark against hand numbers, brute force and simulation."""

import sys
from pathlib import Path

import numpy as np
import pytest

from stockwright.distribution import Distribution

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks" / "forecasting"


@pytest.fixture(scope="module")
def score():
    sys.path.insert(0, str(FOLDER))
    try:
        import score as found

        yield found
    finally:
        sys.path.remove(str(FOLDER))
        sys.modules.pop("score", None)


def test_pinball_of_a_hand_example(score):
    quantile = np.array([[10.0, 20.0], [10.0, 20.0]])
    # Outcome 14: 0.5 * 4 + 0.1 * 6; outcome 25: 0.5 * 15 + 0.9 * 5.
    found = score.pinball(quantile, np.array([14.0, 25.0]), (0.5, 0.9))
    np.testing.assert_allclose(found, [2.6, 12.0])


def test_the_true_quantile_costs_less_than_any_other(score):
    sample = np.random.default_rng(3).gamma(2.0, 5.0, 20_000)
    candidates = np.linspace(5, 30, 101)
    cost = [score.pinball(np.full((20_000, 1), q), sample, (0.8,)).sum() for q in candidates]
    assert candidates[int(np.argmin(cost))] == pytest.approx(np.quantile(sample, 0.8), abs=0.3)


def test_a_true_forecast_of_small_counts_is_covered_as_it_says(score):
    mean = np.random.default_rng(5).uniform(0.1, 3.0, 40_000)
    units = np.random.default_rng(6).poisson(mean).astype(float)
    bounds = score.pit_bounds(Distribution(mean, mean, np.ones(len(mean))), units)
    for level in (0.5, 0.8, 0.95):
        assert score.coverage(*bounds, level) == pytest.approx(level, abs=0.006)


def test_lower_bounds_leave_the_kaplan_meier_curve_on_the_diagonal(score):
    rng = np.random.default_rng(8)
    value, limit = rng.random(40_000), rng.uniform(0.2, 1.2, 40_000)
    cut = limit < value
    seen = np.minimum(value, limit)
    for level in (0.3, 0.6, 0.9):
        assert score.kaplan_meier(seen, seen, cut, level) == pytest.approx(level, abs=0.012)


def test_a_curve_without_lower_bounds_is_the_share_of_values(score):
    value = np.random.default_rng(9).random(500)
    none = np.zeros(500, bool)
    assert score.kaplan_meier(value, value, none, 0.7) == pytest.approx((value <= 0.7).mean())


def test_the_bootstrap_interval_holds_the_ratio_and_narrows_with_more_series(score):
    rng = np.random.default_rng(4)
    top, bottom = rng.gamma(2, 1, 4000), rng.gamma(2, 2, 4000)
    ratio, low, high = score.ratio_interval(top, bottom)
    few = score.ratio_interval(top[:100], bottom[:100])
    assert low < ratio < high
    assert ratio == pytest.approx(top.sum() / bottom.sum())
    assert high - low < few[2] - few[1]


def test_sums_by_series_are_those_of_a_loop(score):
    key = np.array([7, 3, 7, 9, 3], np.uint64)
    (found,) = score.by_series(key, np.array([1.0, 2.0, 4.0, 8.0, 16.0]))
    np.testing.assert_array_equal(found, [18.0, 5.0, 8.0])
