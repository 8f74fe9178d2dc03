"""How much of what customers put a deposit on they pay for, learnt from earlier deposits.

The share paid of one event's deposits in one category is a draw from a Beta distribution: units of
one occurrence share their fate, with the correlation rho of a beta-binomial variable. The mean is
learnt for event and category, shrunk to the event's, that to the shop's, and that to a default
(partial pooling, Gelman et al. 2013, chapter 5). n units of an occurrence tell as much as
n / (1 + (n - 1) rho) independent ones. rho is estimated by moments from the occurrences (Williams
1982), shrunk to a default.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stockwright.arrays import require
from stockwright.errors import ConfigError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class ConversionParams:
    """rate: share of deposits paid where nothing was seen, in [0, 1]. weight: independent units
    that it, and each level of the hierarchy for the one below, counts for, > 0. correlation: of
    the units of one occurrence, in [0, 1). occurrences: how many its default counts for, > 0.
    """

    rate: float = 0.8
    weight: float = 10.0
    correlation: float = 0.03
    occurrences: float = 12.0

    def __post_init__(self) -> None:
        if not (0 <= self.rate <= 1 and self.weight > 0):
            raise ConfigError("a conversion rate lies in [0, 1], its weight above 0")
        if not (0 <= self.correlation < 1 and self.occurrences > 0):
            raise ConfigError("a correlation lies in [0, 1), its occurrences above 0")


@dataclass(frozen=True)
class Deposits:
    """Deposits of the past whose time to pay is over, one row for each, all (rows,).

    event, category: codes >= 0. occurrence: code >= 0 of the one time an event took place (its
    date, or year). units: promised, >= 0. paid: units paid, at most ``units``.
    """

    event: Ints
    category: Ints
    occurrence: Ints
    units: Floats
    paid: Floats

    def __post_init__(self) -> None:
        require(self.units >= 0, "units", ">= 0")
        require((self.paid >= 0) & (self.paid <= self.units), "paid", "in [0, units]")


@dataclass(frozen=True)
class Conversion:
    """Shares of deposits that will be paid.

    rate, certainty: (events, categories) mean and independent units behind it. shop, shop_units:
    the same for an event that was never seen. correlation: of the units of one occurrence.
    """

    rate: Floats
    certainty: Floats
    shop: float
    shop_units: float
    correlation: float

    def of(self, event: Ints, category: Ints) -> tuple[Floats, Floats]:
        """Mean share and correlation of the units of one occurrence, (rows,) each.

        ``event``, ``category``: codes as learnt, others for what was never seen. The correlation
        holds what is not known of the mean: Var(units paid of n) = n p (1 - p) (1 + (n - 1) rho).
        """
        events, categories = self.rate.shape
        seen = (event >= 0) & (event < events)
        row = np.where(seen, event, events)
        column = np.where((category >= 0) & (category < categories), category, categories)
        mean = np.full((events + 1, categories + 1), self.shop)
        units = np.full((events + 1, categories + 1), self.shop_units)
        mean[:-1, :-1], units[:-1, :-1] = self.rate, self.certainty
        rho = self.correlation + (1 - self.correlation) / (units[row, column] + 1)
        return mean[row, column], rho


def learn_conversion(past: Deposits, params: ConversionParams) -> Conversion:
    """The shares by event and category, from the deposits of the past."""
    events = int(past.event.max(initial=-1)) + 1
    categories = int(past.category.max(initial=-1)) + 1
    units, paid, cell = _occurrences(past, categories)
    pooled = (paid.sum() + params.weight * params.rate) / (units.sum() + params.weight)
    rho = _correlation(units, paid, pooled, params)
    weight = 1 / (1 + np.maximum(units - 1, 0.0) * rho)
    size = np.bincount(cell, weight * units, events * categories).reshape(events, categories)
    kept = np.bincount(cell, weight * paid, events * categories).reshape(events, categories)
    shop = _shrunk(kept.sum(), size.sum(), params.rate, params.weight)
    event = _shrunk(kept.sum(axis=1), size.sum(axis=1), shop, params.weight)
    return Conversion(
        rate=np.asarray(_shrunk(kept, size, event[:, None], params.weight), np.float64),
        certainty=np.asarray(size + params.weight, np.float64),
        shop=float(shop),
        shop_units=params.weight,
        correlation=rho,
    )


def _shrunk(
    paid: NDArray[Any], units: NDArray[Any], prior: Floats | float, weight: float
) -> Floats:
    """Mean of the Beta posterior whose prior has the mean ``prior`` and counts for ``weight``."""
    return np.asarray((paid + weight * prior) / (units + weight), np.float64)


def _occurrences(past: Deposits, categories: int) -> tuple[Floats, Floats, Ints]:
    """Units, units paid and cell (event x category) of each occurrence of a cell."""
    times = int(past.occurrence.max(initial=-1)) + 1
    key = (past.event * max(categories, 1) + past.category) * max(times, 1) + past.occurrence
    distinct, group = np.unique(key, return_inverse=True)
    units: Floats = np.bincount(group, past.units, len(distinct)).astype(np.float64)
    paid: Floats = np.bincount(group, past.paid, len(distinct)).astype(np.float64)
    return units, paid, distinct // max(times, 1)


def _correlation(units: Floats, paid: Floats, rate: float, params: ConversionParams) -> float:
    """Moment estimate of rho, shrunk: E (x - n p)^2 / (p (1 - p)) = n + n (n - 1) rho."""
    scatter = rate * (1 - rate)
    pairs = np.maximum(units * (units - 1), 0.0)
    prior = params.correlation
    if scatter <= 0 or pairs.sum() <= 0:
        return prior
    told = units > 1
    # Each occurrence weighs 1 / (n (n - 1)): one number of the same variance, or nearly, from each.
    each = ((paid - units * rate) ** 2 / scatter - units)[told] / pairs[told]
    mean = (each.sum() + params.occurrences * prior) / (told.sum() + params.occurrences)
    return float(np.clip(mean, 0.0, 0.5))


def paid_moments(
    units: Floats, rate: Floats, correlation: Floats, group: Ints, groups: int
) -> tuple[Floats, Floats]:
    """Mean and variance of the units paid in each group of rows, (groups,) each.

    units, rate, correlation: (rows,), see ``Conversion.of``; rows of one group share their fate.
    """
    scatter = rate * (1 - rate)
    mean = np.bincount(group, units * rate, groups)
    own = np.bincount(group, units * scatter * (1 - correlation), groups)
    shared = np.bincount(group, units * np.sqrt(scatter * correlation), groups)
    return np.asarray(mean, np.float64), np.asarray(own + shared**2, np.float64)
