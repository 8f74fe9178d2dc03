"""What became of earlier clearance lines: prices in force, and acts that are not proposed again."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pipelines.assemble.clearing_articles import articles_of
from pipelines.assemble.clearing_said import rules_of
from stockwright.clearance import Act
from tests.pipelines.assemble.one_key import SALES, TONIGHT, on, stock_row
from tests.pipelines.assemble.test_clearing import forecast_of, look

PRODUCTS = [{"sku": "a", "unit_cost": 60.0, "price": 100.0}]


def line(step=1, night=-7, **changes):
    """A clearance line for a week of the plan of ``night``, a week ago."""
    told = {
        "line_id": f"C{night}-{step}", "sku": "a", "location": "", "action": "mark_down",
        "channel": "", "step": step, "start": on(night + 1 + 7 * (step - 1)), "new_price": 80.0,
    }  # fmt: skip
    return told | changes


def answer(status, row, **changes):
    return {"line_id": row["line_id"], "status": status, "at": on(-5), "by": "li", **changes}


@pytest.fixture
def remember(situate):
    """A night that knows lines of earlier nights and the answers to them."""

    def run(lines, answers, prices=(), **settings):
        tables = {"plan_status": list(answers)} | ({"prices": list(prices)} if prices else {})
        return situate(
            TONIGHT, settings, cleared=pd.DataFrame(lines), sales=SALES, products=PRODUCTS,
            inventory=[stock_row(on_hand=500)], **tables,
        )  # fmt: skip

    return run


def test_a_price_that_was_taken_up_is_in_force_from_its_start_on(remember) -> None:
    night = remember([line()], [answer("accepted", line())])
    assert price_now(night)[0] == 80.0
    price, origin = night.panel.covariates.price[0], night.panel.origin
    np.testing.assert_array_equal(price[origin - 6 :], 80.0)
    np.testing.assert_array_equal(price[: origin - 6], 100.0)
    assert night.panel.covariates.discount[0, origin + 1] == pytest.approx(0.2)


def test_the_answer_to_a_clearance_line_is_no_unknown_order(remember, codes) -> None:
    night = remember([line()], [answer("accepted", line())])
    assert "UNKNOWN_PLAN_LINE" not in codes(night)
    other = remember([line()], [answer("accepted", {"line_id": "C-never-published"})])
    assert "UNKNOWN_PLAN_LINE" in codes(other)


@pytest.mark.parametrize("status", ["rejected", None])
def test_a_line_that_nobody_took_up_sets_no_price(remember, status) -> None:
    answers = [answer(status or "accepted", line() if status else {"line_id": "x"})]
    assert price_now(remember([line()], answers))[0] == 100.0


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"start": on(-30), "price": 95.0}, 80.0),
        ({"start": on(-30), "price": 70.0}, 70.0),
        ({"start": on(-2), "price": 95.0}, 95.0),
        ({"start": on(-2), "price": 95.0, "channel": "live"}, 80.0),
    ],
)
def test_the_price_table_speaks_where_it_starts_later_or_is_lower(remember, row, expected) -> None:
    night = remember([line()], [answer("accepted", line())], [{"sku": "a", **row}])
    assert price_now(night)[0] == expected


def test_after_a_short_promotion_the_price_taken_up_holds_again(remember) -> None:
    promotion = {"sku": "a", "start": on(-1), "end": on(3), "price": 60.0}
    night = remember([line()], [answer("accepted", line())], [promotion])
    ahead = night.panel.covariates.price[0, night.panel.origin + 1 :]
    assert ahead[:5].tolist() == [60.0, 60.0, 60.0, 80.0, 80.0]


def test_a_later_week_that_was_taken_up_is_a_planned_price(remember) -> None:
    lines = [line(), line(3, new_price=65.0)]
    night = remember(lines, [answer("accepted", row) for row in lines])
    ahead = night.panel.covariates.price[0, night.panel.origin + 1 :]
    assert ahead[:9].tolist() == [80.0] * 7 + [65.0] * 2


def price_now(night):
    """What a customer pays tomorrow, (series,)."""
    return night.panel.covariates.price[:, night.panel.origin + 1]


def _rules(night, channels=("live",), rest_days=28):
    places = look(night)
    items = articles_of(night, forecast_of(night), places)
    return rules_of(night, places, items, channels, rest_days)


def test_an_act_that_was_rejected_rests_and_the_others_stay_open(remember) -> None:
    night = remember([line()], [answer("rejected", line())])
    rules = _rules(night)
    assert np.flatnonzero(rules.acts[0]).tolist() == [Act.MARK_DOWN]
    assert not rules.channels.any()
    assert not _rules(night, rest_days=5).acts.any()
    assert rules.most.tolist() == [np.inf]


def test_a_plan_of_which_a_week_was_taken_up_was_not_turned_down(remember) -> None:
    lines = [line(), line(2)]
    night = remember(lines, [answer("accepted", lines[0]), answer("rejected", lines[1])])
    assert not _rules(night).acts.any()


def test_a_channel_that_was_rejected_rests_by_itself(remember) -> None:
    row = line(action="promote", channel="live")
    rules = _rules(remember([row], [answer("rejected", row)]), ("live", "outlet"))
    assert rules.channels.tolist() == [[True, False]]
    assert not rules.acts.any()


def test_what_is_to_leave_gets_no_other_act(remember) -> None:
    row = line(action="liquidate", new_price=5.0)
    night = remember([row], [answer("ordered", row)])
    assert _rules(night).acts.all()
    assert _rules(night).leaving.all()
    assert price_now(night)[0] == 100.0


def test_the_last_answer_to_a_line_counts(remember) -> None:
    answers = [answer("accepted", line(), at=on(-5)), answer("rejected", line(), at=on(-2))]
    assert price_now(remember([line()], answers))[0] == 100.0


def test_a_location_with_its_own_price_has_its_own_answers(remember) -> None:
    row = line(location="X")
    night = remember([row], [answer("accepted", row)])
    assert price_now(night)[0] == 80.0
    other = line(location="Y")
    assert price_now(remember([other], [answer("accepted", other)]))[0] == 100.0


def test_a_channel_of_several_locations_rests_at_all_of_them(remember) -> None:
    row = line(action="promote", channel="live")
    channels = ("live", "outlet", "live")
    assert not _rules(remember([row], [answer("accepted", row)]), channels).channels.any()
    rules = _rules(remember([row], [answer("rejected", row)]), channels)
    assert rules.channels.tolist() == [[True, False, True]]
