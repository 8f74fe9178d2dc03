"""Coverage and the curve of lower bounds against simulation and shares that are counted."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.metrics.calibration import (
    coverage,
    kaplan_meier,
    kaplan_meier_curve,
    pit_bounds,
    pit_share,
)
from stockwright.distribution import Distribution


def test_a_true_forecast_of_small_counts_is_covered_as_it_says() -> None:
    mean = np.random.default_rng(5).uniform(0.1, 3.0, 40_000)
    units = np.random.default_rng(6).poisson(mean).astype(float)
    bounds = pit_bounds(Distribution(mean, mean, np.ones(len(mean))), units)
    for level in (0.5, 0.8, 0.95):
        assert coverage(*bounds, level) == pytest.approx(level, abs=0.006)


def test_a_forecast_that_is_too_narrow_is_covered_less_than_it_says() -> None:
    """The negative control: a Poisson forecast of overdispersed demand."""
    rng = np.random.default_rng(7)
    mean = np.full(20_000, 5.0)
    units = rng.poisson(rng.gamma(2.0, 2.5, 20_000)).astype(float)
    bounds = pit_bounds(Distribution(mean, mean, np.ones(20_000)), units)
    assert coverage(*bounds, 0.95) < 0.85


def test_the_share_of_pit_values_is_the_mean_of_randomized_ones() -> None:
    rng = np.random.default_rng(8)
    below = rng.uniform(0, 0.8, 50)
    above = below + rng.uniform(0.01, 0.2, 50)
    drawn = below + (above - below) * rng.random((20_000, 50))
    np.testing.assert_allclose(pit_share(below, above, 0.5), (drawn <= 0.5).mean(axis=0), atol=0.02)


def test_lower_bounds_leave_the_kaplan_meier_curve_on_the_diagonal() -> None:
    rng = np.random.default_rng(8)
    value, limit = rng.random(40_000), rng.uniform(0.2, 1.2, 40_000)
    cut = limit < value
    seen = np.minimum(value, limit)
    for level in (0.3, 0.6, 0.9):
        assert kaplan_meier(seen, seen, cut, level) == pytest.approx(level, abs=0.012)


def test_a_curve_without_lower_bounds_is_the_share_of_values() -> None:
    value = np.random.default_rng(9).random(500)
    none = np.zeros(500, bool)
    levels = np.array([0.0, 0.2, 0.7, 1.0])
    found = kaplan_meier_curve(value, value, none, levels)
    np.testing.assert_allclose(found, [(value <= level).mean() for level in levels])


def test_without_outcomes_nothing_is_told() -> None:
    none = np.zeros(0)
    assert np.isnan(coverage(none, none, 0.9))
    assert np.isnan(kaplan_meier(none, none, np.zeros(0, bool), 0.9))
