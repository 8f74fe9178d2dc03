"""Which part of a location's demand is its own to serve."""

import numpy as np
import pytest

AS_OF = "2026-11-22"
PLACES = [
    {"location": "E", "kind": "regional", "region": "east"},
    {"location": "W", "kind": "regional", "region": "west"},
]


def sale(location, units, region="", date="2026-11-20", kind="sale"):
    return {
        "date": date, "sku": "a", "location": location, "units": units,
        "region": region, "order_type": kind,
    }  # fmt: skip


def cover(region, location, priority="", freight=0, hours=""):
    return {
        "region": region, "location": location, "priority": priority,
        "unit_freight": freight, "hours": hours,
    }  # fmt: skip


@pytest.fixture
def shares(situate):
    """Local share of E and of W."""

    def run(sales, coverage):
        stock = [{"sku": "a", "location": place, "on_hand": 1} for place in "EW"]
        tables = {"sales": sales, "inventory": stock, "locations": PLACES}
        if coverage is not None:
            tables["coverage"] = coverage
        return situate(AS_OF, **tables).local_share

    return run


def test_without_coverage_nothing_is_told(shares):
    assert shares([sale("E", 1)], None) is None


def test_units_of_regions_that_a_location_serves_first_are_local(shares):
    """E sells 6 units to its own region (2 unnamed) and 2 to the west, W 5 of which 1 east."""
    sales = [
        sale("E", 4, "east"), sale("E", 2), sale("E", 2, "west"),
        sale("W", 1, "east"), sale("W", 4, "west"),
        sale("E", 90, "west", date="2025-11-22"), sale("E", -5, "west"),
        sale("E", 70, "west", kind="gift"),
    ]  # fmt: skip
    rows = [cover("east", "E", 1), cover("east", "W", 2), cover("west", "W", 1)]
    np.testing.assert_allclose(shares(sales, rows), [6 / 8, 4 / 5])


@pytest.mark.parametrize(
    "rows",
    [
        [cover("east", "E"), cover("east", "W", 7)],
        [cover("east", "E", 1, freight=2), cover("east", "W", 1, freight=1)],
        [cover("east", "E", 1, 1, hours=48), cover("east", "W", 1, 1, hours=24)],
        [cover("east", "W", 1, 1, 24), cover("east", "E", 1, 1, 24)],
    ],
)
def test_priority_then_freight_then_hours_then_the_upper_row_make_the_first(shares, rows):
    np.testing.assert_allclose(shares([sale("E", 3), sale("W", 3, "east")], rows), [0, 1])


def test_a_region_without_a_row_is_local_where_its_demand_arises(shares):
    sales = [sale("E", 3, "north"), sale("E", 1, "west"), sale("W", 5, "north")]
    np.testing.assert_allclose(shares(sales, [cover("west", "W")]), [0.75, 1])


def test_a_location_without_sales_has_the_demand_of_its_own_region(shares):
    np.testing.assert_allclose(
        shares([sale("E", 3)], [cover("west", "E"), cover("east", "E")]), [1, 0]
    )
