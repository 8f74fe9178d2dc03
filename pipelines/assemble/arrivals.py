"""What is on its way: inbound rows and approved lines of earlier nights, by step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.assemble.decisions import Promised
from pipelines.assemble.demand import days_of
from pipelines.assemble.keys import Ints, Keys
from pipelines.assemble.notices import findings_of
from pipelines.assemble.onhand import OnHand
from replenishment.supply.learn import remaining_delay
from stockwright.calendar import DAYS_PER_PERIOD, Dates, PeriodName
from stockwright.network import LaneKind, Lanes, Locations
from stockwright.plan import Finding
from stockwright.stock import StockPosition

Floats = NDArray[np.float64]
# Deliveries that were later still, from which the delay of an overdue order is told.
_LEAST_DELAYS = 5


@dataclass(frozen=True)
class GoodShares:
    """Good units of one on order, by key and supplier.

    by_source: index (series, source). by_key: index series, for what does not name its source.
    """

    by_source: pd.Series
    by_key: pd.Series

    @classmethod
    def from_lanes(cls, lanes: Lanes, sources: pd.DataFrame) -> GoodShares:
        """sources: columns series, source, by lane."""
        bought = lanes.kind != LaneKind.TRANSFER
        frame = sources[["series", "source"]].assign(share=lanes.good_share)[bought]
        by_source = frame.groupby(["series", "source"])["share"].first()
        return cls(by_source, frame.groupby("series")["share"].mean())

    def of(self, series: Ints, source: NDArray[np.object_]) -> Floats:
        """Share of each row of a key and a source, "" where it names none; 1 where none is told."""
        index = pd.MultiIndex.from_arrays([series, source], names=["series", "source"])
        named = self.by_source.reindex(index).to_numpy(np.float64)
        usual = self.by_key.reindex(series).to_numpy(np.float64)
        share = np.where(source == "", usual, named)
        return np.where(np.isnan(share), 1.0, share)


@dataclass(frozen=True)
class Arrivals:
    """Units to come, all (arrivals,): series, step >= 1, units > 0."""

    series: Ints
    step: Ints
    units: Floats
    findings: tuple[Finding, ...]


def steps_of(available: Dates, as_of: np.datetime64, period: PeriodName) -> Ints:
    """Step whose demand stock available on each date can serve: the first period that lies
    wholly after its arrival, at least 1.
    """
    ahead = (available - as_of).astype(np.int64) - 1
    return np.maximum(1 + -(-ahead // DAYS_PER_PERIOD[period]), 1)


def inbound_arrivals(
    inbound: pd.DataFrame,
    keys: Keys,
    as_of: np.datetime64,
    period: PeriodName,
    overdue_days: int,
    shares: GoodShares,
    delays: pd.DataFrame,
) -> Arrivals:
    """Arrivals from ``inbound``; drafts do not count, and what ``shares`` expects not to come or
    not to be good does not either.

    A row due by ``as_of`` and still on its way is due the next morning, or when ``delays`` (columns
    supplier, days) lets it be expected (OVERDUE_INBOUND); one
    that is more than ``overdue_days`` late does not count (IGNORED_INBOUND).
    """
    series = keys.series(inbound, "destination")
    units = inbound["units"].to_numpy(np.float64)
    share = shares.of(series, inbound["source"].to_numpy(object))
    firm = (inbound["status"] != "draft").to_numpy(dtype=bool) & (units > 0) & (series >= 0)
    rows, series, units, share = inbound[firm], series[firm], units[firm], share[firm]
    available = days_of(rows["available_date"])
    late = (as_of - available).astype(np.int64)
    overdue, given_up = late >= 0, late > overdue_days
    expected = _expected(available, late, rows["source"].to_numpy(object), delays, as_of)
    names = rows["order_id"].to_numpy(object)
    found: list[Finding] = []
    for code, which in (("OVERDUE_INBOUND", overdue & ~given_up), ("IGNORED_INBOUND", given_up)):
        found += findings_of(
            code, "medium", series[which],
            order_id=names[which], units=units[which], days=late[which], date=available[which],
            expected=expected[which],
        )  # fmt: skip
    kept = ~given_up
    step = steps_of(expected, as_of, period)
    return Arrivals(series[kept], step[kept], (units * share)[kept], tuple(found))


def _expected(
    available: Dates,
    late: Ints,
    source: NDArray[np.object_],
    delays: pd.DataFrame,
    as_of: np.datetime64,
) -> Dates:
    """The date of each row, of overdue ones the date on which they are expected."""
    names = pd.Index(delays["supplier"].unique())
    told = delays["days"].to_numpy(np.float64)
    group = names.get_indexer(delays["supplier"])
    overdue = np.flatnonzero(late >= 0)
    own = names.get_indexer(source[overdue].astype(object))
    days = remaining_delay(late[overdue], own, told, group, _LEAST_DELAYS)
    out: Dates = available.astype("datetime64[D]").copy()
    out[overdue] = as_of + np.rint(days).astype("timedelta64[D]")
    return out


def position_of(
    held: OnHand,
    inbound: Arrivals,
    lines: Promised,
    locations: Locations,
    keys: Keys,
    as_of: np.datetime64,
    period: PeriodName,
    shares: GoodShares,
) -> StockPosition:
    """The stock position: what is held, and every arrival at a location whose stock counts.

    An approved transfer that is not under way takes its units from its source. Units owed to
    customers beyond the stock on hand take from the first arrivals.
    """
    series = np.concatenate([inbound.series, lines.series])
    step = np.concatenate([inbound.step, steps_of(lines.available, as_of, period)])
    bought = shares.of(lines.series, np.full(len(lines.series), "", object))
    bought = np.where(lines.source < 0, bought, 1.0)
    units = np.concatenate([inbound.units, lines.units * bought])
    counted = locations.counts_stock[keys.index.location[series]]
    series, step, units = series[counted], step[counted], units[counted]
    order = np.lexsort((step, series))
    series, step = series[order], step[order]
    units = _less_owed(series, units[order], held.owed)
    moved = lines.source >= 0
    leaving = np.bincount(lines.source[moved], lines.units[moved], minlength=keys.n_series)
    left = units > 0
    return StockPosition(
        on_hand=np.maximum(held.units - leaving, 0.0),
        reserved=held.reserved + leaving,
        age_days=held.age_days,
        known=held.known,
        arrival_series=series[left].astype(np.int32),
        arrival_step=step[left].astype(np.int32),
        arrival_units=units[left],
    )


def _less_owed(series: Ints, units: Floats, owed: Floats) -> Floats:
    """Arrivals sorted by series and step, less what is owed, first arrivals first."""
    running = np.cumsum(units)
    first = np.searchsorted(series, series)
    before = running - units
    before = before - before[first] if len(units) else before
    due = np.clip(owed[series] - before, 0.0, units)
    rest: Floats = units - due
    return rest
