"""A segment falls back after enough nights in alert, and comes back after as many out of it."""

from __future__ import annotations

import numpy as np

from forecasting.watch.report import Before, DriftReport, DriftRow, falls_back


def walked(alerts: list[bool], least: int) -> list[bool]:
    before, out = None, []
    for alert in alerts:
        nights = Before.after(before, alert)
        fallen = falls_back(before, alert, nights, least)
        before = Before(alert, nights, fallen)
        out.append(fallen)
    return out


def test_it_begins_and_ends_after_as_many_nights_in_a_row() -> None:
    alerts = [True] * 2 + [False] + [True] * 4 + [False] * 2 + [True] + [False] * 4
    fallen = [False] * 5 + [True] * 7 + [False] * 2
    assert walked(alerts, 3) == fallen


def test_zero_is_never() -> None:
    assert not any(walked([True] * 9, 0))


def test_a_forecast_asks_for_a_fit_as_long_as_it_is_in_alert_and_an_input_once() -> None:
    def row(kind: str, nights: int) -> DriftRow:
        numbers = (1.0, np.nan, np.nan, 0.0, 5.0)
        return DriftRow(kind, "x", "bias", *numbers, 7, "alert", nights)

    rows = [row("input", 1), row("input", 2), row("all", 9)]
    assert DriftReport(tuple(rows)).refit == (rows[0], rows[2])
