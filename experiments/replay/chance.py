"""Chance that is the same for every arm: a number for each key and date, by their hash."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stockwright.panel import SeriesIndex, mix_hash, text_hash

Floats = NDArray[np.float64]


def uniform(index: SeriesIndex, dates: NDArray[np.datetime64], purpose: str, seed: int) -> Floats:
    """Numbers in (0, 1), (series, dates): one draw each, whatever else is drawn."""
    keys = index.key_hash()[:, None]
    days = dates.astype("datetime64[D]").astype(np.int64).astype(np.uint64)[None, :]
    salt = text_hash([f"{purpose} {seed}"])
    drawn = mix_hash(keys ^ mix_hash(days ^ mix_hash(salt)[:, None]))
    return np.asarray(((drawn >> np.uint64(11)).astype(np.float64) + 0.5) / 2.0**53, np.float64)


def whole(units: Floats, drawn: Floats) -> Floats:
    """Units rounded up or down by chance, so that their mean is kept."""
    down = np.floor(units)
    return np.asarray(down + (drawn < units - down), np.float64)
