"""Scores are unusual as rarely as they say, see a shift, and do not get used to a bias."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.watch.alerts import ALERT, border, forecast_alerts
from forecasting.watch.scores import BLOCKS, all_scores, bias_scores
from forecasting.watch.sums import LEVELS, PARTS, DaySums

DAYS = BLOCKS * 7


def sums(seed: int, segments: int = 400, shared: float = 0.08, weekly: float = 0.05) -> DaySums:
    """Segments of 100 to 10,000 units a day whose days and weeks move together; 500 cells a day
    with the shares above each quantile that a median and two tails of counts have."""
    rng = np.random.default_rng(seed)
    mean = np.repeat(10 ** rng.uniform(2, 4, (segments, 1)), DAYS, axis=1)
    day = rng.normal(0, shared, (segments, DAYS))
    week = np.repeat(rng.normal(0, weekly, (segments, BLOCKS)), 7, axis=1)
    units = rng.poisson(mean * np.exp(day + week - (shared**2 + weekly**2) / 2))
    cells = np.full(mean.shape, 500.0)
    error = mean * 0.4 * np.exp(rng.normal(0, 0.1, mean.shape))
    above = [rng.binomial(500, 0.9 * (1 - level), mean.shape) for level in LEVELS]
    gap = units - mean
    return DaySums(np.stack([units, mean, error, cells, *above, gap]).astype(float))


def shifted(days: DaySums, segment: int, factor: float, since: int) -> DaySums:
    """Demand of a segment times ``factor`` in its newest ``since`` days."""
    parts = days.parts.copy()
    parts[PARTS.index("units"), segment, :since] *= factor
    return DaySums(parts)


@pytest.mark.parametrize("level", [0.05, 0.01])
def test_a_quiet_segment_is_unusual_no_more_often_than_it_says(level: float) -> None:
    """Two looks, at one and at two weeks, so at most twice the level; never far below a tenth."""
    scores = [
        found.score
        for seed in range(4)
        for found in all_scores(sums(seed), 7, 0.3).values()
    ]  # fmt: skip
    share = np.mean(np.abs(np.concatenate(scores)) > border(level, 1))
    assert level / 10 < share < 2 * level


def test_a_quiet_shop_raises_no_more_alerts_than_asked_for() -> None:
    """Nights of 20 segments; at the usual bias that matters, with a rate of one night in ten."""
    raised = 0
    for seed in range(100):
        words = forecast_alerts(all_scores(sums(seed, 20), 7, 0.1), 0.1, 0.1)
        raised += any(ALERT in each for each in words.values())
    assert raised <= 17  # 10 expected at most; P(more than 17) < 1 % were it exactly 10 %


@pytest.mark.parametrize(("factor", "since"), [(1.6, 7), (0.6, 7), (1.6, 14), (0.6, 14)])
def test_a_shift_of_one_segment_is_its_alone(factor: float, since: int) -> None:
    days = sums(5, 20)
    words = forecast_alerts(all_scores(shifted(days, 3, factor, since), 7, 0.1), 0.02, 0.1)["bias"]
    assert [place for place, word in enumerate(words) if word == ALERT] == [3]


def test_a_bias_that_lasts_stays_in_alert_and_a_small_one_is_usual() -> None:
    days = sums(6, 20)
    lasting = shifted(shifted(days, 3, 1.6, DAYS), 4, 1.05, DAYS)
    words = forecast_alerts(all_scores(lasting, 7, 0.1), 0.02, 0.1)["bias"]
    assert [place for place, word in enumerate(words) if word == ALERT] == [3]


def test_units_of_measure_change_no_share_and_hardly_a_score() -> None:
    days = sums(7, 30)
    parts = days.parts.copy()
    parts[[0, 1, 2]] *= 1000.0
    one, other = (bias_scores(each, 7, 0.1) for each in (days, DaySums(parts)))
    np.testing.assert_allclose(one.value, other.value, atol=2e-3)
    np.testing.assert_allclose(one.score, other.score, atol=0.05)


def test_the_interval_covers_the_bias() -> None:
    found = bias_scores(sums(8, 2000), 7, 0.1)
    covered = (found.low <= 0) & (found.high >= 0)
    # The window is chosen by its score, so that the interval covers a little less than 95 %.
    assert 0.88 < covered.mean() < 0.97


def test_nothing_is_said_of_what_was_not_seen() -> None:
    parts = np.zeros((len(PARTS), 2, DAYS))
    found = all_scores(DaySums(parts), 7, 0.1)
    assert all(np.isnan(scores.score).all() for scores in found.values())
    assert forecast_alerts(found, 0.02, 0.1)["bias"] == ["none", "none"]


def test_the_first_weeks_have_a_bias_and_no_past_to_hold_it_against() -> None:
    parts = sums(9, 3).parts.copy()
    parts[:, :, 7:] = 0.0
    found = all_scores(DaySums(parts), 7, 0.1)
    assert np.isfinite(found["bias"].score).all()
    assert np.isnan(found["bias"].usual).all()
    assert np.isnan(found["wape"].score).all()


def test_weeks_are_judged_like_days() -> None:
    days = sums(10, 20)
    weeks = DaySums(days.blocks(7).parts)
    words = forecast_alerts(all_scores(shifted(weeks, 2, 1.8, 1), 1, 0.1), 0.02, 0.1)["bias"]
    assert [place for place, word in enumerate(words) if word == ALERT] == [2]


def test_more_above_a_quantile_than_it_promises_is_an_alert() -> None:
    days = sums(11, 20)
    parts = days.parts.copy()
    place = PARTS.index("above_0.95")
    parts[place, 5, :14] = 75.0
    parts[PARTS.index("above_0.5"), 6, :14] = 150.0
    words = forecast_alerts(all_scores(DaySums(parts), 7, 0.1), 0.02, 0.1)
    assert words["above_q95"].index(ALERT) == 5
    assert words["above_q50"].index(ALERT) == 6
