"""A planner's limits of clearance, brought to the items that are cleared."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.assemble.clearing_articles import articles_of
from pipelines.assemble.clearing_said import rules_of
from tests.pipelines.assemble.one_key import SALES, TONIGHT, stock_row
from tests.pipelines.assemble.test_clearing import forecast_of, look

UNITS = {"X": 10.0, "Y": 20.0, "Z": 30.0}
INF = np.inf


def said(table, field, value, **more):
    return {"table": table, "field": field, "value": value, "by": "li", **more}


@pytest.fixture
def limits(situate):
    """Most units of each location, and of the whole SKU, under some rows of overrides."""

    def of(*rows):
        sales = [{**row, "location": place} for place in UNITS for row in SALES]
        stock = [stock_row(location=place, on_hand=units) for place, units in UNITS.items()]
        given = {"overrides": list(rows)} if rows else {}
        night = situate(TONIGHT, sales=sales, inventory=stock, **given)
        places, forecast = look(night), forecast_of(night)
        whole = articles_of(night, forecast, places)
        each, one = (rules_of(night, places, items, (), 28) for items in (places, whole))
        return each.most.tolist(), one.most.tolist()

    return of


def test_without_a_word_nothing_is_limited(limits) -> None:
    assert limits() == ([INF, INF, INF], [INF])


def test_locations_share_a_limit_that_names_none_where_they_share_a_price(limits) -> None:
    each, whole = limits(said("clearance", "units", 25))
    assert (each, whole) == ([25, 25, 25], [25])


def test_a_limit_of_one_location_leaves_the_others_alone(limits) -> None:
    assert limits(said("clearance", "units", 4, location="Y")) == ([INF, 4, INF], [44])


def test_a_location_with_a_later_limit_of_its_own_has_no_part_in_the_shared_one(limits) -> None:
    rows = said("clearance", "units", 15), said("clearance", "units", 7, location="Z")
    assert limits(*rows) == ([15, 15, 7], [22])


def test_a_price_for_all_locations_is_held_where_one_of_them_is(limits) -> None:
    assert limits(said("clearance", "frozen", "yes", location="Z")) == ([INF, INF, 0], [0])
