"""What is promised comes on top of a forecast, what was kept comes back to what was sold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from stockwright.commitments import Commitments
from stockwright.errors import DataError
from stockwright.forecast import Forecast
from stockwright.overrides import Overrides
from stockwright.panel import SeriesIndex


def promises(**changes: list[float]) -> Commitments:
    rows = {
        "series": [0, 0, 1, 1],
        "step": [2, 2, 1, 9],
        "units": [3.0, 4.0, 5.0, 6.0],
        "variance": [1.0, 0.5, 0.0, 2.0],
        "kept_series": [1, 1],
        "kept_period": [0, 0],
        "kept_units": [2.0, 1.5],
    }
    return Commitments(**{name: np.array(value) for name, value in (rows | changes).items()})


def flat_forecast() -> Forecast:
    index = SeriesIndex(("a", "b"), ("X",), np.array([0, 1], np.int32), np.zeros(2, np.int32))
    plain = Forecast.certain(index, 3, np.full((2, 5), 10.0))
    return replace(plain, linear_dispersion=np.full(2, 1.5))


def test_rows_of_one_step_add_up_and_rows_beyond_the_horizon_do_not_count() -> None:
    forecast = promises().on(flat_forecast())
    assert forecast.committed.tolist() == [[0, 7, 0, 0, 0], [5, 0, 0, 0, 0]]
    assert forecast.committed_variance.tolist() == [[0, 1.5, 0, 0, 0], [0, 0, 0, 0, 0]]
    assert forecast.expected.sum() == forecast.mean.sum() + 12


def test_without_open_rows_the_forecast_is_the_same_object() -> None:
    plain = flat_forecast()
    assert Commitments.none().on(plain) is plain


def test_kept_units_come_back_to_what_was_sold() -> None:
    demand = np.ones((2, 3), np.float32)
    assert promises().whole(demand).tolist() == [[1, 1, 1], [4.5, 1, 1]]
    assert Commitments.none().whole(demand) is demand


def test_a_planner_s_mean_is_the_whole_demand_but_never_takes_a_commitment_away() -> None:
    forecast = promises().on(flat_forecast())
    said = Overrides.none(2, 5)
    given = np.full((2, 5), np.nan, np.float32)
    given[0, 1], given[1, 0] = 12.0, 2.0
    adjusted = replace(said, forecast_mean=given).on(forecast)
    assert adjusted.expected[0].tolist() == [10, 12, 10, 10, 10]
    assert adjusted.expected[1].tolist() == [5, 10, 10, 10, 10]
    assert np.array_equal(adjusted.committed, forecast.committed)


def test_a_planner_s_factor_scales_the_whole_demand() -> None:
    forecast = promises().on(flat_forecast())
    factor = np.full((2, 5), 1.5, np.float32)
    adjusted = replace(Overrides.none(2, 5), forecast_factor=factor).on(forecast)
    assert np.allclose(adjusted.expected, 1.5 * forecast.expected)


@pytest.mark.parametrize("change", [{"units": [-1.0, 1, 1, 1]}, {"step": [0, 1, 1, 1]}])
def test_impossible_rows_are_refused(change: dict[str, list[float]]) -> None:
    with pytest.raises(DataError):
        promises(**change)
