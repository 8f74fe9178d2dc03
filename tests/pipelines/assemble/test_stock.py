"""What of the stock is free, and what is on its way."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from pipelines.assemble.arrivals import steps_of

NIGHT = date(2024, 3, 10)  # a Sunday


def on(offset: int) -> str:
    """The date ``offset`` days after the night."""
    return (NIGHT + timedelta(days=offset)).isoformat()


SALES = [{"date": on(-d), "sku": "a", "location": "X", "units": 1} for d in range(20)]
TONIGHT = NIGHT.isoformat()


def stock_row(**fields):
    return {"sku": "a", "location": "X", "on_hand": 10, "date": TONIGHT, **fields}


def test_available_is_good_stock_of_any_owner_less_reserved(situate, at):
    inventory = [
        stock_row(owner="own", reserved=3, quality="good"),
        stock_row(owner="consignment", on_hand=5, quality="good"),
        stock_row(quality="defective", on_hand=100),
        stock_row(quality="inspection", on_hand=100),
        stock_row(quality="frozen", on_hand=100),
        stock_row(batch="old", on_hand=100, expiry_date=on(0)),
        stock_row(batch="fresh", on_hand=7, expiry_date=on(1)),
    ]
    situation = situate(TONIGHT, sales=SALES, inventory=inventory)
    assert situation.stock.on_hand[at(situation, "a")] == 10 - 3 + 5 + 7
    (expired,) = (f for f in situation.findings if f.code == "EXPIRED_STOCK")
    assert expired.message["units"] == 100


def test_the_latest_rows_count_and_an_old_date_is_named(situate, at):
    inventory = [stock_row(date=on(-3), on_hand=99), stock_row(on_hand=4)]
    inventory += [stock_row(sku="b", date=on(-2), on_hand=6)]
    situation = situate(TONIGHT, sales=SALES, inventory=inventory)
    assert situation.stock.on_hand[at(situation, "a")] == 4
    assert situation.stock.on_hand[at(situation, "b")] == 6
    stale = [f for f in situation.findings if f.code == "STALE_STOCK"]
    assert [f.series for f in stale] == [at(situation, "b")]


def test_a_location_without_inventory_is_unknown_and_an_absent_sku_elsewhere_has_none(situate, at):
    sales = [*SALES, *({**row, "location": "Y"} for row in SALES), {**SALES[0], "sku": "b"}]
    situation = situate(TONIGHT, sales=sales, inventory=[stock_row()])
    assert not situation.stock.known[at(situation, "a", "Y")]
    absent = at(situation, "b")
    assert situation.stock.known[absent]
    assert situation.stock.on_hand[absent] == 0
    unknown = [f.series for f in situation.findings if f.code == "STOCK_UNKNOWN"]
    assert unknown == [at(situation, "a", "Y")]


def test_stock_of_a_location_that_does_not_count_is_left_out(situate, at):
    locations = [{"location": "X", "counts_stock": "yes"}, {"location": "R", "counts_stock": "no"}]
    inventory = [stock_row(), stock_row(location="R", on_hand=50)]
    situation = situate(TONIGHT, sales=SALES, inventory=inventory, locations=locations)
    assert situation.stock.on_hand[at(situation, "a", "R")] == 0
    assert situation.stock.on_hand[at(situation, "a")] == 10


def test_units_owed_to_customers_take_the_first_arrivals(situate, at):
    inbound = [
        {"order_id": "p1", "sku": "a", "destination": "X", "units": 4, "available_date": on(2)},
        {"order_id": "p2", "sku": "a", "destination": "X", "units": 9, "available_date": on(5)},
        {"order_id": "p3", "sku": "b", "destination": "X", "units": 2, "available_date": on(5)},
    ]
    inventory = [stock_row(on_hand=2, reserved=8)]
    situation = situate(TONIGHT, sales=SALES, inventory=inventory, inbound=inbound)
    stock = situation.stock
    a = at(situation, "a")
    assert stock.on_hand[a] == 0
    assert stock.on_order()[a] == 4 + 9 - 6
    assert stock.arrival_step[stock.arrival_series == a].tolist() == [5]
    assert stock.on_order()[at(situation, "b")] == 2
    assert "OVERSOLD" in {f.code for f in situation.findings}


@pytest.mark.parametrize(("period", "days"), [("day", 1), ("week", 7)])
def test_a_step_is_the_first_period_wholly_after_the_arrival(period, days):
    night = np.datetime64(TONIGHT, "D")
    available = night + np.arange(-5, 40).astype("timedelta64[D]")
    for date_, step in zip(available, steps_of(available, night, period), strict=True):
        starts = [night + np.timedelta64(1 + days * k, "D") for k in range(60)]
        assert step == 1 + next(k for k, start in enumerate(starts) if start >= date_)


def test_overdue_orders_are_due_at_once_and_forgotten_ones_are_named(situate, at):
    def row(name, offset, **more):
        base = {"order_id": name, "sku": "a", "destination": "X", "units": 1}
        return {**base, "available_date": on(offset), **more}

    inbound = [
        row("late", -5),
        row("today", 0),
        row("lost", -31),
        row("next", 1, status="shipped"),
        row("draft", 2, status="draft"),
    ]
    situation = situate(TONIGHT, sales=SALES, inventory=[stock_row()], inbound=inbound)
    assert situation.stock.on_order()[at(situation, "a")] == 3
    assert set(situation.stock.arrival_step) == {1}
    named = {(f.code, f.message.get("order_id")) for f in situation.findings}
    assert ("OVERDUE_INBOUND", "late") in named
    assert ("OVERDUE_INBOUND", "today") in named
    assert ("IGNORED_INBOUND", "lost") in named


EARLIER = pd.DataFrame(
    [
        {"line_id": f"L{i}", "sku": "a", "destination": "X", "source": "S", "units": 10.0 + i,
         "available_date": on(4), "kind": "order"}
        for i in range(8)
    ]
)  # fmt: skip


def decide(line, status, **more):
    return {"line_id": line, "status": status, "at": on(0), "by": "li", **more}


def on_order(situate, at, plan_status, inbound=(), earlier=EARLIER):
    tables = {"inbound": list(inbound)} if inbound else {}
    situation = situate(
        TONIGHT,
        earlier=earlier,
        sales=SALES,
        inventory=[stock_row()],
        plan_status=plan_status,
        **tables,
    )
    return situation, situation.stock.on_order()[at(situation, "a")]


def carried(line, **more):
    return {
        "order_id": "PO9", "sku": "a", "destination": "X", "units": 3, "available_date": on(4),
        "plan_line_id": line, **more,
    }  # fmt: skip


def test_an_approved_line_counts_until_inbound_carries_it(situate, at):
    _, units = on_order(situate, at, [decide("L1", "accepted")])
    assert units == 11
    _, units = on_order(situate, at, [decide("L1", "accepted")], [carried("L1")])
    assert units == 3
    _, units = on_order(situate, at, [decide("L1", "ordered", erp_order_no="PO9")], [carried("")])
    assert units == 3
    other = carried("", sku="b")
    _, units = on_order(situate, at, [decide("L1", "ordered", erp_order_no="PO9")], [other])
    assert units == 11


def test_a_changed_line_counts_its_new_units_and_a_rejected_one_none(situate, at):
    situation, units = on_order(
        situate, at, [decide("L1", "changed", units=6), decide("L2", "rejected", reason="dear")]
    )
    assert units == 6
    history = situation.previous_decisions.set_index("line_id")
    assert history.loc["L2", ["sku", "destination", "status", "reason"]].tolist() == [
        "a",
        "X",
        "rejected",
        "dear",
    ]


def test_the_last_answer_to_a_line_holds(situate, at):
    answers = [decide("L1", "rejected", at=on(-1)), decide("L1", "accepted")]
    assert on_order(situate, at, answers)[1] == 11
    assert on_order(situate, at, answers[::-1])[1] == 11


def test_a_line_that_is_past_or_unknown_does_not_count_and_is_named(situate, at):
    earlier = EARLIER.assign(available_date=on(0))
    situation, units = on_order(
        situate, at, [decide("L1", "accepted"), decide("L99", "accepted")], earlier=earlier
    )
    assert units == 0
    assert {"PLAN_LINE_LAPSED", "UNKNOWN_PLAN_LINE"} <= {f.code for f in situation.findings}


def test_an_approved_transfer_leaves_its_source(situate, at):
    earlier = EARLIER.assign(kind="transfer", source="DC", units=4.0)
    situation = situate(
        TONIGHT,
        earlier=earlier,
        sales=SALES,
        inventory=[stock_row(), stock_row(location="DC", on_hand=30)],
        plan_status=[decide("L0", "accepted")],
    )
    assert situation.stock.on_hand[at(situation, "a", "DC")] == 26
    assert situation.stock.on_order()[at(situation, "a")] == 4


def test_mean_stock_is_over_the_dates_of_28_days_given_or_kept(situate, at):
    """Three dates count, on one of which the key had no row and so no stock; one is too old."""
    rows = [(-28, "a", 900), (-27, "a", 10), (-1, "a", 20), (0, "b", 6)]
    history = [
        {"date": on(d), "sku": sku, "location": "X", "on_hand": units} for d, sku, units in rows
    ]
    inventory = [stock_row(), stock_row(sku="b")]
    given = situate(TONIGHT, sales=SALES, inventory=inventory, stock_history=history)
    assert given.mean_stock.tolist() == [10, 2]
    snapshots = pd.DataFrame(history).assign(date=lambda f: pd.to_datetime(f["date"]))
    kept = situate(TONIGHT, sales=SALES, inventory=inventory, snapshots=snapshots)
    assert kept.mean_stock.tolist() == [10, 2]
    assert situate(TONIGHT, sales=SALES, inventory=inventory).mean_stock is None


def test_batches_carry_their_last_step_and_reserved_units_take_what_expires_first(situate, at):
    """4 are reserved: the 3 that expire tomorrow, and one of the next."""
    inventory = [
        stock_row(batch="next", on_hand=6, expiry_date=on(3), reserved=4),
        stock_row(batch="lasting", on_hand=9),
        stock_row(batch="first", on_hand=3, expiry_date=on(1)),
        stock_row(batch="gone", on_hand=50, expiry_date=on(0)),
        stock_row(batch="bad", on_hand=50, expiry_date=on(2), quality="defective"),
    ]
    stock = situate(TONIGHT, sales=SALES, inventory=inventory).stock
    key = at(situate(TONIGHT, sales=SALES, inventory=inventory), "a")
    assert stock.on_hand[key] == 6 + 9 + 3 - 4
    assert stock.expiring_series.tolist() == [key]
    assert stock.expiring_step.tolist() == [3]
    assert stock.expiring_units.tolist() == [5]


def test_shelf_life_and_salvage_of_the_products_reach_the_terms(situate, at):
    """Days in whole periods; a SKU without them keeps and brings nothing."""
    products = [{"sku": "a", "shelf_life_days": 9, "salvage_value": 1.5}]
    sales = [*SALES, {**SALES[0], "sku": "b"}]
    situation = situate(TONIGHT, sales=sales, inventory=[stock_row()], products=products)
    items = situation.network.items
    fresh, other = at(situation, "a"), at(situation, "b")
    assert (items.shelf_life[fresh], items.salvage[fresh]) == (9, 1.5)
    assert (items.shelf_life[other], items.salvage[other]) == (np.inf, 0)
