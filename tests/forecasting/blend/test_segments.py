"""Segments follow the bounds of Syntetos, Boylan and Croston (2005)."""

from __future__ import annotations

import numpy as np
import pytest

from features.signal import Signal
from forecasting.blend.segments import SEGMENT_NAMES, SegmentParams, segment_codes
from stockwright.errors import ConfigError


def names_of(units: np.ndarray, exposure: np.ndarray | None = None) -> list[str]:
    seen = np.ones_like(units) if exposure is None else exposure
    signal = Signal(units.astype(np.float32), seen.astype(np.float32), units.astype(np.float32))
    return [SEGMENT_NAMES[code] for code in segment_codes(signal)]


def test_each_pattern_is_told_by_interval_and_size() -> None:
    steady = np.tile([4.0, 5.0], 26)
    wild = np.tile([1.0, 1, 1, 20], 13)
    rare = np.tile([0.0, 0, 3, 0], 13)
    lumpy = np.tile([0.0, 1, 0, 0, 0, 0, 0, 15.0], 7)[:52]
    assert names_of(np.stack([steady, wild, rare, lumpy])) == [
        "medium smooth grown",
        "medium erratic grown",
        "slow intermittent grown",
        "medium lumpy grown",
    ]


def test_a_series_without_sales_is_slow_and_intermittent() -> None:
    assert names_of(np.zeros((1, 52))) == ["slow intermittent grown"]


def test_a_series_seen_for_less_than_half_of_the_window_is_young() -> None:
    units, seen = np.full((1, 52), 20.0), np.zeros((1, 52))
    seen[:, -20:] = 1
    assert names_of(units * seen, seen) == ["fast smooth young"]


def test_the_segment_depends_on_rates_and_not_on_stock() -> None:
    """Half of the periods out of stock: volume is what sold per period in stock."""
    units, seen = np.full((1, 52), 6.0), np.ones((1, 52))
    seen[:, ::2] = 0
    assert names_of(units * seen, seen)[0].startswith("medium smooth")


def test_bounds_that_cannot_be_are_refused() -> None:
    with pytest.raises(ConfigError, match="slow < fast"):
        SegmentParams(slow=5, fast=2)
    with pytest.raises(ConfigError, match="young"):
        SegmentParams(young=1.5)
