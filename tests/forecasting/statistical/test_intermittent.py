"""Croston, SBA, TSB and IMAPA."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.statistical.intermittent import (
    aggregated_mean,
    intervals,
    mean_interval,
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
