"""The health of stock on hand against brute force, simulation and relations that must hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from replenishment.clearance.health import cover_band, health_of, total_until


def negative_binomial(mean: float, variance: float):
    return stats.nbinom(mean**2 / (variance - mean), mean / variance)


@pytest.mark.parametrize("days", [7.0, 60.0, 90.0])
def test_expected_units_left_and_their_chance_are_the_sums_over_all_demands(holdings, days) -> None:
    rng = np.random.default_rng(4)
    demand = rng.uniform(0.2, 9, (20, 13))
    units = np.floor(rng.uniform(1, 80, 20))
    dispersion, level = rng.uniform(1.1, 4, 20), rng.uniform(0.01, 0.6, 20)
    stock = holdings(20, units=units, demand=demand, dispersion=dispersion, level_variance=level)
    health = health_of(stock, np.full(20, days))
    for i in range(20):
        whole = int(days // 7)
        mean = demand[i, :whole].sum() + (days / 7 - whole) * demand[i, min(whole, 12)]
        law = negative_binomial(mean, dispersion[i] * mean + level[i] * mean**2)
        k = np.arange(int(units[i]))
        assert health.left_threshold[i] == pytest.approx(((units[i] - k) * law.pmf(k)).sum())
        assert health.left_chance[i] == pytest.approx(law.cdf(units[i] - 1))


def test_the_band_of_the_cover_is_that_of_simulated_weeks(holdings) -> None:
    """Weeks without a shared level add up exactly, so that simulated ones know the true chance."""
    rng = np.random.default_rng(5)
    demand = rng.uniform(2, 12, (4, 13))
    stock = holdings(4, units=40.0, demand=demand, dispersion=2.0, level_variance=0.0)
    early, late = cover_band(stock)
    for i in range(4):
        draws = stats.nbinom(demand[i], 0.5).rvs((40_000, 13), random_state=rng)
        gone = np.cumsum(draws, axis=1) >= 40
        by_week = gone.mean(axis=0)
        for days, level in ((early[i], 0.1), (late[i], 0.9)):
            week = days / 7
            assert week < 13
            before = by_week[int(week) - 1] if week >= 1 else 0.0
            assert before - 0.01 <= level <= by_week[int(week)] + 0.01


def test_on_the_days_of_the_band_the_stock_is_used_up_with_ten_and_ninety_percent(holdings) -> None:
    rng = np.random.default_rng(6)
    demand = rng.uniform(0.3, 9, (50, 13))
    units, level = np.floor(rng.uniform(1, 150, 50)), rng.uniform(0, 0.5, 50)
    stock = holdings(50, units=units, demand=demand, dispersion=1.8, level_variance=level)
    for days, chance in zip(cover_band(stock), (0.1, 0.9), strict=True):
        used_up = 1 - total_until(stock, days).cdf(units - 1)
        np.testing.assert_allclose(used_up, chance, atol=2e-3)


def test_the_cover_is_the_day_on_which_the_mean_demand_has_used_up_the_stock(holdings) -> None:
    demand = np.array([[7.0] * 13, [7.0] * 4 + [0.0] * 9, [0.0] * 13])
    stock = holdings(3, units=np.array([105.0, 21.0, 5.0]), demand=demand)
    # 105 units at one a day: 91 days within the weeks, and 14 more at the rate of the last ones.
    np.testing.assert_allclose(health_of(stock, np.full(3, 90.0)).cover_days, [105, 21, np.inf])


def test_beyond_an_end_nothing_sells(holdings) -> None:
    demand = np.where(np.arange(13) < 3, 10.0, 0.0)[None, :]
    stock = holdings(1, units=45.0, demand=demand, weeks=3)
    health = health_of(stock, np.array([300.0]))
    assert health.cover_days[0] == np.inf
    assert health.left_threshold[0] == pytest.approx(health.left_end[0])
    assert health.left_end[0] > 15
    assert health.holding[0] == pytest.approx(0.03 * ((45 + 35) + (35 + 25) + (25 + 15)) / 2)


def test_ratios_are_those_of_the_books_and_unknown_where_price_or_cost_is(holdings) -> None:
    price = np.array([10.0, np.nan, 0.0, 5.0])
    health = health_of(holdings(4, price=price, sold=300.0), np.full(4, 90.0))
    np.testing.assert_allclose(health.sell_through, 0.75)
    np.testing.assert_allclose(health.margin, [0.4, np.nan, np.nan, -0.2])
    yearly = 10 / 7 * 365
    expected = [yearly * 4 / 600, np.nan, -yearly * 6 / 600, -yearly / 600]
    np.testing.assert_allclose(health.gmroi, expected)
    free = health_of(holdings(1, unit_cost=0.0), np.array([90.0]))
    assert np.isnan(free.gmroi[0])
    assert free.margin[0] == 1


@settings(max_examples=40, deadline=None)
@given(st.floats(1, 500), st.floats(0, 300), st.floats(0.05, 40), st.floats(1, 5), st.floats(0, 1))
def test_more_stock_never_lowers_cover_band_or_what_is_left(
    holdings, units, more, rate, dispersion, level
) -> None:
    units, more = np.floor(units), np.floor(more)
    stock = holdings(
        2, units=np.array([units, units + more]), demand=rate, dispersion=dispersion,
        level_variance=level,
    )  # fmt: skip
    health = health_of(stock, np.full(2, 60.0))
    early, late = cover_band(stock)
    for values in (health.cover_days, health.left_threshold, health.left_end, early, late):
        assert values[1] >= values[0] * (1 - 1e-9)
    assert early[0] <= late[0]


def test_money_counted_in_another_currency_changes_money_alone(holdings) -> None:
    plain = health_of(holdings(3), np.full(3, 60.0))
    money = {"unit_cost": 42.0, "price": 70.0, "holding": 0.21}
    other = health_of(holdings(3, **money), np.full(3, 60.0))
    np.testing.assert_allclose(other.value, 7 * plain.value)
    np.testing.assert_allclose(other.holding, 7 * plain.holding)
    for name in ("cover_days", "left_threshold", "sell_through", "margin", "gmroi"):
        np.testing.assert_allclose(getattr(other, name), getattr(plain, name))
