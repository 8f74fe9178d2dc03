"""Who gets what there is: shortage shared in proportion, and lots taken in the order of issue."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def summed(rows: Ints, units: NDArray[Any], n: int) -> Floats:
    """Units of each of ``n`` rows, (n,)."""
    return np.bincount(rows, units, n).astype(np.float64)


def shared(asked: Floats, group: Ints, room: Floats, whole: bool) -> Floats:
    """What each line gets of what its group has, (lines,).

    asked: (lines,) units >= 0. group: (lines,) codes. room: (groups,) units >= 0. A group that
    has enough gives all; one that has not shares in proportion. whole: in whole units: the shares
    are the steps of the rounded running total, so each is within one unit of its proportion and
    together they use up all whole units there are.
    """
    total = summed(group, asked, len(room))
    lines = np.flatnonzero((total > room)[group])
    if not len(lines):
        return asked
    got = asked.copy()
    if not whole:
        got[lines] = asked[lines] * (room / np.maximum(total, 1e-300))[group[lines]]
        return got
    lines = lines[np.argsort(group[lines], kind="stable")]
    of, units = group[lines], asked[lines].astype(np.int64)
    running = np.cumsum(units)
    first = np.flatnonzero(np.diff(of, prepend=-1))
    count = np.diff(first, append=len(of))
    before = np.repeat(running[first] - units[first], count)
    ends = np.repeat(np.add.reduceat(units, first), count)
    there = room[of].astype(np.int64)
    upto = (running - before) * there // np.maximum(ends, 1)
    got[lines] = upto - (running - units - before) * there // np.maximum(ends, 1)
    return got


def first_out(lots: Floats, units: Floats) -> Floats:
    """``units`` (rows,) taken from ``lots`` (rows, lots) in their order; at most what is there."""
    before = np.cumsum(lots, axis=1) - lots
    return np.clip(units[:, None] - before, 0.0, lots)
