"""A season that lies ahead is told from goods that have faded."""

from __future__ import annotations

import numpy as np

from pipelines.assemble.clearing_season import seasonal_units


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
