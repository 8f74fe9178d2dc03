"""Forecasts of earlier nights beside what was sold, summed by segment and period."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Floats = NDArray[np.float64]
#: Quantiles that demand is held against.
LEVELS = (0.5, 0.8, 0.95)
#: What is summed: units sold, mean, absolute error of the median, cells, cells above each quantile,
#: and money: units less mean, at the price.
PARTS = ("units", "mean", "error", "cells", *(f"above_{level}" for level in LEVELS), "gap")
ALL = "all"


@dataclass(frozen=True)
class Segments:
    """Parts of the shop. kind, name: of each segment. member: sparse (segments, series) of 0, 1."""

    kind: tuple[str, ...]
    name: tuple[str, ...]
    member: sparse.csr_matrix

    @classmethod
    def of(cls, kinds: Mapping[str, NDArray[np.object_]], n: int) -> Segments:
        """All series, then those of each name of each kind; "" is no name.

        kinds: (series,) names by kind.
        """
        kind, name, rows, columns = [ALL], [ALL], [np.zeros(n, np.int64)], [np.arange(n)]
        for each, names in kinds.items():
            known, code = np.unique(names.astype(str), return_inverse=True)
            named = known != ""
            place = np.cumsum(named) - 1 + len(name)
            kept = np.flatnonzero(named[code])
            rows.append(place[code[kept]])
            columns.append(kept)
            name += known[named].tolist()
            kind += [each] * int(named.sum())
        where = np.concatenate(rows), np.concatenate(columns)
        member = sparse.csr_matrix((np.ones(len(where[0])), where), shape=(len(name), n))
        return cls(tuple(kind), tuple(name), member)

    @property
    def names(self) -> tuple[tuple[str, str], ...]:
        """Kind and name of each segment."""
        return tuple(zip(self.kind, self.name, strict=True))

    def series(self, segments: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Whether a series is in any of some segments, (series,)."""
        return np.asarray(self.member.T @ segments.astype(np.float64) > 0)


@dataclass(frozen=True)
class DaySums:
    """Sums over the series of each segment and period, newest period first.

    parts: (PARTS, segments, periods); 0 where nothing was judged.
    """

    parts: Floats

    def part(self, name: str) -> Floats:
        """(segments, periods)."""
        return np.asarray(self.parts[PARTS.index(name)])

    def blocks(self, length: int) -> DaySums:
        """Sums of ``length`` consecutive periods, from the newest on; what is left over goes."""
        whole = self.parts.shape[2] // length
        shape = (*self.parts.shape[:2], whole, length)
        return DaySums(self.parts[:, :, : whole * length].reshape(shape).sum(axis=3))


def day_sums(
    segments: Segments,
    units: NDArray[Any],
    forecast: NDArray[Any],
    judged: NDArray[np.bool_],
    price: Floats,
) -> Floats:
    """(PARTS, segments, periods) of a stretch of periods, in the order of the columns.

    units: (series, periods) sold. forecast: (1 + 1 + levels, series, periods): mean, median and the
    quantiles of LEVELS above it. judged: which cells count. price: (series,) money per unit.
    """
    mean, median = forecast[0], forecast[1]
    above = [units > quantile for quantile in forecast[1:]]
    miss = units - mean
    cells = (units, mean, np.abs(units - median), np.ones_like(mean), *above, miss * price[:, None])
    stacked = np.stack([np.where(judged, part, 0.0) for part in cells], axis=1)
    n, parts, periods = stacked.shape
    sums = segments.member @ stacked.reshape(n, parts * periods).astype(np.float64)
    return np.asarray(sums).reshape(-1, parts, periods).swapaxes(0, 1)
