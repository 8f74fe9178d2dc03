"""What is ordered after a spike of sales: a hit is restocked, one large order is not chased."""

import numpy as np
import pytest

from replenishment.pulse.day import DayProfile
from replenishment.pulse.emergency import Exposure, Ways, best_help
from replenishment.pulse.outlook import look_ahead
from replenishment.pulse.rates import DayPrior, largest_ordinary_order, update_rates
from replenishment.pulse.surge import time_to_last

DAYS, RESUPPLY = 14, 8


def ordered(mean, sold, hour, largest=1.0, premium=2.0, level=0.1):
    """Units over a lane of two days of a key with nothing left; orders of ``largest`` units."""
    share = DayProfile().share_by(hour)
    one = np.ones(1)
    prior = DayPrior(mean * one, 1.3 * one, level * one, 0.1 * one)
    cut = min(largest, largest_ordinary_order(prior)[0]) / largest
    rates = update_rates(prior, sold * cut * one, share)
    none = np.zeros((1, DAYS))
    outlook = look_ahead(np.full((1, DAYS), mean), none, prior, rates, 1.0 - share)
    wait = np.minimum(rates.surge * time_to_last(share, DAYS)[0][-1] / mean, 365)
    face = Exposure(outlook, none, 0 * one, np.array([RESUPPLY]), 25 * one, 0.02 * one, wait)
    lane = Ways(
        np.array([0]), np.array([-1]), np.array([2]), premium * one, 0 * one, one, np.inf * one
    )
    return best_help(face, lane, np.zeros(1)).units[0]


@pytest.mark.parametrize("hour", [1, 6, 10, 15, 22])
@pytest.mark.parametrize("mean", [0.1, 0.5, 2.0])
def test_a_bulk_order_of_a_quiet_key_orders_less_than_itself(mean, hour):
    """Sixty units in one order, against the days of demand until ordinary supply."""
    assert ordered(mean, 60.0, hour, largest=60.0) < max(60.0, 4 * mean * RESUPPLY)


@pytest.mark.parametrize("hour", [1, 6, 10, 15, 22])
@pytest.mark.parametrize("mean", [0.1, 0.5, 2.0])
def test_sixty_orders_of_a_quiet_key_order_a_few_times_as_many_at_most(mean, hour):
    assert ordered(mean, 60.0, hour) <= 3 * 60.0 + mean * RESUPPLY


@pytest.mark.parametrize("mean", [10.0, 100.0, 1000.0])
def test_a_hit_is_restocked_the_same_day_and_the_more_the_longer_it_lasts(mean):
    """Twenty times the forecast from midnight on: never less than the forecast asks for until
    ordinary supply, and by night more than double."""
    hours, days = (6, 10, 15, 22), RESUPPLY - 2
    units = [ordered(mean, 20 * mean * DayProfile().share_by(hour), hour) for hour in hours]
    assert min(units) >= days * mean
    assert (np.diff(units) >= 0).all()
    assert units[-1] > 2 * days * mean


@pytest.mark.parametrize("premium", [0.5, 2.0, 8.0, 14.0])
@pytest.mark.parametrize("hour", [6, 12, 20])
def test_a_surge_never_orders_less_than_the_same_day_without_it(premium, hour):
    """Up to whole units: the forecast's own demand does not become unsure with it."""
    share = DayProfile().share_by(hour)
    usual = ordered(20.0, np.floor(20 * share), hour, premium=premium)
    assert ordered(20.0, 400.0, hour, premium=premium) >= min(usual, 6 * 20.0)


@pytest.mark.parametrize("level", [0.1, 0.5, 2.0])
@pytest.mark.parametrize("hour", [6, 10, 20])
def test_many_orders_never_order_less_than_one(hour, level):
    """Of a quiet key, also where an uncertain forecast gives way to a surge."""
    units = [ordered(0.2, float(n), hour, level=level) for n in range(1, 100)]
    assert min(units) >= units[0]
