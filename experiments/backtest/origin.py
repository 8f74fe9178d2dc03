"""The tasks of a backtest: what came, and one night under one variant."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from experiments.backtest.chance import check_signals
from experiments.backtest.guard import check_blind
from experiments.backtest.night import forecast_night
from experiments.backtest.outcome import Outcome
from experiments.backtest.scores import Scores, scored
from experiments.shop import Shop
from pipelines.night.checkpoint import CheckpointFolder

#: Name of the checkpoint that holds the outcome.
OUTCOME = "outcome"


@dataclass(frozen=True)
class Night:
    """A night that a backtest goes back to.

    shop: under the settings of a variant. date: of the origin. every: days to the next one.
    series: how many keys are scored, None for all. guarded: it
    is tried with another future too. kept: folder of the outcome; key: its digest.
    """

    shop: Shop
    date: np.datetime64
    every: int
    series: int | None
    guarded: bool
    kept: Path
    key: str


def keep_outcome(shop: Shop, end: np.datetime64) -> Outcome:
    """The task that reads what came. Raises DataError for signals that knew it."""
    situation = shop.situation(end)
    check_signals(situation)
    return Outcome.of(situation)


def score_night(night: Night) -> Scores:
    """The task of one origin under one variant."""
    outcome: Outcome = CheckpointFolder(night.kept).load(OUTCOME, night.key)
    made = forecast_night(night.shop, night.date, night.series)
    if night.guarded:
        check_blind(night.shop, made, night.series)
    every = max(night.every // made.situation.panel.calendar.days, 1)
    found = scored(made.situation, made.forecast, made.rows, outcome, every)
    known = found.take(np.flatnonzero(found.place >= 0))
    return replace(known, stairs=made.stairs, notes=made.notes)
