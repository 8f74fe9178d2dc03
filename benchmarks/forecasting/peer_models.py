"""What each peer is: statsforecast, mlforecast and demandplan as their documentation shows them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from peers import Floats, Said, Task, long_frame

#: Daily series longer than this are cut for the models that are fitted one by one.
MOST_DAYS = 364


def moving_average(length: dict[str, int]) -> Callable[[Task], Said]:
    """Mean of the last periods; quantiles from the misses of the same rule in the past."""

    def said(task: Task) -> Said:
        began = time.perf_counter()
        daily, weekly = length["D"], length["W-MON"]
        size = daily if task.freq == "D" else weekly
        if task.freq not in ("D", "W-MON"):
            days = int(task.freq[:-1])
            size = max(daily // days if task.season == 1 and days < 29 else weekly * 7 // days, 1)
        demand = task.demand.astype(np.float64)
        periods = demand.shape[1]
        size = min(size, max(periods // 2, 1))
        running = np.cumsum(np.pad(demand, ((0, 0), (1, 0))), axis=1)
        level = (running[:, size:] - running[:, :-size]) / size
        mean = np.repeat(level[:, -1:], task.horizon, axis=1)
        out = _with_misses(task, demand, mean, lambda step: (level[:, :-step], size - 1 + step))
        task.timed("fit and predict", began)
        return out, mean

    return said


def seasonal_naive(task: Task) -> Said:
    """The value of one season ago; quantiles from the misses of the same rule in the past."""
    began = time.perf_counter()
    demand = task.demand.astype(np.float64)
    season = task.season if demand.shape[1] > task.season + 4 else 1
    place = -season + np.arange(task.horizon) % season
    mean = demand[:, place]
    out = _with_misses(task, demand, mean, lambda step: (demand[:, :-season], season))
    task.timed("fit and predict", began)
    return out, mean


def _with_misses(
    task: Task,
    demand: Floats,
    mean: Floats,
    past: Callable[[int], tuple[Floats, int]],
) -> Floats:
    """Mean plus empirical quantiles of past misses; ``past(step)`` are forecasts of periods."""
    out = np.empty((*mean.shape, len(task.levels)))
    for step in range(1, task.horizon + 1):
        forecast, first = past(step)
        miss = (
            demand[:, first:][:, -forecast.shape[1] :] - forecast[:, -demand[:, first:].shape[1] :]
        )
        at = first + np.arange(miss.shape[1])
        miss = np.where(at >= task.first[:, None], miss, np.nan)
        found = np.nanquantile(miss, task.levels, axis=1).T
        found = np.where(np.isfinite(found), found, 0)
        out[:, step - 1] = mean[:, step - 1, None] + found
    return out


def statsforecast_model(name: str) -> Callable[[Task], Said]:
    """One model of statsforecast, with its own intervals or conformal ones."""

    def said(task: Task) -> Said:
        from statsforecast import StatsForecast

        began = time.perf_counter()
        if task.freq == "D" and task.demand.shape[1] > MOST_DAYS:
            task.first[:] = np.maximum(task.first, task.demand.shape[1] - MOST_DAYS)
        past, _ = long_frame(task)
        model = _build(name, task)
        began = task.timed("features", began)
        shop = StatsForecast(models=[model], freq=task.freq, n_jobs=1, fallback_model=_fallback())
        bands = [round(200 * level - 100) for level in task.levels if level > 0.5]
        found = shop.forecast(df=past[["unique_id", "ds", "y"]], h=task.horizon, level=bands)
        task.timed("fit and predict", began)
        return _from_bands(found.sort_values(["unique_id", "ds"]), repr(model), bands, task)

    return said


def _build(name: str, task: Task) -> Any:
    from statsforecast import models
    from statsforecast.utils import ConformalIntervals

    season = task.season if task.season <= 12 else 1
    shortest = int((task.demand.shape[1] - task.first).min())
    windows = int(np.clip((shortest - 2) // max(task.horizon, 1) - 1, 2, 10))
    conformal = ConformalIntervals(h=task.horizon, n_windows=windows)
    made: dict[str, Callable[[], Any]] = {
        "AutoETS": lambda: models.AutoETS(season_length=season),
        "Theta": lambda: models.DynamicOptimizedTheta(season_length=season),
        "CrostonSBA": lambda: models.CrostonSBA(prediction_intervals=conformal),
        "TSB": lambda: models.TSB(0.1, 0.1, prediction_intervals=conformal),
        "IMAPA": lambda: models.IMAPA(prediction_intervals=conformal),
    }
    return made[name]()


def _fallback() -> Any:
    from statsforecast.models import SeasonalNaive

    return SeasonalNaive(season_length=1)


def _from_bands(found: Any, name: str, bands: list[int], task: Task) -> Said:
    shape = (len(task.key), task.horizon)
    mean = found[name].to_numpy(np.float64).reshape(shape)
    upper = [found[f"{name}-hi-{band}"].to_numpy(np.float64).reshape(shape) for band in bands]
    quantiles = np.stack([mean, *upper], axis=2)
    whole = np.isfinite(quantiles)
    return np.where(whole, quantiles, mean[..., None]), mean


def mlforecast_model(task: Task) -> Said:
    """One LightGBM over all series: lags, rolling means, calendar, covariates, conformal."""
    from mlforecast.utils import PredictionIntervals

    began = time.perf_counter()
    periods = task.demand.shape[1]
    summed = task.freq not in ("D", "W-MON")
    # More windows than the documentation's two where the history is long: better tails.
    shortest = int((periods - task.first).min())
    most = min(5 if summed else 8, (shortest - 1) // task.horizon)
    windows = max(min(periods // (4 if summed else 3 * task.horizon), most), 2)
    room = max((periods - (windows + 1) * task.horizon) // (1 if summed else 2), 1)
    past, future = long_frame(task, with_covariates=True)
    shop = _shop_of(task, room, summed)
    began = task.timed("frame", began)
    conformal = PredictionIntervals(n_windows=windows, h=task.horizon)
    bands = [round(200 * level - 100) for level in task.levels if level > 0.5]
    static = list(task.static)
    shop.fit(past, static_features=static, prediction_intervals=conformal, dropna=False)
    began = task.timed("features, fit, conformal windows", began)
    known = future if len(task.covariates) else None
    found = shop.predict(task.horizon, X_df=known, level=bands).sort_values(["unique_id", "ds"])
    task.timed("predict", began)
    return _from_bands(found, "m", bands, task)


def _shop_of(task: Task, room: int, summed: bool) -> Any:
    """The forecaster with the lags and means that fit into ``room`` periods."""
    from lightgbm import LGBMRegressor
    from mlforecast import MLForecast
    from mlforecast.lag_transforms import RollingMean

    daily = task.freq == "D"
    lags = [1, 2, 3, 4, 5, 6, 7, 14, 21, 28] if daily else [1, 2, 3, 4, 8, 13, 26, 52]
    means = {1: [7, 14, 28], 7: [7, 28]} if daily else {1: [4, 13, 26]}
    if summed:
        lags, means = [1, 2, 3, 4], {1: [2, 4]}
    moving = {
        lag: [RollingMean(size, min_samples=1) for size in sizes if size <= room]
        for lag, sizes in means.items()
        if lag <= room
    }
    booster = LGBMRegressor(
        n_estimators=200 if summed or task.light else 500,
        num_leaves=15 if summed else 63,
        learning_rate=0.1 if task.light else 0.05,
        n_jobs=int(os.environ.get("OMP_NUM_THREADS", 2)),
        verbosity=-1,
        random_state=0,
    )
    return MLForecast(
        models={"m": booster},
        freq=task.freq,
        lags=[lag for lag in lags if lag <= room],
        lag_transforms={lag: each for lag, each in moving.items() if each},
        date_features=["dayofweek", "day", "month"] if daily else ["week", "month"],
    )


def demandplan_model(task: Task) -> Said:
    """Champion and challengers by backtest, as the package's front door offers it."""
    from demandplan.pipeline import champion_challenger

    began = time.perf_counter()
    # Series of unequal length break its residuals (0.4.0): all start with the first period.
    task.first[:] = 0
    past, _ = long_frame(task)
    names = past["unique_id"].astype(str).str.zfill(6)
    past = past[["unique_id", "ds", "y"]].assign(unique_id=names)
    began = task.timed("features", began)
    season = task.season if task.demand.shape[1] > 2 * task.season + 4 * task.horizon else 1
    shortest = int((task.demand.shape[1] - task.first).min())
    folds = int(np.clip((shortest - 4) // task.horizon - 1, 1, 3))
    found = champion_challenger(
        past, horizon=task.horizon, quantiles=task.levels, season_length=season, n_folds=folds
    ).forecasts
    task.timed("fit and predict", began)
    found = found.sort_values(["unique_id", "ds"])
    columns = [c for c in found.columns if c not in ("unique_id", "ds")]
    shape = (len(task.key), task.horizon, -1)
    values = found[columns[-len(task.levels) :]].to_numpy(np.float64).reshape(shape)
    return values, values[..., 0]


MODELS: dict[str, Callable[[Task], Said]] = {
    "MovingAverageShort": moving_average({"D": 7, "W-MON": 4}),
    "MovingAverageLong": moving_average({"D": 28, "W-MON": 13}),
    "SeasonalNaive": seasonal_naive,
    **{
        name: statsforecast_model(name)
        for name in ("AutoETS", "Theta", "CrostonSBA", "TSB", "IMAPA")
    },
    "mlforecast": mlforecast_model,
    "demandplan": demandplan_model,
}
