"""What helps before stock runs out."""

import numpy as np
import pytest
from scipy import stats

from replenishment.pulse.emergency import Exposure, Ways, book, buy_fast, move_spare, spare_of
from replenishment.pulse.outlook import Outlook


def exposure(daily, stock, shortage, days=6):
    mean = np.cumsum(np.repeat(np.array(daily, float)[:, None], days, axis=1), axis=1)
    n = len(daily)
    none = np.zeros((n, days))
    return Exposure(
        Outlook(mean, 2.0 * mean), none, np.array(stock, float), np.full(n, days),
        np.array(shortage, float), np.full(n, 0.01),
    )  # fmt: skip


def ways(key, source, day, premium, multiple=1.0):
    n = len(key)
    return Ways(
        np.array(key), np.array(source), np.array(day), np.array(premium, float),
        np.zeros(n), np.full(n, multiple), np.full(n, np.inf),
    )  # fmt: skip


def test_a_fast_order_is_the_critical_quantile_of_demand():
    """Six days of 5, nothing on hand, units there tomorrow: what today loses is not bought."""
    found = buy_fast(exposure([5], [0], [10]), ways([0], [-1], [1], [4]), np.zeros(1))
    ratio = (10 - 4) / (10 + 0.01 * 5)
    quantile = stats.gamma.ppf(ratio, 30**2 / 60, scale=2)
    assert found.units[0] == np.ceil(quantile - 5)
    assert found.benefit[0] > 0


def test_a_premium_above_the_loss_buys_nothing():
    found = buy_fast(exposure([5], [0], [3]), ways([0], [-1], [1], [4]), np.zeros(1))
    assert found.units[0] == 0


def test_two_keys_never_get_more_than_a_source_can_spare():
    """The dearer shortage is served first."""
    face = exposure([5, 5], [0, 0], [20, 50])
    found = move_spare(
        face, ways([0, 1], [2, 2], [1, 1], [1, 1]), np.array([0, 0, 30.0]), np.zeros(3)
    )
    assert found.units.sum() == 30
    assert found.units[1] > found.units[0]


def test_a_source_keeps_what_its_own_demand_asks_for():
    spare = spare_of(exposure([5], [100], [10]), 0.95)
    assert spare[0] == np.floor(100 - stats.gamma.ppf(0.95, 15, scale=2))


@pytest.mark.parametrize("free", [0, 7, 13, 100])
def test_what_leaves_now_is_within_what_is_free(free):
    units = np.array([6.0, 4.0, 9.0])
    now = book(units, np.array([1.0, 3.0, 2.0]), ways([0, 1, 2], [3, 3, 3], [1] * 3, [0] * 3),
               np.array([0, 0, 0, free]))  # fmt: skip
    assert now.sum() == min(free, units.sum())
    assert (now <= units).all()
