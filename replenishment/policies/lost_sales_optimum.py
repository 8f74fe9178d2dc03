"""The optimal ordering of one item whose unmet demand is lost, by value iteration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from replenishment.policies.averages import AverageParams, enclosed
from replenishment.policies.lost_sales import LostSales
from stockwright.errors import DataError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class OptimalRule:
    """The optimal order of each state, and what it costs.

    cost: long-run average per period; error: half the width of its bounds. orders: by stock for
    the next period and each later order under way, a box of L axes (one, the stock, for L = 0).
    """

    cost: float
    error: float
    lead_time: int
    orders: Ints

    def __call__(self, on_hand: Ints, pipeline: Ints) -> Ints:
        """Units to order, (states,); nothing from states that the optimum never enters."""
        there = on_hand + pipeline[:, 0] if self.lead_time else on_hand
        state = np.column_stack([there, pipeline[:, 1:]])
        inside = (state < np.array(self.orders.shape)).all(axis=1)
        at = tuple(np.where(inside, column, 0) for column in state.T)
        return np.where(inside, self.orders[at], 0)


def optimal_rule(
    item: LostSales, slack: int = 0, params: AverageParams | None = None
) -> OptimalRule:
    """The best of all ordering rules and its exact long-run average cost.

    State (Zipkin 2008, section 2): stock for the next period, then the later orders under way.
    The k newest orders never exceed the p / (p + h) quantile of k periods' demand together, nor
    all stock and orders that of L + 1 (Morton 1969; Zipkin 2008); ``slack`` units are added to
    those bounds. Raises DataError when the box of states is too large.
    """
    given = params or AverageParams()
    lead, ratio = item.lead_time, item.critical_ratio
    if lead == 0:
        return _without_lead_time(item, int(item.demand.quantile(ratio)[0]))
    most = [int(item.demand.total(k).quantile(ratio)[0]) + slack for k in range(1, lead + 2)]
    high, wide = most[-1] + 1, most[0] + 1
    if high * wide**lead > 20 * given.states:
        raise DataError(f"{high * wide**lead} states and orders; the item is too large")
    moves = _moves(item.demand.pmf[0], high, wide)
    box = (high, *[wide] * (lead - 1))
    barred = _barred(box, wide, most)
    stock = np.arange(high)[None]
    now = item.holding * item.demand.left(stock)[0] + item.shortage * item.demand.shortage(stock)[0]
    period = now.reshape(-1, *[1] * (lead - 1))

    def after(value: Floats) -> Floats:
        later = moves @ value.reshape(high, -1)
        return np.where(barred, np.inf, later.reshape(*box, wide))

    def step(value: Floats) -> Floats:
        return np.asarray(period + np.where(entered, after(value).min(axis=-1), 0.0), np.float64)

    entered: NDArray[np.bool_] = np.asarray(~barred.all(axis=-1))
    low, top, value = enclosed(step, np.zeros(box), entered, given)
    orders = after(value).argmin(axis=-1)
    return OptimalRule(float(low + top) / 2, float(top - low) / 2, lead, orders)


def _without_lead_time(item: LostSales, target: int) -> OptimalRule:
    """Order up to the newsvendor's quantile: what is left helps the next period in full."""
    cost = item.holding * item.demand.left([target]) + item.shortage * item.demand.shortage(
        [target]
    )
    return OptimalRule(float(cost[0]), 0.0, 0, target - np.arange(target + 1))


def _moves(pmf: Floats, high: int, wide: int) -> Floats:
    """Chance that stock y and an arrival a next make the stock y': (y, a) rows, y' columns."""
    moves = np.zeros((high, wide, high))
    tail = np.append(np.cumsum(pmf[::-1])[::-1], 0.0)
    for stock in range(high):
        left = np.arange(stock + 1)
        sold = stock - left
        inside = sold < len(pmf)
        chance = np.where(inside, pmf[np.minimum(sold, len(pmf) - 1)], 0.0)
        chance[0] = tail[min(stock, len(pmf))]
        for arrival in range(wide):
            np.add.at(moves[stock, arrival], np.minimum(left + arrival, high - 1), chance)
    return moves.reshape(high * wide, high)


def _barred(box: tuple[int, ...], wide: int, most: list[int]) -> NDArray[np.bool_]:
    """Pairs of state and order that break a bound on the newest orders or on the position."""
    grids = np.indices((*box, wide), dtype=np.int32)
    over = np.zeros((*box, wide), np.bool_)
    together = np.zeros((*box, wide), np.int32)
    for newest, bound in zip(range(len(box), -1, -1), most, strict=True):
        together += grids[newest]
        over |= together > bound
    return over
