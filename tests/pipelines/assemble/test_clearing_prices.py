"""What goods sell for week by week, and how long a price has been in force."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.assemble.clearing_articles import articles_of
from pipelines.assemble.clearing_prices import locked_weeks
from tests.pipelines.assemble.one_key import SALES, TONIGHT, on, stock_row
from tests.pipelines.assemble.test_clearing import forecast_of, look

PRODUCTS = [{"sku": "a", "unit_cost": 60.0, "price": 100.0}]


@pytest.fixture
def locked(situate):
    """Weeks that the price of the one key still has to stay."""

    def weeks(least, *prices, **tables):
        given = {"prices": [{"sku": "a", **row} for row in prices]} if prices else {}
        night = situate(
            TONIGHT, sales=SALES, products=PRODUCTS, inventory=[stock_row()], **given, **tables
        )
        return int(locked_weeks(night, [0], least)[0])

    return weeks


@pytest.mark.parametrize(
    ("first_day", "least", "expected"),
    [(-2, 1, 1), (-6, 1, 0), (-5, 1, 1), (-6, 2, 1), (-12, 2, 1), (-13, 2, 0), (1, 2, 2),
     (0, 0, 0), (2, 1, 0)],
)  # fmt: skip
def test_a_price_stays_for_the_weeks_from_its_first_day(locked, first_day, least, expected) -> None:
    """Tomorrow is the first day that a new price could hold."""
    assert locked(least, {"start": on(first_day), "price": 80.0}) == expected


def test_a_price_that_never_changed_may(locked) -> None:
    assert locked(4) == 0


def test_an_event_is_no_change_of_the_price(locked) -> None:
    event = {"event": "day", "start": on(-3), "end": on(0), "discount_off": 0.3}
    assert locked(2, events=[event]) == 0
    assert locked(2, {"start": on(-9), "price": 80.0}, events=[event]) == 1


@pytest.fixture
def weekly(situate):
    """Prices of the weeks ahead of the one key, at an even demand unless ``mean`` tells."""

    def prices(mean=None, period="day", **tables):
        night = situate(
            TONIGHT, {"period": period}, sales=SALES, products=PRODUCTS, inventory=[stock_row()],
            **tables,
        )  # fmt: skip
        told = {} if mean is None else {"mean": mean}
        items = look(night, forecast_of(night, **told))
        assert items.weekly_price[0].max() == items.price[0]
        return items.weekly_price[0]

    return prices


def test_a_price_is_the_list_price_where_nothing_else_is_planned(weekly) -> None:
    np.testing.assert_allclose(weekly(), 100.0)


def test_a_promotion_lowers_the_price_of_its_week_alone(weekly) -> None:
    row = {"sku": "a", "start": on(8), "end": on(14), "price": 70.0}
    prices = weekly(prices=[row])
    np.testing.assert_allclose(prices[1], 70.0)
    np.testing.assert_allclose(np.delete(prices, 1), 100.0)


def test_a_week_of_an_event_is_priced_by_what_is_sold_on_its_days(weekly) -> None:
    """Two days at 60 sell ten times as much as the five at 100."""
    mean = np.ones((1, 28), np.float32)
    mean[0, :2] = 10.0
    event = {"event": "day", "start": on(1), "end": on(2), "discount_off": 0.4}
    prices = weekly(mean, events=[event])
    assert prices[0] == pytest.approx((20 * 60 + 5 * 100) / 25, rel=1e-4)
    np.testing.assert_allclose(prices[1:], 100.0, rtol=1e-4)


def test_a_price_that_changes_for_good_goes_on_after_the_forecast(weekly) -> None:
    rows = [{"sku": "a", "start": on(1), "price": 90.0}]
    np.testing.assert_allclose(weekly(prices=rows), 90.0)


def test_a_week_that_an_event_makes_cheap_is_not_the_price_of_now(weekly) -> None:
    """Weekly periods: the mean price of the event's week is no markdown to start from."""
    event = {"event": "day", "start": on(1), "end": on(1), "discount_off": 0.7}
    prices = weekly(period="week", events=[event])
    np.testing.assert_allclose(prices, [90.0] + [100.0] * 12)


def test_an_article_has_the_mean_price_of_its_locations_by_units(situate) -> None:
    sales = [{**row, "location": place} for place in "XY" for row in SALES]
    stock = [stock_row(location="X", on_hand=10), stock_row(location="Y", on_hand=30)]
    row = {"sku": "a", "location": "Y", "start": on(1), "end": on(7), "price": 60.0}
    night = situate(
        TONIGHT, sales=sales, products=PRODUCTS, inventory=stock, prices=[row]
    )  # fmt: skip
    forecast = forecast_of(night)
    whole = articles_of(night, forecast, look(night, forecast))
    np.testing.assert_allclose(whole.weekly_price[0], [70.0] + [100.0] * 12, rtol=1e-6)
