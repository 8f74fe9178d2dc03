"""Festivals as events, against dates of published calendars and calendars drawn by hand."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.assemble.festivals import main_days, with_festivals
from pipelines.config.festivals import Festival, festivals_of
from stockwright.calendar import Calendar
from stockwright.panel import Covariates


def festival(name: str, **rule: object) -> Festival:
    return Festival.model_validate({"name": name, "phases": {"burst": [0, 0]}, **rule})


def covariates(event: np.ndarray, names: tuple[str, ...] = ()) -> Covariates:
    flat = np.zeros((1, event.shape[1]), np.float32)
    phase = (event > 0).astype(np.int16)
    return Covariates(flat, flat, event.astype(np.int16), phase, names, names and ("sale",))


def by_date(found: Covariates, calendar: Calendar, row: int = 0) -> dict[str, tuple[str, str]]:
    dates = calendar.dates(0, found.n_periods).astype(str)
    return {
        date: (found.event_names[event - 1], found.phase_names[phase - 1])
        for date, event, phase in zip(dates, found.event[row], found.phase[row], strict=True)
        if event
    }


@pytest.mark.parametrize(
    ("country", "name", "published"),
    [
        ("US", "black_friday", ["2022-11-25", "2023-11-24", "2024-11-29", "2025-11-28"]),
        ("GB", "cyber_monday", ["2022-11-28", "2023-11-27", "2024-12-02", "2025-12-01"]),
        ("CN", "new_year_goods", ["2022-02-01", "2023-01-22", "2024-02-10", "2025-01-29"]),
        ("CN", "double11", ["2022-11-11", "2023-11-11", "2024-11-11", "2025-11-11"]),
    ],
)
def test_main_days_are_the_published_ones(country: str, name: str, published: list[str]) -> None:
    (rule,) = (each for each in festivals_of(country, []) if each.name == name)
    assert main_days(rule, 2022, 2025).astype(str).tolist() == published


def test_rules_by_lunar_date_last_weekday_and_leap_day() -> None:
    """Mid-Autumn, Qixi, the last Monday of May (Memorial Day in the US), and 29 February."""
    lunar = festival("mid_autumn", lunar_month=8, lunar_day=15)
    assert main_days(lunar, 2023, 2025).astype(str).tolist() == [
        "2023-09-29", "2024-09-17", "2025-10-06",
    ]  # fmt: skip
    qixi = festival("qixi", lunar_month=7, lunar_day=7)
    assert main_days(qixi, 2024, 2025).astype(str).tolist() == ["2024-08-10", "2025-08-29"]
    memorial = festival("memorial", month=5, weekday=1, nth=-1)
    assert main_days(memorial, 2024, 2025).astype(str).tolist() == ["2024-05-27", "2025-05-26"]
    leap = festival("leap", month=2, day=29)
    assert main_days(leap, 2023, 2025).astype(str).tolist() == ["2024-02-29"]


def test_double_11_has_its_phases_day_by_day() -> None:
    calendar = Calendar("day", np.datetime64("2024-10-01"))
    found = with_festivals(covariates(np.zeros((1, 60))), calendar, festivals_of("CN", []))
    days = by_date(found, calendar)
    assert {event for event, _ in days.values()} == {"double11"}
    assert [days[f"2024-11-{d:02d}"][1] for d in (3, 4, 9, 10, 11, 12, 14)] == [
        "first_burst", "warmup", "warmup", "burst", "burst", "encore", "encore",
    ]  # fmt: skip
    assert (min(days), max(days), len(days)) == ("2024-10-24", "2024-11-14", 22)


def test_a_festival_that_the_events_table_has_is_not_counted_twice() -> None:
    calendar = Calendar("day", np.datetime64("2023-11-01"))
    event = np.zeros((1, 430), np.int16)
    event[0, 8:11] = 1  # 9 to 11 November 2023, by the table
    found = with_festivals(covariates(event, ("double11",)), calendar, festivals_of("CN", []))
    assert found.event_names[0] == "double11"
    np.testing.assert_array_equal(found.event[0, :16], event[0, :16])
    # The year after, of which the table says nothing, is the same event.
    assert by_date(found, calendar)["2024-11-11"] == ("double11", "burst")


def test_the_offer_of_one_article_does_not_hide_the_festival_from_the_others() -> None:
    calendar = Calendar("day", np.datetime64("2024-11-01"))
    event = np.zeros((10, 30), np.int16)
    event[0, 10] = 1
    found = with_festivals(covariates(event, ("offer",)), calendar, festivals_of("CN", []))
    assert by_date(found, calendar, 0)["2024-11-11"] == ("offer", "sale")
    assert by_date(found, calendar, 0)["2024-11-10"] == ("double11", "burst")
    assert by_date(found, calendar, 9)["2024-11-11"] == ("double11", "burst")


def test_a_week_takes_the_phase_of_most_of_its_days() -> None:
    """2024: Mon 4 to Sun 10 November is six days of warm-up and one of burst."""
    calendar = Calendar("week", np.datetime64("2024-10-21"))
    found = with_festivals(covariates(np.zeros((1, 5))), calendar, festivals_of("CN", []))
    assert [phase for _, phase in by_date(found, calendar).values()] == [
        "presale", "first_burst", "warmup", "encore",
    ]  # fmt: skip


def test_without_festivals_nothing_changes() -> None:
    given = covariates(np.zeros((1, 400)))
    assert with_festivals(given, Calendar("day", np.datetime64("2024-01-01")), []) is given
