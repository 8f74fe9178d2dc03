"""What the pulses of the next day start from: the tables ``pulse_*`` of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.assemble.keys import Keys
from pipelines.ingest.ingested import Ingested
from pipelines.publish.night import Night
from pipelines.pulse.state import CHANNELS, DAYS, KEYS, LOCKS, WAYS, write_table
from stockwright.network import LaneKind

Floats = NDArray[np.float64]
_KINDS = ("regular", "transfer", "expedited")


def write_pulse_state(folder: Path, night: Night, ingested: Ingested) -> list[Path]:
    """Write the four tables into ``folder`` and return their paths."""
    tables = ingested.tables
    return [
        write_table(folder / "pulse_keys.parquet", _keys(night), KEYS),
        write_table(folder / "pulse_ways.parquet", _ways(night), WAYS),
        write_table(folder / "pulse_locks.parquet", _locks(night, tables), LOCKS),
        write_table(folder / "pulse_channels.parquet", _channels(tables["channels"]), CHANNELS),
    ]


def _keys(night: Night) -> dict[str, Any]:
    situation, forecast = night.situation, night.forecast
    items, stock, index = situation.network.items, situation.stock, night.index
    policy = night.plan.policy
    places = situation.network.locations
    planners, planner = np.unique(night.planners(np.arange(index.n_series)), return_inverse=True)
    usable = places.counts_stock[index.location]
    return {
        "sku": (index.sku, index.skus),
        "location": (index.location, index.locations),
        "stocked": stock.known & items.stock_mode & usable,
        "sells": places.sells[index.location],
        "on_hand": stock.on_hand,
        "reserved": stock.reserved,
        "leaving": _leaving(night),
        "overdue": _overdue(night),
        "linear_dispersion": forecast.linear_dispersion,
        "level_variance": forecast.level_variance,
        "step_variance": forecast.step_variance,
        "shortage_cost": items.shortage_cost,
        "holding_cost": items.holding_cost / night.days,
        "unit_cost": items.unit_cost,
        "reorder_point": np.where(policy.lane >= 0, policy.reorder_point, np.nan),
        "order_up_to": np.where(policy.lane >= 0, policy.order_up_to, np.nan),
        "resupply_days": _resupply(night),
        "planner": (planner, planners),
        "mean": _by_day(forecast.mean, night.days),
        "committed": _by_day(forecast.committed, night.days),
        "arrivals": _arrivals(night),
    }


def _by_day(steps: NDArray[Any], days: int) -> NDArray[np.float32]:
    """Units of each of the next days from those of periods, (series, DAYS); the last goes on."""
    step = np.minimum(np.arange(DAYS) // days, steps.shape[1] - 1)
    return np.asarray(steps[:, step] / np.float32(days), np.float32)


def _arrivals(night: Night) -> Floats:
    """Units that come in by day, (series, DAYS): on order, and tonight's lines."""
    stock, plan = night.situation.stock, night.plan
    real = ~stock.is_expected()
    series, units = [stock.arrival_series[real]], [stock.arrival_units[real]]
    day = [(stock.arrival_step[real].astype(np.int64) - 1) * night.days]
    for lines in (plan.orders, plan.transfers):
        ahead = night.situation.network.lanes.available_date[lines.lane]
        series.append(lines.series)
        units.append(lines.units)
        day.append((ahead - night.situation.order_date).astype(np.int64))
    found, rows, total = np.concatenate(day), np.concatenate(series), np.concatenate(units)
    inside = found < DAYS
    cells = rows[inside].astype(np.int64) * DAYS + np.maximum(found[inside], 0)
    sums = np.bincount(cells, total[inside], minlength=night.index.n_series * DAYS)
    return np.asarray(sums.reshape(-1, DAYS))


def _leaving(night: Night) -> Floats:
    """Units that tonight's transfers take from each series."""
    lines, lanes, index = night.plan.transfers, night.situation.network.lanes, night.index
    source = index.find(
        index.sku[lines.series].astype(np.int64), lanes.source[lines.lane].astype(np.int64)
    )
    kept = source >= 0
    return np.asarray(np.bincount(source[kept], lines.units[kept], minlength=index.n_series))


def _overdue(night: Night) -> Floats:
    """Units of inbound orders that were due before tonight, (series,)."""
    late = [f for f in night.situation.findings if f.code == "OVERDUE_INBOUND"]
    series = np.array([f.series for f in late], np.int64)
    units = np.array([float(f.message["units"]) for f in late], np.float64)
    return np.asarray(np.bincount(series, units, minlength=night.index.n_series))


def _resupply(night: Night) -> NDArray[np.int32]:
    """Days from tomorrow until an order of the next review can serve demand; DAYS for none."""
    lanes, policy = night.situation.network.lanes, night.plan.policy
    used = policy.lane >= 0
    ahead = np.append(lanes.available_date, night.situation.order_date)[policy.lane]
    days = (ahead - night.situation.order_date).astype(np.int64) + policy.review * night.days
    return np.where(used, np.minimum(days, DAYS), DAYS).astype(np.int32)


def _ways(night: Night) -> dict[str, Any]:
    """Expedited lanes, and lanes between locations that both keep the SKU."""
    lanes, index, policy = night.situation.network.lanes, night.index, night.plan.policy
    items = night.situation.network.items
    transfer = lanes.kind == LaneKind.TRANSFER
    sku = index.sku[lanes.series].astype(np.int64)
    source_key = index.find(sku, np.where(transfer, lanes.source, -1).astype(np.int64))
    days = (lanes.available_date - night.situation.order_date).astype(np.int64)
    helps = (lanes.kind == LaneKind.EXPEDITED) | (transfer & (source_key >= 0))
    rows = np.flatnonzero(helps & (days < DAYS) & lanes.open_tonight)
    used = policy.lane[lanes.series[rows]]
    regular = (used >= 0) & (np.append(lanes.kind, 1)[used] == LaneKind.REGULAR)
    landed = np.append(lanes.unit_cost + lanes.unit_freight, 0.0)
    ordinary = np.where(regular, landed[used], items.unit_cost[lanes.series[rows]])
    premium = lanes.unit_cost[rows] + lanes.unit_freight[rows]
    premium = np.where(transfer[rows], premium, np.maximum(premium - ordinary, 0.0))
    if night.plan.kept is not None:
        # A unit that leaves a source is missed there at what it would still have saved below it.
        worth = np.append(night.plan.kept.worth, 0.0)[source_key[rows]]
        premium = premium + np.where(transfer[rows], worth, 0.0)
    names, source = np.unique(night.situation.lane_sources()[rows], return_inverse=True)
    return {
        "key": lanes.series[rows],
        "source": (source, names),
        "source_key": source_key[rows],
        "kind": (lanes.kind[rows], _KINDS),
        "lead_days": days[rows],
        "unit_cost": lanes.unit_cost[rows],
        "unit_freight": lanes.unit_freight[rows],
        "premium": premium,
        "moq": lanes.moq[rows],
        "multiple": lanes.multiple[rows],
        "max_units": lanes.max_units[rows],
    }


def _locks(night: Night, tables: dict[str, pd.DataFrame]) -> dict[str, Any]:
    """Units of each key that only one channel may sell: stock locked to it, and events."""
    index = night.index
    keys = Keys(index, *(pd.Index(each, dtype=object) for each in (index.skus, index.locations)))
    inventory = tables["inventory"]
    last = (
        inventory["date"]
        .groupby([inventory["sku"], inventory["location"]], observed=True)
        .transform("max")
    )
    current = inventory["date"].isna() | (inventory["date"] == last)
    rows = inventory[current & (inventory["channel"] != "") & (inventory["quality"] == "good")]
    own = pd.DataFrame(
        {
            "key": keys.series(rows),
            "channel": rows["channel"].astype("str").to_numpy(),
            "units": np.maximum(rows["on_hand"] - rows["reserved"], 0.0).to_numpy(np.float64),
        }
    )
    both = pd.concat([own, _event_locks(night, tables["events"])], ignore_index=True)
    both = both[(both["key"] >= 0) & (both["units"] > 0)]
    total = both.groupby(["key", "channel"], as_index=False, sort=True)["units"].sum()
    return {name: total[name].to_numpy() for name in ("key", "channel", "units")}


def _event_locks(night: Night, events: pd.DataFrame) -> pd.DataFrame:
    """Locks of the events of tomorrow; one without a location is spread as the stock is."""
    day = night.situation.order_date.astype("datetime64[s]")
    active = events[
        (events["locked_units"] > 0) & (events["start"] <= day) & (events["end"] >= day)
    ]
    index, stock = night.index, night.situation.stock
    sells = night.situation.network.locations.sells[index.location]
    held = pd.DataFrame(
        {
            "key": np.arange(index.n_series),
            "sku": pd.array(index.sku_names(), dtype="str"),
            "place": pd.array(index.location_names(), dtype="str"),
            "stock": stock.on_hand * sells,
        }
    )
    held = held[held["sku"].isin(active["sku"])]
    rows = active[["sku", "location", "channel", "locked_units"]].reset_index(names="event")
    rows = rows.merge(held, on="sku")
    rows = rows[(rows["location"] == "") | (rows["location"] == rows["place"])]
    rows = rows.sort_values(["event", "key"], ignore_index=True)
    stock_of = rows.groupby("event")["stock"]
    whole = stock_of.transform("sum")
    # Running totals are rounded, so that the parts of an event add up to its units.
    share = np.where(whole > 0, stock_of.cumsum() / whole.where(whole > 0, 1.0), 0.0)
    running = pd.Series(np.floor(rows["locked_units"] * share + 0.5), rows.index)
    units = running - running.groupby(rows["event"]).shift(fill_value=0.0)
    return pd.DataFrame({"key": rows["key"], "channel": rows["channel"], "units": units})


def _channels(table: pd.DataFrame) -> dict[str, Any]:
    rows = table.sort_values(["channel", "location"], ignore_index=True)
    return {field.name: rows[field.name].to_numpy(object) for field in CHANNELS}
