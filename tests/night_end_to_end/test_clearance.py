"""Stock that does not sell is found, and what is done about it says why."""

from __future__ import annotations

import json

from pipelines.assemble.clearing import slow_stock_of

CLEAR = 'period = "week"\n[model]\ntrees = 5\n[clearance]\nweeks = 13\n'


def _rows(night, sku):
    table = night.table("clearance")
    return table[table["sku"] == sku].to_dict("records")


def test_far_too_much_stock_is_slow_and_its_weeks_are_planned(shop):
    shop.change("inventory", "fan,East,14", "fan,East,2000")
    night = shop.night()
    assert night.code == 0
    rows = _rows(night, "fan")
    assert rows
    assert {row["slow_grade"] for row in rows} <= set("SABC")
    prices = [float(row["new_price"]) for row in rows]
    assert prices == sorted(prices, reverse=True)
    assert float(rows[0]["stock_units"]) >= 2000
    assert "fan" not in {sku for sku, _ in night.units()}
    figures = json.loads((night.folder / "summary.json").read_text("utf-8"))
    assert figures["clearance"]["items"] >= 1
    assert figures["clearance"]["expected_recovery"] >= figures["clearance"]["do_nothing_recovery"]


def test_goods_that_sell_in_time_are_not_touched(shop):
    night = shop.night()
    assert _rows(night, "lamp") == []


def test_clearance_can_be_left_out(shop):
    shop.change("inventory", "fan,East,14", "fan,East,2000")
    shop.write("stockwright.toml", CLEAR.replace("weeks = 13", "use = false"))
    assert shop.night().table("clearance").empty


def test_a_location_may_have_a_price_of_its_own(shop):
    shop.change("inventory", "fan,East,14", "fan,East,2000")
    shop.write("stockwright.toml", CLEAR + 'price_by = "location"\n')
    rows = _rows(shop.night(), "fan")
    assert {row["location"] for row in rows} == {"East"}


def test_nothing_is_bought_to_be_sold_at_a_loss(shop):
    """A price below cost for all the weeks ahead is no reason to buy, however well it sells."""
    shop.change("inventory", "lamp,East,14", "lamp,East,0")
    assert "lamp" in {sku for sku, _ in shop.night().units()}
    shop.write("prices.csv", "sku,start,price\nlamp,2026-11-23,1\n")
    night = shop.night("2026-11-22", "--force")
    assert night.code == 0
    assert "lamp" not in {sku for sku, _ in night.units()}
    assert len(night.units()) > 0


def test_the_stock_is_looked_at_once_for_the_plan_and_its_files(shop, monkeypatch):
    looked = []

    def counted(*given):
        looked.append(given)
        return slow_stock_of(*given)

    for module in ("night.engine", "night.clearing", "publish.write"):
        monkeypatch.setattr(f"pipelines.{module}.slow_stock_of", counted)
    shop.change("inventory", "fan,East,14", "fan,East,2000")
    night = shop.night()
    assert _rows(night, "fan")
    assert len(looked) == 1


def test_a_planner_can_hold_what_would_be_cleared(shop):
    """Frozen goods keep their price, and the exception says what that costs."""
    shop.change("inventory", "fan,East,14", "fan,East,2000")
    assert {row["action"] for row in _rows(shop.night(), "fan")} != {"keep"}
    shop.write("overrides.csv", "table,sku,field,value,by\nclearance,fan,frozen,yes,li\n")
    night = shop.night("2026-11-22", "--force")
    assert night.code == 0
    (row,) = _rows(night, "fan")
    assert row["action"] == "keep"
    assert "a planner holds it" in row["explanation"]
    found = night.table("exceptions").set_index("code").loc["CLEARANCE_OVERRULED"]
    assert found["sku"] == "fan"
    assert float(found["money_at_stake"]) > 0


def _answered(shop, night, status):
    """The shop's answer to all lines of the fan."""
    rows = _rows(night, "fan")
    lines = "".join(f"{row['line_id']},{status},2026-11-23,li,no\n" for row in rows)
    shop.write("plan_status.csv", "line_id,status,at,by,reason\n" + lines)
    return rows[0]


def _a_week_later(shop):
    """The next Sunday: the same demand and stock."""
    for table in ("sales", "inventory"):
        header, *rows = shop.text(table).splitlines()
        if table == "sales":
            last = [row for row in rows if row.startswith("2026-11-22")]
            rows += [row.replace("2026-11-22", "2026-11-29") for row in last]
        shop.write(f"{table}.csv", "\n".join([header, *rows]) + "\n")
    return shop.night("2026-11-29")


def test_a_price_that_was_taken_up_holds_the_next_week_and_never_rises(shop):
    shop.change("inventory", "fan,East,14", "fan,East,2000")
    before = _answered(shop, shop.night(), "accepted")
    assert before["action"] == "mark_down"
    night = _a_week_later(shop)
    rows = _rows(night, "fan")
    assert {float(row["price"]) for row in rows} == {float(before["new_price"])}
    assert max(float(row["new_price"]) for row in rows) <= float(before["new_price"])
    assert "was taken up on 2026-11-23: mark down" in rows[0]["explanation"]
    assert "UNKNOWN_PLAN_LINE" not in night.codes()


def test_what_was_rejected_is_not_proposed_the_next_week(shop):
    shop.change("inventory", "fan,East,14", "fan,East,2000")
    before = _answered(shop, shop.night(), "rejected")
    (row,) = _rows(_a_week_later(shop), "fan")
    assert row["action"] == "keep"
    assert float(row["price"]) == float(before["price"])
    assert "was rejected on 2026-11-23 by li: mark down (no)" in row["explanation"]


def test_what_was_taken_up_to_leave_is_not_transferred_meanwhile(shop):
    """Goods that go back to the supplier stay where they are until they are gone."""
    shop.change("inventory", "fan,Central,30", "fan,Central,3000")
    shop.change("inventory", "fan,West,14", "fan,West,0")
    header, *rows = shop.text("products").splitlines()
    rows = [row + (",8" if row.startswith("fan") else ",") for row in rows]
    shop.write("products.csv", "\n".join([header + ",supplier_return_value", *rows]) + "\n")
    assert _answered(shop, shop.night(), "accepted")["action"] == "return"
    night = _a_week_later(shop)
    assert {row["action"] for row in _rows(night, "fan")} == {"keep"}
    assert "fan" not in {sku for sku, _ in night.units("transfers")}
    shop.write("stockwright.toml", CLEAR.replace("weeks = 13", "use = false"))
    freely = shop.night("2026-11-29", "--force")
    assert "fan" in {sku for sku, _ in freely.units("transfers")}


def test_why_slow_stock_is_left_alone_is_said(shop):
    """Where no table tells a price, no act can be weighed."""
    shop.change("inventory", "fan,East,14", "fan,East,2000")
    assert "SLOW_LEFT_ALONE" not in shop.night().codes()
    for name in ("sales", "products"):
        rows = [row.rsplit(",", 1)[0] for row in shop.text(name).splitlines()]
        shop.write(f"{name}.csv", "\n".join(rows) + "\n")
    night = shop.night("2026-11-22", "--force")
    assert night.table("clearance").empty
    table = night.table("exceptions")
    (told,) = table[table["code"] == "SLOW_LEFT_ALONE"]["message"]
    assert "1 slow item" in told
    assert "1 whose price no table tells" in told
