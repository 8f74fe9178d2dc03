"""Painting intervals against a loop over every day."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.assemble import spans as module
from pipelines.assemble.spans import Spans, day_range, painted


@pytest.mark.parametrize("cells_at_once", [1, 40, 1 << 20])
def test_the_last_span_over_a_day_shows_whatever_the_block(monkeypatch, cells_at_once):
    monkeypatch.setattr(module, "_CELLS_AT_ONCE", cells_at_once)
    rng = np.random.default_rng(3)
    series, first = rng.integers(0, 7, 60), rng.integers(0, 20, 60)
    last = first + rng.integers(-2, 9, 60)
    last = np.minimum(last, 24)
    expected = np.full((7, 25), -1)
    for row in range(60):
        expected[series[row], first[row] : last[row] + 1] = row
    got = np.full((7, 25), -9)
    for start, stop, grid in painted(Spans(series, first, last, np.arange(60)), 7, 25):
        got[start:stop] = grid
    assert (got == expected).all()


def test_open_ends_reach_the_ends_of_the_calendar():
    nat = np.datetime64("NaT", "D")
    start = np.array([nat, "2024-01-03", "2023-01-01"], "datetime64[D]")
    end = np.array(["2024-01-02", nat, "2030-01-01"], "datetime64[D]")
    first, last = day_range(start, end, np.datetime64("2024-01-01"), 10)
    assert first.tolist() == [0, 2, 0]
    assert last.tolist() == [1, 9, 9]
