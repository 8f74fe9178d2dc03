"""What is promised to customers for a date, resolved to series and steps, and what was kept.

Presales, subscriptions and contracts are demand that is known on their date. The forecast covers
the rest: what was sold as a commitment is no part of the demand it is trained on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stockwright.arrays import frozen, placed, require
from stockwright.forecast import Forecast

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_INTEGERS = ("series", "step", "kept_series", "kept_period")


@dataclass(frozen=True)
class Commitments:
    """Units promised for steps ahead, and units of earlier promises that were sold.

    series, step: (open,) int64; steps count from 1. units: (open,) mean units that will be asked
    for, >= 0. variance: (open,) of them. Rows of one series and step add up, as independent ones.
    kept_series, kept_period: (kept,) int64, periods of the panel. kept_units: (kept,) units sold in
    that period as commitments, >= 0; they are not in the panel's demand.
    """

    series: Ints
    step: Ints
    units: Floats
    variance: Floats
    kept_series: Ints
    kept_period: Ints
    kept_units: Floats

    def __post_init__(self) -> None:
        for names in (("series", "step", "units", "variance"), self._kept_names()):
            shape = (len(getattr(self, names[0])),)
            for name in names:
                dtype = np.int64 if name in _INTEGERS else np.float64
                object.__setattr__(self, name, frozen(name, getattr(self, name), shape, dtype))
        require(self.step >= 1, "step", "at least 1")
        for name in ("units", "variance", "kept_units"):
            value = getattr(self, name)
            require(np.isfinite(value) & (value >= 0), name, "finite and >= 0")

    @staticmethod
    def _kept_names() -> tuple[str, ...]:
        return ("kept_series", "kept_period", "kept_units")

    @classmethod
    def none(cls) -> Commitments:
        """Nothing promised, nothing kept."""
        whole, real = np.zeros(0, np.int64), np.zeros(0)
        return cls(whole, whole, real, real, whole, whole, real)

    def take(self, series: Ints) -> Commitments:
        """What concerns some of the series, whose codes rise, as if there were no others."""
        kept, place = placed(self.series, series)
        past, past_place = placed(self.kept_series, series)
        return Commitments(
            place,
            self.step[kept],
            self.units[kept],
            self.variance[kept],
            past_place,
            self.kept_period[past],
            self.kept_units[past],
        )

    def on(self, forecast: Forecast) -> Forecast:
        """The forecast with what is open on top; steps beyond its horizon do not count."""
        inside = self.step <= forecast.horizon
        if not (inside & (self.units > 0)).any():
            return forecast
        place = (self.series[inside], self.step[inside] - 1)
        arrays: dict[str, Any] = {}
        for name, values in (("committed", self.units), ("committed_variance", self.variance)):
            sums = np.zeros(forecast.mean.shape)
            np.add.at(sums, place, values[inside])
            arrays[name] = sums.astype(np.float32)
        return replace(forecast, **arrays)

    def whole(self, demand: NDArray[np.float32]) -> NDArray[np.float32]:
        """``demand`` (series, period) of a panel with what was sold as commitments put back."""
        if not len(self.kept_units):
            return demand
        out: NDArray[np.float32] = demand.astype(np.float32)
        np.add.at(out, (self.kept_series, self.kept_period), self.kept_units.astype(np.float32))
        return out
