"""What is left of the stock for an event that is over."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.assemble.clearing_events import events_over
from tests.pipelines.assemble.one_key import SALES, TONIGHT, on, stock_row


@pytest.fixture
def left_of(situate):
    """Name of the event that the stock of the one key, ``age`` days old, is left of."""

    def event(age, *events, days=14, period="day"):
        night = situate(
            TONIGHT, {"period": period}, sales=SALES, events=list(events),
            inventory=[stock_row(received_date=on(-age))],
        )  # fmt: skip
        (code,) = events_over(night, [0], days)
        return ("", *night.panel.covariates.event_names)[code]

    return event


def sale(first, last, event="Double 11", **more):
    return {"event": event, "start": on(first), "end": on(last), "discount_off": 0.3, **more}


@pytest.mark.parametrize("age", [3, 10, 37])
def test_stock_that_came_for_an_event_is_left_of_it(left_of, age) -> None:
    assert left_of(age, sale(-9, -3)) == "Double 11"


@pytest.mark.parametrize("age", [2, 39])
def test_stock_of_another_time_is_not(left_of, age) -> None:
    """It came after the event, or more than four weeks before it."""
    assert left_of(age, sale(-9, -3)) == ""


def test_the_encore_is_a_part_of_the_event(left_of) -> None:
    phases = [sale(-12, -8, phase="burst"), sale(-4, -3, phase="encore")]
    assert left_of(38, *phases) == "Double 11"
    assert left_of(38, phases[1]) == ""


def test_an_event_that_goes_on_is_not_over(left_of) -> None:
    assert left_of(5, sale(-9, 1)) == ""
    assert left_of(5, sale(-9, -3), sale(1, 3, "Double 12")) == ""


def test_after_a_while_an_event_is_forgotten(left_of) -> None:
    assert left_of(20, sale(-19, -14)) == ""
    assert left_of(20, sale(-19, -14), days=20) == "Double 11"


def test_an_event_elsewhere_leaves_nothing_here(left_of) -> None:
    assert left_of(5, sale(-9, -3, location="Y")) == ""


def test_weeks_know_the_event_of_their_days(left_of) -> None:
    assert left_of(9, sale(-9, -3), period="week") == "Double 11"


def test_a_festival_without_a_discount_leaves_nothing(left_of) -> None:
    assert left_of(5, {"event": "festival", "start": on(-9), "end": on(-3)}) == ""


def test_series_in_several_blocks_keep_their_own_events(situate, monkeypatch) -> None:
    sales = [{**row, "location": place} for place in "XYZ" for row in SALES]
    stock = [stock_row(location=place, received_date=on(-5)) for place in "XYZ"]
    night = situate(TONIGHT, sales=sales, inventory=stock, events=[sale(-9, -3, location="Y")])
    rows = np.arange(night.panel.n_series)
    whole = events_over(night, rows, 14)
    monkeypatch.setattr("pipelines.assemble.clearing_events._BLOCK", 2)
    np.testing.assert_array_equal(events_over(night, rows, 14), whole)
    assert (whole > 0).sum() == 1
