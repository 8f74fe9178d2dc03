"""How demand answers to price, and how well that is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stockwright.arrays import one_each, require
from stockwright.errors import ConfigError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PriceResponse:
    """Constant elasticities: demand at price p is (p / p0) ** -elasticity times that at p0.

    p0 is the price that the forecast assumes (SCAN*PRO's form of response: Wittink, Addona, Hawkes
    & Porter 1988).
    elasticity: (series,) >= 0, posterior mean. sd: (series,) >= 0, posterior standard deviation.
    """

    elasticity: Floats
    sd: Floats

    def __post_init__(self) -> None:
        n = len(self.elasticity)
        for name in ("elasticity", "sd"):
            value = one_each(name, getattr(self, name), n)
            require(np.isfinite(value) & (value >= 0), name, "finite and >= 0")
            object.__setattr__(self, name, value)

    @property
    def n_series(self) -> int:
        """Number of series."""
        return len(self.elasticity)

    def factor(self, ratio: Any) -> Floats:
        """Demand at each price over demand at p0, (series, rungs), at the mean elasticity.

        ratio: p / p0 in (0, 1], (rungs,) for all series or (series, rungs). A lower price never
        gives a lower factor. Raises DataError for another ratio.
        """
        return np.asarray(np.exp(self._depth(ratio) * self.elasticity[:, None]), np.float64)

    def scenarios(self, n: int) -> tuple[Floats, Floats]:
        """``n`` elasticities of each series, (series, n) ascending, and their weights, (n,).

        Gauss-Hermite nodes of the posterior: sums over them integrate polynomials of degree up to
        2 n - 1 against a normal distribution. Nodes below 0 are put at 0, where demand does not
        answer to price. Raises ConfigError for n < 1.
        """
        if n < 1:
            raise ConfigError(f"the number of scenarios is {n}; give at least 1")
        nodes, weights = np.polynomial.hermite_e.hermegauss(n)
        places = self.elasticity[:, None] + self.sd[:, None] * nodes
        return np.maximum(places, 0.0), np.asarray(weights / weights.sum(), np.float64)

    def scenario_factors(self, ratio: Any, n: int) -> tuple[Floats, Floats]:
        """``factor`` of each of ``scenarios``, (series, n, rungs), and the weights, (n,)."""
        elasticity, weights = self.scenarios(n)
        depth = self._depth(ratio)
        return np.exp(depth[:, None, :] * elasticity[:, :, None]), weights

    def take(self, series: NDArray[Any] | slice) -> PriceResponse:
        """The response of some of the series, in their order."""
        return PriceResponse(self.elasticity[series], self.sd[series])

    def _depth(self, ratio: Any) -> Floats:
        given = np.atleast_2d(np.asarray(ratio, np.float64))
        require((given > 0) & (given <= 1), "price ratio", "in (0, 1]")
        return np.asarray(-np.log(given), np.float64)
