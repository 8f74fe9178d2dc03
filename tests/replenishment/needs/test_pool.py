"""What others leave of a shared stock, in each sampled future."""

import numpy as np
import pytest
from scipy import stats

from replenishment.needs.pool import Pool

PATHS = 400


def pool_of(correlation):
    return Pool(
        last=np.array([9]), room=np.array([30.0]), mean=np.array([20.0]),
        variance=np.array([40.0]), correlation=np.array([correlation]), price=np.array([1.0]),
        apart=np.zeros(1),
    )  # fmt: skip


def left(correlation):
    demand = np.random.default_rng(3).poisson(8.0, (1, PATHS)) + np.linspace(0, 0.5, PATHS)
    out = pool_of(correlation).left_by_others(demand, np.ones(1), np.array([7], np.uint64), 5)
    return demand[0], out[0]


@pytest.mark.parametrize("correlation", [0.0, 0.6])
def test_others_leave_the_room_less_their_demand(correlation):
    """A negative binomial of mean 20 and variance 40, scipy's, at evenly spaced levels.

    The draw shifts all levels by less than one step of 1 / 400, which moves the ends most.
    """
    _, out = left(correlation)
    levels = (np.arange(PATHS) + 0.5) / PATHS
    expected = 30 - stats.nbinom(20, 0.5).ppf(levels)
    inner = slice(4, -4)
    assert np.abs(np.sort(out)[::-1] - expected)[inner].max() <= 1
    assert out.mean() == pytest.approx(10.0, abs=0.1)


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.9])
def test_others_follow_the_keys_own_demand_as_far_as_both_are_correlated(correlation):
    demand, out = left(correlation)
    found = stats.spearmanr(demand, -out).statistic
    assert found == pytest.approx(6 / np.pi * np.arcsin(correlation / 2), abs=0.1)
