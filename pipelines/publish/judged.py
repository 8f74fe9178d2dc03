"""Days of the newest weeks beside what was forecast of them, or plainly would have been."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from forecasting.drift import quiet
from forecasting.watch.scores import BLOCKS, RECENT
from forecasting.watch.sums import LEVELS, PARTS, DaySums, Segments, day_sums
from pipelines.assemble.situation import Situation
from pipelines.publish.accuracy import forecast_of, periods_between, stretches
from stockwright.forecast import Forecast
from stockwright.panel import Status

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
Cells = NDArray[np.bool_]
#: The plain forecast of some series as it would have been at the close of a period: from the
#: period, the series and a number of steps.
Plain = Callable[[int, Rows, int], Forecast]
_COLUMNS = ("mean", *(f"q{round(level * 100)}" for level in LEVELS))


def judged_days(
    situation: Situation, segments: Segments, length: int, earlier: Sequence[Path]
) -> DaySums:
    """Sums of the last 56 days, newest first.

    A day is judged by the newest forecast that is at least a week older than the end of its
    stretch (see ``accuracy``), in what was in stock and without an event.
    """
    return _summed(situation, segments, length, _published(situation, earlier))


def plain_days(
    situation: Situation,
    segments: Segments,
    length: int,
    earlier: Sequence[Path],
    plain: Plain,
    rows: Rows,
) -> DaySums:
    """The same sums of the recent blocks, had the plain forecast been published on the same nights.

    rows: series that are looked at; the sums of a segment with others are not all of it. It reads
    each series as it stood then, without what shop and planners said of it.
    """
    oldest = situation.panel.n_periods - RECENT * length

    def told() -> Iterator[tuple[slice, Floats, Cells]]:
        for span, published, known in _published(situation, earlier):
            if span.stop <= oldest:
                return
            if span.start == 0:
                continue
            found = plain(span.start - 1, rows, span.stop - span.start)
            instead = np.zeros_like(published)
            instead[0, rows] = found.expected
            instead[1:, rows] = np.moveaxis(found.quantile(LEVELS), 2, 0)
            yield span, instead, known

    return _summed(situation, segments, length, told())


def _published(
    situation: Situation, earlier: Sequence[Path]
) -> Iterator[tuple[slice, Floats, Cells]]:
    """Periods of each stretch, what was published of them, and which cells are judged."""
    panel = situation.panel
    for folder, first, last in stretches(situation.as_of, earlier):
        span = periods_between(panel, first, last)
        if span.stop <= span.start:
            continue
        told = forecast_of(folder, panel, span, _COLUMNS)
        target = np.broadcast_to(np.arange(span.start, span.stop), told.shape[1:])
        known = (panel.status[:, span] == Status.OBSERVED) & np.isfinite(told[0])
        known &= quiet(panel, np.arange(panel.n_series), target)
        yield span, np.nan_to_num(told), known


def _summed(
    situation: Situation,
    segments: Segments,
    length: int,
    told: Iterator[tuple[slice, Floats, Cells]],
) -> DaySums:
    panel, items = situation.panel, situation.network.items
    price = np.where(np.isnan(items.price), items.unit_cost, items.price)
    parts = np.zeros((len(PARTS), len(segments.name), BLOCKS * length))
    for span, forecast, known in told:
        sums = day_sums(segments, situation.sold[:, span], forecast, known, price)
        back = panel.origin - np.arange(span.start, span.stop)
        inside = back < parts.shape[2]
        parts[:, :, back[inside]] = sums[:, :, inside]
    return DaySums(parts)
