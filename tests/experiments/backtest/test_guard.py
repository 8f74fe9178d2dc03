"""Planted features that see the future are caught, each named by its origin and its table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments.backtest.counterfeit import counterfeit
from experiments.backtest.guard import check_blind, distance
from experiments.backtest.night import Made, forecast_night
from experiments.shop import Shop
from pipelines.assemble import Situation
from pipelines.ingest.unseen import dates_of
from pipelines.night.engine import Engine
from stockwright.errors import DataError
from stockwright.forecast import Forecast

ORIGIN = np.datetime64("2025-10-05")


def test_a_clean_night_forecasts_the_same_whatever_comes_later(shop: Shop, made: Made) -> None:
    check_blind(shop, made, None)


def test_every_table_that_grows_with_time_is_altered(shop: Shop, tmp_path: Path) -> None:
    altered = counterfeit(shop.source, shop.config, ORIGIN, tmp_path)
    assert {"sales", "availability"} <= set(altered)
    own = pd.read_parquet(Path(shop.source) / "sales.parquet")
    other = pd.read_parquet(tmp_path / "sales")
    before = own["date"] <= pd.Timestamp(ORIGIN)
    past = other["date"] <= pd.Timestamp(ORIGIN)
    pd.testing.assert_frame_equal(
        own[before].reset_index(drop=True), other[past].reset_index(drop=True), check_dtype=False
    )
    days = own[~before].groupby("date")["units"].sum()
    others = other[~past].groupby("date")["units"].sum()
    assert (days != others.reindex(days.index)).mean() > 0.9


@pytest.fixture
def planted(monkeypatch) -> Callable[[Callable[[str, Forecast], Forecast]], None]:
    """Plant a feature: a change of each forecast that knows where the tables are."""

    def plant(change: Callable[[str, Forecast], Forecast]) -> None:
        place: list[str] = []
        situation_of, predictor_of = Shop.situation, Engine.predictor

        def situation(self: Shop, date: np.datetime64) -> Situation:
            place[:] = [self.source]
            return situation_of(self, date)

        def predictor(self: Engine, content: bytes, panel, parts: bool = True):
            predict = predictor_of(self, content, panel, parts)
            source = place[0]
            return lambda block: change(source, predict(block))

        monkeypatch.setattr(Shop, "situation", situation)
        monkeypatch.setattr(Engine, "predictor", predictor)

    return plant


def test_a_feature_of_later_sales_is_caught_and_named(shop: Shop, planted, monkeypatch) -> None:
    """It raises each forecast by the sales of the day after, read before the night forecasts."""
    seen = {}

    def tomorrow(source: str, forecast: Forecast) -> Forecast:
        return replace(forecast, parts=None, mean=forecast.mean * np.float32(seen[source]))

    planted(tomorrow)
    situation_of = Shop.situation

    def peeking(self: Shop, date: np.datetime64) -> Situation:
        parts = sorted(Path(self.source).glob("sales*"))
        sales = pd.read_parquet(parts[0])
        later = sales[sales["date"] > pd.Timestamp(date)]
        seen[self.source] = 1 + later["units"].sum() / 1e5
        return situation_of(self, date)

    monkeypatch.setattr(Shop, "situation", peeking)
    made = forecast_night(shop, ORIGIN, None)
    with pytest.raises(DataError, match=rf"{ORIGIN} knows the future.*table: sales \(\d+ rows\)"):
        check_blind(shop, made, None)


@pytest.mark.slow
def test_a_cut_that_is_left_out_is_caught(shop: Shop, monkeypatch) -> None:
    """Presales that became known later are read, as if no table had a column for that."""
    monkeypatch.setattr("pipelines.ingest.read_one.hides_future", lambda table: None)
    with pytest.raises(DataError, match=r"knows the future.*commitments \(\d+ rows\)"):
        check_blind(shop, forecast_night(shop, ORIGIN, None), None)


def test_a_model_that_reads_the_tables_itself_is_caught(shop: Shop, planted) -> None:
    """Wherever it has their path from: no copy of them would move it."""

    def outside(source: str, forecast: Forecast) -> Forecast:
        sales = pd.read_parquet(Path(shop.source) / "sales.parquet")
        return replace(forecast, parts=None, mean=forecast.mean * np.float32(len(sales)))

    planted(outside)
    with pytest.raises(DataError, match=r"opened the shop's own files.*sales\.parquet"):
        forecast_night(shop, ORIGIN, None)


def test_a_model_that_reads_another_file_is_told_of(shop: Shop, planted, tmp_path: Path) -> None:
    weights = tmp_path / "weights.txt"
    weights.write_text("1.0")

    def learned_elsewhere(source: str, forecast: Forecast) -> Forecast:
        weights.read_text()
        return forecast

    planted(learned_elsewhere)
    (note,) = forecast_night(shop, ORIGIN, None).notes
    assert "weights.txt" in note


def test_a_clean_night_opens_no_file_of_its_own(made: Made) -> None:
    assert made.notes == ()


def test_forecasts_differ_by_their_units(made: Made) -> None:
    raised = replace(made.forecast, parts=None, mean=made.forecast.mean * np.float32(1.25))
    assert distance(made.forecast, raised) == pytest.approx(0.25, rel=1e-4)
    assert distance(made.forecast, made.forecast) == 0
    wider = replace(made.forecast, level_variance=made.forecast.level_variance + 0.1)
    assert 0 < distance(made.forecast, wider) < 1e-6
    assert distance(made.forecast, made.forecast.take(np.arange(3))) == 1


def test_dates_of_a_table_are_read_whatever_the_night(shop: Shop) -> None:
    dates = dates_of(shop.source, shop.config, "sales", "date")
    sales = pd.read_parquet(Path(shop.source) / "sales.parquet")
    assert len(dates) == len(sales)
    assert dates.max() == np.datetime64(sales["date"].max(), "D")
