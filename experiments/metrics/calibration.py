"""Whether outcomes fall below a forecast's levels as often as it says.

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


def pit_bounds(total: Distribution, units: Floats) -> tuple[Floats, Floats]:
    """F(y - 1) and F(y) of each outcome; for amounts that are not whole both are F(y)."""
    above = total.cdf(units)
    below = total.cdf(units - total.quantum)
    return np.where(total.quantum == 1, below, above), above


def pit_share(below: Floats, above: Floats, level: float) -> Floats:
    """Share of each outcome's PIT values, spread evenly between its bounds, below a level."""
    share = np.where(above > below, (level - below) / np.maximum(above - below, 1e-300), 0)
    return np.where(above > below, np.clip(share, 0, 1), above <= level).astype(np.float64)


def coverage(below: Floats, above: Floats, level: float) -> float:
    """Mean non-randomized PIT coverage at a level; NaN without outcomes."""
    return float(pit_share(below, above, level).mean()) if len(above) else float("nan")


def kaplan_meier(below: Floats, above: Floats, at_least: Bools, level: float) -> float:
    """Coverage where some outcomes are lower bounds: right-censored PIT values.

    A count's PIT value is drawn between its bounds by a hash of its place. NaN without outcomes.
    """
    return float(kaplan_meier_curve(below, above, at_least, np.array([level]))[0])


def kaplan_meier_curve(below: Floats, above: Floats, at_least: Bools, levels: Floats) -> Floats:
    """``kaplan_meier`` at several levels, in their shape."""
    if not len(below):
        return np.full(len(levels), np.nan)
    spread = mix_hash(np.arange(len(below), dtype=np.uint64)) >> np.uint64(11)
    value = below + (above - below) * (spread.astype(np.float64) / 2.0**53)
    value = np.where(at_least, below, value)
    order = np.lexsort((at_least, value))
    value, event = value[order], ~at_least[order]
    left = np.arange(len(value), 0, -1)
    survival = np.concatenate([[1.0], np.cumprod(1 - event / left)])
    return np.asarray(1 - survival[np.searchsorted(value, levels, side="right")], np.float64)
