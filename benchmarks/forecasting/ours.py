"""Our model, fitted and predicted as the night does it."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from freshretail import with_activity_as_signal
from rounds import Floats, Round

from experiments.metrics.losses import LEVELS
from forecasting.model import FittedModel, fit
from forecasting.params import ModelParams
from stockwright.distribution import Distribution
from stockwright.forecast import Forecast
from stockwright.panel import Status


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


def in_stock_only(round_: Round) -> Round:
    """The round with all periods that a stock-out touched taken out of the history.

    What can be scored of a real shop are periods in stock, and those sold less than the others
    wanted. A model that learns from nothing else forecasts just what is scored; it is shown
    beside the night's, which forecasts what customers want.
    """
    panel = round_.panel
    out = panel.status == Status.CENSORED
    nothing = np.float32(0)
    status = np.where(out, np.uint8(Status.MISSING), panel.status)
    demand, share = (np.where(out, nothing, each) for each in (panel.demand, panel.in_stock))
    return replace(round_, panel=replace(panel, demand=demand, in_stock=share, status=status))


def blind(round_: Round) -> Round:
    """The round with every stock-out forgotten: what was sold was what was wanted."""
    panel = round_.panel
    out = panel.status == Status.CENSORED
    status = np.where(out, np.uint8(Status.OBSERVED), panel.status)
    share = np.where(out, np.float32(1), panel.in_stock)
    return replace(round_, panel=replace(panel, in_stock=share, status=status))


#: Our model, told other things of the past, by case and name.
VIEWS: dict[str, dict[str, Callable[[Round], Round]]] = {
    "freshretail": {"stockwright, in stock only": in_stock_only, "stockwright, blind": blind},
    "demo": {"stockwright, blind": blind},
}


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
