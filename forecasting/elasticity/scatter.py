"""How far the demand of a stretch scatters around what its price cuts let expect, and for how long.

Residuals r of units around their expectation m have the covariance

    cov(r_t, r_u) = dispersion * m_t [t = u] + m_t m_u * own(|t - u|)

within a series, and m_t m_u * between(|t - u|) among the locations of a SKU: quasi-Poisson noise
(Wedderburn 1974) and a multiplicative noise that lasts, as days of high demand follow one another
(Zeger 1988, Biometrika 75:621). All are found by moments. A constant in ``own`` or ``between``
leaves every variance here as it is, for the levers of a stretch sum to 0; so that residuals, which
sum to 0 as well, do no harm.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from features.price import Strata
from forecasting.elasticity.params import ElasticityParams

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# Expectations below this count no more in the regression of squared residuals.
_SMALLEST = 0.02


@dataclass(frozen=True)
class Score:
    """What strata say about the elasticity at which they are looked at.

    expected, residual: (strata, periods) units. lever: (strata, periods) expectation times the
    depth that neither level nor trend explains. information: (strata,). pools: (pools, strata)
    membership in the stretches of a SKU, all locations together; sku: (pools,) of which.
    """

    expected: Floats
    residual: Floats
    lever: Floats
    information: Floats
    pools: sparse.csr_array
    sku: Ints

    @classmethod
    def of(cls, strata: Strata, sku: Ints, elasticity: Floats) -> Score:
        """sku, elasticity: of each stratum, (strata,)."""
        weight = strata.weights(elasticity).astype(np.float64)
        share = weight / weight.sum(axis=1, keepdims=True)
        centered = _steep(strata.depth.astype(np.float64), share)
        units = strata.units.astype(np.float64)
        expected = share * units.sum(axis=1, keepdims=True)
        lever = expected * centered
        key = sku * (int(strata.stretch.max(initial=0)) + 1) + strata.stretch
        names, pool, first = _places(key)
        rows = np.arange(len(key))
        pools = sparse.csr_array((np.ones(len(key)), (pool, rows)), (names, len(key)))
        information = (lever * centered).sum(axis=1)
        return cls(expected, units - expected, lever, information, pools, sku[first])

    def slope(self) -> Floats:
        """Score of each pool, (pools,): mean 0 at the true elasticity; falls by ``information`` for
        each unit of elasticity."""
        # lever / expected is the centered depth; a residual without expectation is 0.
        depth = np.divide(
            self.lever, self.expected, out=np.zeros_like(self.lever), where=self.expected > 0
        )
        return np.asarray(self.pools @ (self.residual * depth).sum(axis=1), np.float64)


def _steep(depth: Floats, share: Floats) -> Floats:
    """Depth less its weighted regression on a level and a straight trend over the stretch.

    To first order, a trend of demand within the stretch then leaves the slope as it is.
    """
    time = np.arange(depth.shape[1]) - (share @ np.arange(depth.shape[1]))[:, None]
    depth = depth - (share * depth).sum(axis=1, keepdims=True)
    top, bottom = (share * depth * time).sum(axis=1), (share * time**2).sum(axis=1)
    lean = np.divide(top, bottom, out=np.zeros(len(top)), where=bottom > 0)
    return np.asarray(depth - lean[:, None] * time, np.float64)


def _places(key: Ints) -> tuple[int, Ints, Ints]:
    names, first, pool = np.unique(key, return_index=True, return_inverse=True)
    return len(names), pool.astype(np.int64), first


@dataclass(frozen=True)
class Scatter:
    """dispersion: of the quasi-Poisson part. own, between: (periods,) covariance by lag of the
    multiplicative noise, within a series and among the locations of a SKU."""

    dispersion: float
    own: Floats
    between: Floats

    def variance(self, score: Score) -> Floats:
        """Variance of the slope of each pool, (pools,); never below a Poisson's."""
        lag = np.abs(np.subtract.outer(np.arange(len(self.own)), np.arange(len(self.own))))
        own, between = self.own[lag], self.between[lag]
        single = self.dispersion * score.information
        single += ((score.lever @ (own - between)) * score.lever).sum(axis=1)
        together = score.pools @ score.lever
        whole = score.pools @ single + ((together @ between) * together).sum(axis=1)
        return np.asarray(np.maximum(whole, score.pools @ score.information), np.float64)


@dataclass(frozen=True)
class ScatterSums:
    """Sums over strata from which a Scatter is learned.

    strata: their number. lags: (4, periods) products of residuals, and of expectations, within
    series, then within pools. moments: (5,) of the regression of squared residuals.
    """

    strata: int
    lags: Floats
    moments: Floats

    @classmethod
    def of(cls, score: Score) -> ScatterSums:
        """Each stratum counts for less the more it sells, by how far its products scatter."""
        level = score.expected.sum(axis=1) / np.maximum((score.expected > 0).sum(axis=1), 1)
        weight = 1.0 / (1.0 + level) ** 2
        members = np.asarray(score.pools.sum(axis=1)).ravel()
        pooled = (score.pools @ weight) / members
        lags = [_by_lag(values, weight) for values in (score.residual, score.expected)]
        lags += [
            _by_lag(score.pools @ values, pooled) - _by_lag(values, score.pools.T @ pooled)
            for values in (score.residual, score.expected)
        ]
        mean, square = score.expected, score.residual**2
        each = weight[:, None] / np.maximum(mean, _SMALLEST)
        moments = [
            (each * term).sum()
            for term in (mean**2, mean**3, mean**4, mean * square, mean**2 * square)
        ]
        return cls(len(mean), np.array(lags), np.array(moments))

    def __add__(self, other: ScatterSums) -> ScatterSums:
        return ScatterSums(
            self.strata + other.strata, self.lags + other.lags, self.moments + other.moments
        )

    def learned(self, params: ElasticityParams) -> Scatter:
        """The Scatter of the sums, or the assumed one where there are too few strata."""
        periods = self.lags.shape[1]
        if self.strata < params.least_strata:
            return assumed_scatter(periods, params)
        own, between = (
            np.divide(top, bottom, out=np.zeros(periods), where=bottom > 0)
            for top, bottom in (self.lags[:2], self.lags[2:])
        )
        one, two, three, first, second = self.moments
        found = np.linalg.lstsq(np.array([[one, two], [two, three]]), np.array([first, second]))[0]
        own[0] = found[1]
        return Scatter(max(float(found[0]), 0.0), own, between)


def assumed_scatter(periods: int, params: ElasticityParams) -> Scatter:
    """A plain quasi-Poisson with the usual dispersion."""
    return Scatter(params.dispersion, np.zeros(periods), np.zeros(periods))


def _by_lag(values: Floats, weight: Floats) -> Floats:
    """Weighted sum over rows of the products of values 0, 1, ... periods apart, (periods,)."""
    product = (values * weight[:, None]).T @ values
    periods = len(product)
    return np.array([np.trace(product, offset=lag) for lag in range(periods)])
