"""What came after the origins: read once, as the last date of the data knows it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecasting.recovered import recovered_demand
from pipelines.assemble import Situation
from stockwright.calendar import Calendar
from stockwright.panel import DemandPanel, SeriesIndex, Status

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Came:
    """The demand that came after an origin, (series, step) of the forecast.

    units: sold. known: the period was in stock as a whole, so that units are the demand.
    at_least: a stock-out cut them short. recovered: demand with stock-outs made good, NaN where
    that cannot be said. Steps after the end of the data are neither known nor anything else.
    """

    units: Floats
    known: Bools
    at_least: Bools
    recovered: Floats


@dataclass(frozen=True)
class Outcome:
    """Demand of the whole history, (series, period) each, as the end of the data knows it.

    names: "sku location" pairs are matched by their names.
    """

    index: SeriesIndex
    calendar: Calendar
    units: NDArray[np.float32]
    status: NDArray[np.uint8]
    recovered: NDArray[np.float32]

    @classmethod
    def of(cls, situation: Situation) -> Outcome:
        """The outcome in the situation at the end of the data."""
        panel = situation.panel
        found, known, _ = recovered_demand(panel, np.s_[:, :])
        made_good = np.where(known, found, np.nan).astype(np.float32)
        return cls(panel.index, panel.calendar, situation.sold, panel.status, made_good)

    def after(self, panel: DemandPanel, rows: NDArray[np.int64], steps: int) -> Came:
        """What came in ``steps`` periods after the panel's origin, for some of its series.

        A series that the outcome does not have is never known.
        """
        place = matched(panel.index.take(rows), self.index)
        shift = panel.calendar.ordinal(0) - self.calendar.ordinal(0)
        first = panel.origin + 1 + shift
        stop = min(first + steps, self.units.shape[1])
        inside = max(stop - first, 0)
        cells = np.s_[np.maximum(place, 0), first:stop]
        blank = (len(rows), steps)
        units, recovered = np.zeros(blank), np.full(blank, np.nan)
        status = np.full(blank, Status.MISSING, np.uint8)
        units[:, :inside], recovered[:, :inside] = self.units[cells], self.recovered[cells]
        status[:, :inside] = self.status[cells]
        status[place < 0], recovered[place < 0] = Status.MISSING, np.nan
        return Came(units, status == Status.OBSERVED, status == Status.CENSORED, recovered)


def matched(index: SeriesIndex, whole: SeriesIndex) -> NDArray[np.int64]:
    """Series of ``whole`` of each series of ``index``, by their names; -1 where there is none."""
    skus = {name: code for code, name in enumerate(whole.skus)}
    places = {name: code for code, name in enumerate(whole.locations)}
    sku = np.array([skus.get(name, -1) for name in index.skus], np.int64)
    location = np.array([places.get(name, -1) for name in index.locations], np.int64)
    found = np.full(index.n_series, -1, np.int64)
    asked = sku[index.sku], location[index.location]
    some = np.flatnonzero((asked[0] >= 0) & (asked[1] >= 0))
    found[some] = whole.find(asked[0][some], asked[1][some])
    return found
