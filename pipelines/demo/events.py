"""The demo shop's calendar: 618, Double 11, Spring Festival and the smaller days between.

An event has phases; a phase has days, a demand factor from traffic alone (before the price is
looked at) and a share of the category's deepest discount.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.demo.params import CALENDAR_START, CATEGORIES, DEMO_LAST_DATE, TRUTH_AHEAD
from pipelines.demo.streams import Floats

#: First day of the lunar year.
SPRING_FESTIVAL = {
    2019: "2019-02-05",
    2020: "2020-01-25",
    2021: "2021-02-12",
    2022: "2022-02-01",
    2023: "2023-01-22",
    2024: "2024-02-10",
    2025: "2025-01-29",
    2026: "2026-02-17",
}


@dataclass(frozen=True)
class Phase:
    """Days ``first`` to ``last`` from the event's main day; off: share of the full discount."""

    name: str
    first: int
    last: int
    traffic: float
    off: float


@dataclass(frozen=True)
class Shape:
    """An event: its phases, its main day (month, day; None for Spring Festival) and its dip.

    dip: the factor right after its encore, when what was bought early is not bought again; it
    fades over two weeks.
    """

    name: str
    phases: tuple[Phase, ...]
    main_day: tuple[int, int] | None
    dip: float


EVENTS = (
    Shape(
        "double11",
        (
            Phase("presale", -18, -11, 0.92, 0.0),
            Phase("first_burst", -10, -8, 2.1, 0.8),
            Phase("warmup", -7, -2, 0.88, 0.0),
            Phase("burst", -1, 0, 3.0, 1.0),
            Phase("encore", 1, 3, 1.45, 0.6),
        ),
        (11, 11),
        0.82,
    ),
    Shape(
        "618",
        (
            Phase("presale", -23, -19, 0.94, 0.0),
            Phase("first_burst", -18, -16, 1.4, 0.7),
            Phase("warmup", -15, -3, 0.95, 0.2),
            Phase("burst", -2, 0, 2.0, 0.9),
            Phase("encore", 1, 2, 1.2, 0.5),
        ),
        (6, 18),
        0.88,
    ),
    Shape("double12", (Phase("burst", 0, 0, 1.5, 0.5),), (12, 12), 1.0),
    Shape("womens_day", (Phase("burst", -2, 0, 1.25, 0.4),), (3, 8), 1.0),
    Shape(
        "spring_festival",
        (
            Phase("stock_up", -24, -8, 1.30, 0.3),
            Phase("holiday", -3, 6, 0.38, 0.0),
            Phase("return", 7, 14, 0.80, 0.0),
        ),
        None,
        1.0,
    ),
)
#: Migrant workers leave the coast for the inland at Spring Festival.
HOLIDAY_BY_SITE = np.array([0.9, 0.8, 1.5])
_DIP_DAYS = 14
KNOWN_DAYS_AHEAD = 75


@dataclass(frozen=True)
class EventRow:
    """One phase of one year's event, first and last day since 1970."""

    event: str
    phase: Phase
    first: int
    last: int


@dataclass(frozen=True)
class DayTable:
    """Every day from CALENDAR_START to TRUTH_AHEAD after the last date.

    start: the first day since 1970. traffic: (days,) factor before a category's response.
    holiday: (days,) True in the quiet days of Spring Festival. off: (days, categories)
    discount that events give.
    """

    start: int
    rows: tuple[EventRow, ...]
    traffic: Floats
    holiday: NDArray[np.bool_]
    off: Floats


def day_number(date: np.datetime64) -> int:
    """Days since 1970-01-01."""
    return int(date.astype("datetime64[D]").astype(np.int64))


def event_rows() -> tuple[EventRow, ...]:
    """All phases of all years, by first day."""
    rows = []
    for year, lunar in SPRING_FESTIVAL.items():
        for shape in EVENTS:
            month_day = shape.main_day
            date = lunar if month_day is None else f"{year}-{month_day[0]:02d}-{month_day[1]:02d}"
            main = day_number(np.datetime64(date, "D"))
            rows += [EventRow(shape.name, p, main + p.first, main + p.last) for p in shape.phases]
    return tuple(sorted(rows, key=lambda row: (row.first, row.event)))


def discounts(share: Floats) -> Floats:
    """Discount of each category, (n, categories), for shares (n,) of its deepest one."""
    deepest = np.array([category.off for category in CATEGORIES])
    return np.asarray(np.round(share[:, None] * deepest, 2), np.float64)


def make_days() -> DayTable:
    """Lay the events on the calendar."""
    start = day_number(CALENDAR_START)
    count = day_number(DEMO_LAST_DATE) + TRUTH_AHEAD + 1 - start
    traffic, share = np.ones(count), np.zeros(count)
    holiday = np.zeros(count, np.bool_)
    dips = {shape.name: shape.dip for shape in EVENTS}
    rows = event_rows()
    for row in rows:
        days = slice(max(row.first - start, 0), max(row.last + 1 - start, 0))
        traffic[days] *= row.phase.traffic
        share[days] = np.maximum(share[days], row.phase.off)
        holiday[days] |= row.phase.name == "holiday"
        if row.phase.name == "encore":
            after = np.arange(row.last + 1 - start, min(row.last + 1 - start + _DIP_DAYS, count))
            traffic[after] *= 1 - (1 - dips[row.event]) * (1 - (after - after[:1]) / _DIP_DAYS)
    return DayTable(start, rows, traffic, holiday, discounts(share))
