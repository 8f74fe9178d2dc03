"""Where the shop as a whole is heading, for forecasts that have no booster to learn it."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

from features.context import FeatureContext
from features.params import FeatureParams
from forecasting.recovered import recovered_demand
from stockwright.panel import DemandPanel

Floats = NDArray[np.float64]
# Fewer periods than this show no trend.
_LEAST_PERIODS = 12
# A range below this share of the largest value is no more than rounding.
_FLAT = 1e-9
_LOWEST, _HIGHEST = 0.5, 2.0


def shop_growth(
    panel: DemandPanel, context: FeatureContext, params: FeatureParams, horizon: int
) -> Floats:
    """Factor of each step on the present level of the shop, (horizon,), in [0.5, 2].

    The Theta method (Assimakopoulos & Nikolopoulos 2000) on the shop's mean rate, season and
    periods with an event taken out, over the rate that the base level stands for. 1 for a shop
    that is too young or does not sell.
    """
    rate = shop_rate(panel, context, params)
    flat = np.ones(horizon)
    if len(rate) < _LEAST_PERIODS or not rate[-_LEAST_PERIODS:].sum() > 0:
        return flat
    weights = 0.5 ** (np.arange(len(rate) - 1, -1, -1) / params.level_half_life)
    present = float(np.average(rate, weights=weights))
    if not present > 0:
        return flat
    return np.clip(theta_forecast(rate, horizon) / present, _LOWEST, _HIGHEST)


def shop_rate(panel: DemandPanel, context: FeatureContext, params: FeatureParams) -> Floats:
    """Demand per series on sale in each of the last ``long`` quiet periods, deseasonalized."""
    first = max(panel.n_periods - params.long, 0)
    window = slice(first, panel.n_periods)
    units, known, _ = recovered_demand(panel, (slice(None), window))
    quiet = np.broadcast_to(panel.covariates.event[:, window] == 0, known.shape)
    count = (known & quiet).sum(axis=0)
    total = np.where(known & quiet, units, 0.0).sum(axis=0)
    periods = np.arange(first, panel.n_periods)
    season = context.season.factor(panel.calendar, periods, params)[-1]
    some = count > 0
    return np.asarray(total[some] / (count[some] * season[some]))


def theta_forecast(values: Floats, horizon: int) -> Floats:
    """Forecast of the next ``horizon`` values by statsmodels' Theta model, without a season."""
    return np.asarray(theta_forecasts(values, horizon, (2.0,))[0][0], np.float64)


def theta_forecasts(
    values: Floats, horizon: int, thetas: tuple[float, ...]
) -> tuple[Floats, float]:
    """The same for several thetas, (thetas, horizon), and the smoothing parameter found.

    A theta of 1 is simple exponential smoothing without a drift.
    """
    from statsmodels.tsa.forecasting.theta import ThetaModel

    if np.ptp(values) <= _FLAT * np.abs(values).max():
        # statsmodels 0.14 takes a constant series for its own intercept and finds a trend in it.
        return np.full((len(thetas), horizon), values[-1]), 1.0
    with warnings.catch_warnings():
        # A nearly constant series has no smoothing parameter to find, which statsmodels warns of.
        warnings.simplefilter("ignore")
        fitted = ThetaModel(values, period=1, deseasonalize=False).fit()
        parts = fitted.forecast_components(horizon)
    trend, smoothed = (parts[name].to_numpy(np.float64) for name in ("trend", "ses"))
    ahead = [(theta - 1) / theta * trend + smoothed for theta in thetas]
    return np.stack(ahead), float(fitted.params["alpha"])
