"""orders.csv and transfers.csv: names, changes and explanations."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pipelines.publish.cells import read_csv
from pipelines.publish.lines import order_table
from pipelines.publish.texts import load_texts
from stockwright.plan import Help


def _with_units(plan, units):
    return replace(plan, orders=replace(plan.orders, units=np.asarray(units, float)))


def test_a_line_keeps_its_name_whatever_its_units(parts) -> None:
    first = order_table(parts.night())
    other = order_table(parts.night(plan=_with_units(parts.plan, [12, 24, 36, 48])))
    assert first["line_id"].tolist() == other["line_id"].tolist()


def test_names_differ_between_nights_kinds_and_ends(publish, parts) -> None:
    tonight, before = publish("tonight"), publish("before", as_of=parts.as_of - 1)
    names = [
        name
        for run in (tonight, before)
        for file in ("orders.csv", "transfers.csv")
        for name in read_csv(run / file)["line_id"]
    ]
    assert len(names) == len(set(names)) == 14


def test_an_order_ref_stands_for_one_supplier_destination_and_date(publish) -> None:
    orders = read_csv(publish() / "orders.csv")
    # The bar in the supplier's name is escaped, so that no other triple can look the same.
    assert set(orders["order_ref"]) == {"+86 厂%7CA|CENTRAL|2026-11-27"}


def test_change_compares_with_the_night_before_by_supplier_destination_and_sku(
    publish, parts
) -> None:
    before = publish(
        "before", as_of=parts.as_of - 1, plan=_with_units(parts.plan, [72, 48, 84, 60])
    )
    kept = np.array([0, 1, 2])
    orders = parts.plan.orders
    fewer = replace(
        orders, **{name: getattr(orders, name)[kept] for name in orders.__dataclass_fields__}
    )
    run = publish("tonight", plan=replace(parts.plan, orders=fewer), previous=before)
    table = read_csv(run / "orders.csv")
    assert table["units"] == ["72", "60", "72"]
    assert table["previous_units"] == ["72", "48", "84"]
    assert table["change"] == ["same", "up", "down"]
    assert set(read_csv(before / "orders.csv")["change"]) == {"new"}
    text = (run / "summary.json").read_text("utf-8")
    assert re.search(r'"changes": \{\s+"down": 1,\s+"dropped": 1,\s+"new": 0,', text)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("file", ["orders.csv", "transfers.csv"])
def test_an_explanation_states_the_numbers_of_its_own_columns(publish, language, file) -> None:
    table = read_csv(publish(language=language) / file)
    names = ("available", "inbound_units", "available_date", "demand_mean", "demand_bought")
    names += ("need", "units", "money_at_risk", "cover_days_before", "cover_days_after")
    for row, text in enumerate(table["explanation"]):
        numbers = re.findall(r"\d{4}-\d\d-\d\d|\d+(?:\.\d+)?", text)
        for name in names:
            assert not table[name][row] or table[name][row] in numbers, (name, text)
        for name in ("rounding_added", "limit_cut"):
            said = table[name][row] in numbers
            assert said or table[name][row] == "0", (name, text)
        assert "{" not in text
        assert "?" not in text


def test_lead_time_review_and_level_in_an_explanation_are_the_policys(publish) -> None:
    run = publish()
    orders, policy = read_csv(run / "orders.csv"), read_csv(run / "policy.csv")
    keys = list(zip(policy["sku"], policy["location"], strict=True))
    for row, text in enumerate(orders["explanation"]):
        key = keys.index((orders["sku"][row], orders["destination"][row]))
        lead_time, review, days = (
            policy[name][key] for name in ("lead_time_days", "review_days", "protection_days")
        )
        assert f"the {days} days to protect (lead time {lead_time}, review {review})" in text
        assert f"at the level of {policy['service_level'][key]};" in text
        position = float(orders["available"][row]) + float(orders["inbound_units"][row])
        target = position + float(orders["need"][row])
        assert f"raising stock and orders to {target:g} needs {orders['need'][row]}" in text


def test_a_line_that_was_rejected_is_proposed_again_with_its_history(publish, parts) -> None:
    decided = pd.DataFrame(
        [("O1", "123", "CENTRAL", "order", "rejected", 60.0, "李雷", "2026-11-20", "too dear")],
        columns=parts.situation.previous_decisions.columns,
    )
    situation = replace(parts.situation, previous_decisions=decided)
    texts = read_csv(publish(situation=situation) / "orders.csv")["explanation"]
    assert "rejected on 2026-11-20 by 李雷 (too dear)" in texts[1]
    assert not any("rejected" in text for text in (texts[0], texts[2], texts[3]))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_is_built_up_is_told_with_units_and_date(publish, parts, language) -> None:
    orders = parts.plan.orders
    built = replace(
        orders,
        reason=np.full(4, "BUILD_UP", object),
        ahead=np.array([31.5, 0, 0, 0]),
        ahead_step=np.array([9, 0, 0, 0], np.int32),
    )
    plan = replace(parts.plan, orders=built)
    texts = read_csv(publish(plan=plan, language=language) / "orders.csv")["explanation"]
    day = str(parts.situation.as_of + np.timedelta64(9, "D"))
    clause = load_texts(language).fill("line", "ahead", {"ahead": "31.5", "ahead_date": day})
    assert "31.5" in clause
    assert day in clause
    assert clause in texts[0]
    assert not any(day in text for text in texts[1:])


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_shelf_life_takes_away_is_told_with_units_and_date(publish, parts, language) -> None:
    """Goods on sale for 5 days from the day they arrive have their last day 4 days later."""
    items = replace(parts.situation.network.items, shelf_life=5.0)
    situation = replace(parts.situation, network=replace(parts.situation.network, items=items))
    plan = replace(
        parts.plan, orders=replace(parts.plan.orders, shelf_cut=np.array([7.0, 0, 0, 0]))
    )
    run = publish(plan=plan, situation=situation, language=language)
    table = read_csv(run / "orders.csv")
    last = str(np.datetime64(table["available_date"][0]) + 4)
    clause = load_texts(language).fill("line", "perishes", {"sold_until": last, "shelf_cut": "7"})
    assert last in clause
    assert clause in table["explanation"][0]
    assert not any(last in text for text in table["explanation"][1:])


def test_packs_that_leave_some_need_open_are_said_so(publish, parts) -> None:
    orders = parts.plan.orders
    fewer = replace(orders, units=np.full(4, 48.0), rounding_added=48.0 - orders.need)
    texts = read_csv(publish(plan=replace(parts.plan, orders=fewer)) / "orders.csv")["explanation"]
    assert "; whole packs or full loads leave 16 of it open;" in texts[0]
    assert "loads add" not in texts[0]


@pytest.mark.parametrize(
    ("language", "price", "units"),
    [
        ("en", "a unit short counts 2.5 instead of", "; 3.25 of the demand come from"),
        ("zh", "每缺一件按 2.5 而不是", "有 3.25 件来自"),
    ],
)
def test_help_from_other_stock_is_told_where_it_changes_a_line(
    publish, parts, language, price, units
) -> None:
    """The first line's key is helped, the last one's helps; without help nobody speaks of it."""
    plan, n = parts.plan, parts.forecast.index.n_series
    first, last = plan.orders.series[0], plan.orders.series[-1]
    assert first != last
    short, nothing, taken = np.full(n, np.inf), np.zeros(n), np.zeros(n)
    short[first], taken[last] = 2.5, 3.25
    helped = publish(
        "helped", plan=replace(plan, help=Help(short, nothing, taken)), language=language
    )
    plain = publish("plain", language=language)
    said, before = (read_csv(run / "orders.csv")["explanation"] for run in (helped, plain))
    for words in (price, units):
        assert sum(words in text for text in said) == 1
        assert not any(words in text for text in before)
