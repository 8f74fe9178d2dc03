"""The stock of whole articles: what one price for all locations has to sell."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipelines.assemble.clearing_prices import highest
from pipelines.assemble.clearing_weeks import passing_steps, weekly_means
from pipelines.assemble.situation import Situation
from replenishment.clearance.holdings import Holdings
from replenishment.network.echelon import build_echelons
from replenishment.network.lanes import choose_lanes
from stockwright.forecast import Forecast

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_NOTHING = 1e-9


def articles_of(situation: Situation, forecast: Forecast, holdings: Holdings) -> Holdings:
    """One row for each SKU with stock; holdings: of its locations.

    ``series`` is the first of the SKU's. Units add up; money, ages and weeks are means by units.
    The demand is that of all customers, also where a location is out of stock.
    """
    skus, group = np.unique(forecast.index.sku[holdings.series], return_inverse=True)
    units, first = holdings.units, np.searchsorted(group, np.arange(len(skus)))
    weeks = np.rint(_mean(group, units, holdings.weeks)).astype(np.int64)
    mean, dispersion, level = _wanted(situation, forecast, skus, holdings.demand.shape[1])
    until = np.arange(1, mean.shape[1] + 1) <= weeks[:, None]
    price, planned = highest(_prices(group, holdings), weeks)
    plain = ("unit_cost", "salvage", "holding", "return_value")
    return Holdings(
        series=holdings.series[first],
        units=_sum(group, units),
        age_days=_mean(group, units, holdings.age_days),
        price=price,
        planned=planned,
        floor=_most(group, holdings.floor),
        demand=np.where(until, mean, 0.0),
        dispersion=dispersion,
        level_variance=level,
        sold=_sold(situation, forecast, holdings, group),
        on_order=_sum(group, holdings.on_order),
        weeks=weeks,
        perishing=_sum(group, holdings.perishing),
        return_weeks=_most(group, holdings.return_weeks).astype(np.int64),
        price_group=holdings.price_group[first],
        hit=_most(group, holdings.hit) > 0,
        event=_most(group, holdings.event).astype(np.int64),
        locked=_most(group, holdings.locked).astype(np.int64),
        declining=_mean(group, units, holdings.declining) > 0.5,
        **{name: _mean(group, units, getattr(holdings, name)) for name in plain},
    )


def _prices(group: Ints, holdings: Holdings) -> Floats:
    """Price of each week, the mean of the locations by units, (skus, weeks)."""
    weekly = holdings.weekly_price.T
    return np.stack([_mean(group, holdings.units, prices) for prices in weekly], axis=1)


def _sum(group: Ints, values: Floats) -> Floats:
    return np.bincount(group, values, int(group.max(initial=-1)) + 1).astype(np.float64)


def _mean(group: Ints, weight: Floats, values: NDArray[np.generic]) -> Floats:
    """Weighted mean of each group over what is known, NaN where nothing is."""
    told = np.isfinite(values.astype(np.float64))
    whole = _sum(group, weight * told)
    total = _sum(group, weight * np.where(told, values, 0.0))
    out: Floats = np.divide(total, whole, out=np.full(len(whole), np.nan), where=whole > 0)
    return out


def _most(group: Ints, values: NDArray[np.generic]) -> Floats:
    out = np.zeros(int(group.max(initial=-1)) + 1)
    np.maximum.at(out, group, values.astype(np.float64))
    return out


def _wanted(
    situation: Situation, forecast: Forecast, skus: NDArray[np.int32], width: int
) -> tuple[Floats, Floats, Floats]:
    """Mean (skus, width) units a week of all customers, its dispersion and level variance."""
    index, days = forecast.index, situation.panel.calendar.days
    place = np.full(len(index.skus), -1)
    place[skus] = np.arange(len(skus))
    rows = np.flatnonzero(place[index.sku] >= 0)
    at, few = place[index.sku[rows]], forecast.take(rows)
    event = passing_steps(situation, forecast.horizon)
    event = event if len(event) == 1 else event[rows]
    each = weekly_means(few.expected, width, days, 1, event)
    squares = weekly_means(few.mean, width, days, 2, event).sum(axis=1)
    mean = np.zeros((len(skus), width))
    np.add.at(mean, at, each)
    whole = each.sum(axis=1)
    total = np.maximum(mean.sum(axis=1), _NOTHING)
    spread = few.linear_dispersion * whole + few.step_variance * squares
    dispersion = np.bincount(at, spread, len(skus)) / total
    shared, alone = np.sqrt(few.level_variance) * whole, few.level_variance * whole**2
    rho = forecast.location_correlation
    level = rho * np.bincount(at, shared, len(skus)) ** 2
    level = (level + (1 - rho) * np.bincount(at, alone, len(skus))) / total**2
    return mean, np.maximum(dispersion, 1.0), level


def _sold(situation: Situation, forecast: Forecast, holdings: Holdings, group: Ints) -> Floats:
    """Units of the article sold since its stock came: a feeding location tells of all it feeds."""
    network = situation.network
    echelons = build_echelons(choose_lanes(network, forecast.index), network)
    feeds = echelons.feeds[holdings.series]
    n = int(group.max(initial=-1)) + 1
    below = np.bincount(group, np.where(feeds, 0.0, holdings.sold), n)
    return np.maximum(below, _most(group, np.where(feeds, holdings.sold, 0.0)))
