"""Units that customers are expected to send back: stock to come, never negative demand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stockwright.arrays import frozen, require
from stockwright.forecast import Forecast
from stockwright.stock import StockPosition

Floats = NDArray[np.float64]
# Returns of a stretch of periods are one arrival behind it; a night looks at this many of them.
_STRETCHES = 8
#: Less than this many units in a stretch are no arrival.
LEAST_UNITS = 0.1


@dataclass(frozen=True)
class ExpectedReturns:
    """What comes back of past sales, and what share of future sales does, both fit to be sold.

    past: (series, steps) float64 units of past sales expected back in each step. rate: (series,)
    share of the units yet to be sold that comes back, in [0, 1]. lag: (groups, lags) probability
    that a unit that comes back does so 0, 1, ... periods after its sale; rows sum to 1. group:
    (series,) row of ``lag``.
    """

    past: Floats
    rate: Floats
    lag: Floats
    group: NDArray[np.int64]

    def __post_init__(self) -> None:
        n = len(self.rate)
        for name, shape in (("past", self.past.shape), ("rate", (n,)), ("lag", self.lag.shape)):
            value = frozen(name, getattr(self, name), shape, np.float64)
            object.__setattr__(self, name, value)
            require(np.isfinite(value) & (value >= 0), name, "finite and >= 0")
        require(self.rate <= 1, "rate", "at most 1")
        object.__setattr__(self, "group", frozen("group", self.group, (n,), np.int64))

    @classmethod
    def none(cls) -> ExpectedReturns:
        """Nothing comes back to any series."""
        return cls(np.zeros((0, 0)), np.zeros(0), np.ones((1, 1)), np.zeros(0, np.int64))

    def take(self, series: NDArray[Any] | slice) -> ExpectedReturns:
        """The returns of some of the series."""
        if not len(self.rate):
            return self
        own = {name: getattr(self, name)[series] for name in ("past", "rate", "group")}
        return replace(self, **own)

    def units(self, forecast: Forecast) -> NDArray[np.float32]:
        """Units expected back in each step, (series, step) float32, of past and future sales."""
        if not len(self.rate):
            return np.zeros(forecast.mean.shape, np.float32)
        horizon, steps = forecast.horizon, min(forecast.horizon, self.past.shape[1])
        out = np.zeros((len(self.rate), horizon))
        out[:, :steps] = self.past[:, :steps]
        some = np.flatnonzero(self.rate > 0)
        if not len(some):
            return out.astype(np.float32)
        sold = forecast.expected[some].astype(np.float64) * self.rate[some, None]
        lag = self.lag[self.group[some]]
        back = np.zeros(sold.shape)
        for later in range(min(lag.shape[1], horizon)):
            back[:, later:] += lag[:, later, None] * sold[:, : horizon - later]
        out[some] += back
        return out.astype(np.float32)


def counting_returns(
    stock: StockPosition,
    units: NDArray[np.float32],
    counts: NDArray[np.bool_],
    confidence: float,
) -> StockPosition:
    """The stock position with a share of the expected returns among the arrivals.

    units: (series, step). counts: (series,) whether stock of the series counts. confidence: share
    of the expected units that is relied on. Units of a stretch of periods arrive together on the
    first step behind it: later than expected, never earlier, and few enough to project.
    """
    horizon = units.shape[1]
    width = max(-(-horizon // _STRETCHES), 1)
    first = np.arange(0, horizon, width)
    sums = np.add.reduceat(units.astype(np.float64), first, axis=1) * confidence
    series, stretch = np.nonzero((sums >= LEAST_UNITS) & counts[:, None] & (confidence > 0))
    step = np.minimum(first[stretch] + width, horizon) + 1
    return stock.with_arrivals(series, step, sums[series, stretch], expected=True)
