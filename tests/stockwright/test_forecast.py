"""A forecast's mean, quantiles, totals, paths and segments say the same thing."""

from __future__ import annotations

import numpy as np
import pytest

from stockwright.errors import DataError
from stockwright.forecast import Forecast
from stockwright.panel import SeriesIndex

LEVELS = (0.5, 0.8, 0.9, 0.95, 0.99)


def index_of(series: int, locations: int = 1) -> SeriesIndex:
    skus = series // locations
    return SeriesIndex(
        tuple(f"s{i:04d}" for i in range(skus)),
        tuple("abcdefgh"[:locations]),
        np.repeat(np.arange(skus), locations).astype(np.int32),
        np.tile(np.arange(locations), skus).astype(np.int32),
    )


def forecast_of(series: int = 240, horizon: int = 20, locations: int = 1) -> Forecast:
    rng = np.random.default_rng(5)
    scale = 10 ** rng.uniform(-2, 2, series)
    share = rng.uniform(0, 0.1, series)
    return Forecast(
        index=index_of(series, locations),
        origin=9,
        mean=(scale[:, None] * rng.uniform(0.5, 2, (series, horizon))).astype(np.float32),
        linear_dispersion=rng.uniform(1, 3, series),
        step_variance=rng.uniform(0, 0.4, series),
        level_variance=rng.uniform(0.1, 0.6, series),
        quantum=np.ones(series),
        model=np.zeros(series, np.uint8),
        tail_share=share,
        tail_ratio=np.full(series, 2.0),
    )


def test_the_total_of_one_step_is_that_step() -> None:
    forecast = forecast_of()
    table = forecast.quantile(LEVELS)
    for step in (1, 7, 20):
        assert np.array_equal(table[:, step - 1], forecast.total(step, step).quantile(LEVELS))
        assert np.allclose(forecast.total(step, step).mean, forecast.mean[:, step - 1])


def test_totals_take_another_interval_for_every_series() -> None:
    forecast = forecast_of()
    first = np.arange(240) % 5 + 1
    last = first + np.arange(240) % 9
    totals = forecast.total(first, last)
    for series in (0, 17, 239):
        alone = forecast.take(slice(series, series + 1))
        twin = alone.total(int(first[series]), int(last[series]))
        assert totals.mean[series] == twin.mean[0]
        assert totals.variance[series] == twin.variance[0]
    assert forecast.total(4, 3).quantile(0.9).max() == 0


def test_a_forecast_until_a_step_has_its_totals_up_to_it_and_no_demand_later() -> None:
    forecast = forecast_of()
    last = np.arange(240) % 23 - 1
    cut, kept = forecast.until(last), np.clip(last, 0, 20)
    assert np.array_equal(cut.total(1, 20).mean, forecast.total(1, kept).mean)
    assert np.all(cut.total(np.minimum(kept + 1, 20), 20).mean[kept < 20] == 0)
    assert forecast.until(np.full(240, 20)) is forecast


def test_variance_is_the_formula_of_the_three_noises() -> None:
    forecast = forecast_of()
    m = forecast.mean[:, 2:9].astype(float)
    expected = (
        forecast.linear_dispersion * m.sum(axis=1)
        + forecast.step_variance * (m**2).sum(axis=1)
        + forecast.level_variance * m.sum(axis=1) ** 2
    )
    assert np.allclose(forecast.total(3, 9).variance, expected)


def test_longer_totals_are_never_smaller() -> None:
    forecast = forecast_of()
    tables = [forecast.total(1, last).quantile(LEVELS) for last in range(21)]
    assert (np.diff(np.stack(tables), axis=0) >= 0).all()


def test_segments_add_up_to_the_total() -> None:
    """Mean within half a percent, spread and upper quantiles of sums within sampling error."""
    forecast = forecast_of(600)
    edges = np.tile([0, 4, 4, 11, 20], (600, 1))
    sums = forecast.segment_paths(edges, 256, seed=3).sum(axis=2)
    total = forecast.total(1, 20)
    assert abs(sums.mean(axis=1).sum() / total.mean.sum() - 1) < 0.005
    assert abs(np.mean(sums.var(axis=1) / total.variance) - 1) < 0.03
    for level in (0.8, 0.95, 0.99):
        point = total.quantile(level)
        reached = (sums <= point[:, None]).mean(axis=1)
        assert abs(np.mean(reached - total.cdf(point))) < 0.015


def test_each_segment_is_a_stratified_sample_of_its_own_total() -> None:
    """Some 256 evenly spaced quantiles: no level is off by more than one of them."""
    forecast = forecast_of()
    sample = forecast.segment_paths(np.tile([2, 9, 15], (240, 1)), 256, seed=3)
    for segment, (first, last) in enumerate([(3, 9), (10, 15)]):
        total = forecast.total(first, last)
        for level in (0.5, 0.9, 0.99):
            small = total.mean < 30
            point = total.quantile(level)
            share = (sample[:, :, segment] <= point[:, None]).mean(axis=1)
            assert np.abs(share - total.cdf(point))[small].max() <= 1 / 256 + 1e-9


def test_segments_do_not_depend_on_the_other_series() -> None:
    forecast = forecast_of()
    edges = np.tile([0, 3, 9], (240, 1))
    every = forecast.segment_paths(edges, 64, seed=7)
    some = np.array([3, 50, 51, 200])
    assert np.array_equal(forecast.take(some).segment_paths(edges[some], 64, seed=7), every[some])
    assert not np.array_equal(forecast.segment_paths(edges, 64, seed=8), every)


def test_segments_are_correlated_through_the_level() -> None:
    """Covariance = level variance x product of means, on average over the series."""
    forecast = forecast_of(600)
    sample = forecast.segment_paths(np.tile([0, 10, 20], (600, 1)), 256, seed=1)
    first, second = forecast.total(1, 10).mean, forecast.total(11, 20).mean
    centered = sample - sample.mean(axis=1, keepdims=True)
    found = (centered[:, :, 0] * centered[:, :, 1]).mean(axis=1) / (first * second)
    large = first > 0.5
    assert abs(np.mean(found[large] / forecast.level_variance[large]) - 1) < 0.05


def test_paths_have_the_mean_and_the_spread_of_the_totals() -> None:
    forecast = forecast_of()
    paths = forecast.paths(256, np.random.default_rng(0))
    assert paths.shape == (240, 256, 20)
    assert (paths >= 0).all()
    assert (paths == np.rint(paths)).all()
    total = forecast.total(1, 20)
    assert abs(paths.sum(axis=2).mean() / total.mean.mean() - 1) < 0.01
    assert abs(np.mean(paths.sum(axis=2).var(axis=1) / total.variance) - 1) < 0.05
    again = forecast.paths(256, np.random.default_rng(0))
    assert np.array_equal(paths, again)


def test_ten_units_for_one_give_ten_times_everything() -> None:
    forecast = forecast_of()
    ten = forecast.scaled(10)
    one, other = forecast.total(2, 8), ten.total(2, 8)
    assert np.allclose(other.quantile(LEVELS), 10 * one.quantile(LEVELS))
    assert np.allclose(other.expected_shortage(50.0), 10 * one.expected_shortage(5.0))
    edges = np.tile([0, 5, 9], (240, 1))
    assert np.allclose(ten.segment_paths(edges, 32, 1), 10 * forecast.segment_paths(edges, 32, 1))


def test_pooling_adds_means_and_correlated_noise() -> None:
    """Four locations of equal means: variances between independent and fully correlated ones."""
    forecast = forecast_of(240, locations=4)
    groups = forecast.index.sku.astype(np.int64)
    pooled = forecast.pooled(groups, index_of(60))
    parts = forecast.total(1, 20)
    total = pooled.total(1, 20)
    assert np.allclose(total.mean, parts.mean.reshape(60, 4).sum(axis=1), rtol=1e-5)
    alone = parts.variance.reshape(60, 4).sum(axis=1)
    together = np.sqrt(parts.variance).reshape(60, 4).sum(axis=1) ** 2
    assert (total.variance > 0.99 * alone).all()
    assert (total.variance < together).all()


def test_pooling_one_series_each_changes_nothing() -> None:
    forecast = forecast_of()
    same = forecast.pooled(np.arange(240), forecast.index)
    assert np.allclose(same.total(1, 20).variance, forecast.total(1, 20).variance)
    assert np.allclose(same.mean, forecast.mean)


def test_pooling_leaves_out_series_without_a_group() -> None:
    forecast = forecast_of()
    groups = np.where(np.arange(240) < 3, 0, -1)
    pooled = forecast.pooled(groups, index_of(2))
    assert np.allclose(pooled.mean[0], forecast.mean[:3].sum(axis=0), rtol=1e-6)
    assert pooled.mean[1].sum() == 0


def test_perfect_foresight_has_no_spread() -> None:
    demand = np.random.default_rng(2).integers(0, 9, (240, 20))
    forecast = Forecast.certain(index_of(240), 5, demand)
    assert np.array_equal(forecast.total(3, 7).quantile(0.99), demand[:, 2:7].sum(axis=1))
    edges = np.tile([0, 5, 20], (240, 1))
    sample = forecast.segment_paths(edges, 8, seed=1)
    assert np.array_equal(sample[:, 3, 1], demand[:, 5:].sum(axis=1))


def test_steps_beyond_the_horizon_are_refused() -> None:
    forecast = forecast_of()
    with pytest.raises(DataError, match="raise the horizon"):
        forecast.total(1, 21)
    with pytest.raises(DataError, match="edges"):
        forecast.segment_paths(np.tile([4, 2], (240, 1)), 8, seed=1)
