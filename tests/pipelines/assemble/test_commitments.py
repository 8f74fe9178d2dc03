"""Commitments: what is open on top of the forecast, what was kept out of the history."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

D = "2026-03-31"
DAYS = 60


def day(back: int) -> str:
    """The date ``back`` days before D; negative: after it."""
    return str(np.datetime64(D) - back)


def sales(units: dict[int, float] | None = None, sku: str = "a") -> list[dict]:
    """Ten units a day for sixty days; ``units`` says otherwise by days before D."""
    other = units or {}
    return [
        {"date": day(back), "sku": sku, "location": "X", "units": other.get(back, 10)}
        for back in range(DAYS)
    ]


def promise(back: int, units: float, **more: object) -> dict:
    return {"sku": "a", "location": "X", "date": day(back), "units": units, **more}


def open_units(situation) -> dict[int, float]:
    rows = situation.commitments
    return dict(zip(rows.step.tolist(), rows.units.tolist(), strict=True))


def event(back: int, name: str = "double11") -> dict:
    return {"event": name, "start": day(back), "end": day(back), "discount_off": 0.2}


def test_open_rows_are_asked_for_on_their_date(situate) -> None:
    rows = [promise(-3, 5, stage="paid"), promise(-3, 2, kind="contract"), promise(-10, 4)]
    assert open_units(situate(D, sales=sales(), commitments=rows)) == {3: 7, 10: 4}


def test_what_is_promised_after_the_end_of_its_sku_is_named_with_units_and_money(situate) -> None:
    rows = [promise(-3, 5), promise(-6, 4), promise(-8, 2), {**promise(-8, 7), "sku": "b"}]
    products = [{"sku": "a", "unit_cost": 3, "end_date": day(-5)}, {"sku": "b", "unit_cost": 3}]
    night = situate(D, sales=sales(), products=products, commitments=rows)
    (found,) = [one for one in night.findings if one.code == "COMMITMENT_AFTER_END"]
    assert found.message == {"units": 6, "date": day(-6)}
    assert found.money == 18


def test_a_row_known_only_later_is_not_open(situate) -> None:
    rows = [promise(-3, 5, known_since=day(-1)), promise(-4, 6, known_since=day(0))]
    assert open_units(situate(D, sales=sales(), commitments=rows)) == {4: 6}


def test_weeks_hold_the_commitments_of_their_days(situate) -> None:
    rows = [promise(-3, 5), promise(-5, 2), promise(-6, 4), promise(-13, 1)]
    night = situate("2026-03-29", {"period": "week"}, sales=sales()[2:], commitments=[
        {**row, "date": str(np.datetime64(row["date"]) - 2)} for row in rows
    ])  # fmt: skip
    assert open_units(night) == {1: 11, 2: 1}


def test_a_key_with_a_commitment_and_nothing_else_is_planned(situate, at) -> None:
    night = situate(D, sales=sales(), commitments=[{**promise(-3, 5), "sku": "new"}])
    assert night.commitments.series.tolist() == [at(night, "new")]


def test_a_share_that_is_stated_wins_over_the_learned_one(situate) -> None:
    rows = [promise(-3, 100, stage="deposit", conversion=0.5)]
    past = [promise(20, 100, stage="deposit")]
    night = situate(D, sales=sales(), commitments=rows + past)
    assert night.commitments.units.tolist() == [50]
    binomial = 100 * 0.5 * 0.5
    assert night.commitments.variance[0] > binomial


def test_a_stated_share_takes_nothing_from_paid_units(situate) -> None:
    rows = [promise(-3, 100, stage="paid", conversion=0.5)]
    found = situate(D, sales=sales(), commitments=rows).commitments
    assert (found.units.tolist(), found.variance.tolist()) == ([100], [0])


def test_paid_units_are_certain_and_deposits_are_not(situate) -> None:
    rows = [promise(-3, 100, stage="paid"), promise(-4, 100, stage="deposit")]
    found = situate(D, sales=sales(), commitments=rows).commitments
    assert found.variance[0] == 0
    assert found.units[1] == pytest.approx(80, abs=0.5)
    assert found.variance[1] > 100 * 0.8 * 0.2


def test_deposits_that_lapsed_lower_the_share_that_is_expected(situate) -> None:
    coming = promise(-4, 100, stage="deposit")
    shares = []
    for paid in (300.0, 150.0, 0.0):
        past = [promise(20, paid, stage="paid"), promise(20, 300 - paid, stage="deposit")]
        night = situate(D, sales=sales({20: 400}), commitments=[coming, *past])
        shares.append(night.commitments.units[0])
    assert shares[0] > 85 > shares[1] > 50 > shares[2]


def test_kept_commitments_leave_the_history_once(situate, at) -> None:
    past = [promise(20, 70, kind="contract")]
    night = situate(D, sales=sales({20: 80}), commitments=past)
    row = at(night, "a")
    assert night.panel.demand[row].tolist() == [10.0] * DAYS
    assert night.sold[row].sum() == 10 * (DAYS - 1) + 80


def test_a_history_with_a_kept_contract_is_the_history_without_it(situate, at) -> None:
    past = [promise(20, 70, kind="contract"), promise(7, 33, kind="subscription")]
    with_them = situate(D, sales=sales({20: 80, 7: 43}), commitments=past)
    without = situate(D, sales=sales())
    assert np.array_equal(with_them.panel.demand, without.panel.demand)


def test_lapsed_deposits_leave_nothing_out(situate, at) -> None:
    night = situate(D, sales=sales(), commitments=[promise(20, 7, stage="deposit")])
    assert night.panel.demand[at(night, "a")].sum() == 10 * DAYS
    assert not open_units(night)


def test_more_kept_than_sold_never_makes_demand_negative(situate, at) -> None:
    past = [promise(20, 7), promise(20, 9), promise(20, 100, ship_by=day(18))]
    night = situate(D, sales=sales(), commitments=past)
    demand = night.panel.demand[at(night, "a")]
    assert demand.min() == 0
    assert demand.sum() + night.commitments.kept_units.sum() == pytest.approx(10 * DAYS)


def test_units_are_looked_for_until_ship_by(situate, at) -> None:
    night = situate(D, sales=sales(), commitments=[promise(20, 25, ship_by=day(18))])
    demand = night.panel.demand[at(night, "a")]
    assert demand[DAYS - 21 : DAYS - 17].tolist() == [0, 0, 5, 10]
    assert not open_units(night)


def test_what_is_paid_and_not_sold_is_asked_for_next_and_named(situate, codes) -> None:
    night = situate(D, sales=sales(), commitments=[promise(3, 25)])
    assert open_units(night) == {1: 15}
    (found,) = [one for one in night.findings if one.code == "COMMITMENT_OVERDUE"]
    assert found.message["units"] == 15
    waiting = situate(D, sales=sales(), commitments=[promise(3, 100, ship_by=day(-2))])
    assert open_units(waiting) == {1: 60}
    assert "COMMITMENT_OVERDUE" not in codes(waiting)


def test_what_is_overdue_for_too_long_does_not_count(situate, codes) -> None:
    rows = [promise(31, 25)]
    night = situate(D, sales=sales(), commitments=rows)
    assert not open_units(night)
    assert any("gates.overdue_days" in note for note in night.notes)
    patient = situate(D, {"gates": {"overdue_days": 40}}, sales=sales(), commitments=rows)
    assert open_units(patient) == {1: 15}


def test_a_row_can_say_how_much_of_it_is_in_the_sales(situate, at) -> None:
    rows = [promise(3, 25, fulfilled=4), promise(-2, 25, fulfilled=5)]
    night = situate(D, sales=sales(), commitments=rows)
    assert open_units(night) == {1: 21, 2: 20}
    assert night.panel.demand[at(night, "a"), DAYS - 4] == 6


def test_a_presale_of_an_event_stays_in_the_history_until_its_like_is_open(situate, at) -> None:
    past = promise(20, 70, known_since=day(30))
    days = {"sales": sales({20: 80}), "events": [event(20), event(-8)]}
    closed = situate(D, commitments=[past], **days)
    assert closed.panel.demand[at(closed, "a")].max() == 80
    running = situate(D, commitments=[past, promise(-8, 30)], **days)
    assert running.panel.demand[at(running, "a")].max() == 10


def test_what_was_promised_later_than_what_is_open_now_stays_in_the_history(situate, at) -> None:
    late, early = (promise(20, 35, known_since=day(b)) for b in (25, 40))
    days = {"sales": sales({20: 80}), "events": [event(20), event(-8)]}
    night = situate(D, commitments=[late, early, promise(-8, 30)], **days)
    assert night.panel.demand[at(night, "a")].max() == 45


def test_a_kit_is_sold_as_its_components(situate, at) -> None:
    kits = [
        {"kit": "box", "component": "a", "quantity": 2},
        {"kit": "box", "component": "set", "quantity": 1},
        {"kit": "set", "component": "b", "quantity": 3},
    ]
    lines = sales() + sales(sku="box") + sales(sku="b")
    night = situate(D, sales=lines, kits=kits, commitments=[{**promise(-2, 4), "sku": "box"}])
    assert list(night.panel.index.skus) == ["a", "b"]
    a, b = at(night, "a"), at(night, "b")
    assert set(night.panel.demand[a]) == {30}
    assert set(night.panel.demand[b]) == {40}
    found = night.commitments
    assert dict(zip(found.series.tolist(), found.units.tolist(), strict=True)) == {a: 8, b: 12}


def test_components_sold_in_a_kit_are_as_if_sold_alone(situate) -> None:
    kits = [{"kit": "box", "component": "a", "quantity": 2}]
    returned = {"date": day(1), "sku": "box", "location": "X", "units": -1}
    packed = situate(D, sales=[*sales(sku="box"), returned], kits=kits)
    alone = situate(D, sales=[{**row, "sku": "a", "units": row["units"] * 2} for row in sales()])
    assert packed.panel.index.skus == alone.panel.index.skus
    assert np.array_equal(packed.panel.demand, alone.panel.demand)
    assert np.array_equal(packed.panel.status, alone.panel.status)


def test_contents_count_from_their_start_to_their_end(situate, at) -> None:
    kits = [
        {"kit": "box", "component": "a", "quantity": 1, "start": day(59), "end": day(30)},
        {"kit": "box", "component": "b", "quantity": 1, "start": day(29), "end": day(1)},
    ]
    night = situate(D, sales=sales(sku="box") + sales() + sales(sku="b"), kits=kits)
    a, b = (night.panel.demand[at(night, sku)] for sku in "ab")
    assert a.tolist() == [20] * 30 + [10] * 30
    assert b.tolist() == [10] * 30 + [20] * 29 + [10]
    assert night.panel.demand[at(night, "box")].sum() == 10
    assert any("outside the dates of their contents" in note for note in night.notes)


def test_a_kit_with_stock_of_its_own_keeps_its_demand(situate, at) -> None:
    kits = [{"kit": "box", "component": "a", "quantity": 2}]
    stock = [{"sku": "box", "location": "X", "on_hand": 0}]
    night = situate(D, sales=sales() + sales(sku="box"), kits=kits, inventory=stock)
    assert set(night.panel.demand[at(night, "box")]) == {10}
    assert set(night.panel.demand[at(night, "a")]) == {10}
    assert any("stock of their own" in note for note in night.notes)


def test_the_price_of_a_component_is_not_the_kit_s(situate, at) -> None:
    kits = [{"kit": "box", "component": "a", "quantity": 2}]
    lines = pd.DataFrame(sales()).assign(price=5.0), pd.DataFrame(sales(sku="box")).assign(price=99)
    night = situate(D, sales=pd.concat(lines).to_dict("records"), kits=kits)
    assert night.network.items.price[at(night, "a")] == 5


def test_what_was_shipped_ahead_of_its_date_leaves_the_history_and_nothing_else_does(
    situate, at
) -> None:
    """A shop with a contract of 60, 45 of it shipped early, is the shop with a contract of 15."""
    rows = [promise(-9, 40, fulfilled=30, known_since=day(25)), promise(-5, 20, fulfilled=15)]
    early = situate(D, sales=sales({20: 40, 6: 25}), commitments=rows)
    plain = situate(D, sales=sales(), commitments=[promise(-9, 10), promise(-5, 5)])
    assert early.panel.demand.tolist() == plain.panel.demand.tolist()
    assert open_units(early) == open_units(plain) == {9: 10, 5: 5}
    assert early.sold[at(early, "a")].sum() == 10 * DAYS + 45


def test_what_was_shipped_early_is_taken_off_the_highest_sales_since_it_was_known(
    situate, at
) -> None:
    """Whole units, by hand: 30 and 40 come down to 25 and 24; the older 90 is left alone."""
    rows = [promise(-9, 40, fulfilled=21, known_since=day(20))]
    night = situate(D, sales=sales({30: 90, 12: 30, 8: 40}), commitments=rows)
    demand = night.panel.demand[at(night, "a")]
    assert sorted(demand.tolist())[-3:] == [24, 25, 90]
    assert demand.sum() == night.sold.sum() - 21


def test_more_shipped_early_than_sold_never_makes_demand_negative(situate, at) -> None:
    rows = [promise(-3, 99, fulfilled=95, known_since=day(4)), promise(2, 10)]
    night = situate(D, sales=sales(), commitments=rows)
    demand = night.panel.demand[at(night, "a")]
    assert demand.tolist() == [10] * (DAYS - 5) + [0] * 5
