"""Costs, their defaults, grades and service levels."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from pipelines.assemble.catalog import weekly_variation
from stockwright.panel import Status

NIGHT = date(2024, 3, 10)
TONIGHT = NIGHT.isoformat()


def sales_of(sku, units, price="", days=56):
    return [
        {"date": (NIGHT - timedelta(days=d)).isoformat(), "sku": sku, "location": "X",
         "units": units(d) if callable(units) else units, "price": price}
        for d in range(days)
    ]  # fmt: skip


def test_costs_follow_the_documented_formulas(situate, at):
    products = [{"sku": "a", "unit_cost": 6, "price": 10}]
    settings = {"money": {"holding_rate": 0.365, "goodwill": 0.1}}
    situation = situate(TONIGHT, settings, sales=sales_of("a", 1), products=products)
    items, a = situation.network.items, at(situation, "a")
    assert items.holding_cost[a] == pytest.approx(6 * 0.365 / 365)
    assert items.shortage_cost[a] == pytest.approx(10 - 6 + 0.1 * 10)
    weekly = situate(
        TONIGHT, {**settings, "period": "week"}, sales=sales_of("a", 1), products=products
    )
    assert weekly.network.items.holding_cost[a] == pytest.approx(7 * items.holding_cost[a])


def test_given_costs_are_taken_as_they_are(situate, at):
    products = [{"sku": "a", "unit_cost": 6, "price": 10, "holding_cost": 0.2, "shortage_cost": 1}]
    items = situate(TONIGHT, sales=sales_of("a", 1), products=products).network.items
    assert (items.holding_cost[0], items.shortage_cost[0]) == (0.2, 1)


def test_prices_and_costs_fall_back_on_what_is_known(situate, at):
    sales = [*sales_of("paid", 2, 30.0), *sales_of("bare", 1), *sales_of("cost", 1)]
    products = [{"sku": "cost", "unit_cost": 3}]
    settings = {"defaults": {"cost_share": 0.5, "unit_cost": 4.0}}
    situation = situate(TONIGHT, settings, sales=sales, products=products)
    items = situation.network.items
    paid, bare, cost = (at(situation, sku) for sku in ("paid", "bare", "cost"))
    assert (items.price[paid], items.unit_cost[paid]) == (30, 15)
    assert (items.unit_cost[bare], items.shortage_cost[bare]) == (4, 4)
    assert (items.unit_cost[cost], items.shortage_cost[cost]) == (3, 3)
    assert np.isnan(items.price[[bare, cost]]).all()


def test_goods_sold_below_cost_have_a_shortage_that_costs_nothing(situate):
    products = [{"sku": "a", "unit_cost": 12, "price": 10}]
    situation = situate(TONIGHT, sales=sales_of("a", 1), products=products)
    assert situation.network.items.shortage_cost[0] == 0
    assert any("below cost" in note for note in situation.notes)


def test_grades_follow_value_and_steadiness(situate, at):
    def bursts(day):
        return 60 if day % 14 == 0 else 0

    sales = [*sales_of("big", 10, 10.0), *sales_of("mid", 2, 8.0), *sales_of("tail", 1, 1.0)]
    sales += sales_of("wild", bursts, 0.5)
    situation = situate(TONIGHT, sales=sales)
    grade = {s: situation.catalog.abc_xyz[at(situation, s)] for s in ("big", "mid", "tail", "wild")}
    # Values of 8 weeks: 5,600, 896, 120 and 56: 84 %, 97 %, 99 % and 100 % of the whole.
    assert grade == {"big": "AX", "mid": "BX", "wild": "CZ", "tail": "CX"}


def test_variation_is_that_of_the_listed_weeks():
    rng = np.random.default_rng(1)
    units = rng.poisson(2.0, (3, 70)).astype(np.float32)
    status = np.zeros((3, 70), np.uint8)
    status[1, :20] = Status.NOT_LISTED
    got = weekly_variation(units, status, 1)
    for series in range(3):
        weeks = [range(i, i + 7) for i in range(0, 70, 7)]
        kept = [units[series, list(w)].sum() for w in weeks if not status[series, list(w)].any()]
        assert got[series] == pytest.approx(np.std(kept) / np.mean(kept))


@pytest.mark.parametrize("mode", ["cycle", "fill", "money"])
def test_levels_go_from_pair_to_letter_to_tier_to_default(situate, at, mode):
    sales = [*sales_of("big", 10, 10.0), *sales_of("tail", 1, 1.0)]
    sales += [{**row, "location": "Y", "units": 1} for row in sales_of("big", 1, 1.0)]
    locations = [{"location": "X"}, {"location": "Y", "tier": "gold"}]
    service = {
        "mode": mode,
        "default": 0.9,
        "grade": {"A": 0.97, "AX": 0.98},
        "tier": {"gold": 0.93},
    }
    situation = situate(TONIGHT, {"service": service}, sales=sales, locations=locations)
    items = situation.network.items
    levels = {"cycle": items.service_level, "fill": items.fill_rate}
    places = [at(situation, "big"), at(situation, "tail"), at(situation, "big", "Y")]
    for name, values in levels.items():
        expected = [0.98, 0.9, 0.93] if name == mode else [np.nan] * 3
        assert values[places] == pytest.approx(expected, nan_ok=True)
