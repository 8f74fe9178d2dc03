"""The usable part of the recent history: units, exposure and rate of each series and period."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.params import FeatureParams
from stockwright.panel import DemandPanel, Status

Floats32 = NDArray[np.float32]


@dataclass(frozen=True)
class Signal:
    """The last ``window`` periods of the history, oldest first, padded in front with no exposure.

    exposure: (series, window) float32: 1 for OBSERVED, the in-stock share for CENSORED periods that
        were in stock long enough, else 0.
    units: (series, window) float32: demand where there is exposure, else 0.
    rate: (series, window) float32: units / exposure, NaN where the exposure is too small.
    """

    units: Floats32
    exposure: Floats32
    rate: Floats32

    @property
    def window(self) -> int:
        """Number of periods."""
        return int(self.units.shape[1])


def exposure_of(status: NDArray[np.uint8], in_stock: Floats32, least_exposure: float) -> Floats32:
    """Share of a period in which demand could be seen, 0 where it is not used.

    Under a steady rate, units / exposure summed over periods is the maximum-likelihood estimate
    of the rate of a Poisson process that is watched while the stock lasts.
    """
    exposure: Floats32 = (status == Status.OBSERVED).astype(np.float32)
    partly = (status == Status.CENSORED) & (in_stock >= np.float32(least_exposure))
    np.copyto(exposure, in_stock, where=partly)
    return exposure


def recent_signal(panel: DemandPanel, window: int, params: FeatureParams) -> Signal:
    """Cut the last ``window`` periods out of the panel; see ``signal_window``."""
    kept = min(window, panel.n_periods)
    shape = (panel.n_series, window)
    units, exposure = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    last = slice(panel.n_periods - kept, None)
    exposure[:, window - kept :] = exposure_of(
        panel.status[:, last], panel.in_stock[:, last], params.least_exposure
    )
    known = exposure[:, window - kept :] > 0
    np.multiply(panel.demand[:, last], known, out=units[:, window - kept :])
    rate = np.full(shape, np.nan, np.float32)
    enough = exposure >= np.float32(params.least_rate_exposure)
    np.divide(units, exposure, out=rate, where=enough)
    return Signal(units, exposure, rate)


def signal_window(panel: DemandPanel, last_step: int, params: FeatureParams) -> int:
    """Periods that the features need: what they look back to, or less where no history is left.

    A history that does not reach back a year has nothing to pad but what lags and weekday means
    address by their place.
    """
    if panel.n_periods > params.year - params.year_reach - last_step:
        return params.window(last_step)
    cycles = max((*params.cycle_means, params.cycle_lags, 1)) * params.cycle
    return max(panel.n_periods, cycles, max(params.lags), params.quantile_window)


def deseasonalized(signal: Signal, factor: Floats32) -> Signal:
    """Take season and group events out: exposure in a strong period counts for more of it.

    factor: (series, window) float32 > 0, what the season makes of the level.
    """
    return Signal(signal.units, signal.exposure * factor, signal.rate / factor)


def ratio(numerator: NDArray[np.floating], denominator: NDArray[np.floating]) -> Floats32:
    """Divide, NaN where the denominator is 0 or anything is NaN; never infinite, no warning."""
    out = np.full(np.broadcast_shapes(numerator.shape, denominator.shape), np.nan, np.float32)
    np.divide(numerator, denominator, out=out, where=denominator > 0, casting="same_kind")
    return out
