"""A season that lies ahead is told from goods that have faded."""

from __future__ import annotations

import numpy as np

from pipelines.assemble.clearing_season import later_season, seasonal_units, told_season


def _weeks(*parts):
    """Daily sales, part by part: (weeks, units a week)."""
    return np.concatenate([np.repeat(units / 7, weeks * 7) for weeks, units in parts])


def test_a_season_of_last_year_counts_before_it_comes_again() -> None:
    """Nothing sells in the weeks before it, this year as last."""
    sold = _weeks((8, 0), (13, 20), (39, 0))[None]
    np.testing.assert_allclose(seasonal_units(sold, 1, 13), 260)
    np.testing.assert_allclose(seasonal_units(sold, 1, 4), 80)


def test_goods_that_have_faded_do_not_count_for_their_past() -> None:
    sold = _weeks((8, 20), (13, 20), (31, 2), (8, 0))[None]
    assert seasonal_units(sold, 1, 13)[0] < 260 / 100


def test_weeks_tell_the_same_as_days() -> None:
    days = _weeks((10, 3), (13, 20), (39, 1))[None]
    weeks = days.reshape(1, -1, 7).sum(axis=2)
    np.testing.assert_allclose(seasonal_units(days, 1, 13), seasonal_units(weeks, 7, 13))


def test_without_a_year_of_history_nothing_is_told() -> None:
    assert seasonal_units(np.ones((2, 400)), 1, 13).tolist() == [0, 0]


def test_a_later_season_is_told_with_its_wait_and_ends_with_the_sale() -> None:
    """Last year's weeks 21 to 30 from now sold 20 each, so they are 25 weeks away in the mean."""
    sold = _weeks((8, 0), (20, 0), (10, 20), (22, 0))[None]
    days = np.array([364, 25 * 7, 14 * 7])
    units, wait = later_season(np.repeat(sold, 3, axis=0), 1, 13, days)
    np.testing.assert_allclose(units, [200, 100, 0])
    np.testing.assert_allclose(wait, [25, 22.5, 0])
    assert later_season(sold, 1, 52, np.array([9999]))[0] == 0
    assert later_season(sold[:, 60:], 1, 13, np.array([9999]))[0] == 0


def test_what_sells_all_year_waits_for_no_season() -> None:
    """39 weeks at 10 a week let expect 390; a season is twice that."""
    demand = np.full((3, 13), 10.0)
    told = told_season(np.array([390.0, 779.0, 780.0]), np.full(3, 30.0), demand)
    assert told["season_units"].tolist() == [0, 0, 780]
    assert told["season_wait"].tolist() == [0, 0, 30]
