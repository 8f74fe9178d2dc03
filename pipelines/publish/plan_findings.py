"""Exceptions that only the finished plan shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.publish.clearance import still_ordered
from pipelines.publish.night import Night
from replenishment.lines.lateral import REBALANCE
from replenishment.needs.keys import arrival_table, first_empty
from replenishment.network.evening import usable
from stockwright.distribution import Distribution
from stockwright.network import LaneKind
from stockwright.plan import Finding, Lines

#: A line is said to cover long when rounding adds more than the need itself and the stock then
#: lasts for more days than this.
LONG_COVER_DAYS = 180

# Less than this share of what is committed may lack without a word: expected units are fractions.
_LEAST_SHARE = 0.01
# Expected units are fractions: less than half a unit to expire is not worth a word.
_LEAST_UNITS = 0.5
# Standard normal quantile at 0.95.
_SCORE_95 = 1.6449

Floats = NDArray[np.float64]


def plan_findings(night: Night) -> list[Finding]:
    """What no order can serve in time, lines that limits cut, lines that last too long."""
    finders: tuple[Callable[[Night], list[Finding]], ...] = (
        unavoidable_stockouts,
        commitments_at_risk,
        lines_cut,
        long_cover,
        expiring_stock,
        still_ordered,
    )
    return [finding for finder in finders for finding in finder(night)]


def unavoidable_stockouts(night: Night) -> list[Finding]:
    """STOCKOUT_EXPECTED: the stock runs out before tonight's order could arrive.

    Money: shortage cost times the units expected to be missed by then, from the distribution of
    the whole demand up to the arrival against all stock that can serve it.
    """
    policy, stock = night.plan.policy, night.stock()
    empty = np.where(night.feeds(), _own_stockout(night), policy.stockout_step)
    runs_out = (empty > 0) & (empty <= policy.lead_time)
    sells = night.situation.network.locations.sells[night.index.location]
    series = np.flatnonzero(runs_out & sells & (policy.lane >= 0) & stock.known)
    lead_time = np.minimum(policy.lead_time, night.forecast.horizon).astype(np.int64)
    demand = night.forecast.total(1, lead_time).take(series)
    supply = (stock.on_hand + arrivals_until(night, lead_time) + emergency_units(night))[series]
    missed = demand.expected_shortage(supply)
    cost = night.situation.network.items.shortage_cost[series] * missed
    columns = {
        "units": missed,
        "stock": supply,
        "demand": demand.mean,
        "date": _dates(night, empty[series]),
        "arrival": _dates(night, policy.lead_time[series], after=1),
    }
    return _findings("STOCKOUT_EXPECTED", "high", series, cost, columns)


def _own_stockout(night: Night) -> NDArray[np.int32]:
    """First step at whose close a location's own stock is gone at its own demand, 0 for none."""
    stock, n = night.stock(), night.index.n_series
    network = night.situation.network
    table = arrival_table(stock.arrival_series, stock.arrival_step, stock.arrival_units, n)
    sold = night.forecast.until(network.items.ends - night.forecast.origin)
    return first_empty(sold.expected, usable(stock, network, night.forecast), *table)


def commitments_at_risk(night: Night) -> list[Finding]:
    """COMMITMENT_AT_RISK: more is committed for a date than there can be, if nothing else is sold.

    Looked at up to the end of the protection interval: later orders can still serve later dates.
    Counted are stock on hand less tonight's transfers out of it, what is on order, and tonight's
    lines from their arrival on. Money: shortage cost times the units that lack.
    """
    policy, stock, forecast = night.plan.policy, night.stock(), night.forecast
    series = np.flatnonzero(stock.known & (forecast.committed.max(axis=1, initial=0.0) > 0))
    steps = np.arange(1, forecast.horizon + 1)
    supplied = policy.lane[series] >= 0
    last = np.where(supplied, policy.protection[series], forecast.horizon)
    ordered = (planned_units(night)[series, None]) * (steps > policy.lead_time[series, None])
    held = np.maximum(stock.on_hand - leaving_units(night), 0.0)[series]
    supply = held[:, None] + _arrived(night, series) + ordered
    asked = np.cumsum(forecast.committed[series], axis=1, dtype=np.float64)
    lacking = np.where(steps <= last[:, None], asked - supply, 0.0)
    short = np.flatnonzero(lacking.max(axis=1, initial=0.0) > _LEAST_SHARE * asked[:, -1])
    units = lacking[short].max(axis=1, initial=0.0)
    first = np.argmax(lacking[short] > 0, axis=1)
    columns = {
        "units": units,
        "asked": asked[short, first],
        "stock": supply[short, first],
        "date": _dates(night, first + 1),
    }
    cost = night.situation.network.items.shortage_cost[series[short]] * units
    return _findings("COMMITMENT_AT_RISK", "high", series[short], cost, columns)


def _arrived(night: Night, series: NDArray[np.intp]) -> Floats:
    """Units on order that have arrived by each step, (series, step) of some of the series."""
    stock, horizon = night.situation.stock, night.forecast.horizon
    place = np.full(len(stock.on_hand), -1)
    place[series] = np.arange(len(series))
    row = place[stock.arrival_series]
    inside = (row >= 0) & (stock.arrival_step <= horizon)
    out = np.zeros((len(series), horizon))
    step = np.maximum(stock.arrival_step[inside].astype(np.int64), 1) - 1
    np.add.at(out, (row[inside], step), stock.arrival_units[inside])
    return np.asarray(np.cumsum(out, axis=1), np.float64)


def leaving_units(night: Night) -> Floats:
    """Units of tonight's transfers, sideways or down, out of each series, (series,)."""
    lines, index = night.plan.transfers, night.index
    places = night.situation.network.lanes.source[lines.lane].astype(np.int64)
    source = index.find(index.sku[lines.series].astype(np.int64), places)
    known = source >= 0
    left = np.bincount(source[known], lines.units[known], minlength=index.n_series)
    return np.asarray(left, np.float64)


def _is_emergency(night: Night, lines: Lines) -> NDArray[np.bool_]:
    kinds = night.situation.network.lanes.kind
    return np.asarray(kinds[lines.lane] == LaneKind.EXPEDITED, np.bool_)


def emergency_units(night: Night) -> Floats:
    """Units of tonight's emergency orders into each series, (series,)."""
    lines = night.plan.orders
    units = np.where(_is_emergency(night, lines), lines.units, 0.0)
    total = np.bincount(lines.series, units, minlength=night.index.n_series)
    return np.asarray(total, np.float64)


def planned_units(night: Night) -> Floats:
    """Units of tonight's lines into each series, (series,)."""
    n = night.index.n_series
    parts = (night.plan.orders, night.plan.transfers)
    counts = [np.bincount(lines.series, lines.units, minlength=n) for lines in parts]
    return np.asarray(np.sum(counts, axis=0), np.float64)


def lines_cut(night: Night) -> list[Finding]:
    """LIMIT_CUT: a limit took units from a line. Money: the shortage they would have avoided."""
    return [
        *_lines_cut(night, night.plan.orders),
        *_lines_cut(night, night.plan.transfers),
    ]


def _lines_cut(night: Night, lines: Lines) -> list[Finding]:
    rows = np.flatnonzero((lines.limit_cut > 0) & ~_is_emergency(night, lines))
    series = lines.series[rows]
    feeds = night.feeds()[series]
    position = night.plan.policy.position[series]
    stock = np.where(feeds, position, lines.stock_at_arrival[rows]) + lines.units[rows]
    alone, pooled = _cycle_demand(night).take(series), _pooled_demand(night).take(series)
    avoided = [
        demand.expected_shortage(stock) - demand.expected_shortage(stock + lines.limit_cut[rows])
        for demand in (alone, pooled)
    ]
    saved = np.maximum(np.where(feeds, avoided[1], avoided[0]), 0.0)
    cost = night.situation.network.items.shortage_cost[series] * saved
    columns = {
        "units": lines.limit_cut[rows],
        "kept": lines.units[rows],
        "limit": lines.binding[rows],
        "way": np.where(lines.reason[rows] == REBALANCE, "sideways", ""),
    }
    return _findings("LIMIT_CUT", "medium", series, cost, columns)


def _cycle_demand(night: Night) -> Distribution:
    """Demand from the arrival of tonight's order to the end of the protection interval."""
    policy, horizon = night.plan.policy, night.forecast.horizon
    first = np.minimum(policy.lead_time.astype(np.int64) + 1, horizon)
    last = np.clip(policy.protection.astype(np.int64), first, horizon)
    return night.forecast.total(first, last)


def _pooled_demand(night: Night) -> Distribution:
    """Demand of the protection interval of all that a location feeds, from its policy.

    The spread is that of the normal distribution with the policy's mean and 95 % quantile.
    """
    policy = night.plan.policy
    spread = np.maximum(policy.demand_q95 - policy.demand_mean, 0.0) / _SCORE_95
    return Distribution(policy.demand_mean, spread**2, night.forecast.quantum)


def long_cover(night: Night) -> list[Finding]:
    """LONG_COVER: MOQ and pack buy more than is needed, for a long time.

    Money: the value at cost of what rounding added.
    """
    lines = night.plan.orders
    long = lines.cover_after * night.days > LONG_COVER_DAYS
    rows = np.flatnonzero(long & (lines.rounding_added > np.maximum(lines.need, 0.0)))
    columns = {
        "units": lines.rounding_added[rows],
        "need": lines.need[rows],
        "days": lines.cover_after[rows] * night.days,
    }
    value = lines.rounding_added[rows] * lines.unit_cost[rows]
    return _findings("LONG_COVER", "low", lines.series[rows], value, columns)


def expiring_stock(night: Night) -> list[Finding]:
    """EXPIRY: stock on hand will expire before it is sold at forecast demand.

    Money: what the units cost, less what they still bring.
    """
    expiring, items = night.plan.expiring, night.situation.network.items
    if expiring is None:
        return []
    series = np.flatnonzero(expiring.units >= _LEAST_UNITS)
    units = expiring.units[series]
    columns = {"units": units, "date": _dates(night, expiring.step[series])}
    lost = np.maximum(items.unit_cost - items.salvage, 0.0)[series] * units
    return _findings("EXPIRY", "medium", series, lost, columns)


def arrivals_until(night: Night, steps: NDArray[np.int64], after: int = 0) -> Floats:
    """Units on order that arrive at step ``after`` + 1 ... steps[series], (series,)."""
    stock = night.situation.stock
    in_time = stock.arrival_step <= steps[stock.arrival_series]
    in_time &= stock.arrival_step > after
    units = np.where(in_time, stock.arrival_units, 0.0)
    counted = np.bincount(stock.arrival_series, units, minlength=len(stock.on_hand))
    return counted.astype(np.float64)


def _dates(night: Night, steps: NDArray[Any], after: int = 0) -> list[str]:
    """The day ``after`` days behind the end of each step's period."""
    days = night.dates_of_steps(steps) + np.timedelta64(after, "D")
    return list(np.datetime_as_string(days).tolist())


def _findings(
    code: str, severity: str, series: NDArray[Any], cost: Floats, columns: dict[str, Any]
) -> list[Finding]:
    values = zip(*(np.asarray(column).tolist() for column in columns.values()), strict=True)
    return [
        Finding(code, severity, key, stake, dict(zip(columns, row, strict=True)))
        for key, stake, row in zip(series.tolist(), cost.tolist(), values, strict=True)
    ]
