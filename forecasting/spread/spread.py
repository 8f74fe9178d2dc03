"""How demand scatters around its mean: fitted on totals of held-out origins.

The three dispersions of a forecast (see stockwright.forecast) are log-linear in what is known of a
series: its mean rate, the dispersion of its own history, the share of periods with a sale. Their
coefficients, and the tail, maximize the likelihood of totals of several lengths under the very
distribution that is forecast; a total with a stock-out enters as "at least what was sold". Totals
weigh by the square root of their size: orders are units, and most of them are a few large series'.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from forecasting.spread.moments import Moments
from stockwright.distribution import Distribution
from stockwright.errors import FitError
from stockwright.quantiles import Component, mixture_cdf

Floats = NDArray[np.float64]
_TRAITS = 4
# A standard deviation that the coefficients are held to, but for the constants.
_PRIOR_SD = 0.5
_PRIOR_TAIL_SD = 2.0
_ITERATIONS = 40
# A total counts for no more than so many of the usual size.
_MOST_WEIGHT = 20.0
# Standard deviations for which a miss counts at most where locations are compared.
_MOST_MISS = 4.0
_TINY = 1e-12
_LARGEST_SHARE, _LARGEST_RATIO = 0.3, 8.0
# Start: dispersion of counts above 1, relative variance of a step, of the level (logarithms).
_START = (-1.0, -2.0, -2.0)


@dataclass(frozen=True)
class Spread:
    """Coefficients of the dispersions and of the tail.

    weights: (3, 4) of the logarithms of linear dispersion - 1, step and level variance (own part,
    without the tail). center, scale: (3,) that the traits are standardized with. low, high:
    bounds of the standardized traits. tail: probability and ratio of the raised level.
    """

    weights: Floats
    center: Floats
    scale: Floats
    tail: tuple[float, float]

    def dispersions(self, rate: Floats, moments: Moments) -> tuple[Floats, Floats, Floats]:
        """Linear dispersion (units), step and level variance of each series.

        rate: mean units per period that are forecast.
        """
        _, (linear, step, level) = self.parts(rate, moments)
        return (1 + linear) * moments.quantum, step, level + tail_variance(*self.tail)

    def to_dict(self) -> dict[str, Any]:
        """Plain lists, for JSON."""
        return {
            "weights": self.weights.tolist(),
            "center": self.center.tolist(),
            "scale": self.scale.tolist(),
            "tail": list(self.tail),
        }

    @classmethod
    def from_dict(cls, found: dict[str, Any]) -> Spread:
        """The spread of ``to_dict``."""
        weights, center, scale = (np.array(found[n]) for n in ("weights", "center", "scale"))
        return cls(weights, center, scale, (found["tail"][0], found["tail"][1]))

    def parts(self, rate: Floats, moments: Moments) -> tuple[Floats, Floats]:
        """Standardized traits (series, 4), and (3, series) linear dispersion - 1 and variances."""
        z = self._standard(traits(rate, moments))
        logs = np.stack([(z * row).sum(axis=1) for row in self.weights])
        return z, np.exp(np.clip(logs, -12.0, 6.0))

    def _standard(self, raw: Floats) -> Floats:
        inside = np.clip((raw - self.center) / self.scale, -2.5, 2.5)
        return np.concatenate([np.ones((len(raw), 1)), inside], axis=1)


#: Where nothing could be held out: counts twice as scattered as a Poisson's, a level that is
#: uncertain by half of itself.
DEFAULT_SPREAD = Spread(
    weights=np.array([[0.0] * _TRAITS, [-1.5, 0, 0, 0], [-1.4, 0, 0, 0]]),
    center=np.zeros(_TRAITS - 1),
    scale=np.ones(_TRAITS - 1),
    tail=(0.0, 1.0),
)


@dataclass(frozen=True)
class Totals:
    """Held-out totals, (totals,) each.

    rate: mean units per period forecast for the whole horizon. mean, squares: sums of the steps'
    means and squared means. units: sold. at_least: a stock-out hid some of the demand.
    moments: of the series at the origin.
    """

    rate: Floats
    mean: Floats
    squares: Floats
    units: Floats
    at_least: NDArray[np.bool_]
    moments: Moments

    def take(self, rows: NDArray[Any] | slice) -> Totals:
        """Some of the totals."""
        arrays = {n: getattr(self, n)[rows] for n in ("rate", "mean", "squares", "units")}
        return Totals(**arrays, at_least=self.at_least[rows], moments=self.moments.take(rows))

    def distribution(self, spread: Spread) -> Distribution:
        """What the spread makes of these totals."""
        linear, step, level = spread.dispersions(self.rate, self.moments)
        variance = linear * self.mean + step * self.squares + level * self.mean**2
        share, ratio = (np.full(1, value) for value in spread.tail)
        return Distribution(self.mean, variance, self.moments.quantum, share, ratio)


def tail_variance(share: float, ratio: float) -> float:
    """Variance of the level that the two-point mixture alone brings."""
    low = (1 - share * ratio) / (1 - share)
    return share * ratio**2 + (1 - share) * low**2 - 1


def traits(rate: Floats, moments: Moments) -> Floats:
    """Logarithm of the rate in lattice steps, of the dispersion, and logit of the selling share."""
    return np.stack(
        [
            np.log(np.maximum(rate / moments.quantum, 1e-4)),
            np.log(moments.dispersion),
            special.logit(np.clip(moments.selling, 1e-3, 1 - 1e-3)),
        ],
        axis=1,
    )


def fit_spread(totals: Totals) -> Spread:
    """Fit by maximum likelihood with a normal prior on the slopes; deterministic.

    Raises FitError without any total.
    """
    if not len(totals.units):
        raise FitError("no held-out total to estimate the spread of demand from")
    raw = traits(totals.rate, totals.moments)
    form = _Form(totals, raw.mean(axis=0), np.maximum(raw.std(axis=0), 0.1))
    start = np.zeros((3, _TRAITS))
    start[:, 0] = _START
    first = np.concatenate([start.ravel(), [-1.0, -2.0]])
    options = {"maxiter": _ITERATIONS, "ftol": 1e-7}
    found = optimize.minimize(form.loss, first, jac=True, method="L-BFGS-B", options=options)
    return form.spread(np.asarray(found.x))


@dataclass(frozen=True)
class _Form:
    """The unknowns as one vector: weights row by row, then two for the tail."""

    totals: Totals
    center: Floats
    scale: Floats

    def spread(self, x: Floats) -> Spread:
        share = _LARGEST_SHARE * special.expit(x[-2])
        ratio = 1 + (1 / max(share, 1 / _LARGEST_RATIO) - 1) * special.expit(x[-1])
        weights = x[:-2].reshape(3, _TRAITS)
        return Spread(weights, self.center, self.scale, (float(share), float(ratio)))

    def loss(self, x: Floats) -> tuple[float, Floats]:
        """Negative log posterior and its gradient: through the variance of each total."""
        spread, nudge = self.spread(x), 1e-4
        here = self.totals.distribution(spread)
        value = self.weight @ log_likelihood(self.totals, here)
        slope = self.weight * self._variance_slope(here, nudge)
        gradient = np.empty_like(x)
        gradient[:-2] = self._weight_slopes(spread, slope).ravel()
        for place in (-2, -1):
            moved = x.copy()
            moved[place] += nudge
            there = self.totals.distribution(self.spread(moved))
            gradient[place] = (self.weight @ log_likelihood(self.totals, there) - value) / nudge
        prior = np.zeros_like(x)
        prior[:-2].reshape(3, _TRAITS)[:, 1:] = x[:-2].reshape(3, _TRAITS)[:, 1:] / _PRIOR_SD**2
        prior[-2:] = x[-2:] / _PRIOR_TAIL_SD**2
        return float(0.5 * prior @ x - value), prior - gradient

    @cached_property
    def weight(self) -> Floats:
        """What each total counts for, (totals,), 1 on average."""
        size = np.sqrt(np.maximum(self.totals.mean, 0.0))
        whole = float(size.mean())
        return np.asarray(np.minimum(size / whole, _MOST_WEIGHT) if whole > 0 else 1.0 + size)

    def _variance_slope(self, here: Distribution, nudge: float) -> Floats:
        """Derivative of each total's log-likelihood by its variance."""
        wider = replace(here, variance=here.variance * (1 + nudge))
        narrower = replace(here, variance=here.variance * (1 - nudge))
        change = log_likelihood(self.totals, wider) - log_likelihood(self.totals, narrower)
        return np.asarray(change / (2 * nudge * here.variance))

    def _weight_slopes(self, spread: Spread, slope: Floats) -> Floats:
        totals = self.totals
        z, (linear, step, level) = spread.parts(totals.rate, totals.moments)
        pulls = (
            linear * totals.moments.quantum * totals.mean,
            step * totals.squares,
            level * totals.mean**2,
        )
        return np.stack([(slope * pull) @ z for pull in pulls])


def log_likelihood(totals: Totals, distribution: Distribution) -> Floats:
    """Logarithm of the probability of each total under its distribution, (totals,)."""
    components = distribution.components()
    steps = totals.units / totals.moments.quantum
    hidden = totals.at_least
    out = np.empty(len(steps))
    out[~hidden] = _log_mass([each.take(~hidden) for each in components], steps[~hidden])
    some = [each.take(hidden) for each in components]
    below = np.where(steps[hidden] >= 1, mixture_cdf(some, np.maximum(steps[hidden] - 1, 0)), 0.0)
    out[hidden] = np.log(np.maximum(1 - below, 1e-12))
    return out


def _log_mass(components: list[Component], steps: Floats) -> Floats:
    parts = [
        np.log(each.weight)
        + special.gammaln(steps + each.size)
        - special.gammaln(each.size)
        - special.gammaln(steps + 1)
        + each.size * np.log(each.p)
        + special.xlog1py(steps, -each.p)
        for each in components
    ]
    return np.asarray(np.logaddexp.reduce(parts, axis=0))


def location_correlation(totals: Totals, spread: Spread, group: NDArray[np.int64]) -> float:
    """Correlation, in [0, 1], of the level noise of one SKU's locations; 0.5 where it is unknown.

    group: totals of one SKU and origin share a number. Counts scatter on their own, so the misses
    m of two locations covary as their levels do: E[m m'] = correlation * s s', s the standard
    deviation that the level gives a total. Least squares over all pairs, each weighed by the
    variances v v' of its members: sum(m s / v * m' s' / v') / sum(s^2 / v * s'^2 / v'). A miss
    counts for a few of its standard deviations at most (Huber 1964), so that no single hit decides.
    """
    if not len(totals.units):
        return 0.5
    level = spread.dispersions(totals.rate, totals.moments)[2]
    whole = np.sqrt(np.maximum(totals.distribution(spread).variance, _TINY))
    share = np.sqrt(level) * totals.mean / whole
    limit = _pair_products(share**2, group)
    if limit <= 0:
        return 0.5
    miss = np.clip((totals.units - totals.mean) / whole, -_MOST_MISS, _MOST_MISS) * share
    return float(np.clip(_pair_products(miss, group) / limit, 0.0, 1.0))


def _pair_products(values: Floats, group: NDArray[np.int64]) -> float:
    """Sum of products of two different members of a group."""
    whole = np.bincount(group, values) ** 2
    return float((whole - np.bincount(group, values**2)).sum())
