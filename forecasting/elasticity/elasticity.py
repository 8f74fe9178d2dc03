"""Elasticity of every SKU from the price cuts of its own history, its category and the shop.

The likelihood is the conditional one of features.price: within a stretch of periods without an
event, units given their total. Its variance is not a Poisson's but that of ``scatter``; each
stretch of a SKU, all its locations together, counts by information over variance. A SKU's own
estimate is one Newton step from the posterior mean of the pass before: Laplace's approximation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.price import LARGEST_ELASTICITY, Strata, cut_strata
from forecasting.elasticity.params import ElasticityParams
from forecasting.elasticity.scatter import Scatter, ScatterSums, Score, assumed_scatter
from forecasting.elasticity.tree import shrink
from stockwright.panel import DemandPanel
from stockwright.price_response import PriceResponse

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# Variance of an estimate that nothing is known of.
_UNKNOWN = 1e9
# Units of information below which a stretch says nothing: its cut is all level and trend.
_LEAST = 1e-6


@dataclass(frozen=True)
class LearnedResponse:
    """response: of each series; the locations of a SKU share it.

    stretches: (series,) stretches of the SKU with a price cut and sales. Where there are none the
    elasticity is that of the category, and where the whole shop has none the usual one.
    spread: coefficient of variation of SKUs in their category, then of each tier above.
    """

    response: PriceResponse
    stretches: Ints
    spread: Floats

    @property
    def from_history(self) -> bool:
        """Whether the shop has any price history to learn from."""
        return bool((self.stretches > 0).any())


def learn_response(
    panel: DemandPanel,
    params: ElasticityParams,
    categories: tuple[str, ...] = ("category_1", "category_2"),
) -> LearnedResponse:
    """The price response of each series; ``categories``: attributes, nested, coarse to fine."""
    _, sku = np.unique(panel.index.sku, return_inverse=True)
    sku = sku.astype(np.int64)
    n = int(sku.max(initial=-1)) + 1
    if not n:
        none = np.zeros(0)
        return LearnedResponse(PriceResponse(none, none), np.zeros(0, np.int64), none)
    tiers = _tiers(panel, sku, categories)
    found, scatter = np.full(n, params.shop_mean), None
    for _ in range(params.passes):
        said, scatter = _pass(panel, sku, found, scatter, params)
        known = said.information > 0
        variance = np.divide(said.excess, said.information, out=np.full(n, _UNKNOWN), where=known)
        step = np.divide(said.slope, said.information, out=np.zeros(n), where=known)
        shrunk = shrink(found + step, variance, tiers, params)
        found = np.clip(shrunk.mean, 0.0, LARGEST_ELASTICITY)
    response = PriceResponse(found[sku], shrunk.sd[sku])
    return LearnedResponse(response, said.stretches[sku], shrunk.spread)


def _tiers(panel: DemandPanel, sku: Ints, categories: tuple[str, ...]) -> list[Ints]:
    """Parent of each SKU, of each finest category, and so on up to the shop."""
    first = np.unique(sku, return_index=True)[1]
    tiers, child = [], np.arange(len(first))
    for name in reversed([each for each in categories if each in panel.attributes]):
        code = panel.attributes[name][first].astype(np.int64)
        _, group = np.unique(code, return_inverse=True)
        parent = np.zeros(int(child.max()) + 1, np.int64)
        np.maximum.at(parent, child, group)
        tiers.append(parent)
        child = parent[child]
    return [*tiers, np.zeros(int(child.max()) + 1, np.int64)]


@dataclass(frozen=True)
class _Said:
    """What the stretches of each SKU say at an elasticity, all (skus,) but ``excess``.

    slope, information: sums over stretches, weighted by information over variance. stretches: their
    number. excess: by how much they scatter more around their SKU's own estimate than they should.
    """

    slope: Floats
    information: Floats
    stretches: Ints
    excess: float


def _pass(
    panel: DemandPanel,
    sku: Ints,
    found: Floats,
    scatter: Scatter | None,
    params: ElasticityParams,
) -> tuple[_Said, Scatter | None]:
    """Look at every stretch at the elasticities ``found``; and learn the scatter for the next."""
    n = len(found)
    table, sums = np.zeros((6, n)), None
    for where, strata in _chunks(panel, sku, params):
        score = Score.of(strata, where, found[where])
        used = scatter or assumed_scatter(strata.units.shape[1], params)
        own, slope = score.pools @ score.information, score.slope()
        some = own > _LEAST
        weight = np.divide(own, used.variance(score), out=np.zeros(len(own)), where=some)
        told = weight * own
        step = np.divide(slope, own, out=np.zeros(len(own)), where=some)
        rows = (weight * slope, told, some, told**2 * step**2, told**2 * step, told**2)
        table += [np.bincount(score.sku, row, n) for row in rows]
        each = ScatterSums.of(score)
        sums = each if sums is None else sums + each
    said = _Said(table[0], table[1], table[2].astype(np.int64), _excess(table))
    return said, sums.learned(params) if sums else None


def _excess(table: Floats) -> float:
    """Scatter of the steps of stretches around their SKU's step over that of their variances, >= 1.

    Cochran's Q (1954) with weights: a step has variance 1 / information, and their mean takes
    information / its sum away.
    """
    slope, information, _, squares, steps, weights = table[:, table[2] > 1]
    mean = slope / information
    came = (squares - 2 * mean * steps + mean**2 * weights).sum()
    due = (information - weights / information).sum()
    return max(float(came / due), 1.0) if due > 0 else 1.0


def _chunks(
    panel: DemandPanel, sku: Ints, params: ElasticityParams
) -> Iterator[tuple[Ints, Strata]]:
    """SKU of each stratum, and strata, of chunks of series that keep the locations of a SKU."""
    place = 0
    while place < len(sku):
        last = sku[min(place + params.chunk, len(sku)) - 1]
        stop = int(np.searchsorted(sku, last, side="right"))
        strata = cut_strata(panel, np.arange(place, stop), 0, params.window)
        if len(strata.series):
            yield sku[place + strata.series], strata
        place = stop
