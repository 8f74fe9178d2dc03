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
def backs(situate):
    """(sku, from, to) to (share, cost) of who helps whom, with both articles at E and W."""

    def run(sales, coverage, tier="", settings=None):
        stock = [
            {"sku": sku, "location": place, "on_hand": 1} for sku in "ab" for place in "EW"
        ] + [{"sku": "c", "location": "E", "on_hand": 1}]
        places = [place | {"tier": tier} for place in PLACES]
        tables = {"sales": sales, "inventory": stock, "locations": places, "coverage": coverage}
        night = situate(AS_OF, settings, **tables)
        found, index = night.network.fallbacks, night.panel.index
        sku, place = index.sku_names(), index.location_names()
        ends = zip(found.series.tolist(), found.other.tolist(), strict=True)
        names = [(str(sku[i]), str(place[i]), str(place[j])) for i, j in ends]
        values = zip(found.share.tolist(), found.cost.tolist(), strict=True)
        return dict(zip(names, values, strict=True))

    return run


def test_a_location_is_helped_by_the_next_that_covers_each_of_its_regions(backs):
    """East's demand is half of the east, which West covers at 2 more than East, and half of the
    north, which nobody covers; West's is of the west, which East does not cover."""
    sales = [sale("E", 3, "east"), sale("E", 3, "north"), sale("W", 4, "west")]
    rows = [cover("east", "E", 1, 1.5), cover("east", "W", 2, 3.5), cover("west", "W", 1)]
    found = backs(sales, rows)
    assert found == {("a", "E", "W"): (0.5, 2.0), ("b", "E", "W"): (0.5, 2.0)}


def test_help_that_is_cheaper_than_the_own_way_costs_nothing(backs):
    rows = [cover("east", "E", 1, 5), cover("east", "W", 2, 3)]
    assert backs([sale("E", 3, "east")], rows)[("a", "E", "W")] == (1.0, 0.0)


@pytest.mark.parametrize(("hours", "helps"), [(24, False), (48, True), (None, True)])
def test_who_is_slower_than_the_tier_promises_does_not_help(backs, hours, helps):
    rows = [cover("east", "E", 1, 1, 24), cover("east", "W", 2, 3, 48)]
    tiers = {"tiers": {"core": {} if hours is None else {"hours": hours}}}
    found = backs([sale("E", 3, "east")], rows, "core", tiers)
    assert (("a", "E", "W") in found) == helps


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
