"""The young life of series: units and expected exposure by week since the launch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.context import FeatureContext, season_codes
from features.params import FeatureParams
from forecasting.recovered import recovered_demand
from stockwright.panel import DemandPanel, Status

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
#: Weeks of life that have a place of their own on the curve; the next as many share the last one.
WEEKS = 8
BINS = WEEKS + 1
#: Most launches, and most grown-up series, that are learned from.
MOST = 20_000


@dataclass(frozen=True)
class Young:
    """Units and calm exposure of some series by place on the curve, (series, BINS) each.

    series: (series,) in the panel. exposure: periods seen, times season and event uplift of the
    group. launch: (series,) period.
    """

    series: Ints
    launch: Ints
    units: Floats
    exposure: Floats


def weekly(panel: DemandPanel) -> int:
    """Periods in a week."""
    return 7 // panel.calendar.days


def is_launch(panel: DemandPanel, params: FeatureParams) -> NDArray[np.bool_]:
    """Whether the launch of each series lies within the history or ahead, (series,).

    A first sale in the first weeks of the history is no launch: it may be any slow seller's.
    """
    width = weekly(panel)
    first = max(panel.n_periods - params.history, 0)
    margin = WEEKS * width if panel.n_periods >= 4 * WEEKS * width else 1
    return np.asarray(panel.launch >= first + margin)


def weeks_seen(panel: DemandPanel, params: FeatureParams) -> Floats:
    """Weeks of the last ``long`` periods in which demand could be seen, (series,)."""
    recent = panel.status[:, -params.long :]
    seen = (recent == Status.OBSERVED) | (panel.demand[:, -params.long :] > 0)
    return np.asarray(seen.sum(axis=1) / weekly(panel), np.float64)


def is_young(panel: DemandPanel, params: FeatureParams) -> NDArray[np.bool_]:
    """Launched, and seen for fewer than ``WEEKS`` weeks; or never seen at all; (series,)."""
    seen = weeks_seen(panel, params)
    return np.asarray((is_launch(panel, params) & (seen < WEEKS)) | (seen == 0))


def curve_place(age: Ints, width: int) -> Ints:
    """Place on the curve of periods ``age`` after the launch; the last for all later life."""
    return np.clip(age // width, 0, WEEKS).astype(np.int64)


def calm_cells(
    panel: DemandPanel, groups: FeatureContext, params: FeatureParams, series: Ints, period: Ints
) -> tuple[Floats, Floats]:
    """Demand, and season times uplift where demand is known, else 0, of (series, cell) periods.

    period: (series, cells); outside the history nothing is known.
    """
    inside = (period >= 0) & (period <= panel.origin)
    place = np.clip(period, 0, panel.origin)
    rows = series[:, None]
    units, known, _ = recovered_demand(panel, (rows, place))
    known &= inside
    codes = season_codes(panel, params)[series][:, None]
    season = groups.season.factor(panel.calendar, np.arange(panel.n_periods), params)
    factor = season[codes, place]
    covariates = panel.covariates
    shared = rows * (covariates.event.shape[0] > 1)
    event = covariates.event[shared, place]
    phase = covariates.phase[rows * (covariates.phase.shape[0] > 1), place]
    factor = factor * groups.uplift[codes, groups.event_column(event, phase)]
    return np.where(known, units, 0.0), np.where(known, factor, 0.0)


def past_launches(panel: DemandPanel, groups: FeatureContext, params: FeatureParams) -> Young:
    """The launches within the history, at most ``MOST``, drawn by a hash of their keys."""
    width = weekly(panel)
    found = np.flatnonzero(is_launch(panel, params) & (panel.launch <= panel.origin))
    series = _sample(panel, found)
    launch = panel.launch[series].astype(np.int64)
    age = np.arange(2 * WEEKS * width)
    units, exposure = calm_cells(panel, groups, params, series, launch[:, None] + age)
    return Young(series, launch, by_place(units, age, width), by_place(exposure, age, width))


def by_place(values: Floats, age: Ints, width: int) -> Floats:
    """Sum (series, cells) of one age each to (series, BINS)."""
    starts = np.searchsorted(curve_place(age, width), np.arange(BINS))
    return np.add.reduceat(values, starts, axis=1)


def _sample(panel: DemandPanel, found: Ints) -> Ints:
    if len(found) <= MOST:
        return found
    # Whole SKUs, so that locations of one can be compared.
    keys = panel.index.take(found).key_hash()
    lowest = np.full(len(panel.index.skus), np.iinfo(np.uint64).max, np.uint64)
    np.minimum.at(lowest, panel.index.sku[found], keys)
    order = np.argsort(lowest[panel.index.sku[found]], kind="stable")
    return np.sort(found[order[:MOST]])
