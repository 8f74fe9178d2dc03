"""The mean model: one global LightGBM that multiplies the base level."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.matrix import FeatureMatrix
from forecasting.params import ModelParams
from forecasting.rows import Rows
from stockwright.calendar import DAYS_PER_PERIOD, PeriodName
from stockwright.errors import FitError

Floats = NDArray[np.float64]
# Codes of names change when names come and go, and a stored model must outlive that; with few years
# of history the raw calendar only remembers what happened to fall on a date.
_SKIPPED = frozenset(("event", "phase", "season_bin", "year_sin", "year_cos", "month_day"))
# Ages beyond this many days tell nothing but the calendar.
_GROWN_UP = 182.0
_PRICES = ("price_ratio", "price_change", "discount", "discount_change")
# A leaf needs this many expected units, so that rare sellers are not memorized.
_UNITS_PER_LEAF = 20.0
# Quantiles of the forecasts between which the size curve is drawn, and the units that hold it
# to no correction.
_SIZE_BINS = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.97, 1.0)
_PRIOR_UNITS = 100.0
# Bounds of the logarithm of mean over base.
_FACTORS = (-9.0, 3.5)


def model_input(X: NDArray[np.float32], names: tuple[str, ...], days: int) -> NDArray[np.float32]:
    """The columns that the model reads; ``days`` in a period.

    Ages are cut off. In an event whose uplift is known, prices are hidden: the uplift holds what
    they do, and what price cuts do on other days would be counted on top of it.
    """
    kept = [i for i, n in enumerate(names) if n not in _SKIPPED and not n.endswith("_code")]
    read = X[:, kept]
    column = {names[i]: place for place, i in enumerate(kept)}
    age = column["age"]
    np.minimum(read[:, age], np.float32(_GROWN_UP / days), out=read[:, age])
    busy = np.flatnonzero(np.isfinite(read[:, column["event_uplift_shop"]]))
    for name in _PRICES:
        read[busy, column[name]] = np.nan
    return read


def train(rows: Rows, newest: int, params: ModelParams) -> str:
    """Fit the booster on rows whose targets lie up to period ``newest``; returns its text.

    The Poisson likelihood has the base as an offset. A row ``fade`` periods old weighs half.
    What shrinkage leaves of a bias by size is taken out by a curve through a few sizes.
    Raises FitError.
    """
    import lightgbm

    weight = 0.5 ** ((newest - rows.target) / params.fade)
    offset = float(np.log(np.sum(weight * rows.units) / np.sum(weight * rows.base)))
    read = model_input(rows.X, rows.names, DAYS_PER_PERIOD[params.period])
    data = lightgbm.Dataset(
        read,
        label=rows.units,
        weight=weight,
        init_score=np.log(rows.base) + offset,
        params={"max_bin": 127, "verbosity": -1},
    )
    try:
        booster = lightgbm.train(_settings(params, float(weight.mean())), data, params.trees)
    except lightgbm.basic.LightGBMError as error:
        raise FitError(f"LightGBM cannot train on {len(rows.units)} rows: {error}") from error
    raw = booster.predict(read, raw_score=True, num_threads=params.threads)
    curve = size_curve(np.log(rows.base) + raw + offset, rows.units, weight)
    # What follows the trees repeats the settings, threads among them.
    trees = str(booster.model_to_string()).split("\nparameters:", 1)[0]
    return json.dumps({"offset": offset, "curve": curve}) + f"\n{trees}\n"


def size_curve(log_mean: Floats, units: Floats, weight: Floats) -> list[list[float]]:
    """Logarithm of units over forecast at a few sizes of the forecast: [sizes, corrections]."""
    edges = np.unique(np.quantile(log_mean, _SIZE_BINS, method="lower"))
    if len(edges) < 2:
        return [[0.0], [0.0]]
    place = np.clip(np.searchsorted(edges, log_mean, side="right") - 1, 0, len(edges) - 2)
    mean = np.exp(log_mean)

    def total(values: Floats) -> Floats:
        return np.asarray(np.bincount(place, weight * values, len(edges) - 1), np.float64)

    expected = total(mean)
    prior = _PRIOR_UNITS * float(weight.mean())
    sizes = np.log(expected / total(np.ones_like(mean)))
    corrections = np.log((total(units) + prior) / (expected + prior))
    return [sizes.tolist(), corrections.tolist()]


def _settings(params: ModelParams, weight: float) -> dict[str, Any]:
    return {
        "objective": "poisson",
        "boost_from_average": False,
        "learning_rate": params.learning_rate,
        "num_leaves": params.leaves,
        "min_data_in_leaf": 100,
        "min_sum_hessian_in_leaf": _UNITS_PER_LEAF * weight,
        "lambda_l2": 5.0 * weight,
        "feature_fraction": 0.3,
        "bagging_fraction": 0.7,
        "bagging_freq": 1,
        "max_bin": 127,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": params.threads,
        "seed": 1,
        "verbosity": -1,
    }


class MeanModel:
    """A trained booster, ready to predict."""

    def __init__(self, text: str, period: PeriodName) -> None:
        import lightgbm

        head, body = text.split("\n", 1)
        found = json.loads(head)
        self._offset: float = found["offset"]
        self._sizes, self._corrections = (np.array(each) for each in found["curve"])
        self._booster = lightgbm.Booster(model_str=body)
        self._days = DAYS_PER_PERIOD[period]

    def predict(self, matrix: FeatureMatrix, threads: int) -> Floats:
        """Mean of each row, units per period, > 0; the same for any number of threads."""
        read = model_input(matrix.X, matrix.names, self._days)
        raw: Floats = self._booster.predict(read, raw_score=True, num_threads=threads)
        log_base = np.log(matrix.level * matrix.season)
        log_mean = log_base + raw + self._offset
        corrected = log_mean + np.interp(log_mean, self._sizes, self._corrections)
        return np.asarray(np.exp(log_base + np.clip(corrected - log_base, *_FACTORS)))
