"""A segment falls back where the plain forecast misses less, for so many nights and no longer."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.watch.report import (
    Before,
    DriftReport,
    DriftRow,
    goes_on,
    may_begin,
    misses_less,
)
from forecasting.watch.sums import PARTS, DaySums

DAY = np.timedelta64(1, "D")
TONIGHT = np.datetime64("2026-11-20")


def walked(alerts: list[bool], least: int, better: bool = True) -> str:
    """Of each night f for a fallback, ? where a plain forecast that misses more was asked for."""
    before, out = None, []
    for alert in alerts:
        asked = may_begin(before, alert, least)
        down = goes_on(before, least) or (asked and better)
        before = Before(alert, Before.after(before, alert, down), down)
        out.append("f" if down else "?" if asked else ".")
    return "".join(out)


def test_it_begins_after_enough_nights_in_alert_in_a_row() -> None:
    assert walked([True] * 2 + [False] + [True] * 3, 3) == ".....f"


def test_it_ends_after_as_many_nights_whatever_the_plain_forecast_does() -> None:
    """Were the plain one biased too, its alert would never let the model come back."""
    assert walked([True] * 11, 3) == "..fff..fff."
    assert walked([True] * 3 + [False] * 6, 3) == "..fff...."


def test_it_does_not_begin_where_the_plain_forecast_misses_more() -> None:
    """It is asked again when as many nights in alert have passed, not in each of them."""
    assert walked([True] * 7, 3, better=False) == "..?..?."


def test_one_night_is_followed_by_one_of_the_model() -> None:
    assert walked([True] * 5, 1) == "f.f.f"


def test_zero_is_never() -> None:
    assert walked([True] * 9, 0) == "." * 9


def sums(mean: float, error: float, cells: float = 10.0) -> DaySums:
    """Of one segment and three days on which 100 units each were sold."""
    parts = np.zeros((len(PARTS), 1, 3))
    given = {"units": 100.0, "mean": mean, "error": error, "cells": cells}
    for name, value in given.items():
        parts[PARTS.index(name)] = value
    return DaySums(parts)


@pytest.mark.parametrize(
    ("mean", "error", "better"),
    [(90.0, 30.0, True), (115.0, 29.0, True), (90.0, 31.0, False), (80.0, 20.0, False)],
)
def test_less_is_a_smaller_bias_of_either_sign_and_no_larger_error(mean, error, better) -> None:
    assert misses_less(sums(mean, error), sums(80.0, 30.0), 2).tolist() == [better]


def test_days_on_which_not_the_same_was_judged_say_nothing() -> None:
    assert not misses_less(sums(100.0, 0.0, cells=9.0), sums(80.0, 30.0), 2).any()


def test_only_the_newest_periods_are_compared() -> None:
    plain, published = sums(100.0, 0.0), sums(80.0, 30.0)
    plain.parts[PARTS.index("mean"), :, 2] = 900.0
    assert misses_less(plain, published, 2).all()
    assert not misses_less(plain, published, 3).any()


def test_an_alert_asks_once_for_a_fit_of_a_model_from_before_it() -> None:
    def row(kind: str, nights: int, **other: bool) -> DriftRow:
        numbers, since = (1.0, np.nan, np.nan, 0.0, 5.0), TONIGHT - (nights - 1) * DAY
        return DriftRow(kind, "x", "bias", *numbers, 7, "alert", nights, since=since, **other)

    rows = (row("input", 1), row("all", 9), row("category", 3, fallback=True))
    report = DriftReport(rows)
    assert report.refit(TONIGHT - 20 * DAY) == rows[:2]
    assert report.refit(TONIGHT - 8 * DAY) == rows[:1]
    assert report.refit(TONIGHT) == ()
