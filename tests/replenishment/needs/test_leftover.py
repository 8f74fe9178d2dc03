"""What is lost on units that take too long to sell lowers orders before demand falls."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from replenishment import PlanParams, plan_night
from replenishment.needs.leftover import Leftover

PEAK, CALM, HORIZON, AFTER = 60.0, 0.5, 60, 28
PARAMS = PlanParams(paths=4096, level_cap=0.9999, markdown_after=AFTER)


def peak_of(shop, calm=CALM, skus=1):
    """Demand of one great day, then a calm rest; the order arrives before the great day."""
    index = shop.index(skus)
    mean = np.full((skus, HORIZON), calm)
    mean[:, 0] = PEAK
    network = shop.network(index, shop.lanes(skus, lead_time=0, review=1))
    return shop.forecast(index, mean), network, shop.stock(skus)


def ordered(found, rate, after=AFTER):
    forecast, network, stock = found
    params = replace(PARAMS, markdown_rate=rate, markdown_after=after)
    orders = plan_night(forecast, network, stock, params).orders
    return float(np.sum(orders.units))


def cheapest(network, loss):
    """Order of least expected cost, by adding up all outcomes with scipy's Poisson."""
    holding, price = network.items.holding_cost[0], network.items.shortage_cost[0]
    peak, calm = np.arange(160), np.arange(80)
    first = stats.poisson.pmf(peak, PEAK)
    later = stats.poisson.pmf(calm, CALM * AFTER)
    q = np.arange(120)[:, None]
    short, left = np.maximum(peak - q, 0), np.maximum(q - peak, 0)
    stale = (np.maximum(left[:, :, None] - calm, 0) * later).sum(axis=2)
    cost = (price * short + holding * left + loss * stale) @ first
    return float(cost.argmin())


@pytest.mark.parametrize("rate", [0.1, 0.3, 0.8])
def test_the_order_before_a_peak_is_the_cheapest_of_all_outcomes(shop, rate):
    found = peak_of(shop)
    loss = rate * float(found[1].items.unit_cost[0])
    assert ordered(found, rate) == pytest.approx(cheapest(found[1], loss), abs=1)


def test_a_higher_markdown_never_orders_more_and_a_great_one_orders_less(shop):
    units = [ordered(peak_of(shop), rate) for rate in (0.0, 0.1, 0.3, 0.6, 1.0)]
    assert units == sorted(units, reverse=True)
    assert units[-1] < units[0]


def test_where_demand_goes_on_no_unit_takes_too_long(shop):
    """What the next four weeks sell many times over is not marked down."""
    steady = peak_of(shop, calm=PEAK)
    assert ordered(steady, 0.8) == ordered(steady, 0.0)


def test_units_that_sell_after_the_forecast_ends_count_as_sold(shop):
    """The markdown of twenty days lies within the forecast, that of seventy beyond its end."""
    short = Leftover.of(peak_of(shop)[0], np.array([1]), 20, np.ones(1))
    long = Leftover.of(peak_of(shop)[0], np.array([1]), 70, np.ones(1))
    assert (short.last[0], short.after[0]) == (21, 0)
    assert (long.last[0], long.after[0]) == (HORIZON, pytest.approx(11 * CALM))


def test_the_level_that_is_told_is_the_share_of_futures_that_the_order_covers(shop):
    forecast, network, stock = peak_of(shop)
    plan = plan_night(forecast, network, stock, replace(PARAMS, markdown_rate=0.8))
    covered = stats.poisson.cdf(plan.orders.units[0], PEAK)
    assert plan.policy.service_level[0] == pytest.approx(covered, abs=0.01)
