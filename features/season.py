"""Seasonal indices of groups: week of the year, weekday, and days around Spring Festival."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from features.dates import (
    FESTIVAL_AFTER,
    FESTIVAL_BEFORE,
    SEASON_BINS,
    festival_offset,
    season_bin,
)
from features.params import FeatureParams
from features.sums import group_sums
from stockwright.calendar import Calendar

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Sums = tuple[Floats, Floats, Floats]

#: Selling periods at which a group's own index weighs as much as the shop's.
GROUP_COUNT = 400.0
#: Years of data at which the shop's index weighs as much as no season at all.
SHOP_YEARS = 1.0
#: Years of history below which a season of the year cannot be told from a trend; from one year on
#: it is taken for what it looks like.
LEAST_YEARS = 0.5
SMOOTH = 1
_LOWEST, _HIGHEST = 0.05, 20.0
#: Variance over mean of a group's units around its season: demand scatters more than a Poisson's.
SCATTER = 5.0
_LEAST_BETWEEN = 1e-6
_FESTIVAL_BINS = FESTIVAL_BEFORE + FESTIVAL_AFTER + 1


@dataclass(frozen=True)
class SeasonIndex:
    """Multiplicative indices around 1; one row for each group, the last row is the whole shop.

    bins: (groups + 1, 52), weekday: (groups + 1, cycle), festival: (groups + 1, 64), float64.
    """

    bins: Floats
    weekday: Floats
    festival: Floats

    def factor(self, calendar: Calendar, periods: Ints, params: FeatureParams) -> Floats:
        """The product of the indices in the periods given, (groups + 1, periods)."""
        product = self.bins[:, season_bin(calendar, periods)]
        product = product * self.weekday[:, periods % params.cycle]
        return product * self.at_festival(calendar, periods, params.country)

    def at_festival(self, calendar: Calendar, periods: Ints, country: str) -> Floats:
        """Return the index of the days around Spring Festival, 1 elsewhere."""
        place, near = festival_place(calendar, periods, country)
        return np.where(near, self.festival[:, place], 1.0)


@dataclass(frozen=True)
class GroupHistory:
    """Sums over the series of each group, (groups + 1, periods) float64; last row: whole shop.

    units: sold without an event; expected: exposure times each series' own mean rate, so that
    a group does not look seasonal because its big sellers were out of stock or not yet listed;
    count: series that sold. parent: (groups + 1,) code of the coarser group, -1 for none. named:
    whether the groups are split by the season that their goods are made for.
    """

    units: Floats
    expected: Floats
    count: Floats
    parent: Ints
    named: bool = False


def festival_place(
    calendar: Calendar, periods: Ints, country: str
) -> tuple[Ints, NDArray[np.bool_]]:
    """Column of the festival index for each period, and whether it is near a festival."""
    offset = festival_offset(calendar, periods, country)
    near = np.isfinite(offset)
    place = np.where(near, offset, 0).astype(np.int64) + FESTIVAL_BEFORE
    return place, near


def trend(history: GroupHistory, year: int) -> Floats:
    """Units over expected units in the year-long stretch around each period, (groups + 1, T).

    The stretch keeps its whole length at the ends of the history, so that no half season is taken
    for a trend; 1 where nothing was expected.
    """
    periods = history.units.shape[1]
    length = min(year, periods)
    first = np.clip(np.arange(periods) - length // 2, 0, periods - length)

    def moving(values: Floats) -> Floats:
        running = np.pad(np.cumsum(values, axis=1), ((0, 0), (1, 0)))
        return np.asarray(running[:, first + length] - running[:, first], np.float64)

    units, expected = moving(history.units), moving(history.expected)
    out = np.ones_like(units)
    np.divide(units, expected, out=out, where=(expected > 0) & (units > 0))
    return out


def surrounding(history: GroupHistory, factor: Floats, params: FeatureParams) -> Floats:
    """Pace of each group around each period, (groups + 1, T): the base that an event rises from.

    Units over expected units times the season ``factor``, over the periods without an event within
    the middle window on either side; groups are pulled towards the shop by their selling periods.
    """
    reach = params.middle // 2
    stop = np.minimum(np.arange(history.units.shape[1]) + reach + 1, history.units.shape[1])
    start = np.maximum(stop - 2 * reach - 1, 0)

    def around(values: Floats) -> Floats:
        running = np.pad(np.cumsum(values, axis=1), ((0, 0), (1, 0)))
        return np.asarray(running[:, stop] - running[:, start], np.float64)

    units, expected = around(history.units), around(history.expected * factor)
    shop = np.ones(units.shape[1])
    np.divide(units[-1], expected[-1], out=shop, where=(expected[-1] > 0) & (units[-1] > 0))
    sums = (units, expected, around(history.count))
    return np.clip(nested(sums, shop, history.parent, GROUP_COUNT), _LOWEST, _HIGHEST)


def binned(values: Floats, place: Ints, bins: int, smooth: int, circular: bool) -> Floats:
    """Sum the columns of each bin, then over ``smooth`` bins on either side, (groups + 1, bins)."""
    sums = np.zeros((bins, values.shape[0]))
    np.add.at(sums, place, values.T)
    total = sums.copy()
    for shift in range(1, smooth + 1):
        for signed in (shift, -shift):
            moved = np.roll(sums, signed, axis=0)
            if not circular:
                moved[slice(None, signed) if signed > 0 else slice(signed, None)] = 0
            total += moved
    return np.ascontiguousarray(total.T)


def pulled(sums: Sums, toward: Floats, strength: float) -> Floats:
    """Units over expected units, pulled towards another index by the count of selling periods."""
    units, expected, count = sums
    raw = np.ones_like(units)
    np.divide(units, expected, out=raw, where=expected > 0)
    weight = np.where(expected > 0, count / (count + strength), 0.0)
    return np.asarray(weight * raw + (1.0 - weight) * toward, np.float64)


def nested(sums: Sums, shop: Floats, parent: Ints, strength: float) -> Floats:
    """Index of each group, pulled towards its parent's, the parents' pulled towards the shop's.

    sums: units, expected units and count, (groups + 1, bins) each, last row the shop.
    shop: (bins,). parent: (groups + 1,) code of the parent group, -1 for none.
    """
    child = np.flatnonzero(parent >= 0)
    toward = np.broadcast_to(shop, sums[0].shape).copy()
    if len(child):
        above = [np.zeros((int(parent.max()) + 1, values.shape[1])) for values in sums]
        for total, values in zip(above, sums, strict=True):
            np.add.at(total, parent[child], values[child])
        toward[child] = pulled((above[0], above[1], above[2]), shop, strength)[parent[child]]
    index = pulled(sums, toward, strength)
    index[-1] = shop
    return index


def shrunk_index(sums: Sums, years: Floats, parent: Ints) -> Floats:
    """Index of each group and bin; the shop's is shrunk to 1 by its years of data, (bins,)."""
    units, expected = sums[0][-1], sums[1][-1]
    raw = np.ones_like(units)
    np.divide(units, expected, out=raw, where=expected > 0)
    trust = np.where(expected > 0, years / (years + SHOP_YEARS), 0.0)
    index = nested(sums, 1.0 + trust * (raw - 1.0), parent, GROUP_COUNT)
    return np.asarray(np.clip(index, _LOWEST, _HIGHEST), np.float64)


def learn_season(
    history: GroupHistory, calendar: Calendar, first: int, params: FeatureParams
) -> SeasonIndex:
    """Learn the indices from the sums of periods ``first`` ... one after the other.

    Of less than half a year of history, nothing is taken for a season of the year.
    """
    length = history.units.shape[1]
    periods = np.arange(first, first + length)
    expected = history.expected * trend(history, params.year)
    place = season_bin(calendar, periods)
    bins = _index(history, expected, place, SEASON_BINS, 7 // calendar.days, SMOOTH)
    bins = bridged(bins, place, expected[-1])
    whole = np.clip((length / params.year - LEAST_YEARS) / (1.0 - LEAST_YEARS), 0.0, 1.0)
    bins = 1.0 + whole * (bins - 1.0)
    expected = expected * bins[:, place]
    weekday = np.ones((len(expected), params.cycle))
    if params.cycle > 1:
        weekday = _index(history, expected, periods % params.cycle, params.cycle, 52, 0)
        expected = expected * weekday[:, periods % params.cycle]
    place, near = festival_place(calendar, periods, params.country)
    around = replace(history, units=history.units * near, count=history.count * near)
    festival = _index(around, expected * near, place, _FESTIVAL_BINS, 1, 3, near)
    return SeasonIndex(bins, weekday, festival)


def bridged(index: Floats, place: Ints, seen: Floats) -> Floats:
    """The index (groups + 1, bins), with the bins that were never seen between their neighbors.

    seen: (periods,) expected units of the shop without events, of the bins ``place``. Bins of the
    year in which every period belonged to an event, or that lie outside a history of less than a
    year, tell nothing of the season.
    """
    known = np.bincount(place, seen, index.shape[1]) > 0
    if known.all() or not known.any():
        return index
    n, bins = index.shape[1], np.flatnonzero(known)
    around = np.concatenate([bins - n, bins, bins + n])
    rows = [np.interp(np.arange(n), around, np.tile(row[bins], 3)) for row in index]
    return np.stack(rows)


def _index(
    history: GroupHistory,
    expected: Floats,
    place: Ints,
    bins: int,
    yearly: int,
    smooth: int,
    present: NDArray[np.bool_] | None = None,
) -> Floats:
    """Index by bin; ``yearly``: periods that fall into a bin in a year."""
    circular = present is None
    here = np.ones(len(place)) if present is None else present.astype(np.float64)
    years = binned(here[None, :], place, bins, smooth, circular)[0] / (yearly * (2 * smooth + 1))
    units, expectation, count = (
        binned(values, place, bins, smooth, circular)
        for values in (history.units, expected, history.count)
    )
    index = shrunk_index((units, expectation, count), years, history.parent)
    if not (circular and history.named):
        return index
    split = split_index(units, expectation, index[-1], history.parent)
    child = history.parent >= 0
    index[child] = np.clip(split[child], _LOWEST, _HIGHEST)
    return index


def split_index(units: Floats, expected: Floats, shop: Floats, parent: Ints) -> Floats:
    """Index of groups that differ as much from their parent as the data say, (groups + 1, bins).

    units, expected: (groups + 1, bins), variance of the units ``SCATTER`` times their mean. Given
    the parent's index p, a group's is p times a factor of mean 1 whose variance a is the same for
    all groups of a parent, by moments; the posterior mean under a gamma factor is
    p (1/a + units / s) / (1/a + p expected / s) (Buehlmann & Gisler 2005, section 2.5). The
    parents' are pulled towards the shop's (bins,) likewise. Rows without a parent: 1.
    """
    child = np.flatnonzero(parent >= 0)
    out = np.ones_like(units)
    if not len(child):
        return out
    family, n = parent[child], int(parent.max()) + 1
    sold, usual = (group_sums(family, n, values[child]) for values in (units, expected))
    whole = _gamma_mean(sold, usual, shop, np.zeros(n, np.int64))
    out[child] = _gamma_mean(units[child], expected[child], whole[family], family)
    return out


def _gamma_mean(units: Floats, expected: Floats, toward: Floats, family: Ints) -> Floats:
    """Posterior means of indices around ``toward``, as different as a family of rows shows."""
    told, usual = units / SCATTER, expected * toward / SCATTER
    miss = np.divide((told - usual) ** 2, usual, out=np.zeros_like(usual), where=usual > 0)
    beyond = np.bincount(family, (miss - (usual > 0)).sum(axis=1))
    between = np.divide(
        beyond, np.bincount(family, usual.sum(axis=1)), out=np.zeros_like(beyond), where=beyond > 0
    )
    firm = 1.0 / np.maximum(between, _LEAST_BETWEEN)[family][:, None]
    return np.asarray(toward * (firm + told) / (firm + usual), np.float64)
