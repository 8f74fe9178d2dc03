"""Demand of the days ahead, and what of it a stock misses."""

import numpy as np
import pytest

from replenishment.pulse.outlook import Demand, look_ahead
from replenishment.pulse.rates import DayPrior, update_rates

DAYS = 8


@pytest.mark.parametrize("sure", [0.0, 6.0, 14.0])
def test_misses_and_quantiles_are_those_of_simulated_demand(sure):
    """Units that count as certain, and gamma-distributed ones of mean 10 and variance 25; stock
    12."""
    draws = sure + np.random.default_rng(1).gamma(4, 2.5, 2_000_000)
    demand = Demand(np.array([10.0 + sure]), np.array([25.0]), np.array([sure]), np.zeros(1))
    stock = np.array([12.0])
    missed = np.maximum(draws - 12, 0).mean()
    assert demand.missed(stock)[0] == pytest.approx(missed, rel=0.01)
    assert demand.chance_short(stock)[0] == pytest.approx((draws > 12).mean(), rel=0.01)
    assert demand.quantile(np.array([0.8]))[0] == pytest.approx(np.quantile(draws, 0.8), rel=0.01)


def outlook(mean, sold, share, level=0.1, step=0.1):
    prior = DayPrior(*(np.array([each], float) for each in (mean, 1.0, level, step)))
    means, none = np.full((1, DAYS), float(mean)), np.zeros((1, DAYS))
    rates = update_rates(prior, np.array([float(sold)]), share)
    return look_ahead(means, none, prior, rates, 1.0 - share)


@pytest.mark.parametrize("share", [0.1, 0.4, 0.9])
def test_a_surge_is_spread_as_simulated_surges_are(share):
    """A hundred of a key of one a day: Poisson at the forecast, and at the pace of the day until
    the surge ends, which goes on for t more days with probability share / (share + t)."""
    rng = np.random.default_rng(3)
    found = outlook(1.0, 100.0, share, level=1e-9, step=1e-9)
    more = share / rng.random(1_000_000) - share
    pace = rng.gamma(100, 1, len(more)) / share
    for day in (0, 3, 7):
        time = day + 1 - share
        units = rng.poisson(time + np.minimum(more, time) * np.maximum(pace - 1, 0))
        assert found.mean[0, day] == pytest.approx(units.mean(), rel=0.02)
        assert found.variance[0, day] == pytest.approx(units.var(), rel=0.05)


@pytest.mark.parametrize("share", [0.02, 0.2, 0.5, 0.9])
def test_a_spike_of_a_quiet_key_brings_a_few_times_its_size_at_most(share):
    """The earlier it is seen, the more often it may recur, and by its logarithm only."""
    assert 60 < outlook(0.5, 60.0, share).mean[0, -1] < 6 * 60


def test_more_sold_never_lets_expect_less():
    means = [outlook(2.0, sold, 0.3).mean[0] for sold in range(80)]
    assert (np.diff(means, axis=0) > -1e-9).all()
