"""Bias and WAPE of the forecasts of earlier published nights against the sales since."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipelines.publish.forecasts import FILE
from stockwright.panel import DemandPanel, SeriesIndex, Status

#: Eight weeks are judged, in stretches of at least one week.
JUDGED_DAYS = 56
STRETCH_DAYS = 7

Floats = NDArray[np.float64]


def accuracy(
    panel: DemandPanel,
    as_of: np.datetime64,
    earlier: Sequence[Path],
    units: NDArray[np.float32] | None = None,
) -> tuple[Floats, Floats]:
    """bias_8w and wape_8w of each series, (series,), NaN where nothing can be judged.

    earlier: folders published before ``as_of``. units: (series, period) sold, the panel's demand if
    not given. The eight weeks are walked back in stretches:
    each is judged by the newest forecast that is at least a week older than its end. Only in-stock
    periods count. Bias is (sum of means - sum of sales) / sum of sales, WAPE is
    sum of |median - sales| / sum of sales.
    """
    n = panel.n_series
    excess, error, sold = np.zeros(n), np.zeros(n), np.zeros(n)
    for folder, first, last in stretches(as_of, earlier):
        span = periods_between(panel, first, last)
        mean, median = forecast_of(folder, panel, span, ("mean", "q50"))
        judged = (panel.status[:, span] == Status.OBSERVED) & np.isfinite(mean)
        demand = (panel.demand if units is None else units)[:, span].astype(np.float64)
        excess += np.where(judged, mean - demand, 0.0).sum(axis=1)
        error += np.where(judged, np.abs(median - demand), 0.0).sum(axis=1)
        sold += np.where(judged, demand, 0.0).sum(axis=1)
    base = np.where(sold > 0, sold, np.nan)
    return excess / base, error / base


def dated(as_of: np.datetime64, earlier: Sequence[Path]) -> list[tuple[np.datetime64, Path]]:
    """The folders with their dates, newest first."""
    found = []
    for folder in earlier:
        summary, forecasts = folder / "summary.json", folder / FILE
        if summary.is_file() and forecasts.is_file():
            date = np.datetime64(json.loads(summary.read_text("utf-8"))["date"], "D")
            found.append((date, folder))
    return sorted([each for each in found if each[0] < as_of], reverse=True)


def stretches(
    as_of: np.datetime64, earlier: Sequence[Path]
) -> Iterator[tuple[Path, np.datetime64, np.datetime64]]:
    """Folder, first and last day of each stretch, walking back from ``as_of``."""
    day, nights = np.timedelta64(1, "D"), dated(as_of, earlier)
    end, start = as_of, as_of - JUDGED_DAYS * day
    known = [each for each in nights if each[0] >= start]
    while known:
        old_enough = [each for each in known if each[0] <= end - STRETCH_DAYS * day]
        date, folder = old_enough[0] if old_enough else known[-1]
        yield folder, date + day, end
        end, known = date, [each for each in old_enough if each[0] < date]


def periods_between(panel: DemandPanel, first: np.datetime64, last: np.datetime64) -> slice:
    """Periods of the panel from the one of a day to that of another; none before its history."""
    periods = panel.calendar.index_of(np.array([first, last], "datetime64[D]"))
    return slice(max(int(periods[0]), 0), max(int(periods[1]) + 1, 0))


def forecast_of(folder: Path, panel: DemandPanel, span: slice, names: Sequence[str]) -> Floats:
    """Columns of a published forecast, (names, series, periods of the span); NaN where the folder
    has none.
    """
    start, count = span.start, max(span.stop - span.start, 0)
    out = np.full((len(names), panel.n_series, count), np.nan)
    last = pa.scalar(panel.calendar.last_day(span.stop - 1).astype(object))
    file = pq.ParquetFile(folder / FILE, read_dictionary=["sku", "location"])
    for group in range(file.num_row_groups):
        rows = file.read_row_group(group, columns=["sku", "location", "date", *names])
        rows = rows.filter(pc.less_equal(rows["date"], last)).unify_dictionaries()
        series = _series_of(rows, panel.index)
        dates = rows["date"].to_numpy().astype("datetime64[D]")
        period = panel.calendar.index_of(dates) - start
        kept = (series >= 0) & (period >= 0) & (period < count)
        place = series[kept], period[kept]
        for values, name in zip(out, names, strict=True):
            values[place] = rows[name].to_numpy()[kept]
    return out


def _series_of(rows: pa.Table, index: SeriesIndex) -> NDArray[np.int64]:
    """Series of each row, -1 where the key is no longer there."""
    sku = _codes(rows["sku"], index.skus)
    location = _codes(rows["location"], index.locations)
    return index.find(sku, location)


def _codes(column: pa.ChunkedArray, names: tuple[str, ...]) -> NDArray[np.int64]:
    """Position of each text of a dictionary column in ``names``, -1 where it is not there."""
    merged = column.combine_chunks()
    places = pc.index_in(merged.dictionary, value_set=pa.array(names, pa.string()))
    codes = np.append(places.fill_null(-1).to_numpy(zero_copy_only=False), -1).astype(np.int64)
    return np.asarray(codes[merged.indices.to_numpy(zero_copy_only=False)])
