"""Trace minimization against hierarchicalforecast, least squares and its own rules."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from forecasting.levels.reconcile import multipliers, reconciled, sums_covariance

#: total, first two, last two of four series.
MEMBERS = np.array([[1, 1, 1, 1], [1, 1, 0, 0], [0, 0, 1, 1]], np.float64)


def residuals() -> np.ndarray:
    """Residuals of total, two groups and four series over twelve periods."""
    t = np.arange(12)
    rows = [(k + 1) * np.sin(1.3 * t + k) + 0.5 * ((t * (k + 2)) % 3 - 1) for k in range(7)]
    return np.stack(rows)


def test_reconciled_has_the_numbers_of_hierarchicalforecast() -> None:
    """hierarchicalforecast 1.5.3, MinTrace(method="wls_var") with these residuals."""
    variance = (residuals() ** 2).mean(axis=1)
    parts, own = np.array([30.0, 20.0, 45.0, 15.0]), np.array([130.0, 55.0, 60.0])
    found = reconciled(MEMBERS, parts, variance[3:], own, variance[:3])
    assert np.allclose(found, [33.26709907, 25.72633598, 48.91603905, 20.22129344], atol=1e-6)


def test_reconciled_is_weighted_least_squares_over_all_levels() -> None:
    rng = np.random.default_rng(1)
    members = (rng.random((3, 9)) < 0.5) * 1.0
    parts, variance = rng.gamma(2, 5, 9), rng.gamma(2, 3, 9)
    own, own_variance = members @ parts * rng.uniform(0.8, 1.3, 3), rng.gamma(2, 9, 3)
    design = np.vstack([members, np.eye(9)])
    weight = 1 / np.concatenate([own_variance, variance])
    target = np.concatenate([own, parts])
    expected = np.linalg.solve(design.T * weight @ design, design.T * weight @ target)
    assert np.allclose(reconciled(members, parts, variance, own, own_variance), expected)


def test_forecasts_that_agree_stay_as_they_are() -> None:
    parts = np.array([3.0, 4.0, 5.0, 6.0])
    found = reconciled(MEMBERS, parts, np.ones(4), MEMBERS @ parts, np.ones(3))
    assert np.allclose(found, parts)


def test_a_certain_total_is_met_and_an_uncertain_one_ignored() -> None:
    parts, total = np.array([10.0, 20.0]), np.ones((1, 2))
    certain = reconciled(total, parts, parts, np.array([45.0]), np.array([1e-9]))
    doubtful = reconciled(total, parts, parts, np.array([45.0]), np.array([1e12]))
    assert certain.sum() == pytest.approx(45.0)
    assert certain[0] / certain.sum() == pytest.approx(1 / 3)
    assert np.allclose(doubtful, parts)


def test_a_shared_error_is_the_covariance_of_simulated_sums() -> None:
    """Each part misses by its own noise and by a factor that all have in common."""
    rng = np.random.default_rng(4)
    parts, variance, shared = np.array([5.0, 10.0, 20.0, 2.0]), np.array([2.0, 3.0, 9.0, 1.0]), 0.04
    common = 1 + np.sqrt(shared) * rng.standard_normal((400_000, 1))
    draws = parts * common + np.sqrt(variance) * rng.standard_normal((400_000, 4))
    found = sums_covariance(MEMBERS, parts, variance, shared)
    assert np.allclose(found, np.cov((draws @ MEMBERS.T).T), rtol=0.02)
    assert np.allclose(sums_covariance(sparse.csr_array(MEMBERS), parts, variance, shared), found)


def test_a_shared_error_lets_the_total_move_all_parts_alike() -> None:
    """With no noise of their own, parts follow the total in proportion: top-down."""
    parts = np.array([10.0, 30.0])
    total = np.ones((1, 2))
    covariance = sums_covariance(total, parts, np.zeros(2), 0.01)
    asked = multipliers(covariance, np.array([1e-9]), np.array([8.0]))
    moved = parts * (1 + 0.01 * (total @ parts) @ asked)
    assert np.allclose(moved, parts * 1.2)
