"""How long stock lasts: demand of the days ahead, hours of cover, units missed by an arrival.

Demand of the rest of today and of the days up to a day is taken as gamma-distributed with its
posterior mean and variance; the level is uncertain alike on all days, so its part of the standard
deviation adds up over days. Expected misses of a gamma demand D with shape a and mean m are
E(D - S)+ = m (1 - F_{a+1}(S)) - S (1 - F_a(S)) (Burgin 1975, *The gamma distribution and
inventory control*, Operational Research Quarterly 26).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from replenishment.pulse.day import DayProfile
from replenishment.pulse.rates import DayPrior, Rates

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_LEAST = 1e-12


@dataclass(frozen=True)
class Outlook:
    """Demand from now to the close of each day ahead, today first; all (keys, days) units.

    mean: of the running totals. variance: of them.
    """

    mean: Floats
    variance: Floats

    def take(self, rows: NDArray[np.integer]) -> Outlook:
        """The outlook of some of the keys."""
        return Outlook(self.mean[rows], self.variance[rows])

    def until(self, day: Ints) -> tuple[Floats, Floats]:
        """Mean and variance up to the close of the day before ``day`` (keys,); 0: nothing."""
        rows = np.arange(len(self.mean))
        last = np.clip(day - 1, 0, self.mean.shape[1] - 1)
        counts = day > 0
        return (
            np.where(counts, self.mean[rows, last], 0.0),
            np.where(counts, self.variance[rows, last], 0.0),
        )


def look_ahead(
    means: Floats, promised: Floats, prior: DayPrior, rates: Rates, rest: float
) -> Outlook:
    """The outlook of forecasts ``means`` (keys, days), today first, of which ``rest`` is to come.

    promised: (keys, days) units owed to customers for a day, certain, on top. rest: share of
    today's demand still ahead, in [0, 1].
    """
    daily = means.astype(np.float64)
    daily[:, 0] *= rest
    raised = daily.copy()
    raised[:, 0] *= rates.today
    raised[:, 1:] *= rates.ahead[:, None]
    deviation = daily.copy()
    deviation[:, 0] *= np.sqrt(rates.today_variance)
    deviation[:, 1:] *= np.sqrt(rates.ahead_variance)[:, None]
    own = daily**2
    # Today's own noise is in the factor of today already.
    own[:, 0] = 0.0
    mean = np.cumsum(raised, axis=1)
    variance = np.cumsum(deviation, axis=1) ** 2
    variance += np.maximum(prior.linear_dispersion, 1.0)[:, None] * mean
    variance += prior.step_variance[:, None] * np.cumsum(own, axis=1)
    return Outlook(mean + np.cumsum(promised, axis=1), variance)


def chance_short(mean: Floats, variance: Floats, stock: Floats) -> Floats:
    """P(demand > stock), any shape; demand without a mean is none."""
    shape, scale = _gamma(mean, variance)
    return np.asarray(
        np.where(mean > _LEAST, special.gammaincc(shape, np.maximum(stock, 0.0) / scale), 0.0)
    )


def expected_missed(mean: Floats, variance: Floats, stock: Floats) -> Floats:
    """E(demand - stock)+, any shape, in units; stock below 0 is none."""
    shape, scale = _gamma(mean, variance)
    held = np.maximum(stock, 0.0)
    at = held / scale
    missed = mean * special.gammaincc(shape + 1.0, at) - held * special.gammaincc(shape, at)
    return np.asarray(np.where(mean > _LEAST, np.maximum(missed, 0.0), 0.0))


def demand_quantile(mean: Floats, variance: Floats, level: Floats) -> Floats:
    """The demand that is not exceeded with probability ``level``, any shape."""
    shape, scale = _gamma(mean, variance)
    return np.asarray(np.where(mean > _LEAST, special.gammaincinv(shape, level) * scale, 0.0))


def _gamma(mean: Floats, variance: Floats) -> tuple[Floats, Floats]:
    m = np.maximum(mean, _LEAST)
    v = np.maximum(variance, _LEAST)
    return m**2 / v, v / m


def hours_of_cover(
    outlook: Outlook, stock: Floats, hour: float, rest: float, profile: DayProfile
) -> Floats:
    """Hours from now until mean demand has eaten ``stock``, (keys,); inf without demand.

    Within today by the profile of the day, later days evenly; beyond the outlook the mean of its
    days goes on. No arrival counts.
    """
    mean, rows = outlook.mean, np.arange(len(stock))
    today = mean[:, 0]
    whole = np.divide(today, rest, out=np.zeros_like(today), where=rest > 0)
    passed = 1.0 - rest
    share = np.divide(np.maximum(stock, 0.0), whole, out=np.ones_like(stock), where=whole > 0)
    within = profile.hour_of(np.clip(passed + share, 0.0, 1.0)) - hour
    days = (mean <= stock[:, None]).sum(axis=1)
    last = mean.shape[1] - 1
    inside = np.clip(days, 1, max(last, 1)) if last else np.ones_like(days)
    before = mean[rows, np.minimum(inside, last) - 1] if last else today
    size = mean[rows, np.minimum(inside, last)] - before if last else today
    later = np.divide(
        np.maximum(stock - before, 0.0), size, out=np.full_like(stock, np.inf), where=size > 0
    )
    # Beyond the outlook its mean day goes on.
    average = mean[:, last] / max(last + rest, _LEAST)
    beyond = np.divide(
        np.maximum(stock - mean[:, last], 0.0), average,
        out=np.full_like(stock, np.inf), where=average > 0,
    )  # fmt: skip
    left_today = 24.0 - hour
    hours = np.where(
        days > last,
        left_today + 24.0 * (last + beyond),
        np.where(days > 0, left_today + 24.0 * (inside - 1 + later), np.maximum(within, 0.0)),
    )
    return np.asarray(np.where(stock > 0, hours, 0.0))
