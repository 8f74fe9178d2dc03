"""The overrides table resolved: which planner's figure holds for which key and step tonight."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.assemble.demand import days_of
from pipelines.assemble.keys import Ints, Keys
from pipelines.assemble.prices import series_of_scope
from pipelines.assemble.spans import Spans, day_range, painted
from stockwright.calendar import Calendar
from stockwright.commitments import Commitments
from stockwright.errors import counted
from stockwright.overrides import ForecastOverrides, Overrides

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class OverridePairs:
    """Rows applied to series, in the order of the table: all (pairs,)."""

    row: Ints
    series: Ints

    def pick(self, chosen: NDArray[np.bool_]) -> OverridePairs:
        """The pairs of the rows that ``chosen`` (rows,) marks."""
        return self.take(chosen[self.row])

    def take(self, pairs: NDArray[np.bool_]) -> OverridePairs:
        """Some of the pairs."""
        return OverridePairs(self.row[pairs], self.series[pairs])


@dataclass(frozen=True)
class ForecastRows:
    """Rows of the table that change forecasts, applied to series.

    rows: columns field, value, start, end, known_since. kept: what of the past was sold as a
    commitment and is not in the panel's demand.
    """

    pairs: OverridePairs
    rows: pd.DataFrame
    calendar: Calendar
    kept: Commitments = field(default_factory=Commitments.none)

    def of_history(self, origin: int) -> ForecastRows | None:
        """The rows that a date says were in force by the close of ``origin``; None for none.

        A row with neither ``start`` nor ``known_since`` may be of tonight.
        """
        since = days_of(self.rows["start"])
        since = np.where(np.isnat(since), days_of(self.rows["known_since"]), since)
        past = self.pairs.pick(since <= self.calendar.last_day(origin))
        if not len(past.row):
            return None
        names = ["field", "value", "start", "end", "known_since"]
        used, row = np.unique(past.row, return_inverse=True)
        rows = self.rows[names].iloc[used].reset_index(drop=True)
        return replace(self, pairs=OverridePairs(row.astype(np.int64), past.series), rows=rows)

    def at(self, origin: int, series: Ints, steps: int) -> ForecastOverrides:
        """What a night after period ``origin`` would have known of the next ``steps`` periods.

        series: (n,) each once. As everywhere, a row without ``known_since`` was known all along.
        """
        known = days_of(self.rows["known_since"])
        pairs = self.pairs.pick(np.isnat(known) | (known <= self.calendar.last_day(origin)))
        place = np.full(max(map(_beyond, (series, pairs.series, self.kept.kept_series))), -1)
        place[series] = np.arange(len(series))
        here = OverridePairs(pairs.row, place[pairs.series])
        there = replace(self, pairs=here.take(here.series >= 0))
        mean, factor = there.steps(origin, steps, len(series))
        shape = (len(series), steps)
        committed = np.zeros(shape)
        row, step = place[self.kept.kept_series], self.kept.kept_period - origin - 1
        inside = (row >= 0) & (step >= 0) & (step < steps)
        np.add.at(committed, (row[inside], step[inside]), self.kept.kept_units[inside])
        mean, factor = np.broadcast_to(mean, shape), np.broadcast_to(factor, shape)
        return ForecastOverrides(mean, factor, committed)

    def steps(
        self, origin: int, horizon: int, n_series: int
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Means and factors by step after ``origin``, NaN where none; the latest row wins, day by
        day. A factor is the mean of the period's days, days without a row counting 1; a mean holds
        for the whole of each period that it touches.
        """
        pairs, rows, calendar = self.pairs, self.rows, self.calendar
        shared = np.full((1, horizon), np.nan, np.float32)
        if not len(pairs.row):
            return shared, shared
        days = horizon * calendar.days
        first_day: np.datetime64 = calendar.dates(origin + 1, 1)[0]
        first, last = day_range(days_of(rows["start"]), days_of(rows["end"]), first_day, days)
        spans = Spans(pairs.series, first[pairs.row], last[pairs.row], pairs.row)
        value = np.append(rows["value"].to_numpy(np.float32), np.float32(np.nan))
        is_mean = np.append((rows["field"] == "mean").to_numpy(dtype=bool), False)
        mean = np.empty((n_series, horizon), np.float32)
        factor = np.empty_like(mean)
        for start, stop, grid in painted(spans, n_series, days):
            cube = grid.reshape(stop - start, horizon, calendar.days)
            touched = np.where(is_mean[cube], cube, -1).max(axis=2)
            scale = np.where(is_mean[cube] | (cube < 0), np.float32(1), value[cube])
            scaled = ((cube >= 0) & ~is_mean[cube]).any(axis=2)
            mean[start:stop] = value[touched]
            factor[start:stop] = np.where(scaled, scale.mean(axis=2), np.nan)
        return mean, factor


def _beyond(places: Ints) -> int:
    return int(places.max(initial=-1)) + 1


def overrides_of(
    overrides: pd.DataFrame,
    lane_sources: pd.DataFrame,
    keys: Keys,
    calendar: Calendar,
    origin: int,
    horizon: int,
) -> tuple[Overrides, ForecastRows | None, list[str]]:
    """The overrides in force for the night after period ``origin``, forecast overrides of the
    history (None where there are none), and notes on unused rows.

    lane_sources: columns series, source (name): the lanes of every key. The latest row wins, cell
    by cell. Orders, transfers and policy look at the first day after the origin. ``frozen`` with
    1 (yes) freezes the quantity that ``units`` gives; a larger number gives and freezes it. In
    clearance it freezes what is done, whatever the units.
    """
    if not len(overrides):
        return Overrides.none(keys.n_series, horizon), None, []
    rows = overrides.reset_index(drop=True)
    pairs = OverridePairs(*series_of_scope(rows.assign(category=""), _NO_CATEGORY, keys))
    pairs = _through(pairs, rows, lane_sources)
    table, field = (rows[name].to_numpy(object) for name in ("table", "field"))
    tonight = pairs.pick(_in_force(rows, calendar.last_day(origin) + np.timedelta64(1, "D")))
    value = rows["value"].to_numpy(np.float64)

    def latest(of: str, name: str) -> Floats:
        return _latest(tonight.pick((table == of) & (field == name)), value, keys.n_series)

    forecast = ForecastRows(pairs.pick(table == "forecast"), rows, calendar)
    steps = forecast.steps(origin, horizon, keys.n_series)
    order, order_frozen, bare = _quantities(tonight.pick(table == "order"), field, value, keys)
    transfer, transfer_frozen, more = _quantities(
        tonight.pick(table == "transfer"), field, value, keys
    )
    resolved = Overrides(
        *steps,
        blocked=latest("policy", "blocked") >= 1,
        service_level=latest("policy", "service_level"),
        target=latest("policy", "target"),
        order_units=order,
        order_frozen=order_frozen,
        transfer_units=transfer,
        transfer_frozen=transfer_frozen,
        **_of_clearance(tonight.pick(table == "clearance"), rows, keys.n_series),
    )
    notes = _notes(rows, pairs, bare + more)
    return resolved, forecast.of_history(origin), notes


_NO_CATEGORY = pd.DataFrame({"category": np.empty(0, object), "sku": np.empty(0, np.int64)})


def _in_force(rows: pd.DataFrame, date: np.datetime64) -> NDArray[np.bool_]:
    start, end = days_of(rows["start"]), days_of(rows["end"])
    held: NDArray[np.bool_] = (np.isnat(start) | (start <= date)) & (np.isnat(end) | (end >= date))
    return held


def _through(pairs: OverridePairs, rows: pd.DataFrame, lane_sources: pd.DataFrame) -> OverridePairs:
    """Leave out pairs whose row names a source that none of the key's lanes starts from."""
    source = rows["source"].to_numpy(object)[pairs.row]
    own = pd.MultiIndex.from_arrays([pairs.series, source])
    lanes = pd.MultiIndex.from_frame(lane_sources[["series", "source"]])
    fits = (source == "") | np.asarray(own.isin(lanes))
    return pairs.take(fits)


def _latest(pairs: OverridePairs, value: Floats, n: int) -> Floats:
    last = np.full(n, -1, np.int64)
    np.maximum.at(last, pairs.series, pairs.row)
    found: Floats = np.append(value, np.nan)[last]
    return found


def _of_clearance(pairs: OverridePairs, rows: pd.DataFrame, n: int) -> dict[str, Any]:
    """The fields of ``Overrides`` that clearance looks at, (series,) each."""
    value, field = rows["value"].to_numpy(np.float64), rows["field"].to_numpy(object)
    most = pairs.pick(field == "units")
    general = (rows["location"] == "").to_numpy(np.float64)
    return {
        "clearance_units": _latest(most, value, n),
        "clearance_shared": _latest(most, general, n) > 0,
        "clearance_frozen": _latest(pairs.pick(field == "frozen"), value, n) >= 1,
    }


def _quantities(
    pairs: OverridePairs, field: NDArray[np.object_], value: Floats, keys: Keys
) -> tuple[Floats, Floats, int]:
    """Units and frozen units, (series,) NaN where none, and how many keys are frozen without."""
    frozen = field == "frozen"
    gives = ~frozen | (value > 1)
    units = _latest(pairs.pick(gives), value, keys.n_series)
    fixed = _latest(pairs.pick(frozen), value, keys.n_series) >= 1
    bare = int((fixed & np.isnan(units)).sum())
    return np.where(fixed, np.nan, units), np.where(fixed, units, np.nan), bare


def _notes(rows: pd.DataFrame, pairs: OverridePairs, bare: int) -> list[str]:
    notes = []
    unmatched = np.setdiff1d(np.arange(len(rows)), pairs.row)
    if len(unmatched):
        cases = [_named(rows.iloc[at]) for at in unmatched[:5].tolist()]
        more = ", ..." if len(unmatched) > len(cases) else ""
        notes.append(
            f"overrides: {counted(len(unmatched), 'row matches', 'rows match')} no key that is "
            f"planned and supplied from the source ({', '.join(cases)}{more}); not used"
        )
    if bare:
        notes.append(
            f"overrides: {counted(bare, 'key is', 'keys are')} frozen without units; nothing is "
            "frozen there"
        )
    return notes


def _named(row: pd.Series) -> str:
    """A row as a planner would name it: "order units for a at X from S"."""
    ends = zip(("for", "at", "from"), ("sku", "location", "source"), strict=True)
    said = [f"{word} {row[name]}" for word, name in ends if row[name]]
    return " ".join([str(row["table"]), str(row["field"]), *said])
