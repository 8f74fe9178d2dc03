"""Trees of LightGBM evaluated for whole blocks of series and steps, to the last bit as it does.

LightGBM walks every row down every tree. Most splits of a demand model, though, ask for something
that is the same in all steps of a series, or in all series of a step: they are answered once. Each
answer leaves some leaves of a tree within reach, kept as bits of an integer; what all splits leave
is one bit, the leaf (the idea of QuickScorer, Lucchese et al. 2015, with tables over the bins of a
column in the place of sorted thresholds).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bits = NDArray[np.int32]
#: Leaves that fit into the bits.
MOST_LEAVES = 31
# Series worked on at a time, which bounds the memory; no result depends on it.
_SERIES = 2048
# Fewer rows, or steps of each series, are not worth the fixed cost of the tables.
_LEAST_ROWS, _LEAST_STEPS = 5000, 4
# Bits of a LightGBM decision type: categorical, default left; and what counts as missing.
_CATEGORICAL, _LEFT, _MISSING, _NAN = 1, 2, 12, 8
# Exponent of 1.0 in a float32, and where exponents begin.
_ONE, _EXPONENT = 127, 23


class _Tree(NamedTuple):
    """columns: that it splits on. tables: of each, what every bin leaves within reach. leaves:
    values, behind ``_ONE`` places that are never read."""

    columns: tuple[int, ...]
    tables: tuple[Bits, ...]
    leaves: Floats


class TreeTables:
    """The trees of a model as tables."""

    def __init__(self, trees: Sequence[_Tree], edges: dict[int, Floats]) -> None:
        self._trees, self._edges = trees, edges

    @classmethod
    def of(cls, text: str) -> TreeTables | None:
        """Read the text of a model; None where a tree has more leaves than bits or splits in
        another way than by a threshold."""
        found = [_fields(part) for part in text.split("\nTree=")[1:]]
        counts = [int(each["num_leaves"]) for each in found]
        kinds = _numbers(found, "decision_type").astype(np.int64)
        strange = (kinds & _CATEGORICAL) | ((kinds & _MISSING != _NAN) & (kinds & _MISSING != 0))
        if max(counts, default=0) > MOST_LEAVES or strange.any():
            return None
        column = _numbers(found, "split_feature").astype(np.int64)
        threshold = _numbers(found, "threshold")
        left, right = _reached(found)
        tree = np.repeat(np.arange(len(found)), np.array(counts, np.int64) - 1)
        default = np.where(kinds & _MISSING == _NAN, kinds & _LEFT > 0, threshold >= 0)
        edges, parts = {}, [list[tuple[int, Bits]]() for _ in found]
        for name in np.unique(column).tolist():
            some = np.flatnonzero(column == name)
            edges[name], place = np.unique(threshold[some], return_inverse=True)
            goes = np.arange(len(edges[name]) + 1) <= place[:, None]
            goes = np.concatenate([goes, default[some, None]], axis=1)
            kept = np.where(goes, ~right[some, None], ~left[some, None])
            names, first = np.unique(tree[some], return_index=True)
            whole = np.bitwise_and.reduceat(kept, first, axis=0).astype(np.int32)
            for number, table in zip(names.tolist(), whole, strict=True):
                parts[number].append((name, table))
        trees = []
        for fields, part in zip(found, parts, strict=True):
            values = np.array(fields["leaf_value"].split(), np.float64)
            leaves = np.concatenate([np.zeros(_ONE), values])
            trees.append(_Tree(tuple(n for n, _ in part), tuple(t for _, t in part), leaves))
        return cls(trees, edges)

    def raw(self, X: NDArray[np.float32], steps: int) -> Floats:
        """Sum of the leaves of each row, (rows,); rows: series-major, ``steps`` of each series."""
        rows = _SERIES * steps
        parts = [self._sums(X[i : i + rows], steps) for i in range(0, len(X), rows)]
        return np.concatenate([part.ravel() for part in parts])

    def _sums(self, X: NDArray[np.float32], steps: int) -> Floats:
        shape = (len(X) // steps, steps)
        columns = np.ascontiguousarray(X.T).reshape(-1, *shape)
        bins = {name: _bins(columns[name], edges) for name, edges in self._edges.items()}
        total, reached, found = np.zeros(shape), np.empty(shape, np.int32), np.empty(shape)
        size, kept = np.empty(shape, np.float32), np.empty(shape, np.int32)
        for tree in self._trees:
            # Splits of the series alone and of the step alone first: they are small.
            every = (1 << (len(tree.leaves) - _ONE)) - 1
            series = np.full((shape[0], 1), every, np.int32)
            step = np.full((1, shape[1]), every, np.int32)
            many = []
            for name, table in zip(tree.columns, tree.tables, strict=True):
                place = bins[name]
                if place.shape[1] == 1:
                    series &= table.take(place)
                elif place.shape[0] == 1:
                    step &= table.take(place)
                else:
                    many.append((table, place))
            np.bitwise_and(series, step, out=reached)
            for table, place in many:
                np.take(table, place, out=kept, mode="clip")
                np.bitwise_and(reached, kept, out=reached)
            # The exponent of a power of two is its logarithm.
            np.copyto(size, reached)
            place = np.right_shift(size.view(np.int32), _EXPONENT)
            np.take(tree.leaves, place, out=found, mode="clip")
            total += found
        return total


def steps_of(series: NDArray[np.int32]) -> int:
    """Steps of each series where the tables pay, else 0. series: (rows,) of a feature matrix."""
    if len(series) < _LEAST_ROWS:
        return 0
    steps = int((series == series[0]).sum())
    if steps < _LEAST_STEPS or len(series) % steps:
        return 0
    whole = series.reshape(-1, steps)
    return steps if (whole == whole[:, :1]).all() else 0


def _fields(part: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in part.splitlines() if "=" in line)


def _numbers(found: Sequence[dict[str, str]], name: str) -> Floats:
    """The values of all trees, one after the other."""
    return np.array(" ".join(each.get(name, "") for each in found).split(), np.float64)


def _reached(found: Sequence[dict[str, str]]) -> tuple[Ints, Ints]:
    """Leaves below the left and the right side of every split, as bits."""
    lefts, rights = list[int](), list[int]()
    for fields in found:
        pairs = [[int(n) for n in fields.get(f"{s}_child", "").split()] for s in ("left", "right")]
        below = [[0, 0] for _ in pairs[0]]
        # A split comes before those below it; -1 - leaf stands for a leaf.
        for place in reversed(range(len(below))):
            for side in (0, 1):
                child = pairs[side][place]
                below[place][side] = sum(below[child]) if child >= 0 else 1 << ~child
        lefts += [left for left, _ in below]
        rights += [right for _, right in below]
    return np.array(lefts, np.int64), np.array(rights, np.int64)


def _bins(values: NDArray[np.float32], edges: Floats) -> Ints:
    """Number of edges below each value, one more than there are for NaN: (series, steps), or one
    column or one row where it is the same in all steps or in all series."""
    bits = values.view(np.int32)
    if (bits == bits[:, :1]).all():
        values = values[:, :1]
    elif (bits == bits[:1]).all():
        values = values[:1]
    place = np.searchsorted(edges, values.ravel().astype(np.float64)).reshape(values.shape)
    return np.where(np.isnan(values), len(edges) + 1, place)
