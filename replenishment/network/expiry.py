"""Stock on hand that expires before it can be sold.

Sold first expired, first out, with E_k units that expire by the close of step k and demand D_k up
to it, max over k of (E_k - D_k)+ units expire unsold. That is exact for known demand (reflection,
Asmussen 2003, IX.2); of random demand the mean is taken, which says a little too few (Jensen).
Units that will expire unsold serve nobody, so a projection without them is the projection itself.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from replenishment.network.echelon import Echelons
from replenishment.network.evening import Evening
from stockwright.forecast import Forecast
from stockwright.stock import Expiring

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# Less than this is noise of floating point.
_NOTHING = 1e-6


def without_expiring(evening: Evening) -> tuple[Evening, Expiring | None]:
    """The evening with the stock that a plan may count on, and what expires unsold, None for none.

    What expires at the end of the protection interval or later still serves all of it, and counts.
    """
    stock, forecast, echelons = evening.stock, evening.forecast, evening.echelons
    if not len(stock.expiring_series):
        return evening, None
    last = np.full(forecast.index.n_series, forecast.horizon, np.int64)
    supplied, lane = evening.choice.supplied()
    protection = evening.network.lanes.lead_time[lane] + evening.network.lanes.review[lane]
    last[supplied] = protection + echelons.way_down[supplied] - 1
    series, place = np.unique(stock.expiring_series.astype(np.int64), return_inverse=True)
    excess = excess_of(
        place, stock.expiring_step, stock.expiring_units, _demand(series, forecast, echelons)
    )
    held = evening.usable
    early = excess * (stock.expiring_step <= last[stock.expiring_series])
    step = np.full(len(held), np.iinfo(np.int32).max, np.int32)
    at = excess > _NOTHING
    np.minimum.at(step, stock.expiring_series[at], stock.expiring_step[at])
    units = _largest(excess, stock.expiring_series, held)
    found = Expiring(
        units=units,
        uncounted=_largest(early, stock.expiring_series, held),
        step=np.where(units > 0, step, 0).astype(np.int32),
    )
    counted = replace(stock, on_hand=stock.on_hand - found.uncounted)
    return replace(evening, stock=counted), found


def excess_of(
    row: NDArray[np.integer],
    step: NDArray[np.integer],
    units: Floats,
    demand: Floats,
) -> Floats:
    """(E_k - D_k)+ at the step k of each batch, (batches,).

    row: (batches,) row of ``demand`` (rows, horizon). A batch that expires behind the horizon has
    none.
    """
    order = np.lexsort((step, row))
    sorted_row, running = row[order], np.cumsum(units[order])
    first = np.searchsorted(sorted_row, sorted_row)
    expired = np.empty(len(units))
    expired[order] = running - (running - units[order])[first]
    inside = step <= demand.shape[1]
    sold = np.cumsum(demand, axis=1)[row, np.where(inside, step, 1) - 1]
    return np.where(inside, np.maximum(expired - sold, 0.0), 0.0)


def _demand(series: Ints, forecast: Forecast, echelons: Echelons) -> Floats:
    """Mean demand on the stock of some series, (rows, horizon): their own and what they feed."""
    place = np.full(len(echelons.feeds), -1, np.int64)
    place[series] = np.arange(len(series))
    below = (place[echelons.node] >= 0) & (echelons.node != echelons.member)
    demand = forecast.take(series).expected.astype(np.float64)
    fed = forecast.take(echelons.member[below]).expected.astype(np.float64)
    np.add.at(demand, place[echelons.node[below]], fed)
    return demand


def _largest(excess: Floats, series: NDArray[np.integer], held: Floats) -> Floats:
    """The largest excess of each series, at most what is ``held``, (series,)."""
    out = np.zeros(len(held))
    np.maximum.at(out, series, excess)
    return np.asarray(np.where(out > _NOTHING, np.minimum(out, held), 0.0), np.float64)
