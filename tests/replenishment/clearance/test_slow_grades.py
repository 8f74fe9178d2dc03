"""What is slow, and how urgent it is."""

from __future__ import annotations

import numpy as np
import pytest

from replenishment.clearance.health import health_of
from replenishment.clearance.slow_grades import SlowGrade, SlowGradeParams, slow_grades, slow_points
from stockwright.errors import ConfigError


def graded(stock, days: float = 90.0, **params):
    health = health_of(stock, np.full(len(stock), days))
    return slow_grades(stock, health, SlowGradeParams(**params))


def test_stock_is_slow_when_more_than_the_share_is_left_after_the_threshold(holdings) -> None:
    """About 12.86 weeks of 10 units: 128.6 units sell, with hardly any spread."""
    units = np.array([120.0, 138.0, 150.0])
    stock = holdings(3, units=units, dispersion=1.0, level_variance=0.0)
    assert (graded(stock) > 0).tolist() == [False, False, True]
    assert (graded(stock, 60.0) > 0).all()
    assert (graded(stock, left_share=0.5) == 0).all()


def test_stock_that_the_mean_demand_takes_in_time_is_not_slow_for_being_uncertain(holdings) -> None:
    """Ten weeks of stock of a demand that nobody knows well: much may be left, little is likely."""
    stock = holdings(2, units=np.array([100.0, 140.0]), level_variance=1.0)
    left = health_of(stock, np.full(2, 90.0)).left_threshold
    assert (left > 0.1 * stock.units).all()
    assert (graded(stock) > 0).tolist() == [False, True]


def test_goods_that_end_with_stock_left_are_slow_and_a_hit_is_so_only_then(holdings) -> None:
    demand = np.where(np.arange(13) < 4, 10.0, 0.0) * np.ones((2, 1))
    weeks, hit = np.full(2, 4), np.array([False, True])
    assert (graded(holdings(2, demand=demand, weeks=weeks, hit=hit)) > 0).all()
    heaps = holdings(2, units=1000.0, hit=hit)
    assert (graded(heaps) > 0).tolist() == [True, False]


def test_stock_that_has_just_come_is_slow_only_where_its_end_is_in_sight(holdings) -> None:
    heaps = {"units": 1000.0, "age_days": np.array([27.0, 28.0, np.nan])}
    assert (graded(holdings(3, **heaps)) > 0).tolist() == [False, True, True]
    assert (graded(holdings(3, **heaps, perishing=50.0)) > 0).all()
    assert (graded(holdings(3, **heaps, weeks=6)) > 0).all()
    assert (graded(holdings(3, **heaps), least_age_days=0.0) > 0).all()


def test_batches_that_expire_unsold_make_stock_slow(holdings) -> None:
    stock = holdings(2, units=40.0, perishing=np.array([0.0, 12.0]))
    assert (graded(stock) > 0).tolist() == [False, True]


def test_a_single_unit_that_probably_sells_is_not_worth_a_word(holdings) -> None:
    stock = holdings(1, units=1.0, demand=0.12, dispersion=1.0, level_variance=0.0)
    assert graded(stock)[0] == SlowGrade.NONE


@pytest.mark.parametrize(
    ("sold", "age", "price", "points", "grade"),
    [
        # 1000 units on hand. Of 0 sold, old, no margin: all nine points.
        (0.0, 200.0, 6.2, 9, SlowGrade.S),
        # Sell-through 1/3: 2; 100 days: 2; margin 0.4: 1.
        (500.0, 100.0, 10.0, 5, SlowGrade.A),
        # Sell-through 0.6: 1; 60 days: 1; margin 0.4: 1.
        (1500.0, 60.0, 10.0, 3, SlowGrade.B),
        # Sell-through 0.8, young, margin 0.7.
        (4000.0, 30.0, 20.0, 0, SlowGrade.C),
        # Unknown age takes the worse of 0 and 3, unknown price that of 2 and 3.
        (4000.0, np.nan, 6.2, 6, SlowGrade.A),
        (500.0, 200.0, np.nan, 8, SlowGrade.S),
    ],
)
def test_points_of_sell_through_age_and_margin_make_the_grade(
    holdings, sold, age, price, points, grade
) -> None:
    stock = holdings(1, units=1000.0, sold=sold, age_days=age, price=price)
    health = health_of(stock, np.array([90.0]))
    assert slow_points(stock, health, SlowGradeParams())[0] == points
    assert graded(stock)[0] == grade


def test_older_less_sold_and_dearer_bought_goods_are_never_less_urgent(holdings) -> None:
    rng = np.random.default_rng(3)
    n = 400
    plain = {
        "units": np.full(n, 1000.0), "sold": rng.uniform(0, 5000, n),
        "age_days": rng.uniform(28, 300, n), "unit_cost": rng.uniform(1, 12, n),
    }  # fmt: skip
    before = graded(holdings(n, **plain))
    for name, factor in (("sold", 0.6), ("age_days", 1.7), ("unit_cost", 1.3)):
        after = graded(holdings(n, **plain | {name: plain[name] * factor}))
        assert (after <= before).all()
        assert (after < before).any()


@pytest.mark.parametrize(
    "params",
    [
        {"left_share": 1.5},
        {"sell_through": (0.1, 0.5, 0.7)},
        {"age_days": (90.0, 60.0, 30.0)},
        {"margin": (0.5, 0.3)},
        {"s": 3.0, "a": 5.0},
    ],
)
def test_params_out_of_order_are_refused(params) -> None:
    with pytest.raises(ConfigError):
        SlowGradeParams(**params)
