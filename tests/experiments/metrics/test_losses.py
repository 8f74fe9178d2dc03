"""Losses against scikit-learn, closed forms, sums over the lattice and the formula of samples."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats
from sklearn.metrics import mean_pinball_loss

from experiments.metrics.losses import LEVELS, crps, pinball
from stockwright.distribution import Distribution


def test_pinball_of_a_hand_example() -> None:
    quantile = np.array([[10.0, 20.0], [10.0, 20.0]])
    # Outcome 14: 0.5 * 4 + 0.1 * 6; outcome 25: 0.5 * 15 + 0.9 * 5.
    found = pinball(quantile, np.array([14.0, 25.0]), (0.5, 0.9))
    np.testing.assert_allclose(found, [2.6, 12.0])


def test_pinball_equals_that_of_scikit_learn_summed_over_levels() -> None:
    rng = np.random.default_rng(1)
    quantile, units = np.sort(rng.gamma(2, 3, (400, 5)), axis=1), rng.gamma(2, 3, 400)
    theirs = sum(
        mean_pinball_loss(units, quantile[:, place], alpha=level)
        for place, level in enumerate(LEVELS)
    )
    assert pinball(quantile, units).mean() == pytest.approx(theirs)


def test_the_true_quantile_costs_less_than_any_other() -> None:
    sample = np.random.default_rng(3).gamma(2.0, 5.0, 20_000)
    candidates = np.linspace(5, 30, 101)
    cost = [pinball(np.full((20_000, 1), q), sample, (0.8,)).sum() for q in candidates]
    assert candidates[int(np.argmin(cost))] == pytest.approx(np.quantile(sample, 0.8), abs=0.3)


def negative_binomial(mean: float, variance: float, n: int) -> Distribution:
    return Distribution(np.full(n, mean), np.full(n, variance), np.ones(n))


@pytest.mark.parametrize(("mean", "variance"), [(0.4, 0.7), (6.0, 18.0), (250.0, 9000.0)])
def test_crps_of_a_negative_binomial_is_that_of_its_closed_form(mean, variance) -> None:
    """Wei & Held (2014), section 2: with the hypergeometric function 2F1, transformed by Pfaff."""
    p = mean / variance
    size = mean * p / (1 - p)
    units = np.array([0.0, round(mean), round(mean + 2 * variance**0.5)])
    first = units * (2 * stats.nbinom.cdf(units, size, p) - 1)
    inner = p * (2 * stats.nbinom.cdf(units - 1, size + 1, p) - 1)
    far = -4 * (1 - p) / p**2
    spread = special.hyp2f1(1 - size, 0.5, 2, far / (far - 1)) / np.sqrt(1 - far)
    closed = first - size * (1 - p) / p**2 * (inner + spread)
    found = crps(negative_binomial(mean, variance, 3), units)
    np.testing.assert_allclose(found, closed, rtol=0.01, atol=0.005 * variance**0.5)


def test_crps_with_a_tail_is_the_sum_of_squares_over_the_lattice() -> None:
    total = Distribution(
        np.full(4, 9.0), np.full(4, 60.0), np.full(4, 1.0), np.full(4, 0.05), np.full(4, 3.0)
    )
    units, lattice = np.array([0.0, 7.0, 12.0, 40.0]), np.arange(400.0)
    cdf = np.stack([total.cdf(k) for k in lattice], axis=1)
    brute = ((cdf - (units[:, None] <= lattice)) ** 2).sum(axis=1)
    np.testing.assert_allclose(crps(total, units), brute, rtol=0.01, atol=0.04)


def test_crps_is_that_of_a_large_sample() -> None:
    """The formula of ensembles: mean |x - y| - mean |x - x'| / 2."""
    total = negative_binomial(20.0, 90.0, 1)
    rng = np.random.default_rng(4)
    p = 20.0 / 90.0
    sample = np.sort(rng.negative_binomial(20 * p / (1 - p), p, 200_000)).astype(float)
    n = len(sample)
    spread = (sample * (2 * np.arange(1, n + 1) - n - 1)).sum() / n**2
    for units in (3.0, 22.0, 60.0):
        brute = np.abs(sample - units).mean() - spread
        assert crps(total, np.array([units]))[0] == pytest.approx(brute, rel=0.01)


def test_crps_of_a_certain_total_is_the_absolute_miss() -> None:
    certain = Distribution(np.array([4.0, 4.0]), np.zeros(2), np.ones(2))
    np.testing.assert_allclose(crps(certain, np.array([4.0, 9.5])), [0.0, 5.5])


def test_the_true_distribution_has_a_lower_crps_than_one_wider_narrower_or_shifted() -> None:
    rng, p = np.random.default_rng(5), 0.4
    units = rng.negative_binomial(8 * p / (1 - p), p, 20_000).astype(float)
    true = crps(negative_binomial(8.0, 20.0, 20_000), units).mean()
    for mean, variance in ((8.0, 60.0), (8.0, 9.0), (10.0, 20.0)):
        assert true < crps(negative_binomial(mean, variance, 20_000), units).mean()
