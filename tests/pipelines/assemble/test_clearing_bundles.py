"""Companions of slow articles, against counting orders one by one."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.assemble.clearing import holdings_of
from pipelines.assemble.clearing_articles import articles_of
from pipelines.assemble.clearing_bundles import bundles_of
from pipelines.config.load import config_from
from replenishment.clearance.slow_grades import SlowGrade
from stockwright.life import LifeStages
from tests.pipelines.assemble.one_key import TONIGHT, on, stock_row
from tests.pipelines.assemble.test_clearing import forecast_of

# "a" is bought with "b" often and with "c" now and then; "d" is of its style; "e" has no stock;
# "f" is never bought without it; the rest is bought alone.
ORDERS = ["ab"] * 30 + ["ac"] * 12 + ["ad"] * 40 + ["ae"] * 40 + ["af"] * 40 + ["a"] * 10
ORDERS += ["b"] * 30 + ["c"] * 5 + [letter for letter in "ghijklmnop" for _ in range(60)]
SKUS = sorted(set("".join(ORDERS)))


@pytest.fixture
def night(situate):
    """Every order at two locations; of "b" three units to an order, else one; "d" is of the style
    of "a"; "f" has stock at the first location alone."""
    sales = [
        {"date": on(-(i % 27)), "sku": sku, "location": place, "order_id": f"O{i}{place}",
         "units": 3 if sku == "b" else 1}
        for place in "XY"
        for i, skus in enumerate(ORDERS)
        for sku in skus
    ]  # fmt: skip
    held = [("X", sku) for sku in SKUS if sku != "e"] + [("Y", sku) for sku in "abc"]
    return situate(
        TONIGHT,
        sales=sales,
        inventory=[stock_row(sku=sku, location=place, on_hand=50) for place, sku in held],
        products=[{"sku": "a", "style": "round"}, {"sku": "d", "style": "round"}],
    )


def look(night, grades, **settings):
    """Bundles of the slow ones, and the companion of each by its SKU and location."""
    config = config_from({"clearance": {"weeks": 13, "price_by": "location", **settings}})
    forecast = forecast_of(night, 0.5)
    holdings = holdings_of(night, forecast, LifeStages.untold(night.panel.n_series), config)
    if config.clearance.price_by == "sku":
        holdings = articles_of(night, forecast, holdings)
    names = night.panel.index.sku_names()
    places = night.panel.index.location_names()
    grade = np.array(
        [SlowGrade[grades.get(names[at], "NONE")] for at in holdings.series.tolist()], np.uint8
    )
    rows = np.flatnonzero(grade > 0)
    found = bundles_of(holdings, grade, rows, night, ("outlet",), config)
    pairs = zip(holdings.series[rows].tolist(), found.partner.tolist(), strict=True)
    return found, {
        names[at] + places[at]: names[mate] + places[mate] if mate >= 0 else ""
        for at, mate in pairs
    }


def test_the_companion_is_the_one_with_most_orders_expected_that_hold_the_article(night):
    """b is in 60 orders, 30 with a, with 3 units each; c in 17, 12 with a. Of each 0.5 a day is
    asked for, so that c has three times the orders of b, and more of them hold a."""
    found, partner = look(night, {"a": "B", "f": "B"})
    assert partner["aX"] == "cX"
    assert found.confidence[0] == pytest.approx(12 / 17)
    lift = 12 / 17 / (sum("a" in order for order in ORDERS) / len(ORDERS))
    assert found.lift[0] == pytest.approx(lift)
    assert found.share[0] == pytest.approx(12 / 17 * found.lift_low[0] / lift)
    assert 0 < found.lift_low[0] < lift


def test_whole_articles_have_one_companion_whose_demand_is_that_of_all_locations(night):
    whole, partner = look(night, {"a": "B", "f": "B"}, price_by="sku")
    each, _ = look(night, {"a": "B", "f": "B"})
    assert partner["aX"] == "cX"
    assert whole.share[0] == pytest.approx(each.share[0])


def test_a_companion_has_stock_at_the_same_place(night):
    """All orders with f hold a, but at Y there is no f."""
    _, partner = look(night, {"a": "B"})
    assert (partner["aX"], partner["aY"]) == ("fX", "cY")


def test_a_slow_article_is_no_companion_and_one_of_another_grade_has_none(night):
    _, partner = look(night, {"a": "B", "c": "C"})
    assert (partner["aX"], partner["aY"], partner["cX"]) == ("fX", "bY", "")
    _, partner = look(night, {"a": "B", "c": "C"}, bundles={"grades": "C"})
    assert set(partner.values()) == {""}


def test_the_channel_is_known_by_its_name(night):
    assert look(night, {"a": "B"}, bundles={"channel": "outlet"})[0].channel == 0
    assert look(night, {"a": "B"}, bundles={"channel": "live"})[0].channel == -1
