"""Tonight's stock on hand as clearance looks at it, its health, and what of it is slow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.assemble.clearing_events import events_over
from pipelines.assemble.clearing_prices import highest, locked_weeks, weekly_prices
from pipelines.assemble.clearing_weeks import passing_steps, weekly_means
from pipelines.assemble.situation import ClearingTerms, Situation
from pipelines.config import Config
from replenishment.clearance.health import Health, health_of
from replenishment.clearance.holdings import WEEK, Holdings
from replenishment.clearance.slow_grades import SlowGradeParams, slow_grades
from replenishment.network.echelon import Echelons, build_echelons
from replenishment.network.expiry import excess_of
from replenishment.network.lanes import choose_lanes
from stockwright.calendar import Dates
from stockwright.forecast import Forecast
from stockwright.life import LifeStage, LifeStages

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# Days of sales where the age is not known.
_PAST_DAYS = 91
# Series whose past sales are looked at together.
_BLOCK = 20_000
# A mean of less is none.
_NOTHING = 1e-9


@dataclass(frozen=True)
class SlowStock:
    """Tonight's stock on hand with its health, its turnover threshold (items,) in days, and its
    SlowGrade, (items,) uint8.
    """

    holdings: Holdings
    health: Health
    threshold: Floats
    grade: NDArray[np.uint8]


def slow_stock_of(
    situation: Situation, forecast: Forecast, life: LifeStages, config: Config
) -> SlowStock:
    """Every item of stock on hand, and how urgent what is slow of it is."""
    return graded_stock(holdings_of(situation, forecast, life, config), situation, config)


def graded_stock(holdings: Holdings, situation: Situation, config: Config) -> SlowStock:
    """The health of the holdings against the threshold of their grade of value, and the grades."""
    letters = np.asarray(situation.catalog.abc_xyz, object)[holdings.series].astype("U1")
    threshold = np.full(len(holdings), config.clearance.cover_days)
    for letter, days in config.clearance.cover.items():
        threshold[letters == letter] = days
    health = health_of(holdings, threshold)
    steps = config.clearance.grades.model_dump()
    given: dict[str, Any] = {
        name: tuple(each) if isinstance(each, list) else each for name, each in steps.items()
    }
    params = SlowGradeParams(**given)
    return SlowStock(holdings, health, threshold, slow_grades(holdings, health, params))


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
    salvage = np.where(
        np.isnan(terms.salvage), config.clearance.salvage_share * cost, terms.salvage
    )
    until = np.arange(1, width + 1) <= weeks[:, None]
    price, planned = highest(weekly_prices(situation, forecast, rows, width), weeks)
    return Holdings(
        series=rows,
        units=stock.on_hand[rows],
        age_days=stock.age_days[rows],
        unit_cost=cost[rows],
        price=price,
        planned=planned,
        floor=terms.floor[rows],
        salvage=salvage[rows],
        holding=items.holding_cost[rows] * WEEK / situation.panel.calendar.days,
        demand=np.where(until, asked.mean[rows], 0.0),
        dispersion=asked.dispersion[rows],
        level_variance=asked.level_variance[rows],
        sold=_sold_since(situation, rows, asked.echelons),
        on_order=stock.on_order()[rows],
        weeks=weeks,
        perishing=perishing,
        return_value=terms.return_value[rows],
        return_weeks=_return_weeks(terms, situation.as_of, width)[rows],
        price_group=terms.price_group[rows],
        hit=life.hit[rows],
        declining=life.stage[rows] == LifeStage.DECLINE,
        event=events_over(situation, rows, config.clearance.event_days),
        locked=locked_weeks(situation, rows, config.clearance.least_weeks),
    )


@dataclass(frozen=True)
class _Asked:
    """Demand on the stock of each series: mean (series, weeks), dispersion and level variance."""

    mean: Floats
    dispersion: Floats
    level_variance: Floats
    echelons: Echelons

    @classmethod
    def of(cls, situation: Situation, forecast: Forecast, width: int) -> _Asked:
        network, index = situation.network, forecast.index
        choice = choose_lanes(network, index)
        echelons = build_echelons(choice, network)
        days = situation.panel.calendar.days
        event = passing_steps(situation, forecast.horizon)
        need = np.cumsum(weekly_means(forecast.expected, width, days, 1, event), axis=1)
        mean = need[:, -1]
        squares = weekly_means(forecast.mean, width, days, 2, event).sum(axis=1)
        spread = forecast.linear_dispersion * mean + forecast.step_variance * squares
        supply = situation.stock.on_hand + situation.stock.on_order()
        whole = np.maximum(echelons.summed(mean), _NOTHING)
        dispersion = np.maximum(echelons.summed(spread) / whole, 1.0)
        level = echelons.summed(forecast.level_variance * mean) / whole
        for depth in range(int(echelons.depth.max(initial=0)), 0, -1):
            below = np.flatnonzero((echelons.depth == depth) & (choice.parent >= 0))
            beyond = np.maximum(need[below] - supply[below, None], 0.0)
            np.add.at(need, choice.parent[below], beyond)
        return cls(np.diff(need, axis=1, prepend=0.0), dispersion, level, echelons)


def _weeks_left(situation: Situation, rows: Ints, demand: Floats) -> tuple[Ints, Floats]:
    """Weeks in which stock of ``rows`` can still be sold, and units that expire unsold, (rows,).

    Batches with an expiry date: the mean of their weeks by units, stock without one counting as
    many as ``demand`` has. Where no batch has one, the shelf life less the age.
    """
    stock, items, panel = situation.stock, situation.network.items, situation.panel
    days, width = panel.calendar.days, demand.shape[1]
    place = np.full(len(stock.on_hand), -1)
    place[rows] = np.arange(len(rows))
    batch = place[stock.expiring_series]
    known = batch >= 0
    batch, units = batch[known], stock.expiring_units[known]
    week = -(-stock.expiring_step[known].astype(np.int64) * days // WEEK)
    early = np.bincount(batch, units * np.maximum(width - week, 0), len(rows))
    expiry = np.maximum(np.rint(width - early / stock.on_hand[rows]), 1.0)
    age = np.nan_to_num(stock.age_days[rows])
    shelf = np.maximum(items.shelf_life[rows] * days - age, 0.0)
    undated = np.bincount(batch, minlength=len(rows)) == 0
    expiry = np.where(undated, np.ceil(shelf / WEEK), expiry)
    ends = np.maximum(items.ends[rows] - panel.origin, 0) * days
    weeks = np.minimum(np.minimum(expiry, -(-ends // WEEK)), width).astype(np.int64)
    lost = np.zeros(len(rows))
    np.maximum.at(lost, batch, excess_of(batch, week, units, demand))
    return weeks, np.minimum(lost, stock.on_hand[rows])


def _return_weeks(terms: ClearingTerms, as_of: np.datetime64, width: int) -> Ints:
    """Weeks in which the supplier takes goods back, (series,): ``width`` where no date ends it."""
    until: Dates = terms.return_until
    days = (until - as_of).astype(np.float64)
    weeks = np.where(np.isnat(until), width, np.clip(np.ceil(days / WEEK), 0, width))
    return np.where(terms.return_value > 0, weeks, 0).astype(np.int64)


def _sold_since(situation: Situation, rows: Ints, echelons: Echelons) -> Floats:
    """Units sold since the stock of ``rows`` came, (rows,); in 91 days where that is not known.

    A location that feeds others counts what they sold since its own stock came.
    """
    n, age = len(situation.stock.on_hand), situation.stock.age_days
    days = situation.panel.calendar.days
    periods = np.ceil(np.where(np.isnan(age), _PAST_DAYS, age) / days)
    place = np.full(n, -1)
    place[rows] = np.arange(len(rows))
    alone = rows[~echelons.feeds[rows]]
    node = np.concatenate([alone, echelons.node])
    member = np.concatenate([alone, echelons.member])
    kept = place[node] >= 0
    node, member = node[kept], member[kept]
    units, sold = np.zeros(len(node)), situation.sold
    for start in range(0, len(node), _BLOCK):
        part = slice(start, start + _BLOCK)
        first = sold.shape[1] - periods[node[part], None]
        recent = np.arange(sold.shape[1]) >= first
        units[part] = np.where(recent, sold[member[part]], 0).sum(axis=1, dtype=np.float64)
    return np.asarray(np.bincount(place[node], units, len(rows)), np.float64)
