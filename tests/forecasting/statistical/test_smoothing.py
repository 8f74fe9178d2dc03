"""Smoothing recursions against statsforecast, statsmodels and slow twins."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from forecasting.statistical.smoothing import (
    Chooser,
    History,
    average,
    damped_trend,
    exponential_smoothing,
    last_seen,
)


def gapped(seed: int = 0, periods: int = 40, series: int = 7) -> History:
    """Rates with gaps and weights; one series is never seen, one once."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(2.0, 3.0, (periods, series)) * (rng.random((periods, series)) < 0.5)
    weight = rng.uniform(0.2, 1.0, rate.shape) * (rng.random(rate.shape) < 0.8)
    weight[:, 0] = 0.0
    weight[:, 1] = 0.0
    weight[5, 1] = 0.7
    return History(np.where(weight > 0, rate, 0.0), weight)


def seen_cells(history: History, series: int) -> list[tuple[float, float]]:
    """Rate and weight of the observed periods of one series."""
    weight = history.weight[:, series]
    return [(float(history.rate[t, series]), float(w)) for t, w in enumerate(weight) if w > 0]


def long_history() -> tuple[History, np.ndarray]:
    """3,000 periods without a gap or random numbers, in which any start is forgotten."""
    t = np.arange(3000)
    values = 20 + 5 * np.sin(t / 9.0) + 4 * ((t * 0.7320508075688772) % 1)
    return History(values[:, None], np.ones((3000, 1))), values


def test_simple_smoothing_has_the_numbers_of_statsforecast() -> None:
    """statsforecast 2.1.1, SimpleExponentialSmoothing(0.1) and (0.3)."""
    found = exponential_smoothing(long_history()[0], np.array([0.1, 0.3]))
    assert np.allclose(found.level[:, 0], [20.28501123266982, 22.016689392837627], rtol=1e-12)


def test_the_damped_trend_has_the_numbers_of_statsmodels() -> None:
    from statsmodels.tsa.holtwinters import Holt

    history, values = long_history()
    grid = np.array([[0.2, 0.1, 0.9], [0.4, 0.3, 0.98]])
    found = damped_trend(history, grid)
    for place, (alpha, beta, phi) in enumerate(grid):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = Holt(
                values, damped_trend=True, initialization_method="known",
                initial_level=values[0], initial_trend=0.0,
            )  # fmt: skip
            fitted = model.fit(
                smoothing_level=alpha, smoothing_trend=beta, damping_trend=phi, optimized=False
            )
        ahead = found.level[place, 0] + np.cumsum(phi ** np.arange(1, 7)) * found.trend[place, 0]
        assert np.allclose(ahead, fitted.forecast(6), rtol=1e-9)


def test_theta_has_the_numbers_of_statsmodels() -> None:
    """Smoothed level, half of the slope, and the lag of the level behind the line."""
    from statsmodels.tsa.forecasting.theta import ThetaModel

    values = long_history()[1] + 0.01 * np.arange(3000)
    history = History(values[:, None], np.ones((3000, 1)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = ThetaModel(values, period=1, deseasonalize=False).fit()
        expected = np.asarray(fitted.forecast(5))
    found = exponential_smoothing(history, np.array([fitted.params["alpha"]]), slopes=True)
    half = 0.5 * found.slope[0]
    ahead = found.level[0, 0] + half * (found.lag[0, 0] + np.arange(1, 6))
    assert np.allclose(ahead, expected, rtol=1e-9)


def test_a_smoothed_line_trails_by_the_lag() -> None:
    """The level of a straight line plus slope times lag is the line itself, gaps skipped."""
    weight = gapped().weight[:, 2:]
    place = np.cumsum(weight > 0, axis=0) - 1
    history = History(np.where(weight > 0, 3.0 + 0.5 * place, 0.0), weight)
    found = exponential_smoothing(history, np.array([0.05, 0.4]), slopes=True)
    assert np.allclose(found.level + 0.5 * found.lag, 3.0 + 0.5 * place[-1])


def slow_smoothing(cells: list[tuple[float, float]], alpha: float) -> tuple[float, float]:
    """Level as an explicitly weighted mean, and the sum of squared one-step errors."""
    errors, level = 0.0, 0.0
    for stop in range(1, len(cells) + 1):
        if stop > 1:
            errors += cells[stop - 1][1] * (cells[stop - 1][0] - level) ** 2
        weights = [w * (1 - alpha) ** (stop - 1 - k) for k, (_, w) in enumerate(cells[:stop])]
        level = sum(w * y for w, (y, _) in zip(weights, cells[:stop], strict=True)) / sum(weights)
    return level, errors


def test_smoothing_equals_the_weighted_mean_of_its_definition() -> None:
    history, alphas = gapped(), (0.05, 0.3, 1.0)
    found = exponential_smoothing(history, np.array(alphas))
    for place, alpha in enumerate(alphas):
        for series in range(history.shape[1]):
            level, errors = slow_smoothing(seen_cells(history, series), alpha)
            assert found.level[place, series] == pytest.approx(level)
            assert found.errors[place, series] == pytest.approx(errors)


def test_levels_and_errors_are_the_same_without_slopes() -> None:
    history, alphas = gapped(), np.array([0.05, 0.3])
    found = exponential_smoothing(history, alphas)
    other = exponential_smoothing(history, alphas, slopes=True)
    for name in ("level", "errors", "count"):
        assert (getattr(found, name) == getattr(other, name)).all()
    assert not found.slope.any()
    assert other.slope.any()


def slow_trend(
    cells: list[tuple[float, float]], alpha: float, beta: float, phi: float
) -> tuple[float, float, float]:
    level = trend = memory = errors = 0.0
    for place, (rate, weight) in enumerate(cells):
        expected = level + phi * trend
        memory = memory * (1 - alpha) + weight
        if place == 0:
            level = rate
            continue
        errors += weight * (rate - expected) ** 2
        level = expected + weight / memory * (rate - expected)
        trend = phi * trend + beta * min(weight / memory, alpha) * (rate - expected)
    return level, trend, errors


def test_the_damped_trend_equals_a_loop_over_observed_periods() -> None:
    history = gapped()
    grid = np.array([[0.1, 0.2, 0.9], [0.5, 0.05, 0.8]])
    found = damped_trend(history, grid)
    for place, values in enumerate(grid):
        for series in range(history.shape[1]):
            expected = slow_trend(seen_cells(history, series), *values)
            got = (found.level, found.trend, found.errors)
            assert [a[place, series] for a in got] == pytest.approx(expected)


def test_the_slope_is_that_of_weighted_least_squares() -> None:
    history = gapped()
    got = exponential_smoothing(history, np.array([0.1]), slopes=True).slope
    assert got[0] == got[1] == 0.0
    for series in range(2, history.shape[1]):
        rate, weight = np.array(seen_cells(history, series)).T
        line = np.polyfit(np.arange(len(rate)), rate, 1, w=np.sqrt(weight))
        assert got[series] == pytest.approx(line[0])


def test_errors_with_a_drift_are_those_of_theta_as_it_would_have_been_forecast() -> None:
    """At each period: the level, plus the share of the slope until then times lag and one step."""
    history, share, alpha = gapped(), 0.5, np.array([0.2])
    found = exponential_smoothing(history, alpha, slopes=True).errors_with(share)
    for series in range(2, history.shape[1]):
        cells = seen_cells(history, series)
        errors = 0.0
        for stop in range(1, len(cells)):
            past = np.array(cells[:stop])
            part = exponential_smoothing(History(past[:, :1], past[:, 1:]), alpha, slopes=True)
            drift = share * part.slope[0] * (part.lag[0, 0] + 1)
            errors += cells[stop][1] * (cells[stop][0] - part.level[0, 0] - drift) ** 2
        assert found[0, series] == pytest.approx(errors)


def test_averages_and_the_last_rate_skip_what_was_not_observed() -> None:
    history = gapped()
    mean, last = average(history, 10), last_seen(history)
    assert np.isnan(mean[:2]).all()
    assert np.isnan(last[0])
    for series in range(1, history.shape[1]):
        assert last[series] == seen_cells(history, series)[-1][0]
    recent = History(history.rate[-10:], history.weight[-10:])
    for series in range(2, history.shape[1]):
        rate, weight = np.array(seen_cells(recent, series)).T
        assert mean[series] == pytest.approx(np.average(rate, weights=weight))


def test_stretches_end_at_the_origin_and_keep_units_and_weight() -> None:
    history = gapped(periods=11)
    found = history.aggregated(3)
    assert found.shape == (4, 7)
    last = history.weight[-3:]
    assert np.allclose(found.weight[-1], last.sum(axis=0) / 3)
    units = (history.weight * history.rate).sum(axis=0)
    assert np.allclose((found.weight * found.rate).sum(axis=0) * 3, units)
    assert np.allclose(found.weight[0] * 3, history.weight[:2].sum(axis=0))


def test_a_series_with_little_history_follows_the_shop() -> None:
    """Own errors prefer the first parameter a little; the shop's clearly prefer the second."""
    chooser = Chooser({"any": np.array([1.0, 0.8])}, shrink=50.0)
    errors = np.array([[0.95, 95.0], [1.0, 100.0]])
    assert chooser.choose("any", errors, np.array([1.0, 1000.0])).tolist() == [1, 0]


def test_what_is_usual_is_the_mean_of_errors_relative_to_the_worst() -> None:
    chooser = Chooser({}, shrink=0.0)
    chooser.choose("any", np.array([[2.0, 6.0], [4.0, 3.0]]), np.array([10.0, 30.0]))
    assert np.allclose(chooser.learned()["any"], [(10 * 0.5 + 30) / 40, (10 + 30 * 0.5) / 40])
