"""Tonight's stock on hand as clearance looks at it, its health, and what of it is slow."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.assemble.situation import ClearingTerms, Situation
from pipelines.config import Config
from replenishment.clearance.holdings import WEEK, Holdings
from replenishment.network.echelon import Echelons, build_echelons
from replenishment.network.expiry import excess_of
from replenishment.network.lanes import choose_lanes
from stockwright.calendar import Dates
from stockwright.forecast import Forecast
from stockwright.life import LifeStage, LifeStages

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# Days whose mean goes on beyond the forecast, and days of sales where the age is not known.
_TAIL_DAYS, _PAST_DAYS = 28, 91
# Series whose past sales are looked at together.
_BLOCK = 20_000


def holdings_of(
    situation: Situation, forecast: Forecast, life: LifeStages, config: Config
) -> Holdings:
    """One row for each key of known stock on hand whose goods are kept in stock.

    A location that feeds others is asked for what they need beyond their own stock and what is
    under way to them; it has sold what they have sold.
    """
    stock, items = situation.stock, situation.network.items
    places = situation.network.locations.counts_stock[situation.panel.index.location]
    rows = np.flatnonzero(stock.known & places & items.stock_mode & (stock.on_hand > 0))
    terms = situation.clearing or ClearingTerms.none(len(stock.on_hand))
    width, cost = config.clearance.weeks, items.unit_cost
    asked = _Asked.of(situation, forecast, width)
    weeks, perishing = _weeks_left(situation, rows, asked.mean[rows])
    salvage = np.where(np.isnan(terms.salvage), config.clearance.salvage_share * cost, terms.salvage)
    until = np.arange(1, width + 1) <= weeks[:, None]
    return Holdings(
        series=rows,
        units=stock.on_hand[rows],
        age_days=stock.age_days[rows],
        unit_cost=cost[rows],
        price=price_now(situation)[rows],
        floor=terms.floor[rows],
        salvage=salvage[rows],
        holding=items.holding_cost[rows] * WEEK / situation.panel.calendar.days,
        demand=np.where(until, asked.mean[rows], 0.0),
        dispersion=asked.dispersion[rows],
        level_variance=asked.level_variance[rows],
        sold=_sold_since(situation, asked.echelons)[rows],
        on_order=stock.on_order()[rows],
        weeks=weeks,
        perishing=perishing,
        return_value=terms.return_value[rows],
        return_weeks=_return_weeks(terms, situation.as_of, width)[rows],
        price_group=terms.price_group[rows],
        hit=life.hit[rows],
        declining=life.stage[rows] == LifeStage.DECLINE,
    )
