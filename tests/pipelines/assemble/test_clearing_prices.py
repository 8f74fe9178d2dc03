"""How long a price has been in force."""

from __future__ import annotations

import pytest

from pipelines.assemble.clearing_prices import locked_weeks
from tests.pipelines.assemble.one_key import SALES, TONIGHT, on, stock_row

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
