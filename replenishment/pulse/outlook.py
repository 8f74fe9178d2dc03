"""How long stock lasts: demand of the days ahead, hours of cover, units missed by an arrival.

Demand of the rest of today and of the days up to a day is taken as gamma-distributed with its
posterior mean and variance; the level is uncertain alike on all days, so its part of the standard
deviation adds up over days. What a surge sells beyond the forecast is its pace times the days that
it goes on (``replenishment.pulse.surge``), each with its own uncertainty. Expected misses of a
gamma demand D with shape a and mean m are E(D - S)+ = m (1 - F_{a+1}(S)) - S (1 - F_a(S))
(Burgin 1975, *The gamma distribution and inventory control*, Operational Research Quarterly 26).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from replenishment.pulse.day import DayProfile
from replenishment.pulse.rates import DayPrior, Rates
from replenishment.pulse.surge import time_to_last

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_LEAST = 1e-12


@dataclass(frozen=True)
class Outlook:
    """Demand from now to the close of each day ahead, today first; all (keys, days) units.

    mean: of the running totals. variance: of them. usual, usual_variance: of what is asked for
    whatever becomes of a surge; 0 without one.
    """

    mean: Floats
    variance: Floats
    usual: Floats
    usual_variance: Floats

    def take(self, rows: NDArray[np.integer]) -> Outlook:
        """The outlook of some of the keys."""
        return Outlook(
            self.mean[rows], self.variance[rows], self.usual[rows], self.usual_variance[rows]
        )

    def whole(self) -> Demand:
        """Demand up to the close of each day, (keys, days)."""
        return Demand(self.mean, self.variance, self.usual, self.usual_variance)

    def by(self, day: Ints) -> Demand:
        """Demand up to the close of ``day``, (keys,), of each key."""
        return self.whole().take((np.arange(len(day)), day))

    def until(self, day: Ints) -> Demand:
        """Demand up to the close of the day before ``day`` (keys,); 0: nothing."""
        return self.by(np.clip(day - 1, 0, self.mean.shape[1] - 1)).times(day > 0)


@dataclass(frozen=True)
class Demand:
    """Demand of some time, any shape, with that mean and variance.

    usual, usual_variance: of what is asked for whatever becomes of a surge. Beside a surge, which
    is far less sure, it counts as certain, and what is beyond as gamma-distributed; without one
    it is 0, and all of the demand is gamma-distributed.
    """

    mean: Floats
    variance: Floats
    usual: Floats
    usual_variance: Floats

    def take(self, rows: Any) -> Demand:
        """Some of it, by any index of an array."""
        return Demand(
            self.mean[rows], self.variance[rows], self.usual[rows], self.usual_variance[rows]
        )

    def times(self, part: Floats | NDArray[np.bool_] | float) -> Demand:
        """A part of the time, in which mean and variance are that part of the whole."""
        return Demand(
            self.mean * part, self.variance * part, self.usual * part, self.usual_variance * part
        )

    def less(self, other: Demand, part: Floats) -> Demand:
        """What is left of it without a part of an earlier time, whose noise is not in the rest."""
        return Demand(
            self.mean - part * other.mean,
            np.maximum(self.variance - part * other.variance, 0.0),
            self.usual - part * other.usual,
            np.maximum(self.usual_variance - part * other.usual_variance, 0.0),
        )

    def where(self, which: NDArray[np.bool_], other: Demand) -> Demand:
        """This demand where ``which`` holds, elsewhere the other one."""
        return Demand(
            np.where(which, self.mean, other.mean),
            np.where(which, self.variance, other.variance),
            np.where(which, self.usual, other.usual),
            np.where(which, self.usual_variance, other.usual_variance),
        )

    def chance_short(self, stock: Floats) -> Floats:
        """P(demand > stock); demand without a mean is none, stock below 0 is none."""
        shape, scale = self._gamma()
        beyond = np.maximum(stock, 0.0) - self.usual
        chance = np.where(beyond < 0, 1.0, special.gammaincc(shape, np.maximum(beyond, 0) / scale))
        return np.asarray(np.where(self.mean > _LEAST, chance, 0.0))

    def missed(self, stock: Floats) -> Floats:
        """E(demand - stock)+, in units; stock below 0 is none."""
        shape, scale = self._gamma()
        beyond = np.maximum(stock, 0.0) - self.usual
        held = np.maximum(beyond, 0.0)
        at = held / scale
        missed = (self.mean - self.usual) * special.gammaincc(shape + 1.0, at)
        missed = missed - held * special.gammaincc(shape, at)
        missed = np.maximum(missed, 0.0) + np.maximum(-beyond, 0.0)
        return np.asarray(np.where(self.mean > _LEAST, missed, 0.0))

    def quantile(self, level: Floats) -> Floats:
        """The demand that is not exceeded with probability ``level``."""
        shape, scale = self._gamma()
        units = self.usual + special.gammaincinv(shape, level) * scale
        return np.asarray(np.where(self.mean > _LEAST, units, 0.0))

    def without_surge(self) -> Demand:
        """What is usual, gamma-distributed as the demand of keys without a surge."""
        none = np.zeros_like(self.usual)
        return Demand(self.usual, self.usual_variance, none, none)

    def _gamma(self) -> tuple[Floats, Floats]:
        mean = np.maximum(self.mean - self.usual, _LEAST)
        variance = np.maximum(self.variance, _LEAST)
        return mean**2 / variance, variance / mean


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
    variance += prior.step_variance[:, None] * np.cumsum(own, axis=1)
    variance += prior.dispersion[:, None] * mean
    usual, usual_variance = np.zeros_like(mean), np.zeros_like(mean)
    rows = np.flatnonzero(rates.surge)
    usual[rows], usual_variance[rows] = mean[rows], variance[rows]
    lasts, square = time_to_last(1.0 - rest, means.shape[1])
    beyond = rates.surge[rows, None] * lasts
    mean[rows] += beyond
    variance[rows] += rates.surge_square[rows, None] * square - beyond**2
    variance[rows] += prior.dispersion[rows, None] * beyond
    return Outlook(mean + np.cumsum(promised, axis=1), variance, usual, usual_variance)


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
