"""What planners have decided over the engine's head, resolved to arrays.

NaN means "nothing said" in every float array.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from stockwright.arrays import frozen, require
from stockwright.forecast import Forecast

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Overrides:
    """Overrides in force tonight, for (series,) or for every step of the horizon.

    forecast_mean: (series, step) float32 demand that replaces the forecast's mean; shape
        (1, step) where all series share it.
    forecast_factor: like it, >= 0, multiplies the mean where no mean is given.
    blocked: (series,) no order and no transfer into this key.
    service_level: (series,) probability in (0, 1) that replaces the one from money or grade.
    target: (series,) order-up-to level in units that replaces the computed one.
    order_units, transfer_units: (series,) quantity that replaces the computed one before limits.
    order_frozen, transfer_frozen: (series,) quantity that no limit may change.
    clearance_units: (series,) most units that are cleared, where ``clearance_shared`` of all
        locations of the SKU together. clearance_frozen: (series,) nothing new is done with it.
    """

    forecast_mean: NDArray[np.float32]
    forecast_factor: NDArray[np.float32]
    blocked: NDArray[np.bool_]
    clearance_shared: NDArray[np.bool_]
    clearance_frozen: NDArray[np.bool_]
    service_level: Floats
    target: Floats
    order_units: Floats
    order_frozen: Floats
    transfer_units: Floats
    transfer_frozen: Floats
    clearance_units: Floats

    def __post_init__(self) -> None:
        n = len(self.blocked)
        for name in ("blocked", "clearance_shared", "clearance_frozen"):
            object.__setattr__(self, name, frozen(name, getattr(self, name), (n,), np.bool_))
        orders = ("target", "order_units", "order_frozen", "transfer_units", "transfer_frozen")
        for name in (*orders, "clearance_units", "service_level"):
            value = frozen(name, getattr(self, name), (n,), np.float64)
            require(~(value < 0), name, ">= 0 or NaN")
            object.__setattr__(self, name, value)
        require(~(self.service_level >= 1), "service_level", "in (0, 1) or NaN")
        for name in ("forecast_mean", "forecast_factor"):
            value = np.asarray(getattr(self, name))
            object.__setattr__(self, name, frozen(name, value, value.shape, np.float32))
            require(~(value < 0), name, ">= 0 or NaN")

    @classmethod
    def none(cls, n_series: int, horizon: int) -> Overrides:
        """No override at all."""
        shared = np.full((1, horizon), np.nan, np.float32)
        nothing = np.full(n_series, np.nan)
        no = np.zeros(n_series, np.bool_)
        return cls(shared, shared, no, no, no, *[nothing] * 7)

    def take(self, series: NDArray[Any] | slice) -> Overrides:
        """The overrides of some of the series."""
        rows = {
            name: value
            if (value := getattr(self, name)).ndim == 2 and len(value) == 1
            else value[series]
            for name in self.__dataclass_fields__
        }
        return Overrides(**rows)

    def adjusted(self, mean: NDArray[np.float32]) -> NDArray[np.float32]:
        """``mean`` (series, step) with factors applied and given means put in their place."""
        steps = mean.shape[1]
        factor, given = self.forecast_factor[:, :steps], self.forecast_mean[:, :steps]
        return _put(mean, factor, given).astype(np.float32)

    def on(self, forecast: Forecast) -> Forecast:
        """The forecast with its whole demand adjusted; what is committed stays committed."""
        before = forecast.expected
        after = self.adjusted(before)
        rest = np.maximum(after - forecast.committed, np.float32(0))
        return replace(forecast, mean=np.where(after == before, forecast.mean, rest))


@dataclass(frozen=True)
class ForecastOverrides:
    """Forecast overrides as they stood at an origin of the history, for some series and steps.

    mean, factor: (series, step) float32 as in ``Overrides``. committed: (series, step) units sold
    as commitments, which are no part of the demand that is forecast, but of what an override says.
    """

    mean: NDArray[np.float32]
    factor: NDArray[np.float32]
    committed: Floats

    def __post_init__(self) -> None:
        shape = np.shape(self.committed)
        for name in self.__dataclass_fields__:
            kind = np.float64 if name == "committed" else np.float32
            value = frozen(name, getattr(self, name), shape, kind)
            require(~(value < 0), name, ">= 0 or NaN")
            object.__setattr__(self, name, value)

    @property
    def given(self) -> NDArray[np.bool_]:
        """(series, step) where there is an override."""
        return np.asarray(~(np.isnan(self.mean) & np.isnan(self.factor)))

    def adjusted(self, mean: Floats) -> Floats:
        """``mean`` (series, step) of what is not committed, as the overrides leave it."""
        whole = _put(mean + self.committed, self.factor, self.mean)
        return np.where(self.given, np.maximum(whole - self.committed, 0.0), mean)

    def take(self, series: NDArray[Any]) -> ForecastOverrides:
        """Some of the series; one may be taken several times."""
        return ForecastOverrides(self.mean[series], self.factor[series], self.committed[series])

    @staticmethod
    def joined(parts: Sequence[ForecastOverrides]) -> ForecastOverrides:
        """The series of several parts one after the other."""
        names = ForecastOverrides.__dataclass_fields__
        return ForecastOverrides(*(np.concatenate([getattr(p, n) for p in parts]) for n in names))


class OverrideHistory(Protocol):
    """The forecast overrides of the past."""

    def at(self, origin: int, series: Ints, steps: int) -> ForecastOverrides:
        """What was known at the close of period ``origin`` of its next ``steps`` periods.

        series: (n,) of the panel, each once.
        """


def _put(mean: NDArray[Any], factor: NDArray[Any], given: NDArray[Any]) -> NDArray[Any]:
    """``mean`` with factors applied and given means put in their place, NaN saying nothing."""
    scaled = np.where(np.isnan(factor), mean, mean * factor)
    return np.where(np.isnan(given), scaled, given)
