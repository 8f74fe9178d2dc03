"""Grades and the cost of overrides, through the command line."""

from __future__ import annotations

import pytest

OVERRIDES = "table,sku,location,field,value,by\n"


@pytest.fixture
def empty(shop):
    """The small shop with nothing in stock, so that every key has something to order."""
    text = shop.text("inventory").replace(",14\n", ",0\n").replace(",30", ",0")
    return shop.write("inventory.csv", text)


def test_a_strategy_sets_level_approval_and_cover(empty):
    """All keys of a shop of steady demand are X; the strategy of X holds for all of them."""
    plain = empty.night()
    letters = plain.table("policy")["abc_xyz"]
    some = sorted({name[1] for name in letters if name[1] != "Z"})[0]
    text = (empty.data / "stockwright.toml").read_text("utf-8")
    strategy = 'service_level = 0.6\napproval = "manager"\n[grades]\nplanner_value = 0.0\n'
    empty.write("stockwright.toml", f"{text}[grades.strategy.{some}]\n{strategy}")
    night = empty.night("2026-11-22", "--force")
    before, after = (each.table("policy").set_index(["sku", "location"]) for each in (plain, night))
    mine = before["abc_xyz"].str[1] == some
    level = "service_level"
    assert (after[level][mine].astype(float) < before[level][mine].astype(float)).all()
    assert after[level][~mine].tolist() == before[level][~mine].tolist()
    orders = night.table("orders")
    letter = [
        after.loc[key, "abc_xyz"][1]
        for key in zip(orders["sku"], orders["destination"], strict=True)
    ]
    wanted = ["manager" if each == some else "planner" for each in letter]
    assert orders["approval"].tolist() == wanted


def test_the_shares_of_the_grades_add_up_and_the_slow_movers_have_a_target(shop):
    summary = shop.night().summary
    for by in ("abc_xyz", "life_stage", "hit"):
        for what in ("skus", "stock_value", "sales"):
            shares = [each[what] for each in summary["grades"][by].values()]
            assert sum(shares) == pytest.approx(1.0, abs=1e-3)
    assert summary["kpis"]["slow_moving_share"]["target"] == 0.05


def test_what_an_override_costs_stands_in_the_line_the_exceptions_and_the_summary(empty):
    rows = "order,fan,Central,units,1,li\npolicy,mug,Central,blocked,yes,li\n"
    night = empty.write("overrides.csv", OVERRIDES + rows).night()
    orders = night.table("orders").set_index("sku")
    found = night.table("exceptions").set_index(["code", "sku"]).loc["OVERRIDE_COST"]
    stake = found["money_at_stake"].astype(float)
    assert set(found.index) == {"fan", "mug"}
    assert float(orders.loc["fan", "override_cost"]) == stake["fan"] > 0
    assert orders.loc["fan", "override_cost"] in orders.loc["fan", "explanation"]
    assert set(orders["override_cost"].drop("fan")) == {""}
    assert "mug" not in orders.index
    assert night.summary["override_cost"] == pytest.approx(stake.sum(), abs=0.01)
    assert (found["suggestion"] != "Look at it").all()
