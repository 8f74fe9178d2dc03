"""How the stock of each item stands against the demand that is expected of it.

All figures are of the distribution of demand: the total up to a day with the mean M is a negative
binomial of variance d M + v M^2, with the dispersion d of single weeks and the relative variance v
that they share. The first day on which M units are asked for in the mean is the cover; the demand
reaches a stock of y units by a day with probability P(D >= y), so that the quantiles of the day
follow from those means M at which that probability takes the two levels of the band.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from replenishment.clearance.holdings import WEEK, Holdings
from stockwright.distribution import Distribution

Floats = NDArray[np.float64]
#: Levels of the band of the cover: the 80 % in the middle.
BAND = (0.1, 0.9)
_DAYS_A_YEAR = 365.0
# Weeks at the end of the demand whose mean goes on beyond it, and that tell the present rate.
_RATE_WEEKS = 4
# Halvings of the logarithm of a mean; the last step is below a thousandth of the cover.
_HALVINGS = 18
_SMALLEST = 1e-9


@dataclass(frozen=True)
class Health:
    """How each item stands, all (items,).

    cover_days: until the mean demand has used up the stock, inf where it never does, as beyond an
        end; ``cover_band`` has its spread.
    threshold: days, of its turnover. left_chance: that any of the stock is left then.
        left_threshold, left_end: units expected to be left then, and at the end of sale or of the
        weeks looked at.
    sell_through: units sold over those and the units on hand.
    margin: (price - cost) / price, NaN where the price is unknown or 0.
    gmroi: gross margin of a year at the rate of the next four weeks over the stock at cost, NaN
        where price or cost tells nothing.
    value: stock at cost. holding: money that holding it still costs in the weeks looked at, on the
        mean demand.
    """

    cover_days: Floats
    threshold: Floats
    left_chance: Floats
    left_threshold: Floats
    left_end: Floats
    sell_through: Floats
    margin: Floats
    gmroi: Floats
    value: Floats
    holding: Floats


def health_of(holdings: Holdings, threshold: Floats) -> Health:
    """The health of every item; ``threshold`` (items,) days, > 0, is its turnover threshold.

    A threshold beyond the weeks looked at counts at the rate of the last weeks.
    """
    width = np.full(len(holdings), holdings.demand.shape[1] * float(WEEK))
    left = total_until(holdings, threshold)
    price, cost = holdings.price, holdings.unit_cost
    rate = holdings.demand[:, :_RATE_WEEKS].mean(axis=1) / WEEK
    yearly = rate * _DAYS_A_YEAR * (price - cost)
    return Health(
        cover_days=_days_of(holdings, holdings.units),
        threshold=threshold,
        left_chance=left.cdf(_below(holdings.units)),
        # A difference of numbers that are all but equal may fall below 0.
        left_threshold=np.maximum(left.expected_left(holdings.units), 0.0),
        left_end=np.maximum(total_until(holdings, width).expected_left(holdings.units), 0.0),
        sell_through=holdings.sold / (holdings.sold + holdings.units),
        margin=_over(price - cost, price),
        gmroi=_over(yearly, holdings.value),
        value=holdings.value,
        holding=_holding_to_come(holdings),
    )


def total_until(holdings: Holdings, days: Floats) -> Distribution:
    """Demand of the first ``days`` of each item, (items,)."""
    return _total(holdings, _mean_until(holdings, days))


def cover_band(holdings: Holdings) -> tuple[Floats, Floats]:
    """Days by which the stock is used up with 10 % and with 90 % probability, (items,) each.

    inf where the demand never gets there with that probability.
    """
    # Gamma mixing with a shared level: nothing beyond this many times the stock matters.
    most = holdings.units * 1e4 + 1e4
    low, high = (_days_of(holdings, _mean_reaching(holdings, level, most)) for level in BAND)
    return low, high


def _mean_reaching(holdings: Holdings, level: float, most: Floats) -> Floats:
    """The mean total that reaches the stock with probability ``level``, by halving its log."""
    low, high = np.full(len(holdings), np.log(_SMALLEST)), np.log(most)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        short = _total(holdings, np.exp(middle)).cdf(_below(holdings.units)) > 1 - level
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    return np.exp(high)


def _total(holdings: Holdings, mean: Floats) -> Distribution:
    variance = holdings.dispersion * mean + holdings.level_variance * mean**2
    return Distribution(mean, variance, np.ones(1))


def _below(units: Floats) -> Floats:
    """The largest whole number of units that is less than ``units``."""
    return np.ceil(units) - 1.0


def _tail(holdings: Holdings) -> Floats:
    """Mean units of a week beyond those looked at, (items,): 0 where an end falls within them."""
    rate = holdings.demand[:, -_RATE_WEEKS:].mean(axis=1)
    return np.asarray(np.where(holdings.ending, 0.0, rate), np.float64)


def _mean_until(holdings: Holdings, days: Floats) -> Floats:
    """Mean units of the first ``days``, a week's units spread evenly over it."""
    width = holdings.demand.shape[1]
    running = np.concatenate([np.zeros((len(days), 1)), np.cumsum(holdings.demand, axis=1)], axis=1)
    weeks = np.minimum(days / WEEK, width)
    whole = np.minimum(np.floor(weeks), width - 1).astype(np.int64)[:, None]
    before, after = (np.take_along_axis(running, at, axis=1)[:, 0] for at in (whole, whole + 1))
    inside = before + (weeks - whole[:, 0]) * (after - before)
    return np.asarray(inside + np.maximum(days / WEEK - width, 0.0) * _tail(holdings), np.float64)


def _days_of(holdings: Holdings, units: Floats) -> Floats:
    """Days in which ``units`` (items,) are asked for in the mean, inf where they never are."""
    running = np.cumsum(holdings.demand, axis=1)
    width = running.shape[1]
    week = (running < units[:, None]).sum(axis=1)
    inside = week < width
    at = np.minimum(week, width - 1)[:, None]
    asked = np.take_along_axis(holdings.demand, at, axis=1)[:, 0]
    before = np.take_along_axis(running, at, axis=1)[:, 0] - asked
    weeks = week + _ratio(units - before, asked)
    beyond = width + _ratio(units - running[:, -1], _tail(holdings))
    return np.asarray(WEEK * np.where(inside, weeks, beyond), np.float64)


def _holding_to_come(holdings: Holdings) -> Floats:
    """Money for holding what the mean demand leaves, over the weeks in which it can be sold."""
    left = np.maximum(holdings.units[:, None] - np.cumsum(holdings.demand, axis=1), 0.0)
    start = np.concatenate([holdings.units[:, None], left[:, :-1]], axis=1)
    there = np.arange(left.shape[1]) < holdings.weeks[:, None]
    return np.asarray(((start + left) / 2 * there).sum(axis=1) * holdings.holding, np.float64)


def _ratio(part: Floats, whole: Floats) -> Floats:
    """part / whole, inf where ``whole`` is 0."""
    ratio: Floats = np.divide(part, whole, out=np.full(len(part), np.inf), where=whole > 0)
    return ratio


def _over(part: Floats, whole: Floats) -> Floats:
    """part / whole, NaN where ``whole`` is 0 or unknown."""
    ratio: Floats = np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
    return ratio
