"""Segments: which series are alike enough to share the weights of a blend."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.signal import Signal
from stockwright.errors import ConfigError

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
_VOLUMES = ("slow", "medium", "fast")
_PATTERNS = ("smooth", "erratic", "intermittent", "lumpy")
_STAGES = ("young", "grown")
#: Name of every segment by its code.
SEGMENT_NAMES = tuple(f"{v} {p} {s}" for v in _VOLUMES for p in _PATTERNS for s in _STAGES)


@dataclass(frozen=True)
class SegmentParams:
    """Bounds between segments; the same for every shop, so that a segment means the same anywhere.

    interval, variation: average interval between sales (periods) and squared coefficient of
    variation of the sizes from which a series is intermittent, and erratic (Syntetos, Boylan &
    Croston 2005). slow, fast: units per period below and from which volume is slow and fast.
    young: share of the window in which a grown series could be seen.
    """

    interval: float = 1.32
    variation: float = 0.49
    slow: float = 1.0
    fast: float = 10.0
    young: float = 0.5

    def __post_init__(self) -> None:
        if not (self.interval >= 1 and self.variation > 0 and 0 < self.slow < self.fast):
            raise ConfigError("segments: interval >= 1, variation > 0 and 0 < slow < fast")
        if not 0 < self.young < 1:
            raise ConfigError("segments: young lies in (0, 1)")


def segment_codes(signal: Signal, params: SegmentParams | None = None) -> Ints:
    """Code of each series of a block into ``SEGMENT_NAMES``, (series,).

    signal: the last periods of the history, as far as they speak for the present. A series that
    sold nothing is slow, intermittent.
    """
    bounds = params or SegmentParams()
    units, exposure = signal.units.astype(np.float64), signal.exposure.astype(np.float64)
    sales = (units > 0).sum(axis=1)
    seen, sold = exposure.sum(axis=1), units.sum(axis=1)
    interval = seen / np.maximum(sales, 1)
    size = sold / np.maximum(sales, 1)
    spread = (units**2).sum(axis=1) / np.maximum(sales * size**2, 1e-12) - 1
    rate = sold / np.maximum(seen, 1e-9)
    volume = (rate >= bounds.slow).astype(np.int64) + (rate >= bounds.fast)
    rare = (interval >= bounds.interval) | (sales == 0)
    erratic = (spread >= bounds.variation) & (sales > 0)
    pattern = 2 * rare.astype(np.int64) + erratic
    grown = (exposure > 0).sum(axis=1) >= bounds.young * signal.window
    return np.asarray((volume * len(_PATTERNS) + pattern) * len(_STAGES) + grown, np.int64)
