"""The table of commitments: what is open for a date ahead, and what was kept in the past.

A row dated after D is open, but for units that it says are in ``sales`` already. Of the rows dated
by D, a deposit lapsed: nobody paid for it. A paid one is kept by the sales of its SKU and location
from its date to its ``ship_by``, unless it says itself how many of its units are in ``sales``; what
is not in them is asked for at the next step.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forecasting.commitments import (
    ConversionParams,
    Deposits,
    learn_conversion,
    paid_moments,
)
from pipelines.assemble.catalog import sku_texts
from pipelines.assemble.demand import Window, days_of
from pipelines.assemble.keys import Keys
from pipelines.assemble.notices import findings_of
from pipelines.config import Config
from stockwright.calendar import Dates
from stockwright.commitments import Commitments
from stockwright.errors import counted
from stockwright.panel import Covariates
from stockwright.plan import Finding

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
_TINY = 1e-6
# Sales later than this after its date are not looked through for what a commitment became.
_LONGEST_WAIT = 62


@dataclass(frozen=True)
class Promised:
    """commitments: open and kept. demand: (series, period) float32 without what was kept."""

    commitments: Commitments
    demand: NDArray[np.float32]
    findings: list[Finding]
    notes: list[str]


@dataclass(frozen=True)
class _Rows:
    """Rows of known keys, all (rows,). lead: days from known_since to date, inf where not told.
    event, phase: codes of the event on the date and its part, 0 for none. wait: periods from date
    to ship_by.
    """

    series: Ints
    date: Dates
    deadline: Dates
    period: Ints
    wait: Ints
    units: Floats
    fulfilled: Floats
    conversion: Floats
    kind: NDArray[np.object_]
    deposit: Bools
    lead: Floats
    event: Ints
    phase: Ints
    category: Ints

    def take(self, rows: NDArray[np.intp] | Bools) -> _Rows:
        """Some of the rows."""
        return _Rows(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


def promised_of(
    tables: dict[str, pd.DataFrame],
    demand: NDArray[np.float32],
    covariates: Covariates,
    keys: Keys,
    window: Window,
    config: Config,
) -> Promised:
    """Open and kept commitments, and the demand that was none.

    demand: (series, period) all that was sold. covariates: with the events of every date.
    """
    if tables["commitments"].empty:
        return Promised(Commitments.none(), demand, [], [])
    rows = _rows(tables, covariates, keys, window)
    ahead = rows.date > window.as_of
    past, coming = rows.take(~ahead), rows.take(ahead)
    kept, late = _kept(past, demand, window)
    overdue, findings, notes = _overdue(late, window, config.gates.overdue_days)
    horizon = covariates.event.shape[1] - window.periods
    open_rows = _open(coming, past, config, window)
    series, step, units, variance = (
        np.concatenate(pair) for pair in zip(open_rows, overdue, strict=True)
    )
    gone = kept.left_out(coming.take(coming.period - window.periods < horizon), covariates, window)
    rest = _less(demand, gone)
    early = _shipped_early(coming, rest, window)
    both = (np.concatenate(pair) for pair in zip(gone, early, strict=True))
    commitments = Commitments(series, step, units, variance, *both)
    return Promised(commitments, _less(rest, early), findings, notes)


def after_the_end(commitments: Commitments, ends: Ints, window: Window) -> list[Finding]:
    """COMMITMENT_AFTER_END: what is open for dates after the last one on which its SKU is sold.

    ends: (series,) last period on sale. One finding for each series, with the first such date.
    """
    origin = window.periods - 1
    late = origin + commitments.step > ends[commitments.series]
    rows = np.flatnonzero(late & (commitments.units > _TINY))
    series, group = np.unique(commitments.series[rows], return_inverse=True)
    first = np.full(len(series), np.iinfo(np.int64).max)
    np.minimum.at(first, group, commitments.step[rows])
    return findings_of(
        "COMMITMENT_AFTER_END", "high", series,
        units=np.bincount(group, commitments.units[rows], len(series)),
        date=[str(window.calendar.last_day(step)) for step in (origin + first).tolist()],
    )  # fmt: skip


def _rows(
    tables: dict[str, pd.DataFrame], covariates: Covariates, keys: Keys, window: Window
) -> _Rows:
    table = tables["commitments"]
    series = keys.series(table)
    table, series = table[series >= 0], series[series >= 0]
    date, known = days_of(table["date"]), days_of(table["known_since"])
    ship_by = days_of(table["ship_by"])
    deadline = np.where(np.isnat(ship_by), date, ship_by)
    period = window.calendar.index_of(date)
    seen = (period >= 0) & (period < covariates.event.shape[1])
    shared = len(covariates.event) == 1
    place = (np.where(shared, 0, series), np.where(seen, period, 0))
    tops = pd.Series(sku_texts(tables["products"], "category", keys), dtype=object).str.split("/")
    category = pd.factorize(tops.str[0].fillna(""), sort=True)[0].astype(np.int64)
    return _Rows(
        series=series,
        date=date,
        deadline=deadline,
        period=period,
        wait=window.calendar.index_of(deadline) - period,
        units=table["units"].to_numpy(np.float64),
        fulfilled=table["fulfilled"].to_numpy(np.float64),
        conversion=table["conversion"].to_numpy(np.float64),
        kind=table["kind"].to_numpy(object),
        deposit=(table["stage"] == "deposit").to_numpy(dtype=bool),
        lead=np.where(np.isnat(known), np.inf, (date - known).astype(np.int64)),
        event=np.where(seen, covariates.event[place], 0).astype(np.int64),
        phase=np.where(seen, covariates.phase[place], 0).astype(np.int64),
        category=category[keys.index.sku[series]],
    )


@dataclass(frozen=True)
class _Kept:
    """Units of past rows that were sold, (kept,) each: where, when, and of which row."""

    rows: _Rows
    row: Ints
    series: Ints
    period: Ints
    units: Floats

    def left_out(
        self, coming: _Rows, covariates: Covariates, window: Window
    ) -> tuple[Ints, Ints, Floats]:
        """Series, period and units of what is no demand to learn from.

        All but the presale of an event that comes again: of that only what was known as long
        before its date as what is open now. The rest, and all of it where the presale of what
        lies ahead has not begun, is still to come on top of what is open.
        """
        rows = self.rows
        of_event = (rows.kind == "presale") & (rows.event > 0)
        out = (~of_event | (rows.lead >= _usual_lead(rows, coming, covariates, window)))[self.row]
        return self.series[out], self.period[out], self.units[out]


def _kept(past: _Rows, demand: NDArray[np.float32], window: Window) -> tuple[_Kept, _Rows]:
    """What of the past rows was sold, and the rows with the units that were not.

    Rows ask from their date on for what is left of the sales; those that ask for the same sales
    share them by what they ask for.
    """
    told = ~np.isnan(past.fulfilled)
    firm = np.where(past.deposit, 0.0, past.units)
    asked = np.where(told, np.minimum(past.fulfilled, past.units), firm)
    missing, parts = asked.copy(), []
    looked = _looked_through(past, asked, window)
    cells = np.unique(np.concatenate([cell for _, cell in looked]))
    left = demand.ravel()[cells].astype(np.float64)
    for row, cell in looked:
        given = _shared(missing[row], np.searchsorted(cells, cell), left)
        missing[row] -= given
        parts.append((row, cell // window.periods, cell % window.periods, given))
    kept = _Kept(past, *(np.concatenate(each) for each in zip(*parts, strict=True)))
    open_units = np.where(told, firm - asked, missing)
    return kept, _replaced(past, np.where(past.deposit, 0.0, np.maximum(open_units, 0.0)))


def _looked_through(past: _Rows, asked: Floats, window: Window) -> list[tuple[Ints, Ints]]:
    """Rows and cells (series x period) to look for their sales in, period by period."""
    found = []
    for later in range(int(min(past.wait.max(initial=0), _LONGEST_WAIT)) + 1):
        period = past.period + later
        inside = (period >= 0) & (period < window.periods) & (later <= past.wait)
        row = np.flatnonzero(inside & (asked > 0))
        found.append((row, past.series[row] * window.periods + period[row]))
    return found


def _shared(asked: Floats, cell: Ints, left: Floats) -> Floats:
    """What each row gets of what is left in its cell, which is taken off ``left``."""
    used, group = np.unique(cell, return_inverse=True)
    wanted = np.bincount(group, asked, len(used))
    share = np.minimum(left[used] / np.maximum(wanted, _TINY), 1.0)
    given: Floats = asked * share[group]
    left[used] -= np.bincount(group, given, len(used))
    return given


def _shipped_early(
    coming: _Rows, demand: NDArray[np.float32], window: Window
) -> tuple[Ints, Ints, Floats]:
    """Series, period and units of what the sales hold of rows whose date is ahead.

    No row says when they were sold: some time since it was known. They are taken off the highest
    sales of that time, for a promise that is shipped ahead of its date stands out.
    """
    asked = np.minimum(np.nan_to_num(coming.fulfilled), coming.units)
    rows, asked = coming.take(asked > _TINY), asked[asked > _TINY]
    series, group = np.unique(rows.series, return_inverse=True)
    told = np.isfinite(rows.lead)
    known = rows.date - np.where(told, rows.lead, 0).astype("timedelta64[D]")
    since = np.full(len(series), window.periods)
    np.minimum.at(since, group, np.where(told, window.calendar.index_of(known), 0))
    begin = max(window.periods - _LONGEST_WAIT, 0)
    recent = demand[series, begin:].astype(np.float64)
    recent[np.arange(begin, window.periods) < since[:, None]] = 0.0
    wanted = np.asarray(np.bincount(group, asked, len(series)), np.float64)
    taken = _off_the_top(recent, wanted)
    row, period = np.nonzero(taken)
    return series[row], begin + period, taken[row, period]


def _off_the_top(units: Floats, wanted: Floats) -> Floats:
    """What brings the highest of ``units`` (series, period) down to one level, ``wanted`` (series,)
    in sum or all there is; whole units where all are whole.
    """
    ordered = -np.sort(-units, axis=1)
    count = np.arange(1, units.shape[1] + 1)
    levels = (np.cumsum(ordered, axis=1) - wanted[:, None]) / count
    lowered = (ordered > levels).sum(axis=1, keepdims=True)
    level = np.take_along_axis(levels, np.maximum(lowered - 1, 0), axis=1)
    taken = np.maximum(units - np.maximum(level, 0.0), 0.0)
    whole = (units % 1 == 0).all(axis=1) & (wanted % 1 == 0)
    rounded = np.diff(np.round(np.cumsum(taken, axis=1)), axis=1, prepend=0.0)
    return np.where(whole[:, None], rounded, taken)


def _replaced(rows: _Rows, units: Floats) -> _Rows:
    some = units > _TINY
    values = {name: getattr(rows, name)[some] for name in rows.__dataclass_fields__}
    return _Rows(**(values | {"units": units[some]}))


def _overdue(
    late: _Rows, window: Window, patience: int
) -> tuple[tuple[Ints, Ints, Floats, Floats], list[Finding], list[str]]:
    """Paid units of the past that no sale shows: asked for at the next step."""
    days = (window.as_of - late.deadline).astype(np.int64)
    waiting = late.take(days <= patience)
    given_up = int((days > patience).sum())
    notes = [
        f"commitments: {counted(given_up, 'row is', 'rows are')} paid, not in sales and more than "
        f"{counted(patience, 'day')} past ship_by; "
        f"{'it does' if given_up == 1 else 'they do'} not count (gates.overdue_days)"
    ] * (given_up > 0)
    due = waiting.deadline <= window.as_of
    shown = waiting.take(due)
    findings = findings_of(
        "COMMITMENT_OVERDUE", "high", shown.series, units=shown.units, date=shown.deadline,
        days=days[days <= patience][due],
    )  # fmt: skip
    ones = np.ones(len(waiting.units), np.int64)
    return (waiting.series, ones, waiting.units, np.zeros(len(ones))), findings, notes


def _open(
    coming: _Rows, past: _Rows, config: Config, window: Window
) -> tuple[Ints, Ints, Floats, Floats]:
    """Series, step, mean and variance of what is asked for ahead."""
    learnt = learn_conversion(_deposits(past), ConversionParams(
        rate=config.commitments.conversion, weight=config.commitments.conversion_weight
    ))  # fmt: skip
    rate, correlation = learnt.of(coming.event, coming.category)
    stated = ~np.isnan(coming.conversion)
    rate = np.where(coming.deposit, np.where(stated, coming.conversion, rate), 1.0)
    correlation = np.where(stated, learnt.correlation, correlation)
    units = np.maximum(coming.units - np.nan_to_num(coming.fulfilled), 0.0)
    step = coming.period - window.periods + 1
    width = int(step.max(initial=0)) + 1
    cell, group = np.unique(coming.series * width + step, return_inverse=True)
    mean, variance = paid_moments(units, rate, correlation, group, len(cell))
    return cell // width, cell % width, mean, variance


def _deposits(past: _Rows) -> Deposits:
    """What the rows of the past tell of deposits: presales without a share of their own."""
    told = past.take((past.kind == "presale") & np.isnan(past.conversion))
    day = told.date.astype(np.int64)
    return Deposits(
        event=told.event,
        category=told.category,
        occurrence=day - day.min(initial=0),
        units=told.units,
        paid=np.where(
            told.deposit, np.minimum(np.nan_to_num(told.fulfilled), told.units), told.units
        ),
    )


def _usual_lead(rows: _Rows, coming: _Rows, covariates: Covariates, window: Window) -> Floats:
    """Days from tonight to the presales that are open for the event and part of each row, (rows,).

    The mean over their units. Where none is open: inf if that part of the event lies ahead, else
    the mean of all that are open, for what is learned from one event is used for another.
    """
    wanted = coming.take((coming.kind == "presale") & (coming.event > 0) & (coming.units > 0))
    width = len(covariates.phase_names) + 1
    size = (len(covariates.event_names) + 1) * width
    key, asked = (one.event * width + one.phase for one in (wanted, rows))
    days = (wanted.date - window.as_of).astype(np.float64)
    units = np.bincount(key, wanted.units, size)
    lead = np.bincount(key, wanted.units * days, size)
    ahead = np.s_[:, window.periods :]
    parts = covariates.event[ahead].astype(np.int64) * width + covariates.phase[ahead]
    expected = np.bincount(parts.ravel(), minlength=size) > 0
    usual = lead.sum() / units.sum() if units.sum() > 0 else np.inf
    others = np.where(expected, np.inf, usual)
    mean = np.divide(lead, units, out=others, where=units > 0)
    return np.asarray(mean[asked], np.float64)


def _less(demand: NDArray[np.float32], gone: tuple[Ints, Ints, Floats]) -> NDArray[np.float32]:
    """Demand less the units that are ``gone``, (series, period)."""
    series, period, units = gone
    if not len(units):
        return demand
    out = demand.copy()
    np.subtract.at(out, (series, period), units.astype(np.float32))
    return np.maximum(out, np.float32(0), out=out)
