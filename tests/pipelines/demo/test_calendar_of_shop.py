"""The demo shop's calendar."""

from __future__ import annotations

from itertools import pairwise

import holidays
import numpy as np

from pipelines.demo.events import SPRING_FESTIVAL, day_number, event_rows, make_days
from pipelines.demo.params import DEMO_LAST_DATE


def test_spring_festival_falls_on_the_dates_of_the_holidays_package():
    for year, date in SPRING_FESTIVAL.items():
        names = holidays.country_holidays("CN", years=year, language="en_US")
        first = min(day for day, name in names.items() if "Spring Festival" in name)
        new_year = np.datetime64(date)
        # From 2024 on the eve of the lunar new year is a public holiday, too.
        assert 0 <= (new_year - np.datetime64(first)).astype(int) <= 1, year


def test_the_last_date_is_a_sunday_in_a_presale_with_double_11_inside_four_weeks():
    day = day_number(DEMO_LAST_DATE)
    assert (day + 3) % 7 == 6
    phases = {(r.event, r.phase.name): r for r in event_rows() if r.first <= day + 28}
    assert phases["double11", "presale"].first <= day <= phases["double11", "presale"].last
    assert day < phases["double11", "burst"].last <= day + 28


def test_two_years_hold_two_618s_two_double_11s_and_two_spring_festivals():
    day = day_number(DEMO_LAST_DATE)
    inside = [r for r in event_rows() if day - 729 <= r.first and r.last <= day]
    count = dict.fromkeys(("618", "double11", "spring_festival"), 0)
    for row in inside:
        if row.event in count and row.phase.name in ("burst", "holiday"):
            count[row.event] += 1
    assert count == {"618": 2, "double11": 2, "spring_festival": 2}


def test_the_phases_of_an_event_do_not_overlap():
    for name in ("618", "double11", "spring_festival"):
        rows = [r for r in event_rows() if r.event == name]
        assert all(a.last < b.first for a, b in pairwise(rows))


def test_demand_is_highest_in_a_burst_and_low_in_the_quiet_days_of_spring_festival():
    table = make_days()
    burst = day_number(np.datetime64("2024-11-11")) - table.start
    assert table.traffic[burst] == table.traffic.max()
    quiet = day_number(np.datetime64("2025-01-30")) - table.start
    assert table.holiday[quiet]
    assert table.traffic[quiet] < 0.5
