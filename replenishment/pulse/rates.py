"""What the sales so far say about the rest of the day and the days after.

A day's demand has the mean ``m θ``, θ gamma-distributed with mean 1 and variance v (the level and
the day's own noise of the forecast). Sales until now are over-dispersed Poisson with mean ``m f θ``
and dispersion φ, f being the share of the day that has passed. Counted in steps of φ they are
Poisson, the gamma is conjugate, and θ given N units sold is gamma with shape ``1/v + N/φ`` and
rate ``1/v + m f/φ`` (Gelman et al. 2013, *Bayesian Data Analysis*, section 2.6; quasi-likelihood:
McCullagh & Nelder 1989, section 9.2). Of the deviation the level, which lasts, has the share
κ = level variance / v: the linear credibility estimate of the days after is
``1 + κ (E θ - 1)`` (Bühlmann 1967).

On one day in a hundred the forecast and its spread may be wrong altogether. The prior of θ is then
contaminated by one whose variance the day itself gives, by moments (Berger & Berliner 1986, *Robust
Bayes and empirical Bayes analysis with ε-contaminated priors*; Morris 1983). How likely
that is, is Bayes' rule on the probabilities of the N units under both. Where it is more likely than
not, θ is no higher than its 99 % quantile by the forecast; the units beyond are a surge, of which
nobody knows how long it lasts: ``replenishment.pulse.surge``.

One order tells of one customer, however large it is. It counts at most as many units as the
forecast would not be surprised to see in a whole day, and no fewer than its average unit is bought
with; what is beyond takes stock and says nothing of the orders of others (bounded influence, Huber
1964).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from replenishment.pulse.surge import SHORTEST
from stockwright.arrays import require

Floats = NDArray[np.float64]
# Standard deviations beyond which a day may contradict its forecast, and what part of days does.
_CONFLICT, _BREAKS = 3.0, 0.01
# The least variance of a level that can be told from none.
_CERTAIN = 1e-9
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

    @property
    def dispersion(self) -> Floats:
        """Variance over mean of sales at a known level, at least 1, (keys,)."""
        return np.maximum(self.linear_dispersion, 1.0)

    @property
    def variance(self) -> Floats:
        """Of the factor on today's mean, (keys,)."""
        return self.level_variance + self.step_variance


@dataclass(frozen=True)
class Rates:
    """Factors on the forecast, all (keys,): of the rest of today and of the days after.

    today, ahead: posterior means. today_variance, ahead_variance: of the factors.
    surge, surge_square: units per day beyond them that are sold where the day breaks with the
    forecast, mean and mean square, else 0. pace: all of it now, as
    a multiple of the forecast. expected: units expected by now. surprise: standard deviations by
    which sales differ from it.
    """

    today: Floats
    ahead: Floats
    today_variance: Floats
    ahead_variance: Floats
    surge: Floats
    surge_square: Floats
    pace: Floats
    expected: Floats
    surprise: Floats


def largest_ordinary_order(prior: DayPrior) -> Floats:
    """Units up to which one order is demand like any other, (keys,).

    The largest of a day's demand that does not contradict the forecast, and of the dispersion,
    which is the size of the order that the average unit is bought in.
    """
    dispersion = prior.dispersion
    spread = np.sqrt(dispersion * prior.mean + prior.variance * prior.mean**2)
    return np.maximum(np.ceil(prior.mean + _CONFLICT * spread), dispersion)


def update_rates(prior: DayPrior, sold: Floats, share: float) -> Rates:
    """The factors after ``sold`` units, (keys,), in a ``share`` of the day, in [0, 1]."""
    dispersion, variance = prior.dispersion, prior.variance
    mean = np.where(sold > 0, np.maximum(prior.mean, _LEAST_MEAN), prior.mean)
    exposure = mean * share
    gap = sold - exposure
    spread = np.sqrt(dispersion * exposure + variance * exposure**2)
    surprise = np.divide(gap, spread, out=np.zeros_like(gap), where=spread > 0)
    broken = _broken(surprise, sold / dispersion, exposure / dispersion, variance)
    uncertain = variance > 0
    shape = np.divide(1.0, variance, out=np.ones_like(gap), where=uncertain)
    after = shape + sold / dispersion
    rate = shape + exposure / dispersion
    today = np.where(uncertain, after / rate, 1.0)
    today[broken] = np.minimum(today[broken], _highest(variance[broken]))
    today_variance = np.where(uncertain, after / rate**2, 0.0)
    today_variance[broken] = variance[broken]
    lasts = np.divide(
        prior.level_variance, variance, out=np.full_like(gap, 0.5), where=variance > 0
    )
    seen = max(share, SHORTEST)
    beyond = np.where(broken, np.maximum(sold - exposure * today, 0.0), 0.0)
    return Rates(
        today=today,
        ahead=1.0 + lasts * (today - 1.0),
        today_variance=today_variance,
        # Given θ the level keeps the variance that the day's own noise hides.
        ahead_variance=lasts * (1.0 - lasts) * variance + lasts**2 * today_variance,
        surge=beyond / seen,
        surge_square=np.where(broken, beyond**2 + dispersion * sold, 0.0) / seen**2,
        pace=today + np.divide(beyond / seen, mean, out=np.zeros_like(gap), where=mean > 0),
        expected=exposure,
        surprise=surprise,
    )


def _broken(
    surprise: Floats, steps: Floats, exposure: Floats, variance: Floats
) -> NDArray[np.bool_]:
    """Where today is more likely than not to break with the forecast; steps sold, and expected."""
    broken = np.zeros(len(surprise), np.bool_)
    rows = np.flatnonzero(surprise > _CONFLICT)
    n, e = steps[rows], exposure[rows]
    trusted = np.maximum(variance[rows], _CERTAIN)
    by_day = np.maximum(((n - e) ** 2 - e) / e**2, trusted)
    odds = np.log(_BREAKS / (1.0 - _BREAKS)) + _evidence(n, e, by_day) - _evidence(n, e, trusted)
    broken[rows] = odds > 0
    return broken


def _highest(variance: Floats) -> Floats:
    """The factor that the forecast exceeds as rarely as days break with it, (keys,)."""
    spread = np.maximum(variance, _CERTAIN)
    return np.asarray(special.gammaincinv(1.0 / spread, 1.0 - _BREAKS) * spread)


def _evidence(steps: Floats, exposure: Floats, variance: Floats) -> Floats:
    """Logarithm of the negative binomial probability of ``steps``, but for terms without the
    variance of the level, (keys,)."""
    shape = 1.0 / variance
    gamma = special.gammaln(shape + steps) - special.gammaln(shape)
    spread = np.log1p(exposure * variance)
    return np.asarray(gamma - shape * spread - steps * (np.log(shape) + spread))
