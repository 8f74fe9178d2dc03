"""Demand of periods with a stock-out, recovered from the share of the time in stock."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from stockwright.panel import DemandPanel, Status

Floats = NDArray[np.float64]
# Periods in stock for a smaller share say too little.
LEAST_SHARE = 0.05


def recovered_demand(
    panel: DemandPanel, cells: Any
) -> tuple[Floats, NDArray[np.bool_], NDArray[np.bool_]]:
    """Demand of cells, whether it is known, and whether it is only known to be at least that.

    cells: an index into the (series, period) arrays of the panel.

    Demand of an OBSERVED period is what was sold. Stock runs out because demand is high, so
    leaving CENSORED periods out, or counting them by the time that they were watched, would make
    forecasts too low. Where s of D units were served until the first customer was turned away at
    the share f of the period, the units being wanted at times independent and uniform, f has a
    Beta(s + 1, D - s) distribution, so that E[s / f] = D, whatever the distribution of D: s / f
    is taken for the demand. Below a share of 0.05, sales are a lower bound (third result); without
    sales such a period says nothing: it began without stock.
    """
    demand, in_stock = panel.demand[cells], panel.in_stock[cells]
    status = panel.status[cells]
    observed = status == Status.OBSERVED
    censored = status == Status.CENSORED
    partly = censored & (in_stock >= LEAST_SHARE)
    share = np.where(partly, in_stock, 1.0).astype(np.float64)
    known = observed | partly
    return demand / share, known, censored & ~partly & (demand > 0)
