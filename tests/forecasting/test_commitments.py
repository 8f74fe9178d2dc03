"""How much of what customers put a deposit on they pay for."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from forecasting.commitments import (
    Conversion,
    ConversionParams,
    Deposits,
    learn_conversion,
    paid_moments,
)
from stockwright.errors import ConfigError, DataError

NOTHING = np.zeros(0, np.int64)
PARAMS = ConversionParams()


def past(rows: list[tuple[int, int, int, float, float]]) -> Deposits:
    """Rows of event, category, occurrence, units, paid."""
    event, category, occurrence, units, paid = np.array(rows, np.float64).reshape(-1, 5).T
    return Deposits(
        event.astype(np.int64),
        category.astype(np.int64),
        occurrence.astype(np.int64),
        units,
        paid,
    )


def simulated(rng: np.random.Generator, rate: float, rho: float, times: int, units: int):
    """Occurrences of one event and category whose units share their fate."""
    size = 1 / rho - 1
    paid = stats.betabinom.rvs(units, rate * size, (1 - rate) * size, size=times, random_state=rng)
    return [(0, 0, i, units, float(one)) for i, one in enumerate(paid)]


def share(learnt: Conversion, event: int, category: int) -> float:
    return float(learnt.of(np.array([event]), np.array([category]))[0][0])


def test_without_any_past_the_default_is_expected() -> None:
    learnt = learn_conversion(past([]), PARAMS)
    assert share(learnt, 0, 0) == PARAMS.rate
    assert share(learnt, -1, 3) == PARAMS.rate


@pytest.mark.parametrize("rate", [0.5, 0.85])
def test_many_occurrences_teach_the_rate_and_the_correlation_they_were_drawn_from(rate) -> None:
    rows = simulated(np.random.default_rng(3), rate, 0.05, 400, 60)
    learnt = learn_conversion(past(rows), PARAMS)
    assert share(learnt, 0, 0) == pytest.approx(rate, abs=0.02)
    assert learnt.correlation == pytest.approx(0.05, abs=0.015)


def test_a_category_leans_on_its_event_and_the_event_on_the_shop() -> None:
    rows = [(0, c, c, 400, 360) for c in range(3)] + [(1, c, c, 400, 200) for c in range(3)]
    learnt = learn_conversion(past([*rows, (1, 3, 4, 2, 2)]), PARAMS)
    few, full = share(learnt, 1, 3), share(learnt, 1, 0)
    assert 0.5 < few < 0.7
    assert 0.48 < full < 0.56
    assert share(learnt, 0, 0) > 0.85
    assert full < share(learnt, 9, 0) < share(learnt, 0, 0)


def test_more_paid_units_never_lower_the_expected_share() -> None:
    shares = [
        share(learn_conversion(past([(0, 0, 0, 100, paid)]), PARAMS), 0, 0)
        for paid in range(0, 101, 10)
    ]
    assert np.all(np.diff(shares) > 0)


def test_more_past_makes_the_share_surer() -> None:
    rows = [(0, 0, time, 40, 32.0) for time in range(200)]
    spread = [
        learn_conversion(past(rows[:times]), PARAMS).of(np.zeros(1, np.int64), np.zeros(1, int))[1]
        for times in (1, 10, 200)
    ]
    assert spread[0] > spread[1] > spread[2] > 0


def test_the_moments_of_what_is_paid_are_those_of_a_beta_binomial() -> None:
    rate, rho, units = 0.7, 0.08, 90
    size = 1 / rho - 1
    twin = stats.betabinom(units, rate * size, (1 - rate) * size)
    mean, variance = paid_moments(
        np.array([30.0, 60.0]), np.full(2, rate), np.full(2, rho), np.zeros(2, np.int64), 1
    )
    assert mean[0] == pytest.approx(twin.mean())
    assert variance[0] == pytest.approx(twin.var())


def test_what_is_said_of_the_next_occurrence_covers_it_as_often_as_it_says() -> None:
    # Shops of five past occurrences each; the sixth one lies within the interval about as often.
    rng, inside, trials = np.random.default_rng(7), 0, 400
    for _ in range(trials):
        rows = simulated(rng, 0.8, 0.03, 6, 50)
        learnt = learn_conversion(past(rows[:5]), PARAMS)
        rate, rho = learnt.of(np.zeros(1, np.int64), np.zeros(1, np.int64))
        mean, variance = paid_moments(np.array([50.0]), rate, rho, np.zeros(1, np.int64), 1)
        inside += abs(rows[5][4] - mean[0]) <= 1.645 * np.sqrt(variance[0])
    assert 0.86 <= inside / trials <= 0.97


def test_impossible_deposits_and_parameters_are_refused() -> None:
    with pytest.raises(DataError, match="paid"):
        past([(0, 0, 0, 1, 2)])
    with pytest.raises(ConfigError):
        ConversionParams(rate=1.5)
    with pytest.raises(ConfigError):
        ConversionParams(correlation=1.0)
