"""Orders ahead: what the order-up-to rule does, told by hand and by conservation."""

import numpy as np
import pytest

from replenishment.supply.outlook import Rule, orders_ahead


def rule(n=1, **changes):
    values = {
        "position": 60.0, "safety_stock": 10.0, "least_need": 0.0, "protection": 10,
        "first": 1.0, "lot": 1.0, "share": 1.0,
    } | changes  # fmt: skip
    whole = {"protection"}
    return Rule(
        **{k: np.full(n, v, np.int64 if k in whole else np.float64) for k, v in values.items()}
    )


def ahead(shop, rate=5.0, horizon=28, paths=256, **changes):
    index = shop.index(1)
    forecast = shop.forecast(index, np.full(1, rate), horizon=horizon)
    return orders_ahead(forecast, rule(**changes), 7, 0.9, paths, 3)


def test_in_the_long_run_what_is_sold_is_ordered(shop):
    """At the target already, each week orders the demand of the week."""
    found = ahead(shop)
    np.testing.assert_allclose(found.mean[0], 35.0, rtol=0.02)
    assert (found.upper >= found.mean).all()
    # 90 % of a Poisson week of 35: 43.
    np.testing.assert_allclose(found.upper[0], 43.0, atol=2.0)


def test_stock_beyond_the_target_is_sold_before_anything_is_ordered(shop):
    found = ahead(shop, position=60.0 + 70.0)
    assert found.mean[0, 0] < 1.0
    np.testing.assert_allclose(found.mean[0].sum(), 4 * 35 - 70, rtol=0.05)


def test_bad_units_are_ordered_on_top(shop):
    whole, half = ahead(shop), ahead(shop, share=0.5)
    np.testing.assert_allclose(half.mean, 2 * whole.mean, rtol=0.02)


@pytest.mark.parametrize("lot", [10.0, 60.0])
def test_orders_come_in_whole_lots_and_not_below_the_least_need(shop, lot):
    found = ahead(shop, first=lot, lot=lot, least_need=lot * 0.8, paths=64)
    assert (found.upper % lot == 0).all()
    assert abs(found.mean.sum() - 4 * 35) <= lot


def test_a_peak_ahead_is_ordered_before_it(shop):
    index, mean = shop.index(1), np.full((1, 28), 5.0)
    mean[:, 20:24] = 50.0
    found = orders_ahead(shop.forecast(index, mean, horizon=28), rule(), 7, 0.9, 64, 3)
    assert found.mean[0, 1] > 150
    assert found.mean[0, 3] < 60
