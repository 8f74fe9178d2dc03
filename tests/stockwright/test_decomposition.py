"""Parts of a forecast follow its series and steps, and are dropped where they would not fit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from stockwright.decomposition import PARTS, Decomposition
from stockwright.errors import DataError
from stockwright.forecast import Forecast
from stockwright.panel import SeriesIndex

INDEX = SeriesIndex(("a", "b", "c"), ("w",), np.arange(3), np.zeros(3, int))


@pytest.fixture
def forecast() -> Forecast:
    parts = Decomposition(PARTS, np.random.default_rng(1).gamma(1.0, size=(len(PARTS), 3, 4)))
    return replace(Forecast.certain(INDEX, 9, parts.mean), parts=parts)


def test_the_parts_of_some_series_add_up_to_the_mean_of_these(forecast: Forecast) -> None:
    some = forecast.take(np.array([0, 2]))
    assert some.parts is not None
    np.testing.assert_array_equal(some.parts.mean, some.mean)
    early = forecast.until(np.array([1, 4, 0]))
    assert early.parts is not None
    np.testing.assert_array_equal(early.parts.mean, early.mean)


def test_other_units_and_other_demand_have_no_parts(forecast: Forecast) -> None:
    assert forecast.scaled(2.0).parts is None
    assert forecast.with_rows(np.array([1]), forecast.scaled(3.0)).parts is None
    assert forecast.pooled(np.zeros(3, int), INDEX).parts is None


def test_parts_of_another_shape_or_name_are_refused(forecast: Forecast) -> None:
    with pytest.raises(DataError, match="a mean of"):
        replace(forecast, parts=Decomposition.untold(np.zeros((3, 5), np.float32)))
    with pytest.raises(DataError, match="units has shape"):
        Decomposition(("level",), np.zeros((2, 3, 4)))
    with pytest.raises(DataError, match="no part 'weather'"):
        Decomposition.untold(forecast.mean).part("weather")
