"""Metrics of forecasts, whole arrays at once.

Pinball losses follow Koenker & Bassett (1978): a quantile q at level t of an outcome y loses
max(t (y - q), (t - 1) (y - q)). They are summed over series and levels and divided by the demand.
Coverage is the non-randomized PIT of Czado, Gneiting & Held (2009), and with lower bounds the
curve of Kaplan & Meier (1958).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stockwright.distribution import Distribution
from stockwright.panel import mix_hash

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
LEVELS = (0.5, 0.8, 0.9, 0.95, 0.99)


def pinball(quantile: Floats, units: Floats, levels: tuple[float, ...] = LEVELS) -> Floats:
    """Loss of each outcome, summed over levels.

    quantile: (..., levels). units: (...). Returns (...).
    """
    level = np.asarray(levels, np.float64)
    miss = units[..., None] - quantile
    loss: Floats = np.maximum(level * miss, (level - 1) * miss).sum(axis=-1)
    return loss


def pit_bounds(total: Distribution, units: Floats) -> tuple[Floats, Floats]:
    """F(y - 1) and F(y) of each outcome; for amounts that are not whole both are F(y)."""
    above = total.cdf(units)
    below = total.cdf(units - total.quantum)
    return np.where(total.quantum == 1, below, above), above


def coverage(below: Floats, above: Floats, level: float) -> float:
    """Mean non-randomized PIT coverage at a level."""
    share = np.where(above > below, (level - below) / np.maximum(above - below, 1e-300), 0)
    return float(np.where(above > below, np.clip(share, 0, 1), above <= level).mean())


def kaplan_meier(below: Floats, above: Floats, at_least: Bools, level: float) -> float:
    """Coverage where some outcomes are lower bounds: right-censored PIT values.

    A count's PIT value is drawn between its bounds by a hash of its place.
    """
    spread = mix_hash(np.arange(len(below), dtype=np.uint64)) >> np.uint64(11)
    value = below + (above - below) * (spread.astype(np.float64) / 2.0**53)
    value = np.where(at_least, below, value)
    order = np.lexsort((at_least, value))
    value, event = value[order], ~at_least[order]
    left = np.arange(len(value), 0, -1)
    survival = np.cumprod(1 - event / left)
    place = int(np.searchsorted(value, level, side="right"))
    return float(1 - survival[place - 1]) if place else 0.0


def by_series(keys: NDArray[np.uint64], *values: Floats) -> list[Floats]:
    """Sums of values over all outcomes of the same series."""
    _, place = np.unique(keys, return_inverse=True)
    return [np.bincount(place, each) for each in values]


def ratio_interval(top: Floats, bottom: Floats, draws: int = 500) -> tuple[float, float, float]:
    """sum(top) / sum(bottom) with its 95 % bootstrap interval over the elements.

    A draw weighs the elements by Poisson counts (Chamandy et al. 2012), seeded by nothing.
    """
    rng = np.random.default_rng(0)
    found = np.empty(draws)
    for draw in range(draws):
        weight = rng.poisson(1.0, len(top))
        found[draw] = (weight * top).sum() / max((weight * bottom).sum(), 1e-300)
    low, high = np.quantile(found, (0.025, 0.975))
    return float(top.sum() / max(bottom.sum(), 1e-300)), float(low), float(high)
