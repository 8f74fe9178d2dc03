"""Receipts and closures from the table to the published lines."""

import numpy as np
import pytest

SUNDAY = "2026-11-22"
ACME = ("00123", "123", "fan")
BOLT = ("kettle", "lamp", "mug")


def after(days):
    return str(np.datetime64(SUNDAY) + days)


def closures(shop, *rows):
    return shop.write("closures.csv", "party,start,end,kind\n" + "\n".join(rows) + "\n")


def receipts(shop, lead=14, received=100, rejected=0):
    """Forty orders of each article of Acme, delivered after ``lead`` days."""
    header = (
        "order_id,sku,destination,supplier,ordered_on,received_on,units_ordered,units_received,"
        "units_rejected"
    )
    rows = [
        f"PO{i}-{sku},{sku},Central,Acme,{after(-60 - 7 * i)},{after(-60 - 7 * i + lead)},100,"
        f"{received},{rejected}"
        for i in range(40)
        for sku in ACME
    ]
    return shop.write("receipts.csv", "\n".join([header, *rows]) + "\n")


def column(night, table, name, supplier=None):
    rows = night.table(table)
    keep = rows["sku"].isin(ACME if supplier == "Acme" else BOLT if supplier else ACME + BOLT)
    if table == "policy":
        keep &= rows["location"] == "Central"
    return rows[keep].set_index("sku")[name].astype(float)


def test_the_order_before_a_factory_shuts_covers_the_time_it_is_shut(shop):
    """Shut over Spring Festival: tonight's order, fourteen days of work, is the last in time."""
    sound = shop.night()
    closures(shop, f"Acme,{after(15)},{after(42)},")
    night = shop.night(SUNDAY, "--force")
    assert night.code == 0
    more = column(night, "orders", "units", "Acme") - column(sound, "orders", "units", "Acme")
    # Two regions that sell 12 a week each; the order of next Monday comes four weeks later.
    assert ((more > 0.8 * 4 * 24) & (more < 1.6 * 4 * 24)).all()
    days = column(night, "policy", "protection_days", "Acme")
    assert (days >= 14 + 5 * 7).all()
    other = column(night, "orders", "units", "Bolt") - column(sound, "orders", "units", "Bolt")
    assert (other == 0).all()


def test_a_supplier_that_is_closed_tonight_gets_no_line_and_the_policy_says_so(shop):
    closures(shop, f"Acme,{after(1)},{after(3)},order")
    night = shop.night()
    assert {sku for sku, _ in night.units()} == set(BOLT)
    policy = night.table("policy")
    mine = policy["sku"].isin(ACME) & (policy["location"] == "Central")
    assert set(policy[mine]["decision"]) == {"NOT_TONIGHT"}


def test_late_deliveries_raise_the_target_and_switching_learning_off_takes_it_back(shop):
    sound = shop.night()
    receipts(shop, lead=28)
    late = shop.night(SUNDAY, "--force")
    assert late.code == 0
    assert (column(late, "policy", "lead_time_days", "Acme") == 28).all()
    rise = column(late, "policy", "order_up_to") - column(sound, "policy", "order_up_to")
    assert (rise[list(ACME)] > 30).all()
    assert (rise[list(BOLT)] == 0).all()
    shop.configure(supply__learn="false")
    assert shop.night(SUNDAY, "--force").units() == sound.units()


def test_orders_are_raised_for_what_does_not_come_and_the_sentence_says_so(shop):
    sound = shop.night()
    receipts(shop, received=80, rejected=20)
    night = shop.night(SUNDAY, "--force")
    orders = night.table("orders").set_index("sku").loc[list(ACME)]
    before = sound.table("orders").set_index("sku").loc[list(ACME)]
    share = orders["need"].astype(float) / (
        orders["need"].astype(float) + orders["yield_added"].astype(float)
    )
    # 120 lines at 80 % good of which a quarter is bad, and 5 of the prior without a fault.
    wanted = (120 * 0.8 + 5) / 125 * (1 - 0.25 * 120 / 125)
    assert share.to_numpy() == pytest.approx(wanted, rel=1e-3)
    assert (orders["need"].astype(float) == before["need"].astype(float)).all()
    assert all("expected to come in good order" in text for text in orders["explanation"])
    assert not any("in good order" in text for text in before["explanation"])


def test_what_is_on_order_counts_as_far_as_it_is_expected_to_be_good(shop):
    receipts(shop, received=50)
    empty = shop.night().units()
    shop.write(
        "inbound.csv",
        f"order_id,sku,destination,source,units,available_date\n1,fan,Central,Acme,20,{after(15)}\n",
    )
    night = shop.night(SUNDAY, "--force")
    # Twenty ordered units stand for about twenty, though half of them come; counted in full they
    # would stand for 37.
    assert night.units()["fan", "Central"] == pytest.approx(empty["fan", "Central"] - 20, abs=4)


def test_a_sold_out_article_gets_a_line_that_is_there_within_48_hours(shop):
    """Of a shop of days: the regular lane takes two weeks, the fast one two days."""
    shop.write("stockwright.toml", 'period = "day"\n[model]\ntrees = 5\n')
    days = [str(np.datetime64(SUNDAY) - back) for back in range(60)]
    sales = [f"{day},fan,East,{3 + i % 3},12" for i, day in enumerate(days)]
    shop.write("sales.csv", "date,sku,location,units,price\n" + "\n".join(sales) + "\n")
    shop.write("inventory.csv", "sku,location,on_hand\nfan,East,0\n")
    header = "source,destination,sku,kind,lead_time_days,unit_cost,moq,max_units_per_day\n"
    shop.write("lanes.csv", f"{header}Acme,East,,,14,8,,\nAcme,East,,expedited,2,9.5,,\n")
    night = shop.night()
    orders = night.table("orders").set_index("order_kind")
    assert night.code == 0
    assert orders.loc["emergency", "available_date"] == after(3)
    assert float(orders.loc["emergency", "units"]) >= 4
    assert orders.loc["emergency", "reason"] == "EMERGENCY"
    assert "a regular order would come on 2026-12-07" in orders.loc["emergency", "explanation"]
    assert orders.loc["regular", "available_date"] == after(15)
    assert len(set(night.table("orders")["line_id"])) == 2
    dear = shop.change("lanes", "expedited,2,9.5", "expedited,2,19.5").night(SUNDAY, "--force")
    assert set(dear.table("orders")["order_kind"]) == {"regular"}


def test_suppliers_and_what_they_may_expect_are_published(shop):
    receipts(shop, lead=21, received=90)
    night = shop.night()
    record = night.table("suppliers").set_index("supplier")
    assert list(record.index) == ["Acme", "Bolt"]
    acme = record.loc["Acme", ["lines", "on_time_share", "lead_time_days", "fill_rate"]]
    assert acme.astype(float).tolist() == [120, 0, 21, 0.9]
    assert record.loc["Acme", "stated_lead_time_days"] == "14"
    assert record.loc["Bolt", "lead_time_days"] == ""
    ahead = night.table("supplier_forecast")
    units = ahead[["firm_units", "forecast_units", "upper_units"]].astype(float)
    # The first two weeks still fill what is empty.
    settled = ahead.groupby("sku").cumcount() >= 2
    weekly = units["forecast_units"][settled].groupby(ahead["sku"][settled]).mean()
    # Two regions sell 12 a week each; of Acme's units nine in ten come.
    assert weekly[list(BOLT)].between(20, 28).all()
    assert weekly[list(ACME)].between(20 / 0.9, 28 / 0.9).all()
    assert units["firm_units"].sum() == sum(night.units().values())
