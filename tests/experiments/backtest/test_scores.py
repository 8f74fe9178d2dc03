"""Scores of one night against loops over its series and periods, and against perfect foresight."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from experiments.backtest.naive import last_value, season_ago
from experiments.backtest.night import Made, sampled
from experiments.backtest.outcome import Outcome, matched
from experiments.backtest.rows import rows_of
from experiments.backtest.scores import protection, scored
from experiments.backtest.tables import metrics_table
from stockwright.forecast import Forecast
from stockwright.panel import Status

EVERY = 7


@pytest.fixture(scope="module")
def scores(made: Made, outcome: Outcome):
    return scored(made.situation, made.forecast, made.rows, outcome, EVERY)


def table_of(scores, outcome: Outcome):
    rows = rows_of([scores], outcome.index.n_series)
    return metrics_table("plain", rows, outcome, EVERY)


def value(table, metric: str, kind: str = "all", segment: str = "all") -> float:
    mine = table[(table["segment_kind"] == kind) & (table["segment"] == segment)]
    return float(mine.set_index("metric").loc[metric, "value"])


def test_wape_and_bias_are_those_of_a_loop(made: Made, outcome: Outcome, scores) -> None:
    """Matched by name and date, on periods in stock alone."""
    index, calendar = made.forecast.index, made.situation.panel.calendar
    place = {
        key: k
        for k, key in enumerate(
            zip(outcome.index.sku_names(), outcome.index.location_names(), strict=True)
        )
    }
    median = made.forecast.quantile((0.5,))[..., 0]
    miss = excess = units = 0.0
    for k, key in enumerate(zip(index.sku_names(), index.location_names(), strict=True)):
        for step in range(made.forecast.horizon):
            date = calendar.dates(made.forecast.origin + 1 + step, 1)
            period = int(outcome.calendar.index_of(date)[0])
            if period >= outcome.units.shape[1]:
                continue
            row = place[key]
            if outcome.status[row, period] != Status.OBSERVED:
                continue
            came = float(outcome.units[row, period])
            miss += abs(median[k, step] - came)
            excess += float(made.forecast.expected[k, step]) - came
            units += came
    table = table_of(scores, outcome)
    assert units > 100
    assert value(table, "wape") == pytest.approx(miss / units)
    assert value(table, "bias") == pytest.approx(excess / units, rel=1e-5)


def test_perfect_foresight_loses_nothing_and_gains_all(made: Made, outcome: Outcome) -> None:
    panel = made.situation.panel
    came = outcome.after(panel, made.rows, made.forecast.horizon)
    known = np.where(came.known, came.units, 0)
    certain = Forecast.certain(panel.index, panel.origin, known)
    found = scored(made.situation, certain, made.rows, outcome, EVERY)
    table = table_of(found, outcome)
    for metric in ("wape", "rmsse", "wrmsse", "pinball", "sum_wape", "sum_pinball", "sum_crps"):
        assert value(table, metric) == pytest.approx(0.0, abs=1e-6)
    assert value(table, "wape_gain_over_naive") == pytest.approx(1.0)


def test_segments_of_a_kind_add_up_to_the_shop(outcome: Outcome, scores) -> None:
    table = table_of(scores, outcome)
    whole = table[table["segment_kind"] == "all"]["rows"].iloc[0]
    for kind in ("category", "location", "abc", "life_stage"):
        parts = table[table["segment_kind"] == kind].drop_duplicates("segment")
        assert parts["rows"].sum() == whole
        assert len(parts) >= 1


def test_blocks_of_the_horizon_add_up_to_all_steps(outcome: Outcome, scores) -> None:
    rows = rows_of([scores], outcome.index.n_series)
    for metric in ("wape", "bias", "pinball"):
        for side in (0, 1):
            parts = sum(block[metric][side].sum() for block in rows.blocks)
            assert parts == pytest.approx(rows.pairs[metric][side].sum())


def test_a_lane_s_protection_interval_is_its_lead_time_and_review(made: Made) -> None:
    situation = made.situation
    lanes, spans = situation.network.lanes, protection(situation)
    sums = lanes.lead_time + lanes.review
    for series in range(situation.panel.n_series):
        own = sums[lanes.series == series]
        assert spans[series] in (own if len(own) else [situation.panel.horizon])


def test_sums_take_the_periods_in_stock_of_the_interval(made, outcome: Outcome, scores) -> None:
    came = outcome.after(made.situation.panel, made.rows, made.forecast.horizon)
    spans = protection(made.situation)
    for k in range(len(made.rows)):
        inside = came.known[k, : spans[k]]
        assert scores.sums["units"][k] == pytest.approx(came.units[k, : spans[k]][inside].sum())
        mean = made.forecast.expected[k, : spans[k]][inside].sum()
        assert scores.sums["mean"][k] == pytest.approx(mean, rel=1e-5, abs=1e-9)


def test_the_same_forecast_twice_is_stable_and_a_raised_one_is_not(made, outcome: Outcome) -> None:
    """The second night says of its first block what the first one says of its second."""
    ahead = made.forecast.mean[:, EVERY:]
    later = replace(
        made.forecast, parts=None, mean=np.concatenate([ahead, ahead[:, :EVERY]], axis=1)
    )
    night = made.situation
    first = scored(night, made.forecast, made.rows, outcome, EVERY)
    for factor, change in ((1.0, 0.0), (1.1, 0.1 / 1.05)):
        raised = replace(later, mean=later.mean * np.float32(factor))
        second = scored(night, raised, made.rows, outcome, EVERY)
        rows = rows_of([first, second], outcome.index.n_series)
        top, bottom = (part.sum() for part in rows.pairs["stability"])
        assert top / bottom == pytest.approx(change, abs=1e-5)


def test_a_sample_of_keys_lies_in_each_larger_one(made: Made) -> None:
    panel = made.situation.panel
    small, large = sampled(panel, 5), sampled(panel, 20)
    assert len(small) == 5
    assert set(small) <= set(large)
    np.testing.assert_array_equal(sampled(panel, None), np.arange(panel.n_series))


def test_naive_forecasts_repeat_the_last_value_and_that_of_a_season_ago(made: Made) -> None:
    """Counted by a loop; periods out of stock are skipped."""
    panel, sold = made.situation.panel, made.situation.sold
    last, season = last_value(panel, sold, 10), season_ago(panel, sold, 10)
    known = panel.status == Status.OBSERVED
    for series in range(panel.n_series):
        seen = np.flatnonzero(known[series])
        newest = float(sold[series, seen[-1]]) if len(seen) else 0.0
        for step in range(10):
            assert last.mean[series, step] == pytest.approx(newest)
            same = [p for p in seen if (panel.n_periods + step - p) % 7 == 0]
            expected = float(sold[series, same[-1]]) if same else newest
            assert season.mean[series, step] == pytest.approx(expected)


def test_naive_spread_grows_with_the_steps_and_with_the_seasons(made: Made) -> None:
    panel, sold = made.situation.panel, made.situation.sold
    last, season = last_value(panel, sold, 14), season_ago(panel, sold, 14)
    np.testing.assert_allclose(last.deviation[:, 8], 3 * last.deviation[:, 0])
    np.testing.assert_allclose(season.deviation[:, 6], season.deviation[:, 0])
    np.testing.assert_allclose(season.deviation[:, 7], np.sqrt(2) * season.deviation[:, 0])


def test_series_are_matched_by_their_names(made: Made, outcome: Outcome) -> None:
    index = made.situation.panel.index
    few = index.take(np.array([1, 3, 7]))
    place = matched(few, outcome.index)
    back = outcome.index.take(place)
    assert list(back.sku_names()) == list(few.sku_names())
    assert list(back.location_names()) == list(few.location_names())
