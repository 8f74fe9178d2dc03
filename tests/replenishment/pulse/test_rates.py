"""What sales so far say of the rest of the day."""

import numpy as np
import pytest
from scipy import stats

from replenishment.pulse.rates import DayPrior, largest_ordinary_order, update_rates


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
    assert found.pace[0] == pytest.approx(200, rel=0.05)


def test_a_few_units_that_chance_may_bring_are_no_new_pace():
    """Two by midday of a key that sells one in ten days: chance does that to one key in some
    hundreds a day, and breaks with the forecast are one in a hundred of days."""
    found = update_rates(prior(0.1, 0.2, 0.2), np.array([2.0]), 0.5)
    assert found.surprise[0] > 3
    assert found.pace[0] < 3


@pytest.mark.parametrize("sold", [9.0, 14.0, 16.0, 18.0, 20.0, 30.0])
def test_a_day_breaks_where_bayes_rule_on_two_negative_binomials_says_so(sold):
    """Probabilities by integration over the level, the prior of a break one in a hundred."""
    mean, share, variance = 6.0, 0.5, 0.2
    by_day = ((sold - 3) ** 2 - 3) / 9

    def chance(spread):
        level = stats.gamma.ppf((np.arange(400_000) + 0.5) / 400_000, 1 / spread, scale=spread)
        return stats.poisson.pmf(sold, mean * share * level).mean()

    odds = 0.01 * chance(by_day) / (0.99 * chance(variance))
    broken = odds > 1 and (sold - 3) / np.sqrt(3 + 0.2 * 9) > 3
    found = update_rates(prior(mean, 0.15, 0.05), np.array([sold]), share)
    posterior = (1 / variance + sold) / (1 / variance + 3)
    granted = min(posterior, stats.gamma.ppf(0.99, 1 / variance, scale=variance))
    assert found.surge[0] == pytest.approx(broken * (sold - 3 * granted) / share, rel=1e-6)


def test_an_order_is_ordinary_up_to_a_day_that_would_not_surprise():
    """Of a quiet key a few units; of one that sells by the hundred, hundreds."""
    quiet, busy = (
        largest_ordinary_order(prior(0.5, 0.1, 0.1)),
        largest_ordinary_order(prior(400, 0.1, 0.1)),
    )
    assert 3 <= quiet[0] <= 5
    assert 400 < busy[0] < 1200
