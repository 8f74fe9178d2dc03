"""exceptions.csv: ranked, named and carried on from night to night."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from forecasting.blend.staircase import Stair
from pipelines.ingest.ingested import FINDING_COLUMNS
from pipelines.publish.cells import numbers_of, read_csv
from pipelines.publish.plan_findings import lines_cut, long_cover, unavoidable_stockouts
from stockwright.plan import Finding


def _exceptions(run) -> pd.DataFrame:
    return pd.DataFrame(read_csv(run / "exceptions.csv"))


def test_exceptions_are_ranked_by_money_then_severity(publish) -> None:
    table = _exceptions(publish())
    money = numbers_of(table["money_at_stake"].tolist())
    assert (np.diff(money) <= 0).all()
    place = {"high": 0, "medium": 1, "low": 2}
    ties = table[money == 0]["severity"].map(place)
    assert ties.is_monotonic_increasing


def test_an_exception_names_the_line_of_its_key(publish) -> None:
    run = publish()
    transfers = read_csv(run / "transfers.csv")
    table = _exceptions(run).set_index(["code", "sku", "location"])
    assert table.loc[("NEGATIVE_STOCK", "00123", "EAST"), "line_id"] == transfers["line_id"][0]


def test_an_open_exception_counts_its_nights_and_a_new_one_starts(publish, parts) -> None:
    first = publish("a", as_of=parts.as_of - 2)
    second = publish("b", as_of=parts.as_of - 1, previous=first)
    fresh = Finding("NO_LANE", "medium", 11, 5.0, {})
    situation = replace(parts.situation, findings=(*parts.situation.findings, fresh))
    third = publish("c", situation=situation, previous=second)
    assert set(_exceptions(second)["nights_open"]) == {"2"}
    table = _exceptions(third).set_index("code")
    assert table.loc["NEGATIVE_STOCK", ["first_seen", "nights_open"]].tolist() == [
        "2026-11-19",
        "3",
    ]
    assert table.loc["NO_LANE", ["first_seen", "nights_open"]].tolist() == ["2026-11-21", "1"]


def test_findings_of_the_reading_that_the_situation_took_over_are_not_said_twice(
    publish, parts
) -> None:
    twice = pd.DataFrame(
        [("NEGATIVE_STOCK", "high", "00123", "EAST", -3.0, "", np.nan)],
        columns=list(FINDING_COLUMNS),
    )
    table = _exceptions(publish(ingested=replace(parts.ingested, findings=twice)))
    assert table["code"].tolist().count("NEGATIVE_STOCK") == 1


@pytest.mark.parametrize("language", ["en", "zh"])
def test_two_implausible_figures_of_one_key_are_two_exceptions(publish, parts, language) -> None:
    places = ("inventory.on_hand of 00123 at EAST", "sales.units of 00123 at EAST")
    found = tuple(
        Finding("IMPLAUSIBLE", "high", 1, 0.0, {"where": where, "value": 1e12, "most": 1e7})
        for where in places
    )
    situation = replace(parts.situation, findings=found)
    table = _exceptions(publish(situation=situation, language=language))
    table = table[table["code"] == "IMPLAUSIBLE"]
    assert table["exception_id"].nunique() == 2
    for where, text in zip(places, sorted(table["message"]), strict=True):
        assert all(each in text for each in (where, "1000000000000", "10000000"))


def test_two_orders_late_for_one_key_are_two_exceptions(publish, parts) -> None:
    late = [
        Finding("OVERDUE_INBOUND", "medium", 1, 1.0, {"order_id": name, "units": 5.0, "days": 2.0})
        for name in ("B", "A")
    ]
    one = _exceptions(publish("a", situation=replace(parts.situation, findings=tuple(late))))
    other = _exceptions(publish("b", situation=replace(parts.situation, findings=(late[1],))))
    both = one[one["code"] == "OVERDUE_INBOUND"]
    assert both["exception_id"].nunique() == 2
    # An exception keeps its name when the other one is closed.
    assert set(other["exception_id"]) < set(one["exception_id"])


@pytest.mark.parametrize(
    ("days", "english", "chinese"),
    [
        (0, "2026-11-21, the day of this plan, and", "即计划当日"),
        (1, "2026-11-21, 1 day ago, and", "已逾期 1 天"),
        (12, "2026-11-21, 12 days ago, and", "已逾期 12 天"),
    ],
)
def test_a_late_order_says_in_words_how_late(days, english, chinese, publish, parts) -> None:
    message = {"order_id": "A", "units": 5.0, "days": days, "date": "2026-11-21"}
    finding = Finding("OVERDUE_INBOUND", "medium", 1, 1.0, message)
    situation = replace(parts.situation, findings=(finding,))
    for language, words in (("en", english), ("zh", chinese)):
        table = _exceptions(publish(language, situation=situation, language=language))
        assert words in table.set_index("code").loc["OVERDUE_INBOUND", "message"]


def test_a_code_without_a_text_of_its_own_still_says_its_numbers(publish, parts) -> None:
    strange = Finding("STRANGE", "low", -1, 2.5, {"units": 3.0})
    run = publish(substitutes=[strange])
    row = _exceptions(run).set_index("code").loc["STRANGE"]
    assert row["message"].startswith("STRANGE: units 3")
    assert row["sku"] == ""
    assert row["suggestion"]


def test_the_money_of_an_unavoidable_stockout_is_the_shortage_cost_of_the_units_missed(
    parts,
) -> None:
    found = {finding.series: finding for finding in unavoidable_stockouts(parts.night())}
    # Series 1: 1 unit on hand, none due in the 2 days before the arrival, mean demand 3 a day.
    mean, variance = 6.0, 1.2 * 6 + 0.1 * 18 + 0.05 * 36
    size = mean**2 / (variance - mean)
    demand = stats.nbinom(size, size / (size + mean))
    units = np.arange(400)
    missed = (np.maximum(units - 1, 0) * demand.pmf(units)).sum()
    assert found[1].money == pytest.approx(10.63 * missed, rel=1e-6)
    assert found[1].message["date"] == "2026-11-22"
    assert set(found) == {1, 5}


def test_long_cover_is_said_only_where_rounding_outweighs_the_need(parts) -> None:
    orders = parts.plan.orders
    long = replace(
        orders,
        cover_after=np.array([181.0, 181.0, 179.0, np.inf]),
        need=np.array([5.0, 50.0, 5.0, 5.0]),
        rounding_added=np.array([40.0, 40.0, 40.0, 4.0]),
    )
    found = long_cover(parts.night(plan=replace(parts.plan, orders=long)))
    assert [(finding.series, finding.money) for finding in found] == [
        (orders.series[0], pytest.approx(40 * 9.37))
    ]


def test_the_money_of_a_cut_grows_with_the_units_cut_and_shrinks_with_those_kept(parts) -> None:
    orders = parts.plan.orders
    # Central stock feeds the others: no demand of its own, and yet its cut costs money.
    lines = replace(
        orders,
        units=np.array([24.0, 24.0, 36.0, 24.0]),
        limit_cut=np.array([12.0, 24.0, 12.0, 0.0]),
    )
    held = replace(parts.plan.policy, position=np.full(len(parts.plan.policy.position), 20.0))
    plan = replace(parts.plan, policy=held, orders=lines, transfers=parts.empty_plan.transfers)
    money = [finding.money for finding in lines_cut(parts.night(plan=plan))]
    assert len(money) == 3
    assert money[1] > money[0] > money[2] > 0


def test_overrides_that_cost_accuracy_are_named_in_both_languages_when_sure(publish) -> None:
    stairs = [
        Stair("blend", "overridden", 60, 20, 0.4, 0.5, bias=-0.02, gain=0.01, error=0.02),
        Stair("override", "overridden", 60, 20, 0.5, 0.6, bias=0.3, gain=-0.1, error=0.049),
    ]
    for language in ("en", "zh"):
        table = _exceptions(publish(language, language=language, stairs=stairs)).set_index("code")
        message = table.loc["OVERRIDES_LOWER_ACCURACY", "message"]
        for figure in ("60", "20", "10.0%", "4.9%", "+30.0%", "-2.0%"):
            assert figure in message
    unsure = [stairs[0], replace(stairs[1], error=0.051)]
    assert "OVERRIDES_LOWER_ACCURACY" not in set(_exceptions(publish("x", stairs=unsure))["code"])


def test_cuts_of_the_lines_of_one_key_are_told_apart(publish, parts) -> None:
    """The line of its own, an emergency order and a transfer from a neighbor."""
    message = {"units": 3.0, "kept": 0.0, "limit": "BUDGET"}
    found = tuple(
        Finding("LIMIT_CUT", "medium", 8, 50.0, message | way)
        for way in ({}, {"way": "emergency"}, {"way": "sideways"})
    )
    for language in ("en", "zh"):
        run = publish(language, plan=replace(parts.plan, findings=found), language=language)
        table = _exceptions(run)
        rows = table[(table["code"] == "LIMIT_CUT") & (table["money_at_stake"] == "50")]
        assert len(rows) == 3
        assert rows["message"].is_unique
        assert rows["exception_id"].is_unique


@pytest.mark.parametrize("fate", ["kept", "raised", "cut", "dropped"])
def test_the_text_of_a_costly_override_says_what_became_of_it(publish, parts, fate) -> None:
    message = {"asked": 40.0, "own": 8.0, "kept": 5.0, "fate": fate, "cut_by": "BUDGET"}
    found = (Finding("OVERRIDE_COST", "low", 8, 50.0, message),)
    table = _exceptions(publish(plan=replace(parts.plan, findings=found))).set_index("code")
    text = table.loc["OVERRIDE_COST", "message"]
    assert ("honoured all the same" in text) == (fate == "kept")
    assert ("the budget leaves" in text) == (fate in ("cut", "dropped"))
