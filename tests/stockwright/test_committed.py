"""Commitments in a forecast: certain units shift every figure, uncertain ones widen it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from stockwright.distribution import Distribution
from stockwright.errors import DataError
from stockwright.forecast import Forecast
from stockwright.panel import SeriesIndex

LEVELS = (0.05, 0.5, 0.9, 0.99)
HORIZON = 8


def forecast_of(series: int = 60, tail: float = 0.05, horizon: int = HORIZON) -> Forecast:
    rng = np.random.default_rng(3)
    index = SeriesIndex(
        tuple(f"s{i:03d}" for i in range(series // 2)),
        ("East", "West"),
        np.repeat(np.arange(series // 2), 2).astype(np.int32),
        np.tile([0, 1], series // 2).astype(np.int32),
    )
    return Forecast(
        index=index,
        origin=4,
        mean=(10 ** rng.uniform(-1, 2, (series, 1)) * np.ones(horizon)).astype(np.float32),
        linear_dispersion=rng.uniform(1.1, 3, series),
        step_variance=rng.uniform(0, 0.4, series),
        level_variance=rng.uniform(0.1, 0.6, series),
        quantum=np.ones(series),
        model=np.zeros(series, np.uint8),
        tail_share=np.full(series, tail),
        tail_ratio=np.full(series, 2.0),
    )


def promised(plain: Forecast, units: float, variance: float = 0.0, step: int = 3) -> Forecast:
    """``plain`` with ``units`` committed at ``step`` of every series."""
    mean = np.zeros(plain.mean.shape, np.float32)
    mean[:, step - 1] = units
    spread = np.where(mean > 0, np.float32(variance), np.float32(0))
    return replace(plain, committed=mean, committed_variance=spread)


def test_certain_units_shift_every_figure_of_a_total_that_holds_them_and_no_other() -> None:
    plain = forecast_of()
    with_units = promised(plain, 7)
    before, after = plain.total(1, 5), with_units.total(1, 5)
    assert np.allclose(after.mean, before.mean + 7)
    assert np.allclose(after.variance, before.variance)
    assert np.array_equal(after.quantile(LEVELS), before.quantile(LEVELS) + 7)
    stock = before.mean * 1.2
    assert np.allclose(after.cdf(stock + 7), before.cdf(stock))
    assert np.allclose(after.expected_shortage(stock + 7), before.expected_shortage(stock))
    assert np.allclose(after.expected_left(stock + 7), before.expected_left(stock))
    assert np.all(after.cdf(6.99) == 0)
    later, twin = with_units.total(4, 8), plain.total(4, 8)
    assert np.array_equal(later.quantile(LEVELS), twin.quantile(LEVELS))


def test_certain_units_shift_the_quantiles_of_their_step_alone() -> None:
    plain = forecast_of()
    moved = promised(plain, 7).quantile(LEVELS) - plain.quantile(LEVELS)
    assert np.all(moved[:, 2] == 7)
    assert np.all(np.delete(moved, 2, axis=1) == 0)


def test_certain_units_shift_the_paths_of_their_step_alone() -> None:
    plain = forecast_of()
    one = promised(plain, 7).paths(64, np.random.default_rng(1))
    other = plain.paths(64, np.random.default_rng(1))
    assert np.allclose((one - other)[:, :, 2], 7)
    assert np.allclose(np.delete(one - other, 2, axis=2), 0)


def test_uncertain_units_keep_the_mean_and_widen() -> None:
    plain, units = forecast_of(), 40.0
    sure, loose = (promised(plain, units, v).total(1, 5) for v in (0.0, 90.0))
    assert np.allclose(sure.mean, loose.mean)
    assert np.allclose(loose.variance, sure.variance + 90)
    small = plain.mean[:, 0] < 5
    gap_sure, gap_loose = (np.diff(t.quantile([0.1, 0.95]))[small, 0] for t in (sure, loose))
    assert np.all(gap_loose > gap_sure)


@pytest.mark.parametrize(("units", "variance"), [(40.0, 8.0), (40.0, 90.0), (400.0, 900.0)])
def test_uncertain_units_have_the_moments_of_a_simulated_sum(units: float, variance: float) -> None:
    # Deposits that convert or not are simulated as a beta-binomial of the same two moments.
    plain = forecast_of(tail=0.0).take(slice(0, 8))
    total = promised(plain, units, variance).total(1, 3)
    sample = total.stratified(np.full(8, 0.5), 20_000)
    assert np.allclose(sample.mean(axis=1), plain.mean[:, :3].sum(axis=1) + units, rtol=0.01)
    assert np.allclose(sample.var(axis=1), plain.total(1, 3).variance + variance, rtol=0.08)


def test_upper_quantiles_with_deposits_are_near_those_of_a_simulation() -> None:
    rng, n = np.random.default_rng(8), 200_000
    plain = forecast_of(tail=0.0).take(np.array([0]))
    plain = replace(plain, mean=np.full((1, HORIZON), 12.0, np.float32))
    deposits, rate, spread = 50, 0.8, 60.0
    rates = rng.beta(rate * spread, (1 - rate) * spread, n)
    paid = rng.binomial(deposits, rates)
    alone = plain.total(3, 3)
    size = alone.mean**2 / (alone.variance - alone.mean)
    demand = stats.nbinom.rvs(size, size / (size + alone.mean), size=n, random_state=rng)
    total = promised(plain, float(paid.mean()), float(paid.var())).total(3, 3)
    true = np.quantile(demand + paid, [0.8, 0.9, 0.95, 0.99])
    assert np.all(np.abs(total.quantile([0.8, 0.9, 0.95, 0.99])[0] - true) <= 0.03 * true)


def test_a_forecast_that_is_only_committed_is_what_is_committed() -> None:
    plain = forecast_of()
    nothing = replace(plain, mean=np.zeros_like(plain.mean))
    assert np.all(promised(nothing, 7).total(1, 8).quantile(LEVELS) == 7)
    sure = Forecast.certain(plain.index, 4, np.full(plain.mean.shape, 2.0))
    loose = promised(sure, 10.0, 2.0).total(1, 5)
    assert np.allclose(loose.mean, 20)
    assert np.all(loose.quantile(0.001) >= 10)


def test_scaling_the_units_scales_every_quantile() -> None:
    loose = promised(forecast_of(), 40.0, 60.0)
    tenfold = loose.scaled(10).total(1, 5).quantile(LEVELS)
    assert np.allclose(tenfold, 10 * loose.total(1, 5).quantile(LEVELS))


def test_taking_replacing_and_ending_series_take_the_commitments_along() -> None:
    plain = forecast_of()
    loose = promised(plain, 7, 3.0)
    rows = np.array([1, 3])
    assert np.array_equal(loose.take(rows).total(1, 5).mean, loose.total(1, 5).mean[rows])
    mixed = plain.with_rows(rows, loose)
    assert np.array_equal(mixed.total(1, 5).mean[rows], loose.total(1, 5).mean[rows])
    assert np.array_equal(mixed.total(1, 5).mean[5:], plain.total(1, 5).mean[5:])
    ended = loose.until(np.full(60, 2))
    assert not ended.has_committed
    assert np.all(ended.expected[:, 2:] == 0)


def test_commitments_of_locations_add_up_when_pooled() -> None:
    plain = forecast_of()
    loose = promised(plain, 7, 3.0)
    groups = plain.index.sku.astype(np.int64)
    index = plain.index.take(slice(0, 60, 2))
    pooled, without = loose.pooled(groups, index), plain.pooled(groups, index)
    assert np.allclose(pooled.mean, without.mean)
    assert np.allclose(pooled.committed[:, 2], 14)
    assert np.allclose(pooled.committed_variance[:, 2], 6)
    assert np.allclose(pooled.total(1, 5).variance, without.total(1, 5).variance + 6)


def test_segments_of_paths_have_the_moments_of_their_totals() -> None:
    loose = promised(forecast_of(tail=0.0), 30.0, 45.0)
    edges = np.tile([0, 2, 5, 8], (60, 1))
    sample = loose.segment_paths(edges, 4096, 1)
    for place, (first, last) in enumerate([(1, 2), (3, 5), (6, 8)]):
        total = loose.total(first, last)
        assert np.allclose(sample[:, :, place].mean(axis=1), total.mean, rtol=0.02, atol=0.02)
    whole = sample.sum(axis=2)
    assert np.allclose(whole.var(axis=1), loose.total(1, 8).variance, rtol=0.25)


def test_a_widened_total_keeps_its_mean_and_gives_up_certainty_for_the_variance() -> None:
    n = 5
    total = Distribution(np.full(n, 30.0), np.full(n, 4.0), np.ones(n), shift=np.full(n, 28.0))
    wide = total.widened(9.0)
    sample = wide.stratified(np.full(n, 0.5), 20_000)
    assert np.allclose(sample.mean(axis=1), 30, rtol=0.01)
    assert np.allclose(sample.var(axis=1), 13, rtol=0.05)
    assert np.all(wide.shift == 19)


def test_a_forecast_without_commitments_takes_no_memory_for_them() -> None:
    plain = forecast_of()
    assert plain.committed.shape == plain.mean.shape
    assert plain.take(slice(0, 9)).committed.strides == (0, 0)
    assert plain.expected is plain.mean


def test_impossible_commitments_are_refused() -> None:
    plain = forecast_of()
    with pytest.raises(DataError, match="committed"):
        replace(plain, committed=-np.ones(plain.mean.shape))
    with pytest.raises(DataError, match="committed"):
        replace(plain, committed=np.ones((2, 2)))
    with pytest.raises(DataError, match="shift"):
        Distribution(np.ones(1), np.ones(1), np.ones(1), shift=np.full(1, 2.0))
