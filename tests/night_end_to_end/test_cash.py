"""Cash by week: what tonight's orders may cost in the week in which they are paid."""

import pytest

ORDER_WEEK, UNIT_COST = "2026-11-23", {"00123": 6, "123": 7, "fan": 8}


def spent(night):
    """Money for tonight's orders by supplier."""
    orders = night.table("orders").astype({"value": float})
    return orders.groupby("supplier")["value"].sum().to_dict()


def test_orders_paid_at_once_keep_the_cash_of_the_week(shop):
    free = spent(shop.night())
    cash = round(sum(free.values()) / 2, 2)
    shop.configure(cash__weekly=str(cash))
    night = shop.night("2026-11-22", "--force")
    assert night.code == 0
    assert 0.8 * cash < sum(spent(night).values()) <= cash
    assert night.summary["limits"]["CASH.shadow_price"] > 0
    assert night.table("orders")["explanation"].str.contains("the cash of the week").any()


def test_a_supplier_that_is_paid_later_takes_no_cash_of_this_week(shop):
    """Goods of Acme are there on 7 December and paid 30 days later, in the week of 4 January."""
    free = spent(shop.night())
    shop.write("suppliers.csv", "supplier,payment_days\nAcme,30\nBolt,\n")
    shop.configure(cash__week=f'{{"{ORDER_WEEK}" = 0, "2027-01-10" = 100}}')
    night = shop.night("2026-11-22", "--force")
    after = spent(night)
    assert "Bolt" not in after
    assert 50 < after["Acme"] <= 100
    assert free["Acme"] > 100


def test_what_falls_due_for_earlier_orders_is_taken_off(shop):
    """Forty fans at 8 each are due in the same week as tonight's orders of Acme, drafts are not;
    what was paid when it was ordered, two weeks before it comes, is due no more.
    """
    shop.write("suppliers.csv", "supplier,payment_days\nAcme,10\nBolt,\n")
    shop.configure(cash__week='{"2026-12-17" = 500}')
    shop.write(
        "inbound.csv",
        "order_id,sku,destination,source,units,available_date,status\n"
        "P1,fan,Central,Acme,40,2026-12-05,confirmed\n"
        "P2,fan,Central,Acme,40,2026-12-06,draft\n"
        "P3,fan,Central,Acme,40,2027-01-08,confirmed\n"
        "P4,mug,Central,Bolt,40,2026-12-05,confirmed\n",
    )
    night = shop.night()
    assert night.code == 0
    assert 150 < spent(night)["Acme"] <= 500 - 40 * UNIT_COST["fan"]


def test_orders_of_earlier_nights_of_a_week_share_its_cash(shop):
    """Paid with the order: what is to come two weeks after this Monday was ordered on it."""
    shop.configure(cash__weekly="600")
    shop.write(
        "inbound.csv",
        "order_id,sku,destination,source,units,available_date,status\n"
        "P1,fan,Central,Acme,40,2026-12-07,confirmed\n"
        "P2,fan,Central,Acme,40,2026-12-04,confirmed\n",
    )
    assert sum(spent(shop.night()).values()) <= 600 - 40 * UNIT_COST["fan"]


def test_frozen_lines_beyond_the_cash_are_no_feasible_plan(shop):
    shop.configure(cash__weekly="100")
    shop.write(
        "overrides.csv",
        "table,sku,location,field,value,by\norder,fan,Central,frozen,50,wang\n",
    )
    night = shop.night()
    assert night.code == 5
    said = " ".join(night.message.split())
    assert f"CASH of the week of {ORDER_WEEK} with frozen lines: 1 (fan at Central 50)" in said
    assert "uses 400 of 100" in said


@pytest.mark.parametrize("week", ['{"2026-11-31" = 5}', '{"2026-11-24" = 5, "2026-11-26" = 5}'])
def test_a_week_is_named_by_one_date_that_exists(shop, week):
    shop.configure(cash__week=week)
    night = shop.night()
    assert night.code == 2
    assert "cash.week" in night.message
