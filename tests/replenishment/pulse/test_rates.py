"""What sales so far say of the rest of the day."""

import numpy as np
import pytest
from scipy import stats

from replenishment.pulse.outlook import chance_short, expected_missed
from replenishment.pulse.rates import DayPrior, update_rates


def prior(mean, level, step):
    return DayPrior(*(np.array([each], float) for each in (mean, 1.0, level, step)))


def test_the_posterior_is_that_of_gamma_and_poisson():
    """Against the posterior mean by numerical integration of likelihood times prior."""
    factor = np.linspace(1e-4, 8, 200_001)
    weight = stats.gamma.pdf(factor, 5, scale=0.2) * stats.poisson.pmf(9, 10 * 0.5 * factor)
    found = update_rates(prior(10, 0.15, 0.05), np.array([9.0]), 0.5)
    assert found.today[0] == pytest.approx((factor * weight).sum() / weight.sum(), rel=1e-6)
    assert found.ahead[0] == pytest.approx(1 + 0.75 * (found.today[0] - 1))


def test_a_certain_forecast_is_not_moved():
    assert update_rates(prior(10, 0, 0), np.array([6.0]), 0.5).today[0] == 1


def test_a_day_that_contradicts_the_forecast_is_believed():
    """A hundred sold of a key of one a day is a hundred and not its prior's few."""
    found = update_rates(prior(1, 0.1, 0.1), np.array([100.0]), 0.5)
    assert found.today[0] == pytest.approx(200, rel=0.05)


def test_expected_misses_are_those_of_simulated_demand():
    draws = np.random.default_rng(1).gamma(4, 2.5, 2_000_000)
    mean, variance, stock = np.array([10.0]), np.array([25.0]), np.array([12.0])
    missed = np.maximum(draws - 12, 0).mean()
    assert expected_missed(mean, variance, stock)[0] == pytest.approx(missed, rel=0.01)
    assert chance_short(mean, variance, stock)[0] == pytest.approx((draws > 12).mean(), rel=0.01)
