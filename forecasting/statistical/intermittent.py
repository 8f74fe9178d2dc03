"""Methods for demand with many empty periods.

Croston (1972), SBA (Syntetos & Boylan 2005), TSB (Teunter, Syntetos & Babai 2011) and IMAPA
(Petropoulos & Kourentzes 2015), each over many series at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecasting.statistical.smoothing import Chooser, History, exponential_smoothing, picked

Floats = NDArray[np.float64]
_TINY = 1e-300


@dataclass(frozen=True)
class Intervals:
    """Sizes of sales and intervals between them, smoothed, (grid, series) each.

    rate: Croston's forecast, size over interval. fair: the same with the bias of dividing by an
    estimated interval taken out (SBA). errors, fair_errors: sums of their squared one-step errors
    since the second period after the first sale; count: (series,) periods summed.
    """

    rate: Floats
    fair: Floats
    errors: Floats
    fair_errors: Floats
    count: Floats


def intervals(history: History, alphas: Floats) -> Intervals:
    """Croston's recursions for each of ``alphas`` in (0, 1], (grid,).

    Size and interval are updated when something is sold, with the same weights. SBA takes the
    factor 1 - alpha / 2, which is 1 / (1 + v) with v = alpha / (2 - alpha) the sum of the squared
    weights of past intervals; here v is that of the intervals seen so far, larger at first.
    """
    alpha = np.asarray(alphas, np.float64)[:, None]
    size, interval, memory, scatter, rate, fair, errors, fair_errors = np.zeros(
        (8, len(alpha), history.shape[1])
    )
    since, count = np.zeros((2, history.shape[1]))
    for sold, weight in zip(history.rate, history.weight, strict=True):
        counted = np.where(memory[0] > 0, weight, 0.0)
        count += counted > 0
        errors += counted * (sold - rate) ** 2
        fair_errors += counted * (sold - fair) ** 2
        since += weight > 0
        sale = ((sold > 0) & (weight > 0)).astype(np.float64)
        memory = memory * (1.0 - alpha * sale) + weight * sale
        gain = weight * sale / np.maximum(memory, _TINY)
        size += gain * (sold - size)
        interval += gain * (since - interval)
        scatter = (1.0 - gain) ** 2 * scatter + gain**2
        since *= 1.0 - sale
        rate = size / np.maximum(interval, 1.0)
        fair = rate / (1.0 + scatter)
    return Intervals(rate, fair, errors, fair_errors, count)


@dataclass(frozen=True)
class Sales:
    """Probability and size of a sale, smoothed on their own.

    probability: (grid of probability, series). size: (grid of size, series). rate, errors: their
    product and its sums of squared one-step errors, (grids, series), sizes running fastest.
    count: (series,) periods summed.
    """

    probability: Floats
    size: Floats
    errors: Floats
    count: Floats

    @property
    def rate(self) -> Floats:
        """The forecast, (grids, series), sizes running fastest."""
        return _crossed(self.probability, self.size)


def sales(history: History, betas: Floats, alphas: Floats) -> Sales:
    """TSB: the probability is updated in each period with beta, the size at sales with alpha."""
    beta, alpha = np.asarray(betas)[:, None], np.asarray(alphas)[:, None]
    series = history.shape[1]
    probability, known = np.zeros((2, len(beta), series))
    size, memory = np.zeros((2, len(alpha), series))
    errors, count = np.zeros((len(beta) * len(alpha), series)), np.zeros(series)
    for sold, weight in zip(history.rate, history.weight, strict=True):
        counted = np.where(known[0] > 0, weight, 0.0)
        count += counted > 0
        errors += counted * (sold - _crossed(probability, size)) ** 2
        seen = (weight > 0).astype(np.float64)
        sale = seen * (sold > 0)
        known = known * (1.0 - beta * seen) + weight
        probability += weight / np.maximum(known, _TINY) * (sale - probability)
        memory = memory * (1.0 - alpha * sale) + weight * sale
        size += weight * sale / np.maximum(memory, _TINY) * (sold - size)
    return Sales(probability, size, errors, count)


def _crossed(slow: Floats, fast: Floats) -> Floats:
    product = slow[:, None, :] * fast[None, :, :]
    return product.reshape(len(slow) * len(fast), product.shape[2])


def mean_interval(history: History) -> Floats:
    """Observed periods per selling period, (series,); 1 where nothing was sold."""
    sold = ((history.rate > 0) & (history.weight > 0)).sum(axis=0)
    return np.asarray(np.where(sold > 0, history.observed() / np.maximum(sold, 1), 1.0))


def aggregated_mean(history: History, alphas: Floats, most: int, chooser: Chooser) -> Floats:
    """IMAPA: mean of smoothed levels of the series summed over 1, 2, ... K periods, (series,).

    K is the mean interval between sales, rounded, at most ``most``; the smoothing of each
    aggregation is chosen on its own.
    """
    reach = np.clip(np.rint(mean_interval(history)), 1, most)
    total = np.zeros(history.shape[1])
    for length in range(1, most + 1):
        some = np.flatnonzero(reach >= length)
        if not len(some):
            break
        part = History(history.rate[:, some], history.weight[:, some])
        found = exponential_smoothing(part.aggregated(length), alphas)
        place = chooser.choose(f"imapa_{length}", found.errors, found.count)
        total[some] += picked(found.level, place)
    return np.asarray(total / reach)
