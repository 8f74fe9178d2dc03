"""Where a SKU stands in its life, and whether it is cleared."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipelines.config.load import config_from
from pipelines.night.clearing import cleared
from replenishment import PlanParams, plan_night
from stockwright.clearance import Act
from stockwright.life import LifeStage, LifeStages
from stockwright.price_response import PriceResponse
from tests.pipelines.assemble.one_key import SALES, TONIGHT, on, stock_row
from tests.pipelines.assemble.test_clearing import forecast_of

SKUS = ("decline", "hit", "plain")


@pytest.fixture
def acts(situate):
    """Acts by SKU of far too much stock of ``age`` days, under some settings."""

    def plan(age=60, events=(), **product):
        tables = {"events": list(events)} if events else {}
        night = situate(
            TONIGHT,
            sales=[{**row, "sku": sku} for sku in SKUS for row in SALES],
            products=[{"sku": sku, "unit_cost": 60.0, "price": 100.0, **product} for sku in SKUS],
            inventory=[stock_row(sku=sku, on_hand=500, received_date=on(-age)) for sku in SKUS],
            **tables,
        )
        forecast, n = forecast_of(night), night.panel.n_series
        untold = LifeStages.untold(n)
        stage = np.where(np.arange(n) == 0, LifeStage.DECLINE, untold.stage)
        life = replace(untold, stage=stage, hit=np.arange(n) == 1)
        response = PriceResponse(np.full(n, 2.5), np.full(n, 0.2))
        orders = plan_night(forecast, night.network, night.stock, PlanParams())
        found = cleared(orders, night, forecast, life, response, config_from({})).clearance
        names = night.panel.index.sku_names()[found.series]
        event = ("", *night.panel.covariates.event_names)
        left = [event[code] for code in found.event.tolist()]
        return dict(zip(names, zip(found.act.tolist(), left, strict=True), strict=True))

    return plan


def test_what_declines_is_marked_down_by_itself_and_a_hit_never(acts) -> None:
    found = acts()
    assert set(found) == {"decline", "plain"}
    assert found["decline"] == (Act.MARK_DOWN, "")


def test_a_hit_is_not_marked_down_before_its_end_either(acts) -> None:
    assert set(acts(end_date=on(30))) == {"decline", "plain"}


def test_stock_that_has_just_come_is_left_alone_but_for_what_an_event_left(acts) -> None:
    assert acts(age=10) == {}
    event = {"event": "Double 11", "start": on(-12), "end": on(-2), "discount_off": 0.3}
    found = acts(age=10, events=[event])
    assert set(found) == {"decline", "plain"}
    assert {left for _, left in found.values()} == {"Double 11"}
