"""Shrinkage along a tree against one large normal distribution, and against simulation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from forecasting.elasticity.params import ElasticityParams
from forecasting.elasticity.tree import _Tree, shrink

PARAMS = ElasticityParams()
TIERS = (np.array([0, 0, 0, 1, 1, 2]), np.array([0, 0, 1]), np.array([0, 0]))
SCALES = tuple(np.full(len(parent), 2.0) for parent in TIERS)


def dense(spread: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Prior covariance of the SKUs, and covariance of their estimates, written out."""
    prior = np.full((6, 6), PARAMS.shop_sd**2)
    label = np.arange(6)
    for part, parent in zip(spread, TIERS, strict=True):
        prior += (2.0 * part) ** 2 * (label[:, None] == label[None, :])
        label = parent[label]
    return prior, prior + np.diag(variance)


def test_means_and_deviations_equal_those_of_one_large_normal_distribution() -> None:
    rng = np.random.default_rng(2)
    estimate, variance = rng.normal(2.0, 1.0, 6), rng.uniform(0.1, 2.0, 6)
    spread = np.array([0.2, 0.4, 0.1])
    prior, whole = dense(spread, variance)
    gain = prior @ np.linalg.inv(whole)
    means, variances = _Tree(estimate, variance, TIERS, SCALES, PARAMS).posterior(spread)
    expected = PARAMS.shop_mean + gain @ (estimate - PARAMS.shop_mean)
    np.testing.assert_allclose(means[0], expected)
    np.testing.assert_allclose(variances[0], np.diag(prior - gain @ prior))


def test_the_likelihood_of_a_spread_is_that_of_one_large_normal_distribution() -> None:
    """Differences between two spreads, by scipy's multivariate normal density."""
    rng = np.random.default_rng(3)
    estimate, variance = rng.normal(2.0, 1.0, 6), rng.uniform(0.1, 2.0, 6)
    tree, found, expected = _Tree(estimate, variance, TIERS, SCALES, PARAMS), [], []
    for spread in (np.array([0.2, 0.4, 0.1]), np.array([0.5, 0.1, 0.3])):
        found.append(tree.up(spread)[2])
        whole = dense(spread, variance)[1]
        mean = np.full(6, PARAMS.shop_mean)
        expected.append(stats.multivariate_normal.logpdf(estimate, mean, whole))
    assert found[0] - found[1] == pytest.approx(expected[0] - expected[1])


def test_an_estimate_is_pulled_towards_its_category_and_never_past_it() -> None:
    """One category, so exact that its mean is known: each mean lies between the two."""
    rng = np.random.default_rng(5)
    estimate = np.append(rng.normal(2.6, 0.3, 400), [1.0, 4.5])
    variance = np.append(np.full(400, 0.05), [0.3, 0.3])
    result = shrink(estimate, variance, [np.zeros(402, np.int64)], PARAMS)
    middle = float(np.average(estimate[:400]))
    assert estimate[400] < result.mean[400] < middle < result.mean[401] < estimate[401]
    assert (result.sd < np.sqrt(variance)).all()


def test_a_flatter_prior_lets_the_data_set_the_spread() -> None:
    """Estimates with a true coefficient of 0.5, far from the prior: the flat prior comes closer."""
    rng = np.random.default_rng(6)
    estimate = 2.6 * (1 + 0.5 * rng.normal(size=40)) + 0.5 * rng.normal(size=40)
    near, flat = (
        shrink(
            estimate, np.full(40, 0.25), [np.zeros(40, np.int64)], replace(PARAMS, spread_sd=width)
        ).spread[0]
        for width in (0.1, 1.0)
    )
    assert PARAMS.spread < near < flat < 0.7


@pytest.mark.parametrize("true", [0.1, 0.4])
def test_the_spread_of_skus_is_found_from_precise_estimates(true: float) -> None:
    """Simulated: 2,000 SKUs of 20 categories around 2.5, estimates with a deviation of 0.2."""
    rng = np.random.default_rng(7)
    category = np.arange(2000) % 20
    middle = 2.5 * (1 + 0.2 * rng.normal(size=20))
    elasticity = middle[category] * (1 + true * rng.normal(size=2000))
    estimate = elasticity + 0.2 * rng.normal(size=2000)
    result = shrink(estimate, np.full(2000, 0.04), [category, np.zeros(20, np.int64)], PARAMS)
    assert result.spread[0] == pytest.approx(true, rel=0.1)
    assert result.spread[1] == pytest.approx(0.2, rel=0.4)
    inside = np.abs(result.mean - elasticity) <= 1.2816 * result.sd
    assert inside.mean() == pytest.approx(0.8, abs=0.03)


def test_a_sku_of_which_nothing_is_known_takes_its_categorys_elasticity() -> None:
    estimate = np.array([1.0, 1.1, 0.9, 3.0, 3.1, 2.9, 0.0])
    variance = np.array([0.01] * 6 + [1e9])
    category = np.array([0, 0, 0, 1, 1, 1, 1])
    result = shrink(estimate, variance, [category, np.zeros(2, np.int64)], PARAMS)
    assert result.mean[6] == pytest.approx(3.0, abs=0.2)
    assert result.sd[6] > 2 * result.sd[3]
