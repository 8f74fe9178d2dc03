"""How every key is steered: the rows of the policy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from replenishment.needs.keys import first_empty
from replenishment.network.evening import Evening
from replenishment.wishes.find import Wishes
from stockwright.forecast import Forecast
from stockwright.plan import Policy

Floats = NDArray[np.float64]
Steps = NDArray[np.int32]


def steer(wishes: Wishes, evening: Evening, asked: Forecast | None = None) -> Policy:
    """Levels and demand of every key; a key without a lane has zeros and no lane.

    asked: demand by where it arises, which tells when a place runs out; that of the evening if
    nobody serves customers of others.
    """
    needs, rows, n = wishes.needs, wishes.series, evening.forecast.index.n_series
    total = wishes.total
    quantiles = total.quantile([0.5, 0.9, 0.95])
    trigger = np.zeros(len(rows)) if evening.params.lines_only else _trigger(wishes)

    def spread(values: NDArray[Any], empty: float, dtype: Any = np.float64) -> NDArray[Any]:
        out = np.full(n, empty, dtype)
        out[rows] = values
        return out

    return Policy(
        lane=spread(wishes.lane, -1, np.int32),
        lead_time=spread(evening.network.lanes.lead_time[wishes.lane], 0, np.int32),
        review=spread(wishes.review, 0, np.int32),
        protection=spread(wishes.lead_time + wishes.review, 0, np.int32),
        service_level=spread(total.cdf(needs.order_up_to), np.nan),
        safety_stock=spread(np.maximum(needs.order_up_to - total.mean, 0.0), 0.0),
        reorder_point=spread(needs.order_up_to - trigger * needs.share, 0.0),
        order_up_to=spread(needs.order_up_to, 0.0),
        demand_mean=spread(total.mean, 0.0),
        demand_q50=spread(quantiles[:, 0], 0.0),
        demand_q90=spread(quantiles[:, 1], 0.0),
        demand_q95=spread(quantiles[:, 2], 0.0),
        stock_at_arrival=spread(needs.at_arrival, 0.0),
        position=_position(wishes, evening.usable),
        cover_before=cover(wishes, evening),
        stockout_step=_stockout_step(wishes, evening, asked or evening.forecast),
        money_at_risk=spread(needs.loss_cost * (needs.lost_before / needs.share + needs.lost), 0.0),
    )


def _position(wishes: Wishes, held: Floats) -> Floats:
    """Units that the reorder point is held against, (series,): on hand where nothing supplies."""
    position = held.copy()
    position[wishes.series] = wishes.available + wishes.inbound
    return position


def _trigger(wishes: Wishes) -> Floats:
    """Smallest need in units ordered at which the first lot pays, (keys,); in good units it is
    order_up_to less the reorder point.

    The need below which a lot is not worth it is searched on the key's own cost curve, moved as
    if its stock were larger or smaller.
    """
    needs, terms = wishes.needs, wishes.worth.terms
    low, high = np.zeros(len(needs.quantity)), np.maximum(terms.first, 0.0)
    for _ in range(30):
        middle = (low + high) / 2
        start = needs.quantity - middle
        pays = needs.curves.cost(start) > needs.curves.cost(start + terms.first)
        low, high = np.where(pays, low, middle), np.where(pays, middle, high)
    return np.minimum(high, np.maximum(needs.order_up_to, 0.0) / needs.share)


def cover(wishes: Wishes, evening: Evening) -> Floats:
    """Periods until the stock on hand and on order is gone at mean demand, inf without demand.

    Expected returns do not count.
    """
    rate = evening.forecast.expected.mean(axis=1, dtype=np.float64)
    held = evening.usable + evening.stock.on_order()
    rows = wishes.series
    rate[rows] = wishes.total.mean / np.maximum(wishes.lead_time + wishes.review, 1)
    held[rows] = np.where(wishes.feeds, wishes.available + wishes.on_order, held[rows])
    periods: Floats = np.divide(held, rate, out=np.full(len(rate), np.inf), where=rate > 0)
    return periods


def _stockout_step(wishes: Wishes, evening: Evening, asked: Forecast) -> Steps:
    """First step at whose close the projection at mean demand is empty, 0 for none."""
    step = first_empty(asked.expected, evening.usable, *evening.arrivals())
    step[wishes.series[wishes.feeds]] = wishes.runs_out[wishes.feeds]
    return step
