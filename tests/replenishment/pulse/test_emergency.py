"""What helps before stock runs out."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from replenishment.pulse.emergency import Exposure, Ways, best_help, book, spare_of
from replenishment.pulse.outlook import Outlook


def exposure(daily, stock, shortage, days=6):
    mean = np.cumsum(np.repeat(np.array(daily, float)[:, None], days, axis=1), axis=1)
    n = len(daily)
    none = np.zeros((n, days))
    return Exposure(
        Outlook(mean, 2.0 * mean, none, none), none, np.array(stock, float), np.full(n, days),
        np.array(shortage, float), np.full(n, 0.01), np.zeros(n),
    )  # fmt: skip


def ways(key, source, day, premium, multiple=1.0):
    n = len(key)
    return Ways(
        np.array(key), np.array(source), np.array(day), np.array(premium, float),
        np.zeros(n), np.full(n, multiple), np.full(n, np.inf),
    )  # fmt: skip


def test_a_fast_order_is_the_critical_quantile_of_demand():
    """Six days of 5, nothing on hand, units there tomorrow: what today loses is not bought."""
    found = best_help(exposure([5], [0], [10]), ways([0], [-1], [1], [4]), np.zeros(1))
    ratio = (10 - 4) / (10 + 0.01 * 5)
    assert found.units[0] == np.ceil(stats.gamma.ppf(ratio, 25**2 / 50, scale=2))
    assert found.benefit[0] > 0


def test_a_premium_above_the_loss_buys_nothing():
    found = best_help(exposure([5], [0], [3]), ways([0], [-1], [1], [4]), np.zeros(1))
    assert found.units[0] == 0


def test_two_keys_never_get_more_than_a_source_can_spare():
    """The dearer shortage is served first."""
    face = exposure([5, 5], [0, 0], [20, 50])
    found = best_help(face, ways([0, 1], [2, 2], [1, 1], [1, 1]), np.array([0, 0, 30.0]))
    assert found.units.sum() == 30
    assert found.units[1] > found.units[0]


def two_ways(freight, premium, day=(1, 1), spare=100.0, moq=0.0):
    """A key that may be helped by another location (way 0) or over a fast lane (way 1)."""
    face = exposure([5, 5], [0, 0], [20, 20])
    options = ways([0, 0], [1, -1], day, [freight, premium])
    options = replace(options, moq=np.array([0.0, moq]))
    return best_help(face, options, np.array([0.0, spare]))


@pytest.mark.parametrize(("freight", "premium"), [(9, 2), (2, 9), (6, 5), (0.5, 0.4)])
def test_the_way_that_saves_more_than_it_costs_goes_whichever_kind_it_is(freight, premium):
    """Both come tomorrow with any number of units, so the cheaper one gives all of them."""
    found = two_ways(freight, premium)
    cheaper, other = (1, 0) if premium < freight else (0, 1)
    assert found.units[cheaper] > 0
    assert found.units[other] == 0
    alone = two_ways(99 if cheaper == 1 else freight, 99 if cheaper == 0 else premium)
    assert found.benefit[cheaper] == pytest.approx(alone.benefit[cheaper])


def test_the_sooner_way_goes_where_the_days_between_lose_more_than_it_costs():
    assert two_ways(1, 3, day=(4, 1)).units[1] > 0
    assert two_ways(1, 3, day=(1, 4)).units[1] == 0


def test_what_a_source_cannot_spare_comes_over_the_fast_lane():
    """Ten of the cheap way, the rest of the dear one; together what the dear one would bring."""
    both, alone = two_ways(1, 3, spare=10.0), two_ways(99, 3)
    assert both.units[0] == 10
    assert both.units.sum() == pytest.approx(alone.units[1], abs=1)
    assert both.benefit.sum() > alone.benefit[1]


def test_a_smallest_order_that_does_not_pay_on_top_is_left():
    """The source has all but a few of the units; a fast order of fifty is not worth it then."""
    wanted = two_ways(1, 99).units[0]
    assert two_ways(1, 3, spare=wanted - 2, moq=50.0).units.tolist() == [wanted - 2, 0]


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
