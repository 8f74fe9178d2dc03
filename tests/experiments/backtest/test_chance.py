"""A forecast that foresees chance is caught; one that knows the true mean never is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from experiments.backtest.chance import check_chance, check_signals
from experiments.backtest.night import Made
from experiments.backtest.outcome import Outcome, matched
from experiments.backtest.scores import Scores, scored
from pipelines.assemble import Situation
from stockwright.errors import DataError


def scores_of(made: Made, mean: np.ndarray, demand: np.ndarray, outcome: Outcome) -> Scores:
    """Of a shop in which all periods are in stock and sell ``demand``."""
    first = outcome.calendar.index_of(
        made.situation.panel.calendar.dates(made.forecast.origin + 1, 1)
    )[0]
    units, status = outcome.units.copy(), np.zeros_like(outcome.status)
    place = matched(made.forecast.index, outcome.index)
    units[place, first : first + demand.shape[1]] = demand[:, : units.shape[1] - first]
    whole = replace(outcome, units=units, status=status)
    said = replace(made.forecast, parts=None, mean=mean.astype(np.float32))
    return scored(made.situation, said, made.rows, whole, 7)


@pytest.fixture(scope="module")
def world(made: Made) -> tuple[np.ndarray, np.ndarray]:
    """True means, with a season of their own, and what independent buyers make of them."""
    rng = np.random.default_rng(1)
    mean = rng.gamma(2.0, 3.0, made.forecast.mean.shape)
    return mean, rng.poisson(mean).astype(float)


def test_the_true_mean_is_no_leak(made: Made, outcome: Outcome, world) -> None:
    mean, demand = world
    check_chance("true", [scores_of(made, mean, demand, outcome)] * 3, 7)


def test_half_of_what_chance_brought_is_a_leak(made: Made, outcome: Outcome, world) -> None:
    mean, demand = world
    leaked = mean + 0.5 * (demand - mean)
    with pytest.raises(DataError, match=r"leaky from 2025-10-05.*periods \d+ to \d+ ahead"):
        check_chance("leaky", [scores_of(made, leaked, demand, outcome)] * 3, 7)


def test_few_periods_prove_nothing(made: Made, outcome: Outcome, world) -> None:
    _, demand = world
    found = scores_of(made, demand, demand, outcome)
    check_chance("lucky", [found.take(np.arange(5))], 7)


def test_demand_that_repeats_itself_is_foreseen_without_a_leak(made: Made, outcome) -> None:
    """Where a season ago tells it as well, a small miss is no wonder."""
    sold = made.situation.sold[:, -7:]
    shape = made.forecast.mean.shape
    demand = np.tile(sold, 8)[:, : shape[1]].astype(float)
    check_chance("steady", [scores_of(made, demand, demand, outcome)] * 3, 7)


def with_signal(made: Made, values: np.ndarray, ahead: bool) -> Situation:
    """The night with a signal ``insight`` of values (series, period of the history)."""
    panel = made.situation.panel
    rest = np.full((panel.n_series, panel.horizon), 0.0 if ahead else np.nan)
    signal = np.concatenate([values, rest], axis=1).astype(np.float32)
    known = frozenset({"insight"}) if ahead else frozenset()
    covariates = replace(panel.covariates, signals={"insight": signal}, known_ahead=known)
    return replace(made.situation, panel=replace(panel, covariates=covariates))


@pytest.mark.parametrize("ahead", [True, False])
def test_a_signal_that_holds_demand_is_named(made: Made, ahead: bool) -> None:
    """Scaled and a little blurred; one that is not known ahead tells the next day's."""
    sold = made.situation.panel.demand
    told = sold if ahead else np.roll(sold, -1, axis=1)
    blurred = 3 * told + np.random.default_rng(2).normal(0, 0.3, sold.shape)
    with pytest.raises(DataError, match=r"signals know the future.*insight"):
        check_signals(with_signal(made, blurred, ahead))


def test_the_mean_that_demand_is_drawn_around_is_a_signal_that_may_be_known(made: Made) -> None:
    """As good as a signal can be: a season of each day and series, known exactly."""
    shape = made.situation.sold.shape
    mean = np.random.default_rng(3).gamma(1.0, 4.0, shape)
    demand = np.random.default_rng(4).poisson(mean).astype(np.float32)
    situation = with_signal(made, mean, True)
    status = np.zeros_like(situation.panel.status)
    panel = replace(situation.panel, demand=demand, status=status)
    check_signals(replace(situation, panel=panel))


def test_a_signal_of_the_same_day_is_no_leak_where_it_is_not_known_ahead(made: Made) -> None:
    """Clicks run beside demand: they may say all of the day that they are of."""
    check_signals(with_signal(made, made.situation.panel.demand, False))
