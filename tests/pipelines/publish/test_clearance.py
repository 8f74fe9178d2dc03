"""clearance.csv: one row a week, in the order of urgency, with reasons in numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pipelines.assemble.situation import ClearingTerms
from pipelines.publish.cells import numbers_of, read_csv
from pipelines.publish.clearance import FILE
from pipelines.publish.explain import explain
from stockwright.clearance import Act, Clearance


def _clearance(**changed):
    """Two items: one marked down over three weeks, one kept."""
    told = {
        "series": np.array([0, 1]),
        "grade": np.array(["B", "S"], object),
        "act": np.array([Act.MARK_DOWN, Act.KEEP]),
        "channel": np.array(["", ""], object),
        "units": np.array([40.0, 5.0]),
        "age_days": np.array([120.0, np.nan]),
        "cover_days": np.array([200.0, np.inf]),
        "ends": np.array([True, False]),
        "event": np.array([0, 0]),
        "unit_cost": np.array([6.0, 2.0]),
        "price": np.array([10.0, 4.0]),
        "floor": np.array([5.0, 0.0]),
        "recovery": np.array([260.0, 12.0]),
        "nothing": np.array([200.0, 12.0]),
        "next_act": np.array([Act.KEEP, Act.LIQUIDATE]),
        "next_recovery": np.array([200.0, 3.0]),
        "discount": np.array([60.0, 0.0]),
        "left": np.array([4.0, 2.0]),
        "cancelled": np.array([12.0, 0.0]),
        "common": np.array([False, False]),
        "partner": np.array([-1, -1]),
        "confidence": np.full(2, np.nan),
        "lift": np.full(2, np.nan),
        "lift_low": np.full(2, np.nan),
        "most": np.array([np.inf, np.inf]),
        "step_item": np.array([0, 0, 0, 1, 1]),
        "step": np.array([1, 2, 3, 1, 2]),
        "step_price": np.array([10.0, 8.0, 8.0, 4.0, 4.0]),
        "step_planned": np.array([10.0, 10.0, 10.0, 4.0, 4.0]),
        "step_units": np.array([8.0, 14.0, 14.0, 1.5, 1.5]),
        "step_recovery": np.array([78.0, 105.0, 77.0, 6.0, 6.0]),
    }
    return Clearance(**told | changed)


@pytest.fixture
def written(publish, parts):
    def write(language="en", situation=None, **changed):
        plan = replace(parts.plan, clearance=_clearance(**changed))
        return publish(plan=plan, situation=situation or parts.situation, language=language)

    return write


def test_the_most_urgent_stands_first_and_what_is_kept_has_one_row(written) -> None:
    table = read_csv(written() / "clearance.csv")
    assert table["slow_grade"] == ["S", "B", "B", "B"]
    assert table["step"] == ["1", "1", "2", "3"]
    assert table["action"] == ["keep", "mark_down", "mark_down", "mark_down"]
    assert table["expected_units"][0] == "3"
    starts = np.array(table["start"], "datetime64[D]")
    ends = np.array(table["end"], "datetime64[D]")
    assert ((ends - starts).astype(int) == [13, 6, 6, 6]).all()


def test_the_weeks_add_up_to_what_the_act_brings(written) -> None:
    table = read_csv(written() / "clearance.csv")
    assert numbers_of(table["expected_recovery"])[1:].sum() == 260.0
    assert table["discount_off"][1:] == ["0", "0.2", "0.2"]
    assert table["floor_price"] == ["", "5", "5", "5"]
    assert table["reason"] == ["NO_DEMAND", "ENDS_UNSOLD", "ENDS_UNSOLD", "ENDS_UNSOLD"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_number_of_the_sentence_stands_in_the_row(written, language) -> None:
    table = read_csv(written(language) / "clearance.csv")
    for text, stock, price, recovery in zip(
        *(table[n] for n in ("explanation", "stock_units", "new_price", "do_nothing_recovery")),
        strict=True,
    ):
        assert stock in text
        assert price in text
        assert recovery in text
        assert "?" not in text


@pytest.mark.parametrize(
    ("language", "word"), [("en", "left after E1"), ("zh", "为 E1 活动后的剩余")]
)
def test_what_an_event_left_says_so(written, parts, language, word) -> None:
    named = parts.situation.panel.covariates.event_names
    table = read_csv(written(language, event=np.array([0, 1])) / "clearance.csv")
    assert table["reason"] == ["EVENT_OVER", *["ENDS_UNSOLD"] * 3]
    assert word.replace("E1", named[0]) in table["explanation"][0]


def test_a_line_keeps_its_name_when_its_numbers_change(written) -> None:
    one = read_csv(written() / "clearance.csv")["line_id"]
    other = read_csv(written(units=np.array([30.0, 4.0])) / "clearance.csv")["line_id"]
    assert one == other
    assert len(set(one)) == len(one)


def test_a_whole_article_has_no_location(written) -> None:
    assert set(read_csv(written(whole=True) / "clearance.csv")["location"]) == {""}


def test_units_on_order_of_what_is_cleared_are_an_exception(written) -> None:
    table = read_csv(written() / "exceptions.csv")
    row = table["code"].index("CLEARED_STILL_ORDERED")
    assert table["money_at_stake"][row] == "72"


@pytest.mark.parametrize(("most", "word"), [(0.0, "holds it as it is"), (8.0, "at most 8 units")])
def test_the_word_of_a_planner_is_repeated(written, most, word) -> None:
    table = read_csv(written(most=np.array([most, np.inf])) / "clearance.csv")
    assert [word in text for text in table["explanation"]] == [False, True, True, True]


def test_what_can_no_longer_be_sold_and_is_kept_has_a_row_without_a_price(written) -> None:
    table = read_csv(written(step_price=np.array([10.0, 8.0, 8.0, np.nan, np.nan])) / FILE)
    assert (table["action"][0], table["new_price"][0], table["discount_off"][0]) == ("keep", "", "")
    assert "can no longer be sold" in table["explanation"][0]


def _answers(*rows):
    """Answers to the first item's lines of an earlier night: status, by, reason of each week."""
    told = {"action": "mark_down", "channel": "", "new_price": 8.0}
    night = pd.Timestamp("2024-01-01")
    return pd.DataFrame(
        [
            told
            | {"line_id": f"C{step}", "step": step, "start": night, "night": night, "at": night}
            | {"status": status, "by": by, "reason": reason}
            for step, (status, by, reason) in enumerate(rows, 1)
        ]
    )


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("rejected", "li", "no")], "was rejected on 2024-01-01 by li: mark down (no)"),
        ([("rejected", "", "")], "was rejected on 2024-01-01: mark down."),
        ([("accepted", "li", ""), ("rejected", "li", "")], "was taken up on 2024-01-01: mark"),
    ],
)
def test_an_answer_to_an_earlier_night_is_repeated(written, parts, rows, said) -> None:
    """As far as a person said who and why; a plan is taken up where one of its weeks is."""
    table = read_csv(written() / FILE)
    first = {name: table[name][1] for name in ("sku", "location")}
    situation = replace(parts.situation, answers=_answers(*rows).assign(**first))
    assert said in read_csv(written(situation=situation) / FILE)["explanation"][1]


def test_a_lower_price_that_is_planned_anyway_is_said_in_its_week(written) -> None:
    table = read_csv(written(step_planned=np.array([10.0, 7.5, 10.0, 4.0, 4.0])) / "clearance.csv")
    said = ["planned at 7.5, which holds" in text for text in table["explanation"]]
    assert said == [False, False, True, False]
    assert table["new_price"] == ["4", "10", "8", "8"]


def test_an_assumed_salvage_value_is_said(written, parts) -> None:
    """Both items have units left in the end; a table tells the salvage value of the first."""
    n = parts.situation.panel.n_series
    terms = replace(ClearingTerms.none(n), salvage=np.where(np.arange(n) == 0, 1.0, np.nan))
    situation = replace(parts.situation, clearing=terms)
    table = read_csv(written(situation=situation) / "clearance.csv")
    said = ["a share of its cost is assumed" in text for text in table["explanation"]]
    assert said == [True, False, False, False]


def test_explain_tells_what_is_done_with_all_locations_once(written) -> None:
    run = written(whole=True)
    table = read_csv(run / "clearance.csv")
    sentence = table["explanation"][table["step"].index("1", 1)]
    assert explain(run, table["sku"][1]).count(sentence) == 1
    each = written()
    place = read_csv(each / "clearance.csv")["location"][1]
    assert sentence in explain(each, table["sku"][1], place)


def test_without_slow_stock_the_file_has_a_heading_alone(publish) -> None:
    table = read_csv(publish() / "clearance.csv")
    assert table["line_id"] == []
    assert {"slow_grade", "new_price", "next_best_recovery", "explanation"} <= set(table)


@pytest.mark.parametrize(("language", "said"), [("en", "not slow"), ("zh", "并不滞销")])
def test_what_is_not_slow_says_that_it_takes_the_price_of_its_group(
    publish, parts, language, said
) -> None:
    terms = ClearingTerms.none(parts.situation.panel.n_series)
    group = np.where(np.arange(len(terms.price_group)) < 2, 0, -1)
    terms = replace(terms, price_group=group, groups=("Summer",))
    plan = _clearance(grade=np.array(["", "S"], object), common=np.array([True, False]))
    folder = publish(
        plan=replace(parts.plan, clearance=plan),
        situation=replace(parts.situation, clearing=terms),
        language=language,
    )
    table = read_csv(folder / "clearance.csv")
    rows = [row for row, reason in enumerate(table["reason"]) if reason == "GROUP_PRICE"]
    assert len(rows) == 3
    for row in rows:
        assert table["slow_grade"][row] == ""
        assert said in table["explanation"][row]
        assert "Summer" in table["explanation"][row]
    assert "Summer" not in table["explanation"][0]


def test_what_is_kept_with_its_price_group_says_so(written, parts) -> None:
    terms = ClearingTerms.none(parts.situation.panel.n_series)
    group = np.where(np.arange(len(terms.price_group)) == 1, 0, -1)
    terms = replace(terms, price_group=group, groups=("Summer",))
    table = read_csv(written(situation=replace(parts.situation, clearing=terms)) / FILE)
    said = ["the price group Summer stays" in text for text in table["explanation"]]
    assert said == [True, False, False, False]


def test_a_channel_that_sells_at_the_price_of_now_names_it_once(written) -> None:
    told = {"act": np.array([Act.PROMOTE, Act.KEEP]), "channel": np.array(["live", ""], object)}
    texts = read_csv(written(**told) / FILE)["explanation"]
    assert "in week 1, at 10, with the channel live" in texts[1]
    assert "in week 2, at 8 instead of 10, with the channel live" in texts[2]
