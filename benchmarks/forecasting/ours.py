"""Our model, fitted and predicted as the night does it."""

from __future__ import annotations

import resource
import time
from dataclasses import dataclass, replace

import numpy as np
from freshretail import with_activity_as_signal
from rounds import Floats, Round
from score import LEVELS

from forecasting.model import FittedModel, fit
from forecasting.params import ModelParams
from stockwright.distribution import Distribution
from stockwright.forecast import Forecast


@dataclass(frozen=True)
class Answer:
    """A model's answer to a round, for the scored series in their order.

    mean, median: (series, horizon). steps: (series, horizon, levels) quantiles of each step.
    sums: for each span the quantiles of the sum of its known periods, one or more ways to reach
    them: (series, levels) by name of the way. seconds: time by part.
    megabytes: peak memory of the process.
    """

    mean: Floats
    steps: Floats
    sums: dict[int, dict[str, Floats]]
    seconds: dict[str, float]
    megabytes: float


def night(round_: Round, threads: int) -> tuple[FittedModel, Forecast, dict[str, float]]:
    """A night with a refit: the model, its forecast and the seconds of fit and predict."""
    params = ModelParams.for_period(round_.panel.calendar.period, round_.horizon)
    params = replace(params, country=round_.country, threads=threads)
    if round_.case == "freshretail":
        round_ = replace(round_, panel=with_activity_as_signal(round_.panel))
    began = time.perf_counter()
    model = fit(round_.panel, params)
    fitted = time.perf_counter()
    forecast = model.predict(round_.panel, round_.horizon)
    done = time.perf_counter()
    return model, forecast, {"fit": fitted - began, "predict": done - fitted}


def total_of(forecast: Forecast, span: int, known: np.ndarray) -> Distribution:
    """Distribution of the demand of the known ones of the first ``span`` steps."""
    seen = replace(forecast, mean=np.where(known, forecast.mean, np.float32(0)))
    return seen.total(1, span)


def answer(round_: Round, forecast: Forecast, seconds: dict[str, float]) -> Answer:
    """The forecast in the form that the peers give."""
    rows = np.flatnonzero(round_.scored)
    own, known = forecast.take(rows), round_.known[rows]
    sums = {span: {"total": total_of(own, span, known).quantile(LEVELS)} for span in round_.spans}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Answer(own.mean.astype(np.float64), own.quantile(LEVELS), sums, seconds, peak)
