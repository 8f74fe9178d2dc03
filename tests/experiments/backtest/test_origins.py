"""Which nights a backtest goes back to, and the messages of requests that do not fit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from experiments.backtest.origins import end_of_sales, origins_of
from experiments.backtest.request import BacktestRequest
from pipelines.config import Config
from pipelines.config.variant import Variant
from stockwright.errors import ConfigError, DataError

DAY, WEEK = Config(period="day"), Config(period="week")
END, FIRST = np.datetime64("2024-06-18"), np.datetime64("2024-03-28")


def test_origins_rise_by_the_same_step_up_to_the_last_one() -> None:
    found = origins_of(END, FIRST, DAY, 12, 7, np.datetime64("2024-06-16"))
    assert [str(found[0]), str(found[-1]), len(found)] == ["2024-03-31", "2024-06-16", 12]
    assert set(np.diff(found)) == {np.timedelta64(7, "D")}


def test_without_a_last_one_a_whole_step_is_left_to_compare_with() -> None:
    assert origins_of(END, FIRST, DAY, 2, 7, None)[-1] == np.datetime64("2024-06-11")


def test_more_origins_than_history_are_refused_with_how_many_fit() -> None:
    with pytest.raises(ConfigError, match="--origins 12 or fewer"):
        origins_of(END, FIRST, DAY, 13, 7, np.datetime64("2024-06-16"))


def test_a_last_origin_before_the_first_sale_is_no_matter_of_how_many() -> None:
    with pytest.raises(ConfigError, match=r"; give a later --last$"):
        origins_of(END, FIRST, DAY, 12, 7, np.datetime64("2020-01-01"))


def test_an_origin_without_a_day_after_it_is_refused() -> None:
    with pytest.raises(ConfigError, match="nothing to compare with"):
        origins_of(END, FIRST, DAY, 1, 7, END)


def test_weeks_have_sundays_and_whole_steps() -> None:
    sunday = np.datetime64("2024-06-16")
    assert origins_of(sunday, FIRST, WEEK, 2, 14, None)[-1] == np.datetime64("2024-06-02")
    with pytest.raises(ConfigError, match="whole weeks"):
        origins_of(sunday, FIRST, WEEK, 2, 10, None)
    with pytest.raises(ConfigError, match="Sunday"):
        origins_of(sunday, FIRST, WEEK, 2, 7, np.datetime64("2024-06-05"))


def test_the_end_is_the_last_day_or_the_last_closed_week_with_sales() -> None:
    sales = pd.DataFrame({"date": pd.to_datetime(["2024-06-01", "2024-06-18"])})
    assert end_of_sales(sales, DAY) == END
    assert end_of_sales(sales, WEEK) == np.datetime64("2024-06-16")
    with pytest.raises(DataError, match="no rows"):
        end_of_sales(sales[:0], DAY)


def test_a_request_names_all_that_is_wrong_with_it(tmp_path) -> None:
    variants = (Variant("a"), Variant("a"))
    with pytest.raises(ConfigError, match=r"origins: 0.*workers: -1.*twice: a"):
        BacktestRequest("data", tmp_path, origins=0, workers=-1, variants=variants)
