"""How demand answers to discounts: one elasticity for each group, learned from its own history.

Within a series and a quarter of a year, demand of periods without an event is proportional to
exposure * (1 - discount) ** -elasticity: the constant-elasticity response of SCAN*PRO (Wittink,
Addona, Hawkes & Porter 1988). Given the total of such a stratum, its units are multinomial, so
level, season and trend drop out of the likelihood (conditional Poisson regression: Armstrong,
Gasparrini & Tobias 2014, BMC Medical Research Methodology 14:122, sec. 2).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.params import FeatureParams
from features.signal import Floats32, exposure_of
from stockwright.panel import DemandPanel, mix_hash

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Series that are looked at, and at once.
_SERIES, _CHUNK = 4000, 500
_STEPS = 6
# Units count for less than a Poisson's, by what demand usually scatters above it.
_DISPERSION = 5.0
# Standard deviations of the shop's elasticity around 0 and of a group's around the one above it.
_SHOP_SD, _GROUP_SD = 2.0, 0.5
LARGEST_ELASTICITY = 6.0
_DEEPEST = 0.9


def price_factor(discount: Floats32, elasticity: Floats) -> Floats32:
    """What the discounts (series or 1, periods) make of demand at list price, >= 1.

    elasticity: (series,). The result has a row for each series.
    """
    shape = (len(elasticity), discount.shape[1])
    if not (discount > 0).any():
        return np.ones(shape, np.float32)
    depth = -np.log1p(-np.minimum(discount, np.float32(_DEEPEST)))
    return np.asarray(np.exp(elasticity.astype(np.float32)[:, None] * depth), np.float32)


def learn_elasticity(
    panel: DemandPanel,
    codes: NDArray[np.int32],
    parent: Ints,
    first: int,
    params: FeatureParams,
) -> Floats:
    """Elasticity of each group, (groups + 1,) in [0, 6]; the last is the whole shop's.

    codes: group of each series, -1 for none. parent: (groups + 1,) code of the coarser group or
    -1. Groups are pulled towards their parent's and those towards the shop's elasticity (normal
    priors, maximum a posteriori); a shop without price cuts gets 0.
    """
    rows = len(parent)
    if not (panel.covariates.discount[:, first : panel.n_periods] > 0).any():
        return np.zeros(rows)
    strata = list(_strata(panel, codes, rows, first, params))
    shop = _newton(strata, np.zeros(rows, np.int64), np.zeros(1), _SHOP_SD)
    upper = np.where(parent >= 0, parent, int(parent.max(initial=-1)) + 1)
    above = _newton(strata, upper, np.full(int(upper.max()) + 1, shop[0]), _GROUP_SD)
    own = _newton(strata, np.arange(rows), np.where(parent >= 0, above[upper], shop[0]), _GROUP_SD)
    own[-1] = shop[0]
    return np.clip(own, 0.0, LARGEST_ELASTICITY)


@dataclass(frozen=True)
class Strata:
    """Stretches of series within which discounts vary and something was sold.

    series, stretch: (strata,) place of the series among those asked for, and number of the stretch.
    units, seen, depth: (strata, periods) float32: demand, exposure and -log(1 - discount); all 0
    where demand could not be seen or an event was on.
    """

    series: Ints
    stretch: Ints
    units: Floats32
    seen: Floats32
    depth: Floats32

    def weights(self, elasticity: Floats) -> Floats32:
        """(strata, periods): what demand is proportional to, at the elasticity of each stratum."""
        answer = np.exp(elasticity.astype(np.float32)[:, None] * self.depth)
        return np.asarray(self.seen * answer, np.float32)


def cut_strata(panel: DemandPanel, series: Ints, first: int, length: int) -> Strata:
    """The strata of some series: stretches of ``length`` periods back from the last one.

    Periods before ``first``, and what they leave of a stretch, are not looked at.
    """
    length = min(length, panel.n_periods - first)
    start = panel.n_periods - (panel.n_periods - first) // length * length
    window = slice(start, panel.n_periods)
    cuts, events = (
        values[:, window] if values.shape[0] == 1 else values[series, window]
        for values in (panel.covariates.discount, panel.covariates.event)
    )
    seen = exposure_of(panel.status[series, window], panel.in_stock[series, window], 0.5)
    seen = seen * (events == 0)
    units = panel.demand[series, window] * (seen > 0)
    depth = -np.log1p(-np.minimum(cuts, np.float32(_DEEPEST))) * (seen > 0)
    folded = [values.reshape(-1, length) for values in (units, seen, depth)]
    place = np.flatnonzero((folded[2] > 0).any(axis=1) & (folded[0] > 0).any(axis=1))
    stretches = seen.shape[1] // length
    kept = [values[place].astype(np.float32) for values in folded]
    return Strata(place // stretches, place % stretches, *kept)


def _strata(
    panel: DemandPanel, codes: NDArray[np.int32], rows: int, first: int, params: FeatureParams
) -> Iterator[tuple[Ints, Strata]]:
    """Strata of the series with the smallest key hashes, and the group of each."""
    order = np.argsort(mix_hash(panel.index.key_hash()), kind="stable")[:_SERIES]
    for place in range(0, len(order), _CHUNK):
        part = np.sort(order[place : place + _CHUNK])
        strata = cut_strata(panel, part, first, params.middle)
        group = np.where(codes[part] >= 0, codes[part], rows - 1).astype(np.int64)
        if len(strata.series):
            yield group[strata.series], strata


def _newton(
    strata: list[tuple[Ints, Strata]], merge: Ints, prior: Floats, deviation: float
) -> Floats:
    """Maximum a posteriori of each merged group's elasticity; merge: (groups,) -> merged group."""
    found = prior.astype(np.float64)
    precision = 1.0 / deviation**2
    for _ in range(_STEPS):
        slope, curvature = precision * (prior - found), np.full(len(prior), precision)
        for group, some in strata:
            where = merge[group]
            weight = some.weights(found[where])
            whole = weight.sum(axis=1)
            mean = (weight * some.depth).sum(axis=1) / whole
            spread = (weight * some.depth**2).sum(axis=1) / whole - mean**2
            total = some.units.sum(axis=1)
            miss = (some.units * some.depth).sum(axis=1) - total * mean
            slope += np.bincount(where, miss, len(prior)) / _DISPERSION
            curvature += np.bincount(where, total * spread, len(prior)) / _DISPERSION
        found = np.clip(found + slope / curvature, 0.0, LARGEST_ELASTICITY)
    return found
