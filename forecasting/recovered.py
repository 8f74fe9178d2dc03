"""Demand of periods with a stock-out, recovered from the share of the time in stock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stockwright.errors import DataError
from stockwright.panel import DemandPanel, Status

Floats = NDArray[np.float64]
# Periods in stock for a smaller share say too little.
LEAST_SHARE = 0.05
# A series needs so many whole periods in stock to say what is usual for it.
_LEAST_WHOLE = 6
# Share of the selling time in stock above which a stock-out has cost next to nothing.
_LATE = 0.9


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


def served_share(in_stock: NDArray[np.floating], profile: Sequence[float]) -> NDArray[np.float32]:
    """Share of a period's demand that comes in the first ``in_stock`` of its selling time.

    profile: demand in equal parts of the selling time, first to last, any unit; () for an even
    one. A stock-out is taken to last until the close. Raises DataError for a profile that is
    negative, infinite or nothing but zeros.
    """
    if not len(profile):
        return np.asarray(in_stock, np.float32)
    parts = np.asarray(profile, np.float64)
    if not (np.isfinite(parts).all() and (parts >= 0).all() and parts.sum() > 0):
        raise DataError(
            f"a profile of demand over the day has finite parts >= 0 that are not all 0; the first"
            f" of {len(parts)} given: {parts[:5].tolist()}"
        )
    reached = np.concatenate([[0.0], np.cumsum(parts)]) / parts.sum()
    place = np.linspace(0.0, 1.0, len(reached))
    found = np.interp(in_stock, place, np.minimum(reached, 1.0))
    return np.asarray(found, np.float32)


def learned_profile(panel: DemandPanel, parts: int) -> Floats:
    """Demand in equal parts of the selling time as stock-outs show it, (parts,), summing to 1.

    What was sold until the stock ran out, over what is usual for the series and the period, is the
    share of the demand that had come by then, times how much more than usual was wanted. The
    second factor is taken to be the same whenever the stock runs out, and read off the stock-outs
    of the last tenth of the time, so the profile is right as far as the hour of a stock-out tells
    nothing of the demand of the whole day. Raises DataError without stock-outs to learn from.
    """
    whole, partly = panel.status == Status.OBSERVED, panel.status == Status.CENSORED
    count = whole.sum(axis=1)
    told = (count >= _LEAST_WHOLE)[:, None]
    usual = np.where(whole, panel.demand, 0).sum(axis=1, dtype=np.float64) / np.maximum(count, 1)
    day = np.where(whole & told, panel.demand, 0).sum(axis=0, dtype=np.float64)
    day /= np.maximum((whole & told).T @ usual, 1e-12)
    expected = np.where(partly & told, usual[:, None] * day[None, :], 0.0).astype(np.float32)
    place = np.minimum((panel.in_stock * parts).astype(np.int64), parts - 1)[partly & told]
    sold = np.bincount(place, panel.demand[partly & told], parts)
    wanted = np.bincount(place, expected[partly & told], parts)
    late = np.arange(parts) >= _LATE * parts
    if not (len(place) and sold[late].sum() > 0 and wanted[late].sum() > 0):
        raise DataError("no stock-outs late in the day to learn the profile of demand from")
    raised = sold[late].sum() / wanted[late].sum()
    reached = np.divide(sold, wanted * raised, out=np.full(parts, np.nan), where=wanted > 0)
    shares = np.bincount(place, panel.in_stock[partly & told], parts)
    middle = shares / np.maximum(np.bincount(place, minlength=parts), 1)
    centers = np.concatenate([[0.0], middle, [1.0]])
    curve = np.concatenate([[0.0], np.minimum(reached, 1.0), [1.0]])
    seen = np.isfinite(curve)
    rising = np.maximum.accumulate(curve[seen])
    # Stock that was there for no time at all served nobody.
    rising[centers[seen] == 0.0] = 0.0
    edges = np.interp(np.arange(parts + 1) / parts, centers[seen], rising)
    return np.asarray(np.diff(edges) / (edges[-1] - edges[0]), np.float64)
