"""The figures of summary.json, each against a count by hand."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from pipelines.publish import kpis, service
from stockwright.forecast import Forecast


def test_stock_value_is_units_on_hand_at_cost(parts) -> None:
    assert kpis.stock_value(parts.night()) == pytest.approx((4 * 60 + 66) * 9.37)


def test_turnover_takes_the_mean_stock_where_there_is_a_history(parts) -> None:
    night = parts.night()
    sold = parts.situation.panel.demand[:, -28:].sum() * 9.37 / 28
    value = kpis.stock_value(night)
    days, formula = kpis.turnover_days(night, value)
    assert (days, formula) == (pytest.approx(value / sold), "turnover_days_now")
    held = np.zeros(len(night.situation.stock.on_hand))
    held[:2] = 5, 12
    told = replace(night.situation, mean_stock=held)
    days, formula = kpis.turnover_days(parts.night(situation=told), value)
    assert (days, formula) == (pytest.approx(17 * 9.37 / sold), "turnover_days")


def test_past_rates_count_28_days(parts) -> None:
    panel = parts.situation.panel
    demand, status, in_stock = (np.array(a) for a in (panel.demand, panel.status, panel.in_stock))
    demand[:, -28:], status[:], in_stock[:] = 0, 3, 1
    demand[1, -28], demand[1, -29] = 30, 500
    status[[1, 4], -28:] = 0
    status[4, -7:], in_stock[4, -7:] = 1, 0
    changed = replace(panel, demand=demand, status=status, in_stock=in_stock)
    stock = replace(parts.situation.stock, on_hand=np.where(np.arange(12) == 7, 20.0, 0.0))
    night = parts.night(situation=replace(parts.situation, panel=changed, stock=stock))
    assert kpis.stock_out_rate(night) == pytest.approx(7 / 56)
    # Series 1 sold, 4 was on sale, 7 is in stock: three SKUs, one of which sold.
    assert kpis.skus_sold(night) == pytest.approx(1 / 3)
    assert kpis.sell_through(night) == pytest.approx(30 / (30 + 20))


def test_slow_moving_stock_is_what_90_days_of_the_skus_demand_leave(parts) -> None:
    # 3 a day at two locations, 7.5 on three event days; the last 28 of 35 days go on.
    expected = 2 * (3 * 90 + 3 * 4.5)
    on_hand = np.zeros(12)
    on_hand[[0, 3]] = expected + 100, expected - 100
    stock = replace(parts.situation.stock, on_hand=on_hand)
    night = parts.night(situation=replace(parts.situation, stock=stock))
    assert kpis.slow_moving(night) == pytest.approx(100 / (2 * expected), rel=1e-6)


def test_what_each_key_serves_of_a_certain_demand_counts_units(parts) -> None:
    forecast = parts.forecast
    certain = Forecast.certain(forecast.index, forecast.origin, np.asarray(forecast.mean))
    plan = parts.empty_plan
    # Demand of 6 in the 2 days before the arrival, 3 and 7.5 in the 2 days after it.
    left = np.array([0, 5, 12] * 4, np.float64)
    on_hand = np.array([0, 4, 6] * 4, np.float64)
    stock = replace(
        parts.situation.stock,
        on_hand=on_hand,
        arrival_series=np.zeros(0),
        arrival_step=np.zeros(0),
        arrival_units=np.zeros(0),
    )
    plan = replace(plan, policy=replace(plan.policy, stock_at_arrival=left))
    situation = replace(parts.situation, stock=stock)
    night = parts.night(situation=situation, forecast=certain, plan=plan)
    served = (4 + 5) + (6 + 10.5)
    assert service.local_fulfillment(night) == pytest.approx(served / (2 * 16.5), rel=1e-6)


def test_local_fulfillment_counts_what_the_first_location_of_a_region_serves(parts) -> None:
    """Without coverage it is all that is served; the shares of two locations add up to it."""
    fill = service.local_fulfillment(parts.night())

    def local(*share: float) -> float:
        told = replace(parts.situation, local_share=np.array([0.0, *share]))
        return service.local_fulfillment(parts.night(situation=told))

    assert local(0, 0) == 0
    assert 0 < local(1, 0) < fill
    assert local(1, 0) + local(0, 1) == pytest.approx(fill)
    assert local(0.25, 0) == pytest.approx(local(1, 0) / 4)


def test_a_plan_serves_more_than_no_plan(parts) -> None:
    with_lines = service.fill_rate(parts.night())
    without = service.fill_rate(parts.night(plan=parts.empty_plan))
    assert without < with_lines <= 1


def test_a_shop_without_stock_and_sales_has_undefined_rates_and_a_valid_file(
    publish, parts
) -> None:
    panel = parts.situation.panel
    empty = replace(panel, demand=np.zeros_like(panel.demand), status=np.full_like(panel.status, 3))
    stock = replace(parts.situation.stock, on_hand=np.zeros(12))
    run = publish(situation=replace(parts.situation, panel=empty, stock=stock))
    figures = json.loads((run / "summary.json").read_text("utf-8"))["kpis"]
    assert figures["turnover_days"]["value"] is None
    assert figures["slow_moving_share"]["value"] is None
    assert figures["stock_value"]["value"] == 0


def test_every_figure_has_value_unit_formula_and_period(publish) -> None:
    figures = json.loads((publish() / "summary.json").read_text("utf-8"))["kpis"]
    assert len(figures) == 14
    for name, figure in figures.items():
        target = {"target"} if name == "slow_moving_share" else set()
        assert set(figure) == {"value", "unit", "formula", "period"} | target
        assert figure["period"]["from"] <= figure["period"]["to"]
    assert figures["sell_through"]["period"] == {"from": "2026-10-25", "to": "2026-11-21"}
