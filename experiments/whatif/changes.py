"""A scenario put into the tables and settings: what a full run of the night would be given.

The one change that no table can hold is demand times a factor where a planner has already said
something about it; see ``demand_changed``.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.whatif.scenario import (
    CapacityChange,
    EventChange,
    InboundChange,
    LeadTimeChange,
    Outage,
    Scenario,
)
from pipelines.assemble import Situation
from pipelines.assemble.parties import DEFAULT_SUPPLIER
from pipelines.config import Config
from pipelines.config.load import listed_problems, nearest
from pipelines.ingest import Ingested
from stockwright.errors import ConfigError
from stockwright.overrides import Overrides

Tables = dict[str, pd.DataFrame]
Rows = NDArray[np.bool_]
_RATES = {
    "inbound": "inbound_units_per_day",
    "outbound": "outbound_units_per_day",
    "storage": "storage_volume",
}


def changed_config(config: Config, scenario: Scenario, spent: float) -> Config:
    """The settings under a scenario. spent: money that the base plan orders for.

    Raises ConfigError that lists what is wrong with the scenario's own settings.
    """
    found = scenario.variant.of(config)
    if scenario.budget_factor is None:
        return found
    money = found.budget.total if found.budget.total is not None else spent
    total = round(money * scenario.budget_factor, 2)
    return found.model_copy(update={"budget": found.budget.model_copy(update={"total": total})})


def changed_tables(ingested: Ingested, scenario: Scenario) -> Ingested:
    """The tables under a scenario. Raises ConfigError where it names what no table holds."""
    tables = dict(ingested.tables)
    problems: list[str] = []
    for number, event in enumerate(scenario.event, start=1):
        problems += _event(tables, event, ingested.as_of, f"event {number}")
    for number, change in enumerate(scenario.lead_time, start=1):
        problems += _lead_time(tables, change, f"lead_time {number}")
    for number, outage in enumerate(scenario.outage, start=1):
        problems += _outage(tables, outage, ingested.as_of, f"outage {number}")
    for number, inbound in enumerate(scenario.inbound, start=1):
        problems += _inbound(tables, inbound, f"inbound {number}")
    for number, limit in enumerate(scenario.capacity, start=1):
        problems += _capacity(tables, limit, f"capacity {number}")
    if problems:
        raise ConfigError(listed_problems(f"scenario {scenario.name}", problems))
    return replace(ingested, tables=tables)


def demand_changed(situation: Situation, scenario: Scenario) -> Situation:
    """The situation with demand of the scenario's keys and days times its factors.

    They multiply what planners have said already, a given mean included. Where several of them
    name a key and day, all count. Raises ConfigError for a category, SKU or location that is
    nowhere.
    """
    if not scenario.demand:
        return situation
    panel, problems = situation.panel, list[str]()
    factor = np.ones((panel.n_series, panel.horizon), np.float32)
    for number, change in enumerate(scenario.demand, start=1):
        keys, said = _keys(situation, change.category, change.sku, change.location)
        problems += [f"demand {number}: {one}" for one in said]
        first = panel.calendar.dates(panel.origin + 1, panel.horizon)
        last = first + np.timedelta64(panel.calendar.days - 1, "D")
        inside = np.ones(panel.horizon, np.bool_)
        if change.start is not None:
            inside &= last >= np.datetime64(change.start, "D")
        if change.end is not None:
            inside &= first <= np.datetime64(change.end, "D")
        if not inside.any():
            problems.append(f"demand {number}: none of its days is within the horizon")
        factor[np.ix_(keys, inside)] *= np.float32(change.factor)
    if problems:
        raise ConfigError(listed_problems(f"scenario {scenario.name}", problems))
    return replace(situation, overrides=_times(situation.overrides, factor))


def _times(overrides: Overrides, factor: NDArray[np.float32]) -> Overrides:
    touched = factor != 1
    before = np.nan_to_num(overrides.forecast_factor, nan=1.0) * factor
    untouched = np.broadcast_to(overrides.forecast_factor, factor.shape)
    return replace(
        overrides,
        forecast_mean=overrides.forecast_mean * factor,
        forecast_factor=np.where(touched, before, untouched).astype(np.float32),
    )


def _keys(
    situation: Situation, category: str, sku: str, location: str
) -> tuple[NDArray[np.int64], list[str]]:
    """Series in a scope, and what is wrong with its names."""
    index, said = situation.panel.index, []
    inside = np.ones(index.n_series, np.bool_)
    if category:
        names = situation.catalog.category.astype(str)
        below = (names == category) | np.char.startswith(names, f"{category}/")
        if not below.any():
            said.append(_unknown("category", category, {*names.tolist()}))
        inside &= below[index.sku]
    if sku:
        if sku not in index.skus:
            said.append(_unknown("SKU", sku, index.skus))
        inside &= index.sku_names() == sku
    if location:
        if location not in index.locations:
            said.append(_unknown("location", location, index.locations))
        inside &= index.location_names() == location
    return np.flatnonzero(inside), said


def _unknown(what: str, name: str, known: Collection[str]) -> str:
    shown = sorted(known)
    if len(shown) > 20:
        # Too many to tell of: those that begin alike, else a few, to see how they look.
        shown = [each for each in shown if each[:1] == name[:1]][:200] or shown[:20]
    return f"no {what} is called {name!r}{nearest(name, shown)}"


def _event(tables: Tables, change: EventChange, as_of: np.datetime64, place: str) -> list[str]:
    rows = tables["events"].copy()
    named = _equal(rows, "event", change.event)
    if not named.any():
        return [f"{place}: {_unknown('event', change.event, {*rows['event']})}"]
    # What has begun cannot be moved: the past stays as it was.
    ahead = named & (rows["start"].to_numpy("datetime64[D]") > as_of)
    if change.phase:
        ahead &= _equal(rows, "phase", change.phase)
    if not ahead.any():
        return [f"{place}: no row of {change.event} {change.phase}".rstrip() + " is still ahead"]
    shift = pd.Timedelta(days=change.shift_days)
    for name in ("start", "end"):
        rows.loc[ahead, name] = rows.loc[ahead, name] + shift
    if change.discount_off is not None:
        rows.loc[ahead, "discount_off"] = change.discount_off
    tables["events"] = rows
    return []


def _lead_time(tables: Tables, change: LeadTimeChange, place: str) -> list[str]:
    """Lanes take longer, and so did the orders that their lead times are learned from."""
    lanes = tables["lanes"].copy()
    if lanes.empty:
        return [f"{place}: there is no lanes table; change [config.defaults] lead_time_days"]
    rows = _between(lanes, change.source, change.destination)
    if not change.source:
        rows &= ~np.asarray(lanes["source"].isin(tables["locations"]["location"]))
    if not rows.any():
        return [f"{place}: no lane leads {_way(change.source, change.destination)}"]
    lanes.loc[rows, "lead_time_days"] += float(change.days)
    tables["lanes"] = lanes
    receipts = tables["receipts"].copy()
    same = _matching(receipts, "destination", change.destination)
    if change.source:
        same &= _equal(receipts, "supplier", change.source) | _equal(receipts, "supplier", "")
    receipts.loc[same, "ordered_on"] -= pd.Timedelta(days=change.days)
    tables["receipts"] = receipts
    return []


def _outage(tables: Tables, change: Outage, as_of: np.datetime64, place: str) -> list[str]:
    lanes = tables["lanes"]
    places = {*tables["locations"]["location"], *lanes["destination"]}
    suppliers = {*tables["suppliers"]["supplier"], *lanes["source"]} | {DEFAULT_SUPPLIER}
    if change.party not in places | suppliers:
        return [f"{place}: {_unknown('supplier or location', change.party, places | suppliers)}"]
    if change.days is None:
        ended = lanes.copy()
        rows = _equal(lanes, "source", change.party) | _equal(lanes, "destination", change.party)
        ended.loc[rows, "end"] = pd.Timestamp(as_of).as_unit("s")
        tables["lanes"] = ended
    else:
        first = pd.Timestamp(as_of).as_unit("s") + pd.Timedelta(days=1)
        last = first + pd.Timedelta(days=change.days - 1)
        closed = {"party": change.party, "start": first, "end": last}
        tables["closures"] = _with_row(tables["closures"], closed)
    if change.party in places:
        stock = tables["inventory"].copy()
        there = _equal(stock, "location", change.party)
        # It is still there, so that nothing of the past is told otherwise; nobody gets at it.
        stock.loc[there, "reserved"] = stock.loc[there, "on_hand"].clip(lower=0.0)
        tables["inventory"] = stock
    _held_up(tables, change, as_of)
    return []


def _held_up(tables: Tables, change: Outage, as_of: np.datetime64) -> None:
    """What was to come from or to the party comes when it is back, if ever."""
    inbound = tables["inbound"].copy()
    rows = _equal(inbound, "destination", change.party)
    # What its supplier has sent off is on the road.
    rows |= _equal(inbound, "source", change.party) & ~_equal(inbound, "status", "shipped")
    if change.days is None:
        inbound.loc[rows, "units"] = 0.0
    else:
        back = pd.Timestamp(as_of).as_unit("s") + pd.Timedelta(days=change.days + 1)
        due = inbound["available_date"]
        inbound["available_date"] = due.where(~rows | (due >= back), back)
    tables["inbound"] = inbound


def _inbound(tables: Tables, change: InboundChange, place: str) -> list[str]:
    inbound = tables["inbound"].copy()
    rows = _between(inbound, change.source, change.destination)
    if not rows.any():
        return [f"{place}: nothing is on its way {_way(change.source, change.destination)}"]
    inbound.loc[rows, "units"] *= change.factor
    inbound.loc[rows, "available_date"] += pd.Timedelta(days=change.delay_days)
    tables["inbound"] = inbound
    return []


def _capacity(tables: Tables, change: CapacityChange, place: str) -> list[str]:
    if change.source:
        lanes = tables["lanes"].copy()
        rows = _equal(lanes, "source", change.source)
        if not (rows & np.asarray(lanes["max_units_per_day"].notna())).any():
            return [f"{place}: no lane from {change.source} has max_units_per_day"]
        lanes.loc[rows, "max_units_per_day"] *= float(change.units or 0.0)
        tables["lanes"] = lanes
        return []
    locations = tables["locations"].copy()
    rows = _equal(locations, "location", change.location)
    if not rows.any():
        return [f"{place}: {_unknown('location', change.location, {*locations['location']})}"]
    said = []
    for name, column in _RATES.items():
        factor = getattr(change, name)
        if factor is None:
            continue
        if locations.loc[rows, column].isna().all():
            said.append(f"{place}: {change.location} has no {column}")
        locations.loc[rows, column] *= factor
    tables["locations"] = locations
    return said


def _with_row(table: pd.DataFrame, values: dict[str, object]) -> pd.DataFrame:
    """The table with one row more, other columns empty as where nothing is given."""
    row = table.reindex([0]).assign(**values)
    for name in table.columns:
        if name not in values and not pd.api.types.is_datetime64_any_dtype(table[name]):
            row[name] = ""
        row[name] = row[name].astype(table[name].dtype)
    return pd.concat([table, row], ignore_index=True)


def _equal(rows: pd.DataFrame, column: str, value: str) -> Rows:
    return np.array(rows[column].astype(object) == value, np.bool_)


def _matching(rows: pd.DataFrame, column: str, value: str) -> Rows:
    return _equal(rows, column, value) if value else np.ones(len(rows), np.bool_)


def _between(rows: pd.DataFrame, source: str, destination: str) -> Rows:
    return _matching(rows, "source", source) & _matching(rows, "destination", destination)


def _way(source: str, destination: str) -> str:
    return f"from {source or 'anybody'} to {destination or 'anywhere'}"
