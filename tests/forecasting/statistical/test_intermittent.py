"""Croston, SBA, TSB, IMAPA and the moments of intermittent demand."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.statistical.intermittent import (
    aggregated_mean,
    dispersion,
    intervals,
    level_variance,
    mean_interval,
    sale_traits,
    sales,
)
from forecasting.statistical.smoothing import Chooser, History, exponential_smoothing

ALPHAS = np.array([0.05, 0.3])


def lumpy() -> History:
    """3,000 periods, three in ten with a sale, made without random numbers."""
    t = np.arange(3000)
    size = 1 + np.floor(6 * ((t * 0.41421356237309515) % 1.0))
    demand = np.where((t * 0.6180339887498949) % 1.0 < 0.3, size, 0.0)
    return History(demand[:, None], np.ones((3000, 1)))


def gapped(seed: int = 3, periods: int = 60, series: int = 8) -> History:
    """Lumpy demand with gaps and weights; one series is never seen, one never sells."""
    rng = np.random.default_rng(seed)
    rate = rng.integers(1, 6, (periods, series)) * (rng.random((periods, series)) < 0.3) * 1.0
    weight = rng.uniform(0.3, 1.0, rate.shape) * (rng.random(rate.shape) < 0.8)
    weight[:, 0], rate[:, 1] = 0.0, 0.0
    return History(np.where(weight > 0, rate, 0.0), weight)


def test_croston_and_sba_have_the_numbers_of_statsforecast() -> None:
    """statsforecast 2.1.1, CrostonClassic and CrostonSBA, both with 0.1."""
    found = intervals(lumpy(), np.array([0.1]))
    assert found.rate[0, 0] == pytest.approx(1.010823395931182, rel=1e-12)
    assert found.fair[0, 0] == pytest.approx(0.9602822261346229, rel=1e-9)


def test_tsb_has_the_numbers_of_statsforecast() -> None:
    """statsforecast 2.1.1, TSB(alpha_d=0.2, alpha_p=0.2) and TSB(alpha_d=0.1, alpha_p=0.3)."""
    found = sales(lumpy(), np.array([0.2, 0.3]), np.array([0.1, 0.2])).rate[:, 0]
    assert found[1] == pytest.approx(0.9001003662351698, rel=1e-12)
    assert found[2] == pytest.approx(0.8484584301977909, rel=1e-12)


def test_imapa_is_near_the_optimized_one_of_statsforecast() -> None:
    """statsforecast 2.1.1, IMAPA, which searches the smoothing between 0.1 and 0.3."""
    grid = np.linspace(0.1, 0.3, 101)
    found = aggregated_mean(lumpy(), grid, 8, Chooser({}, 0.0))
    assert found[0] == pytest.approx(0.9371732271468202, rel=0.01)


def test_croston_is_biased_as_published_and_sba_is_not() -> None:
    """Bernoulli demand: Croston expects mean * (1 + alpha / (2 - alpha) * (1 - p)).

    Syntetos & Boylan (2001, 2005), to second order in the smoothed interval.
    """
    rng = np.random.default_rng(11)
    chance, alpha = 0.25, 0.1
    demand = 4.0 * (rng.random((400, 5000)) < chance)
    found = intervals(History(demand, np.ones(demand.shape)), np.array([alpha]))
    expected = 4.0 * chance * (1 + alpha / (2 - alpha) * (1 - chance))
    assert found.rate.mean() == pytest.approx(expected, rel=0.01)
    assert found.fair.mean() == pytest.approx(4.0 * chance, rel=0.02)


def slow_croston(history: History, series: int, alpha: float) -> tuple[float, float, float]:
    """Croston and SBA as ratios of explicitly weighted means, and Croston's squared errors."""
    sizes: list[float] = []
    gaps: list[float] = []
    weights: list[float] = []
    rate = fair = errors = since = 0.0
    for y, w in zip(history.rate[:, series], history.weight[:, series], strict=True):
        if w == 0:
            continue
        since += 1
        errors += w * (y - rate) ** 2 if sizes else 0.0
        if y == 0:
            continue
        weights = [old * (1 - alpha) for old in weights] + [w]
        sizes.append(y)
        gaps.append(since)
        since = 0.0
        rate = np.average(sizes, weights=weights) / np.average(gaps, weights=weights)
        share = np.array(weights) / sum(weights)
        fair = rate / (1 + (share**2).sum())
    return rate, fair, errors


def test_croston_equals_a_loop_over_sales() -> None:
    history = gapped()
    found = intervals(history, ALPHAS)
    for place, alpha in enumerate(ALPHAS):
        for series in range(history.shape[1]):
            expected = slow_croston(history, series, alpha)
            got = (found.rate, found.fair, found.errors)
            assert [a[place, series] for a in got] == pytest.approx(expected)


def test_tsb_equals_smoothing_of_what_was_sold_and_whether() -> None:
    """The probability is the smoothed 0/1 series, the size the smoothed series of sales alone."""
    history = gapped()
    found = sales(history, np.array([0.1, 0.4]), ALPHAS)
    sold = History((history.rate > 0) * 1.0, history.weight)
    only = History(history.rate, np.where(history.rate > 0, history.weight, 0.0))
    assert np.allclose(found.probability, exponential_smoothing(sold, np.array([0.1, 0.4])).level)
    assert np.allclose(found.size, exponential_smoothing(only, ALPHAS).level)
    product = found.probability[1] * found.size[0]
    assert np.allclose(found.rate[2], product)


def test_tsb_fades_where_nothing_is_sold_any_more_and_croston_does_not() -> None:
    """The point of Teunter, Syntetos & Babai (2011)."""
    demand = np.zeros((60, 1))
    demand[:30:2] = 2.0
    history = History(demand, np.ones((60, 1)))
    assert intervals(history, np.array([0.2])).rate[0, 0] > 0.9
    assert sales(history, np.array([0.2]), np.array([0.2])).rate[0, 0] < 0.01


def test_imapa_equals_the_mean_of_separate_aggregations() -> None:
    history = gapped()
    found = aggregated_mean(history, ALPHAS, 5, Chooser({}, 0.0))
    reach = np.clip(np.rint(mean_interval(history)), 1, 5)
    for series in range(history.shape[1]):
        alone = History(history.rate[:, [series]], history.weight[:, [series]])
        levels = []
        for length in range(1, int(reach[series]) + 1):
            part = exponential_smoothing(alone.aggregated(length), ALPHAS)
            levels.append(part.level[np.argmin(part.errors[:, 0]), 0])
        assert found[series] == pytest.approx(np.mean(levels))


def test_dispersion_is_that_of_simulated_sums() -> None:
    rng = np.random.default_rng(5)
    sizes, odds = np.array([1, 2, 6]), np.array([0.5, 0.3, 0.2])
    draws = rng.choice(sizes, (200_000, 4), p=odds) * (rng.random((200_000, 4)) < 0.2)
    sums = draws.sum(axis=1)
    mean = sizes @ odds
    variance = (sizes**2) @ odds - mean**2
    got = dispersion(np.array([0.2]), np.array([mean]), np.array([variance]))
    assert got[0] == pytest.approx(sums.var() / sums.mean(), rel=0.02)


def test_dispersion_of_poisson_and_of_certain_demand() -> None:
    """A compound Poisson with single units scatters like its mean; certain demand not at all."""
    rare = dispersion(np.array([1e-9]), np.array([1.0]), np.array([0.0]))
    certain = dispersion(np.array([1.0]), np.array([7.0]), np.array([0.0]))
    assert rare[0] == pytest.approx(1.0)
    assert certain[0] == 0.0


def test_level_variance_is_that_of_estimates_from_simulated_histories() -> None:
    """Probability and size estimated from 80 periods and from 30 sales."""
    rng = np.random.default_rng(6)
    chance, periods, sold = 0.4, 80, 30
    probability = rng.binomial(periods, chance, 200_000) / periods
    size = rng.gamma(2.0, 3.0, (200_000, sold)).mean(axis=1)
    product = probability * size
    got = level_variance(*(np.array([v]) for v in (chance, 6.0, 18.0, float(periods), float(sold))))
    assert got[0] == pytest.approx(product.var() / product.mean() ** 2, rel=0.02)


def test_traits_of_long_plain_histories_are_sample_moments() -> None:
    """With rates near 0 nothing fades: probability, mean and unbiased variance of the sizes."""
    rng = np.random.default_rng(8)
    demand = rng.integers(1, 9, (50, 3)) * (rng.random((50, 3)) < 0.4) * 1.0
    got = sale_traits(History(demand, np.ones(demand.shape)), 1e-9, 1e-9)
    for series in range(3):
        sold = demand[demand[:, series] > 0, series]
        assert got.probability[series] == pytest.approx(len(sold) / 50)
        assert got.size_mean[series] == pytest.approx(sold.mean())
        assert got.size_variance[series] == pytest.approx(sold.var(ddof=1))
        assert [got.periods[series], got.sold[series]] == pytest.approx([50, len(sold)])


def test_traits_of_a_series_that_never_sold_are_unknown() -> None:
    got = sale_traits(gapped(), 0.05, 0.1)
    assert np.isnan(got.size_mean[:2]).all()
    assert np.isnan(got.dispersion()[:2]).all()
    assert np.isfinite(got.dispersion()[2:]).all()
