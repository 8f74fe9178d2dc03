"""What is assumed of elasticities before a shop's history is looked at."""

from __future__ import annotations

from dataclasses import dataclass

from stockwright.calendar import PeriodName
from stockwright.errors import ConfigError


@dataclass(frozen=True)
class ElasticityParams:
    """window: periods of a stretch within which demand with and without a cut are compared.

    shop_mean, shop_sd: normal prior of the shop's elasticity. The mean is that of 1,851 published
    ones (Bijmolt, van Heerde & Pieters 2005); the deviation is wide on purpose.
    spread: prior median of the coefficients of variation, of SKUs in their category and of
    categories; spread_sd, category_spread_sd: deviations of their logarithms. Two years of a shop
    with 2,000 SKUs say little about the first, so that its prior matters.
    passes: rounds of estimation. least_strata: with fewer stretches with a cut, the scatter of
    demand is not estimated but ``dispersion`` times a Poisson's. chunk: series looked at at once.
    """

    window: int = 91
    shop_mean: float = 2.62
    shop_sd: float = 1.2
    spread: float = 0.13
    spread_sd: float = 0.3
    category_spread_sd: float = 0.8
    passes: int = 5
    least_strata: int = 300
    dispersion: float = 5.0
    chunk: int = 2000

    def __post_init__(self) -> None:
        wrong = [
            rule
            for rule, kept in {
                "window is at least 2": self.window >= 2,
                "means, deviations and spreads are positive": min(
                    self.shop_mean,
                    self.shop_sd,
                    self.spread,
                    self.spread_sd,
                    self.category_spread_sd,
                )
                > 0,
                "passes, least_strata and chunk are at least 1": min(
                    self.passes, self.least_strata, self.chunk
                )
                >= 1,
                "dispersion is at least 1": self.dispersion >= 1,
            }.items()
            if not kept
        ]
        if wrong:
            raise ConfigError("elasticity parameters: " + "; ".join(wrong))

    @classmethod
    def for_period(cls, period: PeriodName) -> ElasticityParams:
        """The defaults of daily or weekly panels."""
        return cls() if period == "day" else cls(window=13)
