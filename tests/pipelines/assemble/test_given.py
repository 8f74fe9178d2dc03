"""The forecasts table, by day and by week."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

FIRST = date(2024, 1, 1)
DAYS = 28
D = FIRST + timedelta(DAYS - 1)


def ahead(step):
    return (D + timedelta(step)).isoformat()


SALES = [
    {"date": (FIRST + timedelta(d)).isoformat(), "sku": s, "location": "X", "units": 2}
    for d in range(DAYS)
    for s in "ab"
]


def row(step, mean, sku="a", **more):
    return {"sku": sku, "location": "X", "date": ahead(step), "mean": mean, **more}


def test_each_row_is_the_step_of_its_date(situate, at) -> None:
    rows = [row(1, 5, q50=4, q90=8), row(3, 6, q50=5), row(0, 99), row(29, 99), row(2, 9, sku="z")]
    night = situate(D.isoformat(), sales=SALES, forecasts=rows)
    given = night.given
    assert given.series.tolist() == [at(night, "a")]
    assert given.levels == (0.5, 0.9)
    np.testing.assert_array_equal(given.mean[0], [5, np.nan, 6])
    np.testing.assert_array_equal(given.quantiles[0, :, 1], [8, np.nan, np.nan])
    assert [note for note in night.notes if note.startswith("forecasts")] == [
        "forecasts: 2 rows are dated up to the night's date or beyond the horizon of "
        "28 periods; they are not used",
        "forecasts: 1 row is of a key without sales, stock or inbound",
        "forecasts: your own are used for 1 key",
        "forecasts: 1 of these keys has dates without one; ours stand there",
    ]


def test_the_table_can_be_left_aside(situate) -> None:
    settings = {"forecasts": {"use": "ignore"}}
    night = situate(D.isoformat(), settings, sales=SALES, forecasts=[row(1, 5)])
    assert not len(night.given.series)


def test_seven_days_make_a_week_and_so_does_one_monday(situate) -> None:
    """Means add up, distances to quantiles by their squares: 7 days at 3 are sqrt(63)."""
    days = [row(step, 10, q50=9, q90=13) for step in range(1, 8)]
    rows = [*days, row(8, 50, q50=48, q90=70), row(16, 4), row(17, 4)]
    night = situate(D.isoformat(), {"period": "week"}, sales=SALES, forecasts=rows)
    given = night.given
    np.testing.assert_array_equal(given.mean[0], [70, 50])
    wanted = [[70 - np.sqrt(7), 70 + np.sqrt(63)], [48, 70]]
    assert given.quantiles[0] == pytest.approx(np.array(wanted))
    assert "forecasts: 1 week has neither one row nor seven; ours stand" in night.notes


def test_a_single_row_of_a_week_that_is_no_monday_covers_nothing(situate) -> None:
    night = situate(D.isoformat(), {"period": "week"}, sales=SALES, forecasts=[row(3, 5)])
    assert not len(night.given.series)


@pytest.mark.parametrize("shared", [0.0, 0.5, 1.0])
def test_paths_tell_quantiles_and_what_the_dates_share(situate, shared) -> None:
    rng, paths, steps = np.random.default_rng(7), 400, 12
    level, own = rng.normal(size=paths), rng.normal(size=(steps, paths))
    noise = 0.2 * (np.sqrt(shared) * level + np.sqrt(1 - shared) * own)
    values = np.maximum(1000 * (1 + noise), 0).round(1)
    rows = [
        row(h + 1, 1000, **{f"path_{k}": v for k, v in enumerate(values[h])}) for h in range(steps)
    ]
    given = situate(D.isoformat(), sales=SALES, forecasts=rows).given
    assert given.levels == (0.5, 0.8, 0.9, 0.95, 0.99)
    assert given.shared[0] == pytest.approx(shared, abs=0.1)
    for h in range(steps):
        below = [(values[h] <= q).mean() for q in given.quantiles[0, h]]
        assert below == pytest.approx(given.levels, abs=0.006)


def test_levels_with_too_few_paths_beyond_them_are_not_read(situate) -> None:
    rows = [row(1, 5, **{f"path_{k}": k for k in range(12)})]
    assert situate(D.isoformat(), sales=SALES, forecasts=rows).given.levels == (0.5, 0.8, 0.9)
