"""What the sales so far say about the rest of the day and the days after.

A day's demand has the mean ``m θ``, θ gamma-distributed with mean 1 and variance v (the level and
the day's own noise of the forecast). Sales until now are over-dispersed Poisson with mean ``m f θ``
and dispersion φ, f being the share of the day that has passed. Counted in steps of φ they are
Poisson, the gamma is conjugate, and θ given N units sold is gamma with shape ``1/v + N/φ`` and
rate ``1/v + m f/φ`` (Gelman et al. 2013, *Bayesian Data Analysis*, section 2.6; quasi-likelihood:
McCullagh & Nelder 1989, section 9.2). Of the deviation the level, which lasts, has the share
κ = level variance / v: the linear credibility estimate of the days after is
``1 + κ (E θ - 1)`` (Bühlmann 1967).

Where sales lie more than three standard deviations above what the forecast could expect, the
forecast and the day contradict each other and the spread of the forecast is not to be trusted:
v is then taken from the day itself, by moments (empirical Bayes, Morris 1983).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stockwright.arrays import require

Floats = NDArray[np.float64]
_CONFLICT = 3.0
# Units a day of a key that the forecast gave up: its sales then say nearly everything.
_LEAST_MEAN = 1e-3


@dataclass(frozen=True)
class DayPrior:
    """What the night expected, all (keys,): today's mean in units and the spread around it.

    linear_dispersion, level_variance, step_variance: as in ``stockwright.forecast``, >= 0.
    """

    mean: Floats
    linear_dispersion: Floats
    level_variance: Floats
    step_variance: Floats

    def __post_init__(self) -> None:
        for name in ("mean", "linear_dispersion", "level_variance", "step_variance"):
            value = getattr(self, name)
            require(np.isfinite(value) & (value >= 0), name, "finite and >= 0")


@dataclass(frozen=True)
class Rates:
    """Factors on the forecast, all (keys,): of the rest of today and of the days after.

    today, ahead: posterior means. today_variance, ahead_variance: of the factors.
    expected: units expected by now. surprise: standard deviations by which sales differ from it.
    """

    today: Floats
    ahead: Floats
    today_variance: Floats
    ahead_variance: Floats
    expected: Floats
    surprise: Floats


def update_rates(prior: DayPrior, sold: Floats, share: float) -> Rates:
    """The factors after ``sold`` units, (keys,), in a ``share`` of the day, in [0, 1]."""
    dispersion = np.maximum(prior.linear_dispersion, 1.0)
    mean = np.where(sold > 0, np.maximum(prior.mean, _LEAST_MEAN), prior.mean)
    exposure = mean * share
    variance = prior.level_variance + prior.step_variance
    gap = sold - exposure
    spread = np.sqrt(dispersion * exposure + variance * exposure**2)
    surprise = np.divide(gap, spread, out=np.zeros_like(gap), where=spread > 0)
    from_day = np.divide(
        gap**2 - dispersion * exposure, exposure**2, out=np.zeros_like(gap), where=exposure > 0
    )
    trusted = np.where(surprise > _CONFLICT, np.maximum(variance, from_day), variance)
    uncertain = trusted > 0
    shape = np.divide(1.0, trusted, out=np.ones_like(gap), where=uncertain)
    after = shape + sold / dispersion
    rate = shape + exposure / dispersion
    today = np.where(uncertain, after / rate, 1.0)
    today_variance = np.where(uncertain, after / rate**2, 0.0)
    lasts = np.divide(
        prior.level_variance, variance, out=np.full_like(gap, 0.5), where=variance > 0
    )
    return Rates(
        today=today,
        ahead=1.0 + lasts * (today - 1.0),
        today_variance=today_variance,
        # Given θ the level keeps the variance that the day's own noise hides.
        ahead_variance=lasts * (1.0 - lasts) * variance + lasts**2 * today_variance,
        expected=exposure,
        surprise=surprise,
    )
