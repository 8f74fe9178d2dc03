"""Which lane serves which key, when its order can be sold, and what it costs."""

from __future__ import annotations

from datetime import date, timedelta
from math import ceil

import numpy as np
import pandas as pd
import pytest

from pipelines.assemble.lanes import multiples, price_breaks
from stockwright.network import LaneKind

NIGHT = date(2024, 3, 10)  # a Sunday: orders go out on a Monday
TONIGHT = NIGHT.isoformat()
SALES = [
    {"date": (NIGHT - timedelta(days=d)).isoformat(), "sku": s, "location": p, "units": 1}
    for d in range(30)
    for s in ("a", "b")
    for p in ("X", "Y")
]
STOCK = [{"sku": "a", "location": p, "on_hand": 1} for p in ("X", "Y", "DC")]


def lane(source="S", destination="X", **more):
    return {"source": source, "destination": destination, "lead_time_days": 5, **more}


def lanes_of(situation, series):
    """Rows of the lanes of one series, as dictionaries."""
    lanes, sources = situation.network.lanes, situation.lane_sources()
    names = ("kind", "lead_time", "review", "open_tonight", "available_date", "moq", "multiple",
             "unit_cost", "max_units", "priority")  # fmt: skip
    rows = np.flatnonzero(lanes.series == series)
    return [{"source": sources[r], **{n: getattr(lanes, n)[r] for n in names}} for r in rows]


def test_an_own_row_replaces_the_general_one_of_its_source_and_kind_only(situate, at):
    lanes = [
        lane(lead_time_days=9),
        lane(lead_time_days=3, kind="expedited"),
        lane(lead_time_days=2, sku="a"),
        lane("T", lead_time_days=7),
    ]
    situation = situate(TONIGHT, sales=SALES, inventory=STOCK, lanes=lanes)
    own = {
        (r["source"], int(r["kind"])): r["lead_time"]
        for r in lanes_of(situation, at(situation, "a"))
    }
    assert own == {("S", 0): 2, ("S", 2): 3, ("T", 0): 7}
    general = lanes_of(situation, at(situation, "b"))
    assert sorted(r["lead_time"] for r in general) == [3, 7, 9]


def test_a_lane_is_valid_on_order_dates_from_its_start_to_its_end(situate, at):
    lanes = [
        lane(lead_time_days=1, end="2024-03-10"),
        lane(lead_time_days=2, start="2024-03-11", end="2024-03-11"),
        lane(lead_time_days=3, start="2024-03-12"),
    ]
    situation = situate(TONIGHT, sales=SALES, inventory=STOCK, lanes=lanes)
    assert [r["lead_time"] for r in lanes_of(situation, at(situation, "a"))] == [2]


def test_a_source_that_is_a_location_makes_a_transfer(situate, at):
    lanes = [lane("DC", "X"), lane("S", "DC", lead_time_days=20, review_days=7)]
    situation = situate(TONIGHT, sales=SALES, inventory=STOCK, lanes=lanes)
    (transfer,) = lanes_of(situation, at(situation, "a"))
    assert transfer["kind"] == LaneKind.TRANSFER
    assert transfer["source"] == "DC"
    assert transfer["unit_cost"] == 0
    # b has no row of stock at DC, but DC feeds it and reports stock: it is a key there, with 0.
    assert situation.stock.on_hand[at(situation, "b", "DC")] == 0
    # Central stock must last its own 20 + 7 days and the 5 + 1 days of the transfer.
    assert situation.panel.horizon == 20 + 7 + 5 + 1


def test_keys_without_a_lane_are_named(situate, at, codes):
    situation = situate(TONIGHT, sales=SALES, inventory=STOCK[:2], lanes=[lane()])
    without = [f.series for f in situation.findings if f.code == "NO_LANE"]
    assert without == [at(situation, "a", "Y"), at(situation, "b", "Y")]


def test_without_a_lanes_table_one_supplier_serves_every_location(situate, at):
    situation = situate(TONIGHT, sales=SALES, inventory=STOCK[:2])
    assert set(situation.lane_sources()) == {"default"}
    assert len(situation.network.lanes) == situation.panel.n_series
    assert set(situation.network.lanes.lead_time) == {7}
    assert set(situation.network.lanes.review) == {1}
    assert any("no lanes table" in note for note in situation.notes)


@pytest.mark.parametrize("lead_days", [0, 1, 6, 7, 8, 14, 20.5])
@pytest.mark.parametrize("review_days", [1, 7, 10])
def test_weeks_cover_the_days_and_nothing_less(situate, at, lead_days, review_days):
    lanes = [lane(lead_time_days=lead_days, review_days=review_days)]
    suppliers = [{"supplier": "S", "order_weekdays": "3"}]
    tables = {"sales": SALES, "inventory": STOCK, "lanes": lanes, "suppliers": suppliers}
    situation = situate(TONIGHT, {"period": "week"}, **tables)
    (one,) = lanes_of(situation, at(situation, "a"))
    assert (one["lead_time"], one["review"]) == (ceil(lead_days / 7), max(1, ceil(review_days / 7)))
    assert one["open_tonight"]
    monday = np.datetime64("2024-03-11")
    assert one["available_date"] == monday + np.timedelta64(ceil(lead_days), "D")
    assert any("order_weekdays" in note for note in situation.notes)


@pytest.mark.parametrize("weekdays", ["1", "2,5", "7", "", "1,2,3,4,5,6,7"])
@pytest.mark.parametrize("review", [1, 9])
@pytest.mark.parametrize("night", [0, 2, 5])
def test_a_review_runs_to_the_next_order_weekday(situate, at, weekdays, review, night):
    allowed = {int(d) for d in weekdays.split(",") if d} or set(range(1, 8))
    order_date = NIGHT + timedelta(days=night + 1)
    # On a day without orders nothing waits for a review: the next order day is the next chance.
    days = review if order_date.isoweekday() in allowed else 1
    while (order_date + timedelta(days=days)).isoweekday() not in allowed:
        days += 1
    tables = {"lanes": [lane(review_days=review)], "inventory": STOCK, "sales": SALES}
    suppliers = [{"supplier": "S", "order_weekdays": weekdays}]
    situation = situate(str(NIGHT + timedelta(days=night)), suppliers=suppliers, **tables)
    (one,) = lanes_of(situation, at(situation, "a"))
    assert one["review"] == days
    assert one["open_tonight"] == (order_date.isoweekday() in allowed)


def test_a_closed_supplier_takes_nothing_tonight(situate, at):
    tables = {"lanes": [lane()], "suppliers": [{"supplier": "S", "order_weekdays": "2,5"}]}
    situation = situate(TONIGHT, sales=SALES, inventory=STOCK, **tables)
    (one,) = lanes_of(situation, at(situation, "a"))
    assert not one["open_tonight"]
    # The night after Monday, a review of one day: Tuesday is the next order day.
    assert one["review"] == 1


@pytest.mark.parametrize(
    ("unit", "multiple", "expected"),
    [(6, 4, 12), (1, 5, 5), (1, 2.5, 5), (12, 12, 12), (1, 0.5, 1)],
)
def test_orders_are_common_multiples_of_both_units(unit, multiple, expected):
    got = multiples(np.array([float(unit)]), np.array([float(multiple)]))
    assert got.tolist() == [expected]


def test_price_breaks_are_read_in_rising_order():
    start, units, cost = price_breaks(
        pd.Series(["500:9;100:9.5", "", "10:3", "nonsense;5:2", "10:3"])
    )
    assert start.tolist() == [0, 2, 2, 3, 4, 5]
    assert units.tolist() == [100, 500, 10, 5, 10]
    assert cost.tolist() == [9.5, 9, 3, 2, 3]


def test_the_cost_of_a_lane_beats_the_products(situate, at):
    products = [{"sku": "a", "unit_cost": 8, "price": 20}, {"sku": "b", "price": 20}]
    lanes = [lane(sku="a", unit_cost=6), lane("T"), lane(sku="b", unit_cost=7)]
    tables = {"sales": SALES, "inventory": STOCK, "lanes": lanes, "products": products}
    situation = situate(TONIGHT, **tables)
    costs = {r["source"]: r["unit_cost"] for r in lanes_of(situation, at(situation, "a"))}
    assert costs == {"S": 6, "T": 8}
    # b's only known cost is its lane's.
    assert situation.network.items.unit_cost[at(situation, "b")] == 7


def test_capacities_are_per_period(situate, at):
    locations = [{"location": "X", "inbound_units_per_day": 10}, {"location": "Y"}]
    tables = {"lanes": [lane(max_units_per_day=3)], "locations": locations}
    situation = situate(TONIGHT, {"period": "week"}, sales=SALES, inventory=STOCK, **tables)
    (one,) = lanes_of(situation, at(situation, "a"))
    assert one["max_units"] == 21
    capacity = dict(
        zip(
            situation.panel.index.locations,
            situation.network.locations.inbound_capacity,
            strict=True,
        )
    )
    assert capacity["X"] == 70
    assert np.isinf(capacity["Y"])


def test_a_lane_to_nowhere_is_named_and_a_lane_to_itself_is_none(situate, at):
    lanes = [lane(), lane("S", "nowhere"), lane("X", "X")]
    situation = situate(TONIGHT, sales=SALES, inventory=STOCK, lanes=lanes)
    assert [r["source"] for r in lanes_of(situation, at(situation, "a"))] == ["S"]


def test_a_lane_of_years_does_not_stretch_the_forecast(situate, at, codes):
    lanes = [lane(lead_time_days=99999), lane(destination="Y")]
    situation = situate(TONIGHT, sales=SALES, inventory=STOCK[:2], lanes=lanes)
    assert situation.panel.horizon == 28
    assert codes(situation).count("NO_LANE") == 2
    assert any("more than 1100 days" in note for note in situation.notes)
