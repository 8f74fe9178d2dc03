"""Rows valid from a start to an end date, painted on the days of a calendar."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.assemble.keys import Ints
from stockwright.calendar import Dates

_CELLS_AT_ONCE = 1 << 23


@dataclass(frozen=True)
class Spans:
    """Rows of a table applied to series: all (spans,).

    series: the series. first, last: days, counted from the first day of the calendar, inclusive.
    row: the row of the table that speaks. A later span paints over an earlier one.
    """

    series: Ints
    first: Ints
    last: Ints
    row: Ints

    def sorted_by_series(self) -> Spans:
        """By series; spans of one series keep their order."""
        order = np.argsort(self.series, kind="stable")
        return Spans(self.series[order], self.first[order], self.last[order], self.row[order])


def day_range(start: Dates, end: Dates, origin: np.datetime64, days: int) -> tuple[Ints, Ints]:
    """Days from ``origin`` of each start and end, cut to 0 ... days - 1; an empty end is open."""
    first = np.where(np.isnat(start), 0, (start - origin).astype(np.int64))
    last = np.where(np.isnat(end), days - 1, (end - origin).astype(np.int64))
    return np.maximum(first, 0), np.minimum(last, days - 1)


def expanded(spans: Spans) -> tuple[Ints, Ints]:
    """One entry for each span and day: the span's position and the day."""
    length = np.maximum(spans.last - spans.first + 1, 0)
    span = np.repeat(np.arange(len(length)), length)
    begin = np.cumsum(length) - length
    day = np.arange(len(span)) - np.repeat(begin - spans.first, length)
    return span, day


def painted(spans: Spans, n_series: int, days: int) -> Iterator[tuple[int, int, NDArray[np.int32]]]:
    """Blocks of series: first, end, and (series, day) int32 row that speaks, -1 for none."""
    ordered = spans.sorted_by_series()
    height = max(_CELLS_AT_ONCE // max(days, 1), 1)
    for start in range(0, n_series, height):
        stop = min(start + height, n_series)
        low, high = np.searchsorted(ordered.series, [start, stop])
        part = Spans(
            *(getattr(ordered, name)[low:high] for name in ("series", "first", "last", "row"))
        )
        grid = np.full((stop - start, days), -1, np.int32)
        span, day = expanded(part)
        grid[part.series[span] - start, day] = part.row[span]
        yield start, stop, grid
