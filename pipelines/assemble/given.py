"""The forecasts table to a given forecast: rows to series and steps, paths to quantiles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.assemble.demand import days_of
from pipelines.assemble.keys import Ints, Keys
from pipelines.ingest.outside_tables import PATHS, QUANTILES
from stockwright.calendar import Calendar
from stockwright.errors import counted
from stockwright.given import GivenForecast

Floats = NDArray[np.float64]
#: Levels that are read off paths, each where there are paths enough beyond it.
PATH_LEVELS = (0.5, 0.8, 0.9, 0.95, 0.99)


@dataclass(frozen=True)
class _Cells:
    """What is given for one series and step each, sorted by both.

    series, step: (cells,), steps from 1. mean: (cells,). quantiles: (cells, levels of the
    contract), NaN where empty. paths: (cells, paths), NaN where empty.
    """

    series: Ints
    step: Ints
    mean: Floats
    quantiles: Floats
    paths: Floats

    def take(self, cells: NDArray[Any]) -> _Cells:
        return _Cells(*(getattr(self, name)[cells] for name in self.__dataclass_fields__))


def given_of(
    table: pd.DataFrame, keys: Keys, calendar: Calendar, origin: int, horizon: int
) -> tuple[GivenForecast, list[str]]:
    """What the table says of the steps 1 ... horizon after ``origin``, and notes.

    With weeks, a row dated on a Monday, the only one of its week, is the whole week's; seven
    daily rows are added up; other weeks are not covered.
    """
    series = keys.series(table)
    step = calendar.index_of(days_of(table["date"])) - origin
    ahead = (step >= 1) & (step <= horizon)
    notes = []
    if outside := int((~ahead).sum()):
        notes.append(
            f"forecasts: {counted(outside, 'row is', 'rows are')} dated up to the night's date or "
            f"beyond the horizon of {counted(horizon, 'period')}; "
            f"{'it is' if outside == 1 else 'they are'} not used"
        )
    if lost := int((ahead & (series < 0)).sum()):
        rows = counted(lost, "row is of a key", "rows are of keys")
        notes.append(f"forecasts: {rows} without sales, stock or inbound")
    kept = ahead & (series >= 0)
    cells = _cells(table[kept], series[kept], step[kept])
    if calendar.days > 1:
        cells, broken = _weekly(cells, days_of(table["date"])[kept], calendar)
        if broken:
            weeks = counted(broken, "week has", "weeks have")
            notes.append(f"forecasts: {weeks} neither one row nor seven; ours stand")
    if not len(cells.series):
        return GivenForecast.none(), notes
    found = _dense(cells, int(cells.step.max()))
    notes.append(f"forecasts: your own are used for {counted(len(found.series), 'key')}")
    short = int((np.isfinite(found.mean).sum(axis=1) < horizon).sum())
    if short:
        some = counted(short, "of these keys has", "of these keys have")
        notes.append(f"forecasts: {some} dates without one; ours stand there")
    return found, notes


def _cells(rows: pd.DataFrame, series: Ints, step: Ints) -> _Cells:
    paths = sorted(name for name in rows.columns if name.startswith(PATHS))
    return _Cells(
        series,
        step,
        rows["mean"].to_numpy(np.float64),
        rows[list(QUANTILES)].to_numpy(np.float64),
        rows[paths].to_numpy(np.float64),
    )


def _weekly(daily: _Cells, dates: NDArray[np.datetime64], calendar: Calendar) -> tuple[_Cells, int]:
    """Weeks of daily rows, and how many weeks are not whole.

    Means and paths are summed. For independent days the squares of the distances between
    quantile and mean add up, as they do exactly for normal ones.
    """
    width = int(daily.step.max(initial=0)) + 1
    place, week = np.unique(daily.series * width + daily.step, return_inverse=True)
    count = np.bincount(week, minlength=len(place))
    monday = (dates - calendar.start).astype(np.int64) % calendar.days == 0
    alone = np.zeros(len(place), np.bool_)
    alone[week[monday]] = True
    alone &= count == 1
    whole = alone | (count == calendar.days)

    def summed(values: Floats) -> Floats:
        out = np.zeros((len(place), *values.shape[1:]))
        np.add.at(out, week, values)
        return out

    mean = summed(daily.mean)
    gap = daily.quantiles - daily.mean[:, None]
    square = summed(np.sign(gap) * gap**2)
    wide = mean[:, None] + np.sign(square) * np.sqrt(np.abs(square))
    series, step = np.divmod(place, width)
    cells = _Cells(series, step, mean, np.maximum(wide, 0.0), summed(daily.paths))
    return cells.take(whole), int((~whole).sum())


def _dense(cells: _Cells, steps: int) -> GivenForecast:
    """Cells to arrays by series and step; paths fill the levels that no column states."""
    names, row = np.unique(cells.series, return_inverse=True)
    stated, by_path = _levels(cells)
    levels = sorted(stated | by_path)
    quantiles = np.full((len(cells.series), len(levels)), np.nan)
    whole = np.isfinite(cells.paths).all(axis=1) & (cells.paths.shape[1] > 0)
    # A row that states any level takes none from paths, so that its levels cannot cross.
    bare = np.flatnonzero(whole & ~np.isfinite(cells.quantiles).any(axis=1))
    if len(bare):
        read = sorted(by_path)
        places = np.array([levels.index(level) for level in read], np.int64)
        found = np.quantile(cells.paths[bare], read, axis=1, method="hazen").T
        quantiles[bare[:, None], places] = found
    for place, level in enumerate(QUANTILES.values()):
        if level in stated:
            column = cells.quantiles[:, place]
            target = quantiles[:, levels.index(level)]
            quantiles[:, levels.index(level)] = np.where(np.isfinite(column), column, target)
    at = (row, cells.step - 1)
    mean = np.full((len(names), steps), np.nan)
    dense = np.full((len(names), steps, len(levels)), np.nan)
    mean[at], dense[at] = cells.mean, quantiles
    shared = _shared(cells.take(bare), row[bare], len(names))
    return GivenForecast(names, mean, tuple(levels), dense, shared)


def _levels(cells: _Cells) -> tuple[set[float], set[float]]:
    """Levels of the columns that hold anything, and levels that the paths can tell."""
    used = np.flatnonzero(np.isfinite(cells.quantiles).any(axis=0))
    stated = {tuple(QUANTILES.values())[place] for place in used.tolist()}
    paths = cells.paths.shape[1]
    return stated, {level for level in PATH_LEVELS if paths * (1 - level) >= 1}


def _shared(cells: _Cells, row: Ints, n: int) -> Floats:
    """(n,): share of the relative variance that the steps of a series share, NaN where unknown.

    With A = (variances - means) / squared means of single steps, and the variance of their sum,
    Var = sum m + A (1 - share) sum m^2 + A share (sum m)^2.
    """
    unknown = np.full(n, np.nan)
    if cells.paths.shape[1] < 2 or not len(row):
        return unknown
    total = np.zeros((n, cells.paths.shape[1]))
    np.add.at(total, row, cells.paths)
    own = cells.paths.mean(axis=1)
    single = np.bincount(row, cells.paths.var(axis=1, ddof=1), n)
    mean, squares = np.bincount(row, own, n), np.bincount(row, own**2, n)
    above, crossed = single - mean, mean**2 - squares
    together = total.var(axis=1, ddof=1) - mean - above
    told = (above > 0) & (crossed > 0)
    noise = np.divide(above, squares, out=np.ones(n), where=told)
    share = np.divide(together, noise * crossed, out=unknown, where=told)
    return np.asarray(np.clip(share, 0.0, 1.0), np.float64)
