"""Normal shrinkage along a tree: SKUs around their category, categories around the shop.

Every child is normal around its parent with a deviation that is a coefficient of variation times
the parent's mean. Messages run up and down, as in every tree of normal variables (Pearl 1988,
ch. 7). The coefficients have log-normal priors and are estimated: those of categories by
their posterior mean, that of SKUs is integrated over (Rue, Martino & Chopin 2009).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecasting.elasticity.params import ElasticityParams

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_GRID = np.concatenate([np.arange(0.01, 0.3, 0.02), np.arange(0.3, 1.01, 0.05)])
_STEP = np.gradient(_GRID)
_ROUNDS = 2
# Means below this do not make a deviation smaller.
_LEAST_SCALE = 1.0


@dataclass(frozen=True)
class Shrunk:
    """mean, sd: (skus,) posterior. spread: posterior means of the coefficients of variation, of
    SKUs around their category, then of each tier above."""

    mean: Floats
    sd: Floats
    spread: Floats


def shrink(
    estimate: Floats, variance: Floats, tiers: Sequence[Ints], params: ElasticityParams
) -> Shrunk:
    """Posterior of SKUs from their own estimates, (skus,), and the variances of these, > 0.

    tiers: parent of each SKU, of each of these parents, and so on; all in the last tier have the
    one parent 0, the shop.
    """
    scales = tuple(np.full(len(parent), params.shop_mean) for parent in tiers)
    tree = _Tree(estimate, variance, tuple(tiers), scales, params)
    spread = np.full(len(tiers), params.spread)
    for _ in range(_ROUNDS):
        for place in range(len(tiers)):
            spread[place] = tree.chances(place, spread) @ _GRID
        tree = tree.rescaled(spread)
    chance = tree.chances(0, spread)
    mean, square = np.zeros(len(estimate)), np.zeros(len(estimate))
    for value, weight in zip(_GRID, chance, strict=True):
        spread[0] = value
        means, variances = tree.posterior(spread)
        mean += weight * means[0]
        square += weight * (variances[0] + means[0] ** 2)
    spread[0] = chance @ _GRID
    return Shrunk(mean, np.sqrt(np.maximum(square - mean**2, 0.0)), spread)


@dataclass(frozen=True)
class _Tree:
    """scales: means of the parents, by tier and child, that coefficients of variation multiply."""

    estimate: Floats
    variance: Floats
    tiers: tuple[Ints, ...]
    scales: tuple[Floats, ...]
    params: ElasticityParams

    def up(self, spread: Floats) -> tuple[list[Floats], list[Floats], float]:
        """What is below each node says of it: means and variances by tier from the SKUs on, and
        the log-likelihood of the spread, but for a constant."""
        means, variances, log = [self.estimate], [self.variance], 0.0
        for part, scale, parent in zip(spread, self.scales, self.tiers, strict=True):
            seen = variances[-1] + (part * scale) ** 2
            precision = np.bincount(parent, 1.0 / seen)
            mean = np.bincount(parent, means[-1] / seen) / precision
            log -= 0.5 * float((np.log(seen) + (means[-1] - mean[parent]) ** 2 / seen).sum())
            log -= 0.5 * float(np.log(precision).sum())
            means.append(mean)
            variances.append(1.0 / precision)
        whole = float(variances[-1][0]) + self.params.shop_sd**2
        miss = float(means[-1][0]) - self.params.shop_mean
        return means, variances, log - 0.5 * (float(np.log(whole)) + miss**2 / whole)

    def posterior(self, spread: Floats) -> tuple[list[Floats], list[Floats]]:
        """Posterior means and variances of all nodes, by tier from the SKUs to the shop."""
        means, variances, _ = self.up(spread)
        prior = self.params.shop_sd**2
        share = prior / (prior + variances[-1])
        means[-1] = share * means[-1] + (1 - share) * self.params.shop_mean
        variances[-1] = share * variances[-1]
        for tier in range(len(self.tiers) - 1, -1, -1):
            parent, own = self.tiers[tier], (spread[tier] * self.scales[tier]) ** 2
            share = own / (own + variances[tier])
            above, doubt = means[tier + 1][parent], variances[tier + 1][parent]
            means[tier] = share * means[tier] + (1 - share) * above
            variances[tier] = share * variances[tier] + (1 - share) ** 2 * doubt
        return means, variances

    def chances(self, place: int, spread: Floats) -> Floats:
        """Posterior probability of each coefficient of the grid at one tier, given the others."""
        width = self.params.category_spread_sd if place else self.params.spread_sd
        log = -0.5 * (np.log(_GRID / self.params.spread) / width) ** 2 - np.log(_GRID)
        tried = spread.copy()
        for number, value in enumerate(_GRID):
            tried[place] = value
            log[number] += self.up(tried)[2]
        chance = np.exp(log - log.max()) * _STEP
        return np.asarray(chance / chance.sum(), np.float64)

    def rescaled(self, spread: Floats) -> _Tree:
        """The tree with the posterior means of its parents as scales."""
        above = self.posterior(spread)[0][1:]
        scales = tuple(
            np.maximum(mean, _LEAST_SCALE)[parent]
            for mean, parent in zip(above, self.tiers, strict=True)
        )
        return _Tree(self.estimate, self.variance, self.tiers, scales, self.params)
