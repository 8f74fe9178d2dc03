"""A forecast that foresees chance is caught; one that knows the true mean never is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from experiments.backtest.chance import check_chance
from experiments.backtest.night import Made
from experiments.backtest.outcome import Outcome, matched
from experiments.backtest.scores import Scores, scored
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
    return scored(made.situation, said, made.rows, made.stages, whole, 7)


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
