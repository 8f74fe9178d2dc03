"""What receipts and closures make of the lanes of a night."""

from datetime import date, timedelta

import numpy as np
import pytest

from stockwright.network import LaneKind

NIGHT = date(2024, 3, 10)
TONIGHT = NIGHT.isoformat()
SALES = [
    {"date": (NIGHT - timedelta(days=d)).isoformat(), "sku": sku, "location": "X", "units": 1}
    for d in range(30)
    for sku in ("a", "b")
]
STOCK = [{"sku": sku, "location": "X", "on_hand": 1} for sku in ("a", "b")]
LANES = [
    {"source": "S", "destination": "X", "lead_time_days": 10, "lead_time_sd_days": 1},
    {"source": "T", "destination": "X", "lead_time_days": 4, "sku": "b", "unit_cost": 1},
]


def day(back):
    return (NIGHT - timedelta(days=back)).isoformat()


def receipt(order, lead, sku="a", supplier="S", **more):
    """The order of ``order`` days ago, delivered after ``lead`` days."""
    return {
        "order_id": f"{supplier}{order}", "sku": sku, "destination": "X", "supplier": supplier,
        "ordered_on": day(order), "received_on": day(order - lead),
        "units_ordered": 100, "units_received": 100, **more,
    }  # fmt: skip


def lane_of(situation, at, sku="a", supplier="S"):
    lanes, sources = situation.network.lanes, situation.lane_sources()
    [row] = np.flatnonzero((lanes.series == at(situation, sku)) & (sources == supplier))
    return row


@pytest.fixture
def night(situate):
    def run(receipts=(), settings=None, **tables):
        given = {"sales": SALES, "inventory": STOCK, "lanes": LANES} | tables
        if receipts:
            given["receipts"] = receipts
        return situate(TONIGHT, settings, **given)

    return run


@pytest.fixture
def late():
    """Forty orders that took 16 days and more or less a bit, of a lane that states 10."""
    return [receipt(40 + 5 * i, 16 + i % 3 - 1) for i in range(40)]


def test_a_lane_that_is_always_late_gets_the_lead_time_of_its_receipts(night, late, at):
    lanes = night(late).network.lanes
    row = lane_of(night(late), at)
    # 40 orders at 6 days late, and the 5 that the stated lead time counts for.
    assert lanes.lead_time[row] == round(10 + 6 * 40 / 45)
    assert 1 < lanes.lead_time_sd[row] < 3
    assert lanes.available_date[row] == np.datetime64(day(-1)) + lanes.lead_time[row]


def test_learning_is_switched_off_by_the_configuration(night, late, at):
    off = night(late, {"supply": {"learn": False}})
    none = night()
    for situation in (off, none):
        row = lane_of(situation, at)
        assert situation.network.lanes.lead_time[row] == 10
        assert situation.network.lanes.lead_time_sd[row] == 1


def test_suppliers_without_receipts_keep_what_they_state(night, late, at):
    situation = night(late)
    row = lane_of(situation, at, "b", "T")
    assert situation.network.lanes.lead_time[row] == 4
    assert situation.network.lanes.good_share[row] == 1


def test_orders_too_young_to_be_known_whole_are_not_learnt_from(night, late, at):
    """Of orders of last week only the quick ones have come."""
    quick = [receipt(9, 1, order_id=f"q{i}") for i in range(200)]
    row = lane_of(night(late), at)
    same = night(late + quick).network.lanes.lead_time[row]
    assert same == night(late).network.lanes.lead_time[row]


def test_parts_of_one_order_line_count_once_and_lines_still_coming_not_at_all(night, late, at):
    row = lane_of(night(late), at)
    halves = [
        one | {"units_received": 50, "received_on": one["received_on"]}
        for one in late
        for _ in "ab"
    ]
    expected = night(late).network.lanes
    split = night(halves).network.lanes
    assert split.lead_time[row] == expected.lead_time[row]
    np.testing.assert_allclose(split.good_share[row], 1.0)
    part = receipt(200, 3, order_id="open", units_received=1)
    inbound = [
        {"order_id": "open", "sku": "a", "destination": "X", "units": 99, "available_date": day(-3)}
    ]
    waiting = night([*late, part], inbound=inbound).network.lanes
    assert waiting.lead_time_sd[row] == expected.lead_time_sd[row]
    assert waiting.good_share[row] == 1


def test_fill_and_reject_rates_are_learnt_and_kept_above_the_least(night, at):
    poor = [receipt(40 + 5 * i, 10, units_received=80, units_rejected=20) for i in range(95)]
    row = lane_of(night(poor), at)
    share = night(poor).network.lanes.good_share[row]
    # 95 lines at 80 % and the 5 at 100 % that the prior counts for; a quarter of what comes is bad.
    assert share == pytest.approx((95 * 0.8 + 5) / 100 * (1 - 0.25 * 0.95))
    least = night(poor, {"supply": {"least_share": 0.9}})
    assert least.network.lanes.good_share[row] == 0.9


def test_deliveries_promised_as_fast_as_an_expedited_lane_are_not_the_regular_ones(night, late, at):
    fast = {"source": "S", "destination": "X", "lead_time_days": 2, "kind": "expedited"}
    rush = [
        receipt(40 + 5 * i, 2, order_id=f"r{i}", promised_on=day(38 + 5 * i)) for i in range(40)
    ]
    situation = night(late + rush, lanes=[*LANES, fast])
    lanes = situation.network.lanes
    mine = lanes.series == at(situation, "a")
    regular = mine & (lanes.kind == LaneKind.REGULAR)
    assert lanes.lead_time[regular].tolist() == [round(10 + 6 * 40 / 45)]
    assert lanes.lead_time[mine & (lanes.kind == LaneKind.EXPEDITED)].tolist() == [2]


def test_a_receipt_without_supplier_is_of_the_only_one_of_its_key(night, late, at):
    nameless = [one | {"supplier": ""} for one in late]
    row = lane_of(night(late), at)
    assert night(nameless).network.lanes.lead_time[row] == night(late).network.lanes.lead_time[row]


def closure(party, first, last, **more):
    return {"party": party, "start": day(-first), "end": day(-last), **more}


def test_a_closed_supplier_takes_no_order_and_the_order_before_covers_the_closure(night, at):
    shut = night(closures=[closure("S", 1, 3)])
    row = lane_of(shut, at)
    assert not shut.network.lanes.open_tonight[row]
    ahead = night(closures=[closure("S", 2, 15)])
    lanes = ahead.network.lanes
    assert lanes.open_tonight[row]
    # One of the ten days of work lies before the closure of 14 days, nine after it.
    assert lanes.lead_time[row] == 24
    assert lanes.available_date[row] == np.datetime64(day(-25))
    # A shop that only takes no orders works on: tonight's order has to last two weeks more.
    orders = night(closures=[closure("S", 2, 15, kind="order")]).network.lanes
    assert (orders.lead_time[row], orders.review[row]) == (10, 15)


def test_a_closed_location_receives_on_the_first_day_after(night, at):
    lanes = night(closures=[closure("X", 9, 20, kind="receive")]).network.lanes
    row = lane_of(night(), at)
    assert lanes.lead_time[row] == 20
    assert lanes.available_date[row] == np.datetime64(day(-21))


def test_the_forecast_reaches_to_the_end_of_what_a_closure_adds(night):
    closed = night(closures=[closure("S", 2, 60, kind="order")])
    assert closed.panel.horizon >= 10 + 60


def test_a_closure_that_was_not_known_by_the_night_does_not_count(night, at):
    late = night(closures=[closure("S", 1, 9, known_since=day(-1))])
    assert late.network.lanes.open_tonight[lane_of(late, at)]


def test_a_weekly_shop_skips_the_mondays_on_which_the_supplier_is_closed(night, at):
    settings = {"period": "week"}
    closed = night(closures=[closure("S", 8, 20, kind="order")], settings=settings)
    row = lane_of(closed, at)
    plain = night(settings=settings).network.lanes
    lanes = closed.network.lanes
    assert (lanes.lead_time[row], lanes.review[row]) == (plain.lead_time[row], 3)
    assert plain.review[row] == 1


def test_an_overdue_order_is_expected_when_the_supplier_was_late_before(night, late, at):
    """Deliveries come five to seven days late; one that is three days late has about three."""
    inbound = [
        {"order_id": "1", "sku": "a", "destination": "X", "source": "S", "units": 9,
         "available_date": day(3)},
    ]  # fmt: skip
    steps = {
        learn: night(late, {"supply": {"learn": learn}}, inbound=inbound).stock.arrival_step
        for learn in (True, False)
    }
    assert steps[True].tolist() == [3]
    assert steps[False].tolist() == [1]
