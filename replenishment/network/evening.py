"""The evening: all that every step of one night's plan looks at."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from replenishment.needs.keys import arrival_table
from replenishment.network.echelon import Echelons, build_echelons
from replenishment.network.lanes import LaneChoice, choose_lanes
from replenishment.params import PlanParams
from stockwright.errors import DataError
from stockwright.forecast import Forecast
from stockwright.network import Network
from stockwright.overrides import Overrides
from stockwright.stock import StockPosition


def usable(stock: StockPosition, network: Network, forecast: Forecast) -> NDArray[np.float64]:
    """Units on hand that may serve demand, (series,): none where the location does not count."""
    counts = network.locations.counts_stock[forecast.index.location] & stock.known
    return np.where(counts, stock.on_hand, 0.0)


@dataclass(frozen=True)
class Evening:
    """Demand, ways of supply and stock as one step of the plan leaves them to the next.

    All members hold the same series in the same order. What a step decides it hands on as the
    evening with another stock, other costs or less budget.
    """

    forecast: Forecast
    network: Network
    stock: StockPosition
    choice: LaneChoice
    echelons: Echelons
    params: PlanParams
    said: Overrides

    @classmethod
    def of(
        cls,
        forecast: Forecast,
        network: Network,
        stock: StockPosition,
        params: PlanParams,
        overrides: Overrides | None = None,
    ) -> Evening:
        """The evening before anything is decided, each key with its lane.

        Raises DataError where the arguments do not hold the same series.
        """
        n = forecast.index.n_series
        if not n == len(network.items.unit_cost) == len(stock.on_hand):
            raise DataError("forecast, network and stock do not hold the same series")
        # No demand after the end of an item's life, whoever made the forecast.
        sold = forecast.until(network.items.ends - forecast.origin)
        choice = choose_lanes(network, forecast.index)
        said = overrides or Overrides.none(n, forecast.horizon)
        return cls(sold, network, stock, choice, build_echelons(choice, network), params, said)

    @property
    def usable(self) -> NDArray[np.float64]:
        """Units on hand that may serve demand, (series,)."""
        return usable(self.stock, self.network, self.forecast)

    def arrivals(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Steps and units on order of each series, (series, arrivals); see ``arrival_table``."""
        stock, n = self.stock, len(self.stock.on_hand)
        return arrival_table(stock.arrival_series, stock.arrival_step, stock.arrival_units, n)

    def unsaid(self) -> Evening:
        """The evening as if no planner had spoken."""
        said = Overrides.none(self.forecast.index.n_series, self.forecast.horizon)
        return replace(self, said=said)

    def only(self, series: NDArray[np.bool_]) -> Evening:
        """The evening on which no other series, (series,), has a lane."""
        lane, parent = (np.where(series, each, -1) for each in vars(self.choice).values())
        few = LaneChoice(lane, parent)
        return replace(self, choice=few, echelons=build_echelons(few, self.network))
