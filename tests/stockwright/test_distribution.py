"""Totals against scipy's negative binomial, brute-force sums and each other."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from stockwright.distribution import Distribution
from stockwright.errors import DataError

LEVELS = (0.01, 0.3, 0.5, 0.8, 0.9, 0.95, 0.99, 0.9999)
SUPPORT = np.arange(6000.0)


def negative_binomials(n: int = 300, largest: float = 4.0) -> Distribution:
    rng = np.random.default_rng(1)
    mean = 10 ** rng.uniform(-2.5, largest, n)
    return Distribution(mean, mean * 1.01 + mean**2 * rng.uniform(0.01, 3.0, n), np.ones(n))


def mixtures(n: int = 200, largest: float = 1.5) -> Distribution:
    rng = np.random.default_rng(2)
    mean = 10 ** rng.uniform(-2.0, largest, n)
    share = rng.uniform(0.01, 0.3, n)
    ratio = 1 + rng.uniform(0, 1, n) * (np.minimum(1 / share, 6.0) - 1)
    low = (1 - share * ratio) / (1 - share)
    between = share * ratio**2 + (1 - share) * low**2 - 1
    variance = mean * 1.1 + mean**2 * (between + rng.uniform(0.05, 0.8, n))
    return Distribution(mean, variance, np.ones(n), share, ratio)


def masses(totals: Distribution) -> np.ndarray:
    """P(total = 0, 1, ...) by differences of the distribution function, (n, support)."""
    below = np.stack([totals.cdf(k) for k in SUPPORT], axis=1)
    return np.diff(below, axis=1, prepend=0.0)


def test_a_total_without_a_tail_is_the_negative_binomial_of_scipy() -> None:
    totals = negative_binomials()
    size = totals.mean**2 / (totals.variance - totals.mean)
    twin = stats.nbinom(size[:, None], (totals.mean / totals.variance)[:, None])
    assert np.array_equal(totals.quantile(LEVELS), twin.ppf(np.array(LEVELS)))
    for stock in (0.0, 1.0, 7.0, 300.0):
        assert np.allclose(totals.cdf(stock), twin.cdf(stock)[:, 0], rtol=1e-9)


def test_a_tail_keeps_mean_and_variance() -> None:
    totals = mixtures()
    mass = masses(totals)
    mean = mass @ SUPPORT
    assert np.allclose(mean, totals.mean, rtol=1e-6)
    assert np.allclose(mass @ SUPPORT**2 - mean**2, totals.variance, rtol=1e-5)


def test_a_tail_raises_the_highest_quantiles() -> None:
    one = np.ones(1)
    plain = Distribution(100 * one, 3600 * one, one)
    tailed = Distribution(100 * one, 3600 * one, one, 0.05 * one, 3.0 * one)
    assert tailed.quantile(0.995)[0] > plain.quantile(0.995)[0]


@pytest.mark.parametrize("totals", [negative_binomials(largest=1.5), mixtures()])
def test_expected_shortage_and_left_are_the_brute_force_sums(totals: Distribution) -> None:
    mass = masses(totals)
    for stock in (0.0, 1.0, 2.5, 10.0, 63.0):
        short = mass @ np.maximum(SUPPORT - stock, 0)
        left = mass @ np.maximum(stock - SUPPORT, 0)
        assert np.allclose(totals.expected_shortage(stock), short, rtol=1e-5, atol=1e-7)
        assert np.allclose(totals.expected_left(stock), left, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("totals", [negative_binomials(), mixtures(largest=4.0)])
def test_a_quantile_is_the_first_point_that_reaches_its_level(totals: Distribution) -> None:
    points = totals.quantile(LEVELS)
    assert (np.diff(points, axis=1) >= 0).all()
    for place, level in enumerate(LEVELS):
        point = points[:, place]
        assert (totals.cdf(point) >= level - 1e-11).all()
        assert ((totals.cdf(point - 1) < level + 1e-11) | (point == 0)).all()


def test_a_quantile_at_a_level_of_its_own_is_the_quantile() -> None:
    totals = mixtures(largest=4.0)
    levels = np.resize(LEVELS, len(totals.mean))
    own = totals.quantile_at(levels)
    table = totals.quantile(LEVELS)
    assert np.array_equal(own, table[np.arange(len(own)), np.arange(len(own)) % len(LEVELS)])


def test_a_stratified_sample_of_small_totals_is_made_of_exact_quantiles() -> None:
    totals = mixtures(largest=0.7)
    shift = np.random.default_rng(3).uniform(size=len(totals.mean))
    sample = totals.stratified(shift, 64)
    for i in range(0, 64, 7):
        assert np.array_equal(sample[:, i], totals.quantile_at((i + shift) / 64))


def test_a_stratified_sample_of_large_totals_is_close_to_the_exact_quantiles() -> None:
    rng = np.random.default_rng(4)
    mean = 10 ** rng.uniform(2, 6, 200)
    totals = Distribution(mean, mean + mean**2 * rng.uniform(0.001, 2, 200), np.ones(200))
    shift = rng.uniform(size=200)
    sample = totals.stratified(shift, 64)
    for i in range(0, 64, 7):
        exact = totals.quantile_at((i + shift) / 64)
        assert (np.abs(sample[:, i] - exact) <= 1 + 0.02 * np.sqrt(totals.variance)).all()


def test_a_finer_lattice_scales_everything() -> None:
    coarse = mixtures()
    fine = Distribution(
        coarse.mean * 0.1,
        coarse.variance * 0.01,
        coarse.quantum * 0.1,
        coarse.tail_share,
        coarse.tail_ratio,
    )
    assert np.allclose(fine.quantile(LEVELS), coarse.quantile(LEVELS) * 0.1)
    assert np.allclose(fine.expected_shortage(0.5), coarse.expected_shortage(5.0) * 0.1)


def test_a_certain_total_is_its_mean() -> None:
    totals = Distribution(np.array([0.0, 7.0]), np.zeros(2), np.ones(2))
    assert totals.quantile([0.01, 0.99]).tolist() == [[0, 0], [7, 7]]
    assert totals.cdf(6.0).tolist() == [1, 0]
    assert totals.expected_shortage(5.0).tolist() == [0, 2]
    assert totals.expected_left(9.0).tolist() == [9, 2]


def test_levels_and_tails_out_of_range_are_refused() -> None:
    one = np.ones(1)
    with pytest.raises(DataError, match="level"):
        Distribution(one, 2 * one, one).quantile([0.5, 1.0])
    with pytest.raises(DataError, match="tail_ratio"):
        Distribution(one, 2 * one, one, 0.3 * one, 4 * one)
    with pytest.raises(DataError, match="mean"):
        Distribution(-one, one, one)


@pytest.mark.parametrize("mean", [1e15, 1e17, 1e25])
def test_quantiles_of_totals_beyond_the_last_exact_whole_number_are_found(mean: float) -> None:
    totals = Distribution(np.array([mean]), np.array([mean**2 / 2]), np.ones(1))
    found = totals.quantile(LEVELS)[0]
    for level, units in zip(LEVELS, found, strict=True):
        assert totals.cdf(units)[0] >= level > totals.cdf(units * (1 - 1e-6))[0]
    assert np.allclose(found, stats.gamma(2.0, scale=mean / 2).ppf(LEVELS), rtol=1e-6)
