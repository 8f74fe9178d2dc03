"""Which articles are looked at with the slow ones of their price group."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipelines.assemble.clearing import holdings_of
from pipelines.assemble.clearing_groups import with_groups
from pipelines.config.load import config_from
from stockwright.life import LifeStages
from tests.pipelines.assemble.one_key import SALES, TONIGHT, stock_row
from tests.pipelines.assemble.test_clearing import forecast_of

GROUPS = {"a": "g", "b": "g", "c": "h", "d": "h", "e": ""}


@pytest.fixture
def night(situate):
    """Two groups of two articles and one by itself at two locations; "b" has no stock at Y."""
    sales = [{**row, "sku": sku, "location": at} for row in SALES for sku in GROUPS for at in "XY"]
    products = [{"sku": sku, "price": 10.0, "price_group": name} for sku, name in GROUPS.items()]
    held = [(sku, at) for sku in GROUPS for at in "XY" if sku + at != "bY"]
    stock = [stock_row(sku=sku, location=at, on_hand=100) for sku, at in held]
    return situate(TONIGHT, sales=sales, products=products, inventory=stock)


def look(night, slow, alone=(), hit=(), whole=False):
    """What is planned for, each with its group, and the codes of groups by key."""
    life, index = LifeStages.untold(night.panel.n_series), night.panel.index
    keys = index.sku_names() + index.location_names()
    life = replace(life, hit=np.isin(keys, hit))
    forecast = forecast_of(night)
    holdings = holdings_of(night, forecast, life, config_from({}))
    held = keys[holdings.series]
    found, rows = with_groups(
        holdings, np.isin(held, slow), np.isin(held, alone), night, forecast, life, whole
    )
    return dict(zip(held[rows].tolist(), found.price_group[rows].tolist(), strict=True))


def test_the_others_of_a_group_are_looked_at_with_its_slow_articles(night):
    found = look(night, ["aX", "eX"], whole=True)
    assert set(found) == {"aX", "aY", "bX", "eX"}
    assert found["aX"] == found["aY"] == found["bX"] >= 0
    assert found["eX"] == -1


def test_where_locations_have_prices_of_their_own_so_have_groups(night):
    found = look(night, ["aX", "aY", "dX"])
    assert set(found) == {"aX", "bX", "aY", "cX", "dX"}
    assert found["aX"] == found["bX"] != found["aY"]
    assert found["cX"] == found["dX"]


@pytest.mark.parametrize("why", ["hit", "alone"])
def test_a_group_with_a_hit_or_an_article_that_is_left_alone_keeps_its_price(night, why):
    found = look(night, ["aX", "aY", "dX"], **{why: ["bX"]})
    assert found == {"aX": -2, "aY": found["aY"], "cX": found["cX"], "dX": found["cX"]}
    assert found["aY"] >= 0


def test_a_hit_without_stock_counts(night):
    assert look(night, ["aY"], hit=["bY"]) == {"aY": -2}


def test_what_is_left_alone_is_not_planned_for(night):
    assert look(night, ["aX", "bX"], alone=["aX"]) == {"bX": -2}
