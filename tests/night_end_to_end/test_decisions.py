"""What a planner answers tonight is what tomorrow's plan starts from."""

import pytest

EVE = "2026-11-15"


@pytest.fixture
def orders(shop):
    """The orders of the night before; the shop then waits for its next night."""
    night = shop.night(EVE)
    assert night.code == 0
    return night.table("orders")


def answer(shop, *rows):
    return shop.write(
        "plan_status.csv", "\n".join(["line_id,status,units,at,reason", *rows]) + "\n"
    )


def line(orders, sku):
    [row] = orders[orders["sku"] == sku].to_dict("records")
    return row


def policy_of(night, sku):
    table = night.table("policy")
    [row] = table[(table["sku"] == sku) & (table["location"] == "Central")].to_dict("records")
    return row


def test_an_accepted_line_is_on_order_and_not_ordered_again(shop, orders):
    """Where stock lasts until it comes, it lowers the new order by its units, to the unit.

    With less stock it also serves demand that would be lost before tonight's order arrives.
    """
    shop.change("inventory", "fan,Central,30", "fan,Central,45")
    shop.change("inventory", "fan,East,14", "fan,East,30")
    shop.change("inventory", "fan,West,14", "fan,West,30")
    without = shop.night()
    fan, units = line(orders, "fan"), 8.0
    answer(shop, f"{fan['line_id']},accepted,{units},2026-11-16,")
    night = shop.night("2026-11-22", "--force")
    assert float(policy_of(night, "fan")["inbound_units"]) == units
    before, after = without.units(), night.units()
    assert after["fan", "Central"] == pytest.approx(before["fan", "Central"] - units, abs=1)
    others = {key: n for key, n in before.items() if key[0] != "fan"}
    assert {key: n for key, n in after.items() if key[0] != "fan"} == others


def test_an_order_still_to_come_never_raises_the_new_one(shop, orders):
    before = shop.night().units()
    answer(shop, *(f"{name},accepted,,2026-11-16," for name in orders["line_id"]))
    after = shop.night("2026-11-22", "--force").units()
    for key, units in before.items():
        assert after.get(key, 0) < units


@pytest.mark.parametrize("status", ["changed", "accepted"])
def test_the_units_decided_on_count_and_not_those_proposed(shop, orders, status):
    fan = line(orders, "fan")
    answer(shop, f"{fan['line_id']},{status},7,2026-11-16,")
    assert float(policy_of(shop.night(), "fan")["inbound_units"]) == 7


def test_an_accepted_line_that_inbound_carries_counts_once(shop, orders):
    fan = line(orders, "fan")
    answer(shop, f"{fan['line_id']},ordered,,2026-11-16,")
    shop.write(
        "inbound.csv",
        "order_id,sku,destination,source,units,available_date,plan_line_id\n"
        f"PO1,fan,Central,Acme,{fan['units']},{fan['available_date']},{fan['line_id']}\n",
    )
    assert float(policy_of(shop.night(), "fan")["inbound_units"]) == float(fan["units"])


def test_a_rejected_line_is_proposed_again_with_its_history(shop, orders):
    plain = shop.night().units()
    fan = line(orders, "fan")
    answer(shop, f"{fan['line_id']},rejected,,2026-11-16,too dear")
    night = shop.night("2026-11-22", "--force")
    assert night.units() == plain
    again = line(night.table("orders"), "fan")
    assert float(policy_of(night, "fan")["inbound_units"]) == 0
    assert float(again["previous_units"]) == float(fan["units"])
    assert "too dear" in again["explanation"]
    assert "reject" in again["explanation"].lower()


def test_the_last_answer_holds(shop, orders):
    fan = line(orders, "fan")["line_id"]
    answer(shop, f"{fan},accepted,,2026-11-16,", f"{fan},rejected,,2026-11-18,")
    assert float(policy_of(shop.night(), "fan")["inbound_units"]) == 0


def test_an_answer_given_after_the_night_does_not_exist_for_it(shop, orders):
    plain = shop.night()
    files = shop.files()
    answer(shop, f"{line(orders, 'fan')['line_id']},accepted,,2026-11-23,")
    assert shop.night("2026-11-22", "--force").units() == plain.units()
    assert shop.files()["policy.csv"] == files["policy.csv"]


def test_an_answer_to_a_line_that_no_plan_has_is_an_exception(shop, orders):
    answer(shop, "O20261115-000000000000,accepted,,2026-11-16,")
    night = shop.night()
    assert night.code == 0
    assert "UNKNOWN_PLAN_LINE" in night.codes()
    found = night.table("exceptions")
    [text] = found[found["code"] == "UNKNOWN_PLAN_LINE"]["message"]
    assert "O20261115-000000000000" in text


def test_an_accepted_transfer_leaves_its_source_and_reaches_its_destination(shop):
    moved = shop.night(EVE).table("transfers")
    fan = moved[(moved["sku"] == "fan") & (moved["destination"] == "East")].iloc[0]
    answer(shop, f"{fan['line_id']},accepted,,2026-11-22,")
    table = shop.night().table("policy").set_index(["sku", "location"])
    assert float(table.loc[("fan", "East"), "inbound_units"]) in (0, float(fan["units"]))


def test_importing_the_same_plan_twice_changes_nothing(shop, orders):
    rows = [f"{name},accepted,,2026-11-16," for name in orders["line_id"]]
    answer(shop, *rows)
    once = shop.night()
    files = shop.files()
    answer(shop, *rows, *rows)
    assert shop.night("2026-11-22", "--force").units() == once.units()
    assert shop.files()["orders.csv"] == files["orders.csv"]


def test_orders_carry_the_change_from_the_night_before(shop, orders):
    tonight = shop.night().table("orders")
    before = dict(zip(orders["sku"], orders["units"].astype(float), strict=True))
    for row in tonight.to_dict("records"):
        was, now = before.get(row["sku"], 0.0), float(row["units"])
        assert float(row["previous_units"]) == was
        word = "new" if was == 0 else "same" if was == now else "up" if now > was else "down"
        assert row["change"] == word
