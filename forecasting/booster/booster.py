"""The mean model: global LightGBM boosters that multiply the base level.

Two of them are averaged: one that cannot tell a date from another and one that reads the calendar.
The second remembers what recurs each year, and what happened to fall on a date; the first knows
neither. The mean of their logarithms misses by less than either.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.matrix import FeatureMatrix
from forecasting.booster.rows import Rows
from forecasting.booster.tables import TreeTables, steps_of
from forecasting.params import ModelParams
from stockwright.calendar import DAYS_PER_PERIOD, PeriodName
from stockwright.errors import FitError

Floats = NDArray[np.float64]
# Codes of names change when names come and go, and a stored model must outlive that.
_NAMES = frozenset(("event", "phase"))
_CALENDAR = frozenset(("season_bin", "year_sin", "year_cos", "month_day"))
#: Columns that each of the boosters leaves out.
MEMBERS = (_NAMES | _CALENDAR, _NAMES)
# Ages beyond this many days tell nothing but the calendar.
_GROWN_UP = 182.0
_PRICES = ("price_ratio", "price_change", "discount", "discount_change")
# A deeper discount never lowers the mean.
_MONOTONE = {"price_ratio": -1, "price_change": -1, "discount": 1, "discount_change": 1}
# A leaf needs this many expected units, so that rare sellers are not memorized.
_UNITS_PER_LEAF = 20.0
# Quantiles of the forecasts between which the size curve is drawn, and the units that hold it
# to no correction.
_SIZE_BINS = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.97, 1.0)
_PRIOR_UNITS = 100.0
# Bounds of the logarithm of mean over base.
_FACTORS = (-9.0, 3.5)
# Bins of a feature, rows from which their edges are drawn, most rows that the size curve is drawn
# through, and rows that are copied at once, so that they stay in the cache.
_BINS, _BIN_SAMPLE, _CURVE_ROWS, _ROWS_AT_ONCE = 127, 50_000, 60_000, 4096


def columns_of(names: Sequence[str], skipped: frozenset[str]) -> tuple[str, ...]:
    """The columns that a booster learns from: neither skipped ones nor codes of names."""
    return tuple(n for n in names if n not in skipped and not n.endswith("_code"))


def model_input(
    X: NDArray[np.float32], names: Sequence[str], days: int, wanted: Sequence[str]
) -> NDArray[np.float32]:
    """The columns ``wanted`` in their order, NaN where ``names`` does not have one.

    names: of the columns of X. days: in a period.
    Ages are cut off. In an event whose uplift is known, prices are hidden: the uplift holds what
    they do, and what price cuts do on other days would be counted on top of it.
    """
    place = {name: i for i, name in enumerate(names)}
    read = np.empty((len(X), len(wanted)), np.float32)
    known = [i for i, name in enumerate(wanted) if name in place]
    missing = [i for i, name in enumerate(wanted) if name not in place]
    source = np.array([place.get(name, 0) for name in wanted], np.int64)
    busy = np.isfinite(X[:, place["event_uplift_shop"]])
    hidden = np.array([i for i in known if wanted[i] in _PRICES], np.int64)
    for start in range(0, len(X), _ROWS_AT_ONCE):
        part = slice(start, start + _ROWS_AT_ONCE)
        np.take(X[part], source, axis=1, out=read[part], mode="clip")
        read[part, missing] = np.nan
        rows = start + np.flatnonzero(busy[part])
        if len(rows):
            read[np.ix_(rows, hidden)] = np.nan
    for age in (i for i in known if wanted[i] == "age"):
        np.minimum(read[:, age], np.float32(_GROWN_UP / days), out=read[:, age])
    return read


@dataclass(frozen=True)
class _Member:
    """What one booster learns from: names of its columns, (rows, columns) values, bins of them."""

    names: tuple[str, ...]
    read: NDArray[np.float32]
    data: Any


class Training:
    """Rows in the form that LightGBM learns from; several models can share it.

    Bin edges are drawn from all rows, whichever of them a model then learns from.
    """

    def __init__(self, rows: Rows, params: ModelParams) -> None:
        import lightgbm

        self._rows, self._params = rows, params
        settings = {"max_bin": _BINS, "bin_construct_sample_cnt": _BIN_SAMPLE, "verbosity": -1}
        settings |= {"num_threads": params.threads}
        self._members = []
        for skipped in MEMBERS:
            names = columns_of(rows.names, skipped)
            read = model_input(rows.X, rows.names, DAYS_PER_PERIOD[params.period], names)
            data = lightgbm.Dataset(read, label=rows.units, params=settings)
            self._members.append(_Member(names, read, data.construct()))

    def fit(self, newest: int, kept: NDArray[np.bool_] | None = None) -> str:
        """Fit the boosters on the rows ``kept``, whose targets lie up to ``newest``: their text.

        The Poisson likelihood has the base as an offset. A row ``fade`` periods old weighs half.
        What shrinkage leaves of a bias by size is taken out by a curve through a few sizes.
        Raises FitError.
        """
        rows, params = self._rows, self._params
        some = np.arange(len(rows.units)) if kept is None else np.flatnonzero(kept)
        units, log_base = rows.units[some], np.log(rows.base[some])
        weight = 0.5 ** ((newest - rows.target[some]) / params.fade)
        offset = float(np.log(np.sum(weight * units) / np.sum(weight * rows.base[some])))
        check = np.arange(0, len(some), -(-len(some) // _CURVE_ROWS))
        raw, members = np.zeros(len(check)), []
        for number, member in enumerate(self._members):
            data = member.data if kept is None else member.data.subset(some)
            data = data.construct().set_weight(weight).set_init_score(log_base + offset)
            settings = _settings(params, float(weight.mean()), member.names)
            booster = _trained(data, settings | {"seed": 1 + number}, params.trees)
            read = member.read[some[check]]
            raw += booster.predict(read, raw_score=True, num_threads=params.threads)
            # What follows the trees repeats the settings, threads among them.
            trees = str(booster.model_to_string()).split("\nparameters:", 1)[0]
            members.append({"names": member.names, "trees": f"{trees}\n"})
        log_mean = log_base[check] + raw / len(members) + offset
        curve = size_curve(log_mean, units[check], weight[check])
        return json.dumps({"offset": offset, "curve": curve, "members": members})

    def twin(self, newest: int) -> MeanModel | None:
        """A model that has not seen what came after ``newest``; None with too few rows.

        Raises FitError.
        """
        rows, params = self._rows, self._params
        early = rows.target <= newest
        if int(early.sum()) < params.min_rows or not rows.units[early].sum() > 0:
            return None
        return MeanModel(self.fit(newest, early), params.period)


def _trained(data: Any, settings: dict[str, Any], trees: int) -> Any:
    import lightgbm

    try:
        return lightgbm.train(settings, data, trees)
    except lightgbm.basic.LightGBMError as error:
        raise FitError(f"LightGBM cannot train on {data.num_data()} rows: {error}") from error


def train(rows: Rows, newest: int, params: ModelParams) -> str:
    """Fit the boosters on rows whose targets lie up to period ``newest``; returns their text.

    See ``Training.fit``. Raises FitError.
    """
    return Training(rows, params).fit(newest)


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
    # A larger forecast stays the larger one.
    corrections = np.maximum.accumulate(sizes + corrections) - sizes
    return [sizes.tolist(), corrections.tolist()]


def _settings(params: ModelParams, weight: float, names: tuple[str, ...]) -> dict[str, Any]:
    return {
        "monotone_constraints": [_MONOTONE.get(name, 0) for name in names],
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
        "max_bin": _BINS,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": params.threads,
        "seed": 1,
        "verbosity": -1,
    }


class MeanModel:
    """Trained boosters, ready to predict."""

    def __init__(self, text: str, period: PeriodName) -> None:
        import lightgbm

        found = json.loads(text)
        self._offset: float = found["offset"]
        self._sizes, self._corrections = (np.array(each) for each in found["curve"])
        self._members = [
            (
                member["names"],
                lightgbm.Booster(model_str=member["trees"]),
                TreeTables.of(member["trees"]),
            )
            for member in found["members"]
        ]
        self._days = DAYS_PER_PERIOD[period]

    def predict(self, matrix: FeatureMatrix, threads: int) -> Floats:
        """Mean of each row, units per period, > 0; the same for any number of threads.

        Columns that the model was not trained on are not read; those that are gone are unknown.
        """
        raw, steps = np.zeros(len(matrix.X)), steps_of(matrix.series)
        for names, booster, tables in self._members:
            read = model_input(matrix.X, matrix.names, self._days, names)
            if tables is not None and steps:
                raw += tables.raw(read, steps)
            else:
                raw += booster.predict(read, raw_score=True, num_threads=threads)
        log_base = np.log(matrix.level * matrix.season)
        log_mean = log_base + raw / len(self._members) + self._offset
        corrected = log_mean + np.interp(log_mean, self._sizes, self._corrections)
        return np.asarray(np.exp(log_base + np.clip(corrected - log_base, *_FACTORS)))
