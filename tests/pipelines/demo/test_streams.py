"""Keyed random numbers and the counts drawn from them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from pipelines.demo.streams import count_quantile, mixed, normal, stream_key, uniform, whole_keys


def test_the_count_quantile_is_scipys_negative_binomial_quantile():
    rng = np.random.default_rng(1)
    mean = np.exp(rng.uniform(-7, 6, 4000))
    alpha, lump, level = rng.uniform(0.01, 1, 4000), rng.uniform(0, 4, 4000), rng.random(4000)
    excess = lump + alpha * mean
    expected = stats.nbinom.ppf(level, mean / excess, 1 / (1 + excess))
    np.testing.assert_array_equal(count_quantile(level, mean, alpha, lump), expected)


def test_a_count_never_falls_when_its_mean_rises():
    level = np.repeat(np.random.default_rng(2).random(200), 300)
    mean = np.tile(np.linspace(0, 120, 300), 200)
    lump = np.repeat(np.linspace(0, 4, 200), 300)
    units = count_quantile(level, mean, np.full(60_000, 0.2), lump).reshape(200, 300)
    assert (np.diff(units, axis=1) >= 0).all()
    assert units[:, -1].min() > 0


def test_a_mean_of_zero_gives_no_units_and_the_highest_level_ends():
    level = np.array([1 - 2.0**-53, 1 - 2.0**-53, 0.5])
    units = count_quantile(level, np.array([0.0, 3.0, 0.0]), np.full(3, 0.3))
    assert units[0] == 0
    assert units[2] == 0
    assert 20 < units[1] < 1000


@pytest.mark.parametrize("stream", ["demand", "returns"])
def test_uniform_numbers_pass_kolmogorov_smirnov_and_show_no_serial_correlation(stream):
    keys = mixed(whole_keys(range(200_000)), stream_key(7, stream))
    numbers = uniform(keys)
    assert stats.kstest(numbers, "uniform").pvalue > 1e-4
    assert abs(np.corrcoef(numbers[:-1], numbers[1:])[0, 1]) < 0.01
    assert abs(normal(keys).std() - 1) < 0.01


def test_streams_of_another_name_or_seed_are_independent():
    key = whole_keys(range(50_000))
    drawn = [uniform(mixed(key, stream_key(*s))) for s in [(1, "a"), (1, "b"), (2, "a")]]
    assert np.abs(np.corrcoef(drawn) - np.eye(3)).max() < 0.02
