"""A customer's own forecast: means and quantiles of single dates, in the place of ours."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stockwright.arrays import frozen, placed, require
from stockwright.forecast import Forecast
from stockwright.quantile_fit import Cells, met_quantiles

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
#: What ``Forecast.model_names`` calls it.
NAME = "given"
#: Dates of a series, spread over those given, whose quantiles are fitted.
FITTED_DATES = 6
#: Levels from which on a quantile says how far demand scatters upward.
LEAST_LEVEL = 0.6
# Series fitted at once.
_BLOCK = 10_000
_SPREAD = (
    "linear_dispersion",
    "step_variance",
    "level_variance",
    "quantum",
    "tail_share",
    "tail_ratio",
)


@dataclass(frozen=True)
class GivenForecast:
    """A forecast from outside for some series and steps.

    series: (given,) int64, rising. mean: (given, steps) float64, NaN for a step it does not cover;
    steps count from 1. levels: of the quantiles, rising, in (0, 1). quantiles: (given, steps,
    levels) float64, NaN where not given, rising over the levels. shared: (given,) share of the
    relative variance that all steps share, in [0, 1], NaN where nothing tells it.
    """

    series: Ints
    mean: Floats
    levels: tuple[float, ...]
    quantiles: Floats
    shared: Floats

    def __post_init__(self) -> None:
        given, steps = len(self.series), self.mean.shape[-1]
        shapes = (("mean", (given, steps)), ("shared", (given,)))
        object.__setattr__(self, "series", frozen("series", self.series, (given,), np.int64))
        for name, shape in (*shapes, ("quantiles", (given, steps, len(self.levels)))):
            value = frozen(name, getattr(self, name), shape, np.float64)
            object.__setattr__(self, name, value)
            require(~(value < 0) & ~np.isinf(value), name, "finite and >= 0, or NaN")
        require(np.diff(self.series) > 0, "series", "rising")
        require(~(np.diff(self.quantiles, axis=2) < 0), "quantiles", "rising over the levels")

    @classmethod
    def none(cls) -> GivenForecast:
        """Nothing given."""
        nothing = np.zeros(0)
        series = nothing.astype(np.int64)
        return cls(series, np.zeros((0, 0)), (), np.zeros((0, 0, 0)), nothing)

    def take(self, series: Ints) -> GivenForecast:
        """What is given for some of the series, whose codes rise, as if there were no others."""
        kept, place = placed(self.series, series)
        return replace(
            self,
            series=place,
            mean=self.mean[kept],
            quantiles=self.quantiles[kept],
            shared=self.shared[kept],
        )

    def on(self, forecast: Forecast) -> Forecast:
        """The forecast with what is given in the place of ours, committed units included.

        A series with quantiles takes their spread, one with means alone keeps ours. Where the
        given steps hold a part of the expected demand only, both are mixed in that proportion.
        """
        if not len(self.series):
            return forecast
        own = forecast.take(self.series)
        mean, quantiles = self._steps(forecast.horizon)
        covered = np.isfinite(mean)
        whole = np.where(covered, mean, own.mean)
        code = np.where(covered.any(axis=1), len(forecast.model_names), own.model.astype(np.int64))
        rows: dict[str, Any] = {"mean": whole, "model": code}
        for name in ("committed", "committed_variance"):
            rows[name] = np.where(covered, np.float32(0), getattr(own, name))
        rows |= self._spread(own, covered, whole, quantiles)
        for name, values in rows.items():
            rows[name] = getattr(forecast, name).copy()
            rows[name][self.series] = values
        return replace(forecast, model_names=(*forecast.model_names, NAME), **rows)

    def _steps(self, horizon: int) -> tuple[Floats, Floats]:
        """Means and quantiles of the steps 1 ... horizon."""
        short = max(horizon - self.mean.shape[1], 0)
        mean = np.pad(self.mean[:, :horizon], ((0, 0), (0, short)), constant_values=np.nan)
        rest = ((0, 0), (0, short), (0, 0))
        return mean, np.pad(self.quantiles[:, :horizon], rest, constant_values=np.nan)

    def _spread(
        self, own: Forecast, covered: Mask, whole: Floats, quantiles: Floats
    ) -> dict[str, Floats]:
        """Parameters of the spread of each given series."""
        spread = {name: getattr(own, name).copy() for name in _SPREAD}
        upper = np.array([level >= LEAST_LEVEL for level in self.levels], np.bool_)
        aim, level = quantiles[:, :, upper], np.array(self.levels, np.float64)[upper]
        usable = covered & np.isfinite(aim).any(axis=2)
        told = np.flatnonzero(usable.any(axis=1) & _telling(aim, whole, usable))
        weight = _share_of(whole, covered)
        shared = np.where(np.isnan(self.shared), _level_share(own), self.shared)
        for first in range(0, len(told), _BLOCK):
            some = told[first : first + _BLOCK]
            found = _fitted(whole[some], aim[some], usable[some], level, own.quantum[some])
            noise = found.pop("noise")
            found["step_variance"] = noise * (1 - shared[some])
            found["level_variance"] = noise * shared[some]
            for name, values in found.items():
                mixed = weight[some] * values + (1 - weight[some]) * spread[name][some]
                spread[name][some] = values if name == "quantum" else mixed
        return spread


def _telling(aim: Floats, mean: Floats, usable: Mask) -> Mask:
    """(series,): whether a quantile lies above the mean, or all of them are the mean."""
    gap = np.where(usable[:, :, None], aim - mean[:, :, None], np.nan)
    equal = np.abs(gap) <= 1e-6 * np.maximum(mean, 1.0)[:, :, None]
    known = np.isfinite(gap)
    wide = (known & ~equal & (gap > 0)).any(axis=(1, 2))
    return np.asarray(wide | (equal | ~known).all(axis=(1, 2)), np.bool_)


def _share_of(mean: Floats, covered: Mask) -> Floats:
    """(series,): the part of the expected demand that lies in covered steps."""
    part, total = np.where(covered, mean, 0.0).sum(axis=1), mean.sum(axis=1)
    share: Floats = np.divide(part, total, out=covered.mean(axis=1), where=total > 0)
    return share


def _level_share(own: Forecast) -> Floats:
    """(series,): the share of the relative variance that the steps share in our forecast."""
    noise = own.step_variance + own.level_variance
    half = np.full(len(noise), 0.5)
    share: Floats = np.divide(own.level_variance, noise, out=half, where=noise > 0)
    return share


def _fitted(
    mean: Floats, aim: Floats, usable: Mask, level: Floats, quantum: Floats
) -> dict[str, Floats]:
    """Spread in sales units of some series with quantiles."""
    count = usable.sum(axis=1)[:, None]
    order = np.argsort(~usable, axis=1, kind="stable")
    rank = np.arange(min(FITTED_DATES, usable.shape[1]))
    spread_out = ((rank + 0.5) * count / FITTED_DATES).astype(np.int64)
    place = np.where(count > FITTED_DATES, spread_out, rank)
    step = np.take_along_axis(order, place, axis=1)
    dates = np.where(place < count, np.take_along_axis(mean, step, axis=1), np.nan)
    unit = quantum[:, None]
    quantiles = np.take_along_axis(aim, step[:, :, None], axis=1) / unit[:, :, None]
    met = met_quantiles(Cells(dates / unit, quantiles, level))
    return {
        "linear_dispersion": met.linear * quantum,
        "noise": met.noise,
        "quantum": met.step * quantum,
        "tail_share": met.tail_share,
        "tail_ratio": met.tail_ratio,
    }
